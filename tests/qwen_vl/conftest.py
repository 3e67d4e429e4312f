"""What these tests keep of videos goes into a folder of their own; a clip that stays still."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="session")
def looks_of_our_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYHEAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def slides(tmp_path_factory):
    """Two still slides, 4 s each, ten pictures a second."""
    import av

    path = tmp_path_factory.mktemp("slides") / "slides.mp4"
    noise = np.random.default_rng(3)
    pages = [noise.integers(0, 255, (15, 20, 3), np.uint8).repeat(16, 0).repeat(16, 1) for _ in range(2)]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(80):
            frame = av.VideoFrame.from_ndarray(pages[number // 40], format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
