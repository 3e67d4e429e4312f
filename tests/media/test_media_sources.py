"""The same clip from a path, an open file, http and an fsspec address."""

from __future__ import annotations

import functools
import http.server
import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from helpers import draw
from playhead.media import open_clip, probe


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def web(drawn):
    folder = drawn("constant").path.parent
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def same(source, path: Path) -> None:
    expected, got = (open_clip(s, sampling="uniform:n=5") for s in (path, source))
    assert expected.frames is not None
    assert got.frames is not None
    assert (got.frames.pixels_FHWC == expected.frames.pixels_FHWC).all()
    assert (got.frames.pts_s == expected.frames.pts_s).all()
    assert (got.waveform is None) == (expected.waveform is None)
    if got.waveform is not None and expected.waveform is not None:
        assert np.array_equal(got.waveform.samples_N, expected.waveform.samples_N)


SCENES = ["constant", "mkv", "ts", "raw_h264", "webp"]


@pytest.mark.parametrize("scene", SCENES)
def test_text_path(drawn, scene):
    path = drawn(scene).path
    same(str(path), path)
    same(f"file://{path}", path)


@pytest.mark.parametrize("scene", SCENES)
def test_open_file(drawn, scene):
    path = drawn(scene).path
    with path.open("rb") as file:
        file.read(100)  # wherever it stands
        same(file, path)
        assert probe(file).source == str(path)
    same(io.BytesIO(path.read_bytes()), path)
    assert probe(io.BytesIO(path.read_bytes())).source == "<open file>"


@pytest.mark.parametrize("scene", ["constant", "mkv", "ts"])
def test_http(drawn, web, scene):
    path = drawn(scene).path
    same(f"{web}/{path.name}", path)


def test_http_not_found(drawn, web):
    from playhead.errors import SourceError

    with pytest.raises(SourceError, match="404"):
        probe(f"{web}/gone.mp4")


@pytest.mark.parametrize("scene", SCENES)
def test_fsspec(drawn, scene):
    fsspec = pytest.importorskip("fsspec")
    path = drawn(scene).path
    with fsspec.open(f"memory://clips/{path.name}", "wb") as file:
        file.write(path.read_bytes())
    same(f"memory://clips/{path.name}", path)


def test_fsspec_missing():
    pytest.importorskip("fsspec")
    from playhead.errors import SourceError

    with pytest.raises(SourceError, match="gone"):
        probe("memory://clips/gone.mp4")


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no scheduling policies")
def test_drawing_a_clip_leaves_the_process_at_its_usual_priority(tmp_path) -> None:
    before = os.sched_getscheduler(0)
    assert draw.SCENES["av1"](tmp_path).path.exists()
    assert os.sched_getscheduler(0) == before
