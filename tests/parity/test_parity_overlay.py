"""ARC's burnt-in clock against geometry, labels and pixels recorded from the published code with Arial."""

import json
from pathlib import Path

import numpy as np
import pytest

from playhead.media.clip import Frames
from playhead.media.overlay import arc_geometry, arc_label_seconds, arc_labels, draw_arc_clock, hms
from playhead.media.sampling.arc import arc

GOLDEN = json.loads((Path(__file__).parent / "golden" / "overlay_arc.json").read_text())
TOLERANCE_PX = 2  # stated vertical difference between the free fonts and Arial
pytestmark = pytest.mark.parity


def name(case):
    return f"{case['frame_w']}x{case['frame_h']}:{case['text']}"


@pytest.mark.parametrize("case", GOLDEN["geometry"], ids=name)
def test_widths_are_equal_and_heights_within_two_pixels(case):
    got = arc_geometry(case["frame_w"], case["frame_h"], case["text"])
    assert got.size_px == case["font_size"]
    assert got.text_box[0::2] == tuple(case["bbox_at_origin"][0::2])
    assert np.abs(np.subtract(got.text_box, case["bbox_at_origin"])).max() <= TOLERANCE_PX
    assert got.text_origin == tuple(case["text_origin"])
    assert got.rectangle[:3] == tuple(case["rectangle"][:3])
    assert abs(got.rectangle[3] - case["rectangle"][3]) <= TOLERANCE_PX


def box_of(mask_HW):
    rows, columns = np.flatnonzero(mask_HW.any(axis=1)), np.flatnonzero(mask_HW.any(axis=0))
    return [columns[0], rows[0], columns[-1], rows[-1]]


@pytest.mark.parametrize("case", GOLDEN["geometry"], ids=name)
def test_drawn_pixels_lie_where_the_published_ones_do(case):
    grey = np.full((1, case["frame_h"], case["frame_w"], 3), 128, dtype=np.uint8)
    spans = np.array([[case["start"], case["end"]]], dtype=np.float64)
    drawn_HWC = draw_arc_clock(Frames(grey, np.zeros(1)), spans).pixels_FHWC[0]
    assert (grey == 128).all()
    white = box_of((drawn_HWC == 255).all(axis=2))
    black = box_of((drawn_HWC == 0).all(axis=2))
    left, top, right, bottom = np.subtract(white, case["white_pixels_bbox_xyxy"])
    assert left == 0
    # Arial's 1 is a bare stem; the free fonts' has a foot, an eighth of the size wide, which shows where it ends the text.
    assert 0 <= right <= (case["font_size"] * 0.18 if case["text"].endswith("1") else 1)
    # Only fully white rows count here, and antialiasing costs the curved tops one more at the largest size.
    assert abs(top) <= TOLERANCE_PX + (case["font_size"] > 64)
    assert abs(bottom) <= TOLERANCE_PX
    assert np.abs(np.subtract(black, case["black_pixels_bbox_xyxy"])).max() <= TOLERANCE_PX
    outside = np.ones(drawn_HWC.shape[:2], dtype=bool)
    top, bottom = min(white[1], black[1]), max(white[3], black[3])
    outside[top - 1 : bottom + 2, black[0] : black[2] + 1] = False
    assert (drawn_HWC[outside] == 128).all()


@pytest.mark.parametrize("case", GOLDEN["labels"].values(), ids=GOLDEN["labels"])
def test_labels_of_training_and_fork(case):
    times_s = np.arange(case["vlen"]) / case["fps"]
    chosen = arc()(case["vlen"] / case["fps"], times_s)
    training = arc_label_seconds(chosen.intervals_S2)
    fork = arc_label_seconds(chosen.intervals_S2, "fork")
    assert training == [tuple(pair) for pair in case["training_and_vllm_sec"]]
    assert fork == [tuple(pair) for pair in case["fork_sec"]]
    assert sum(a != b for a, b in zip(training, fork, strict=True)) == case["labels_differing"]
    labels = arc_labels(chosen.intervals_S2)
    assert [labels[0], labels[-1]] == case["first_last_label_training"]


@pytest.mark.parametrize(("seconds", "text"), list(GOLDEN["hms"].items()))
def test_seconds_are_written_as_published(seconds, text):
    assert hms(float(seconds)) == text
