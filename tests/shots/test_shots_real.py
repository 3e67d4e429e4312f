"""Shots of real clips whose takes were checked by eye; skipped where the clips are not at hand."""

import json
from pathlib import Path

import av
import pytest

from playhead.media.clip import Frame
from playhead.media.shots import ShotDetector

MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media"
FACTS = (
    [json.loads(line) for line in (MEDIA / "facts.jsonl").read_text().splitlines()] if MEDIA.exists() else []
)
SINGLE_TAKES = [fact["file"] for fact in FACTS if fact["task"] == "shot_boundaries" and fact["answer"] == []]
pytestmark = pytest.mark.skipif(not FACTS, reason="the shared clips are not here")


def boundaries(name):
    detector = ShotDetector()
    with av.open(str(MEDIA / name)) as container:
        for frame in container.decode(video=0):
            if frame.time is None:
                continue
            small = frame.reformat(width=64, height=36, format="rgb24", interpolation="AREA").to_ndarray()
            detector.push(Frame(float(frame.time), small))
    return detector.boundaries


@pytest.mark.parametrize("name", SINGLE_TAKES)
def test_a_single_take_has_no_cut(name):
    assert boundaries(name) == ()


@pytest.mark.parametrize("name", ["friday.mp4", "grid_bbaf2n.mpg", "timecode_pattern.mp4"])
def test_other_clips_of_one_view_have_none_either(name):
    assert boundaries(name) == ()


def test_a_dissolve_and_a_cut_seen_by_eye():
    """In nasa_13013 the dark room dissolves to the platform between 5.2 s and 5.9 s; a hard cut follows at 8.08 s."""
    found = boundaries("nasa_13013.mp4")
    assert [b.kind for b in found] == ["dissolve", "cut"]
    assert 5.2 <= found[0].time_s <= 5.9
    assert abs(found[1].time_s - 8.08) <= 0.1
