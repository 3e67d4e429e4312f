"""The decoder jumps only when a key frame lies between where it is and what is wanted."""

from __future__ import annotations

import pytest

from helpers.draw import read_number, write_media
from playhead.media import Video, stream_frames
from playhead.media.decode import FrameReader

RATE_HZ, KEY_EVERY, COUNT = 25, 100, 300


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """300 pictures at 25 per second; pictures 0, 100 and 200 are key frames."""
    path = tmp_path_factory.mktemp("seek") / "film.mp4"
    return write_media(path, ticks=range(COUNT), gop=KEY_EVERY, options={"x264-params": "scenecut=0"})


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (range(0, 100, 10), [0]),  # no key frame on the way: decoded straight through
        ([5, 60, 99], [0]),
        ([5, 150, 160, 250], [0, 1, 2]),
        ([250], [2]),
        ([97, 101], [0]),  # a key frame this near is reached sooner by decoding on
    ],
)
def test_it_seeks_over_key_frames_only(film, wanted, keys, monkeypatch):
    sought, real = [], FrameReader._seek

    def seek(self, key):
        sought.append(key)
        return real(self, key)

    monkeypatch.setattr(FrameReader, "_seek", seek)
    times_s = [number / RATE_HZ for number in wanted]
    frames = list(stream_frames(Video(str(film)), times_s=times_s))
    assert [read_number(frame.pixels_HWC) for frame in frames] == list(wanted)
    assert sought == keys
