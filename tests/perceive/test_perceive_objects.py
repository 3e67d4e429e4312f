"""Boxes from raw network numbers, and what agrees over time."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.perceive.objects import (
    Detection,
    ObjectTracks,
    anchors,
    box_iou,
    counted,
    decode_boxes,
    steady,
    suppress,
)

BOX = (0.1, 0.1, 0.4, 0.9)


def thing(label="person", score=0.7, box=BOX):
    return Detection(label, score, box)


def test_anchors_are_those_of_the_network():
    boxes = anchors()
    assert boxes.shape == (19_206, 4)  # the network's own number of rows
    assert boxes[0].tolist() == pytest.approx([4.0, 4.0, 24.0, 24.0])
    assert boxes[-1, 2] * boxes[-1, 3] == pytest.approx((3 * 128 * 2 ** (2 / 3)) ** 2 * 0.98, rel=1e-3)


def test_no_offset_gives_the_anchor_itself():
    row = np.array([[160.0, 80.0, 64.0, 32.0]], np.float32)
    assert decode_boxes(np.zeros((1, 4), np.float32), row)[0] == pytest.approx([0.2, 0.4, 0.3, 0.6])
    moved = decode_boxes(np.array([[0.5, -1.0, np.log(2), 0.0]], np.float32), row)[0]
    assert moved == pytest.approx([0.1, 0.4, 0.2, 0.8])


def test_overlapping_boxes_of_one_label_are_one_thing():
    near = (0.12, 0.1, 0.42, 0.9)
    kept = suppress([thing(score=0.6), thing(score=0.9, box=near), thing("dog", 0.55)])
    assert [(item.label, item.score) for item in kept] == [("person", 0.9), ("dog", 0.55)]
    assert box_iou(BOX, BOX) == 1.0
    assert box_iou(BOX, (0.5, 0.1, 0.9, 0.9)) == 0.0


def tracked(rows, end_s, cuts_s=()):
    tracks = ObjectTracks()
    for n, seen in enumerate(rows):
        tracks.look(n * 0.5, tuple(seen))
    return [(m.text, m.span.start_s, m.span.end_s) for m in tracks.finish(end_s, cuts_s)]


def test_a_thing_lasts_from_first_to_last_sight():
    assert tracked([[], [], [thing()], [thing()], [thing()], [], []], 3.5) == [("person", 1.0, 2.5)]


def test_one_unsure_sight_proves_nothing_and_one_sure_sight_does():
    assert tracked([[], [thing("giraffe", 0.55)], [], []], 2.0) == []
    assert tracked([[thing("keyboard", 0.85)]], 0.1) == [("keyboard", 0.0, 0.1)]


def test_flickers_are_smoothed_and_real_changes_of_number_are_kept():
    one, two = [thing()], [thing(), thing(box=(0.6, 0.1, 0.9, 0.9))]
    rows = [two, two, one, two, two, one, one, one, [], one]
    assert tracked(rows, 5.0) == [("2 people", 0.0, 2.5), ("person", 2.5, 5.0)]


def test_a_thing_named_differently_in_every_picture_is_not_named():
    rows = [
        [thing("cat", 0.7)],
        [thing("cat", 0.7)],
        [thing("horse", 0.7)],
        [thing("bird", 0.7)],
        [thing("dog", 0.7)],
    ]
    assert tracked(rows, 2.5) == []
    far = (0.6, 0.1, 0.9, 0.9)
    beside = [[thing("cat", 0.7), thing("dog", 0.7, far)]] * 4
    assert [text for text, *_ in tracked(beside, 2.0)] == ["cat", "dog"]


def test_a_thing_ends_with_its_shot():
    rows = [[thing()]] * 6
    assert tracked(rows, 3.0, cuts_s=[1.5]) == [("person", 0.0, 1.5), ("person", 1.5, 3.0)]


def test_steady_and_counted():
    assert steady([1, 1, 0, 1, 1, 3, 1]) == [1] * 7
    assert steady([2]) == [2]
    assert [counted("person", n) for n in (1, 2, 9)] == ["person", "2 people", "many people"]
    assert counted("bottle", 3) == "3 bottles"
