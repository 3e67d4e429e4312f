"""Memory does not grow with the video: the peak of a process of its own, above what it was asked to hold."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from helpers.draw import write_media
from helpers.long import repeated

_CHILD = """
import sys
from playhead.media import Video, open_clip, stream_frames

def peak_mb():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

before, held = peak_mb(), 0.0
if sys.argv[2] == "stream":
    seen = sum(frame.pixels_HWC.shape[0] > 0 for frame in stream_frames(Video(sys.argv[1]), size=(112, 112)))
else:
    clip = open_clip(sys.argv[1], sampling="per-second", size=(448, 448))
    seen, held = len(clip.frames), (clip.frames.pixels_FHWC.nbytes + clip.waveform.samples_N.nbytes) / 2**20
print(seen, peak_mb() - before - held)
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")


def measure(path: Path, how: str) -> tuple[int, float]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path), how], check=True, capture_output=True, text=True
    )
    seen, grown_mb = done.stdout.split()
    return int(seen), float(grown_mb)


def test_streaming_ten_times_the_video_takes_no_more_memory(tmp_path):
    unit = write_media(tmp_path / "unit.mp4", ticks=range(50), size_px=(480, 270), options={"bf": "0"})
    short, long = (repeated(tmp_path / f"{times}.mp4", unit, times) for times in (3, 30))
    (few, short_mb), (many, long_mb) = measure(short, "stream"), measure(long, "stream")
    assert (few, many) == (150, 1500)
    assert long_mb - short_mb < 15


@pytest.mark.slow
def test_an_hour_of_1080p_at_one_frame_per_second_stays_under_300_mb(tmp_path):
    rows, columns = np.mgrid[:1080, :1920]
    tiles = np.stack([columns // 64 * 37, rows // 48 * 53, (rows + columns) // 90 * 29], axis=-1)
    picture = (tiles % 200 + 20).astype(np.uint8)
    unit = tmp_path / "unit.mp4"
    with av.open(str(unit), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "2"})
        sound = out.add_stream("aac", rate=16_000, layout="mono")
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(250):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, number * 2, axis=1), format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        for block in range(10 * 16_000 // 1024):
            part = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            part.sample_rate, part.pts, part.time_base = 16_000, block * 1024, Fraction(1, 16_000)
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    seen, grown_mb = measure(repeated(tmp_path / "hour.mp4", unit, 360), "open")
    assert seen == pytest.approx(3600, abs=2)
    assert grown_mb < 300
