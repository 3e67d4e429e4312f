"""Evidence is gathered in bounded memory: ten times the video takes hardly more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.draw import write_media
from helpers.long import repeated

_CHILD = """
import sys
from playhead.media.clip import Video
from playhead.perceive.gather import Senses, gather

evidence = gather(Video(sys.argv[1]), senses=Senses.only("pictures", "shots"), cache=False)
status = open("/proc/self/status").read()
print(len(evidence.sampling.times_s), int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_ten_times_the_video_takes_hardly_more_memory(tmp_path):
    unit = write_media(
        tmp_path / "unit.mp4",
        ticks=range(50),
        size_px=(320, 180),
        options={"bf": "0"},
    )
    looks, peaks_mb = [], []
    for times in (2, 20):
        path = repeated(tmp_path / f"{times}.mp4", unit, times)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)], check=True, capture_output=True, text=True
        )
        count, peak_mb = done.stdout.split()
        looks.append(int(count))
        peaks_mb.append(float(peak_mb))
    assert looks[1] == pytest.approx(10 * looks[0], rel=0.05)
    assert peaks_mb[1] - peaks_mb[0] < 20
