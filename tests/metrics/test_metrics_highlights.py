"""QVHighlights' metrics on cases worked out by hand."""

from __future__ import annotations

import pytest

from playhead.metrics import Highlighted, Retrieved, score_highlights
from playhead.metrics.highlights import average_precision, clip_average_precision, clip_ratings


def test_precision_of_ranked_windows() -> None:
    true = [(0, 10), (20, 30)]
    assert average_precision([(0, 10, 0.9), (20, 30, 0.8)], true, [0.5]).tolist() == [1.0]
    # wrong, right, right: recall 1/2 at precision 1/2, then 1 at 2/3; made monotone both are 2/3
    ranked = [(50, 60, 0.9), (0, 10, 0.8), (20, 30, 0.7)]
    assert average_precision(ranked, true, [0.5])[0] == pytest.approx(2 / 3)
    assert average_precision(ranked[::-1], true, [0.5])[0] == pytest.approx(
        2 / 3
    )  # the order given does not matter
    assert average_precision([], true, [0.5, 0.7]).tolist() == [0.0, 0.0]


def test_a_true_window_is_found_once() -> None:
    doubled = [(0, 10, 0.9), (0, 10, 0.8)]
    assert average_precision(doubled, [(0, 10), (20, 30)], [0.5])[0] == pytest.approx(0.5)
    # the second takes the other true window it still overlaps enough
    assert average_precision(doubled, [(0, 10), (0, 12)], [0.5])[0] == pytest.approx(1.0)


def test_equal_confidence_keeps_the_order_given() -> None:
    ranked = [(50, 60, 0.5), (0, 10, 0.5)]
    assert average_precision(ranked, [(0, 10)], [0.5])[0] == pytest.approx(0.5)
    assert average_precision(ranked[::-1], [(0, 10)], [0.5])[0] == pytest.approx(1.0)


def test_precision_of_clips() -> None:
    assert clip_average_precision([3, 2, 1], [True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert clip_average_precision([1, 1, 1], [True, False, True]) == pytest.approx(
        2 / 3
    )  # one step for all that are equal
    assert clip_average_precision([1, 1, 1], [True, True, True]) == 1.0
    assert clip_average_precision([1, 1, 1], [False, False, False]) == 0.0
    assert clip_average_precision([5], [False, True]) == pytest.approx(0.5)  # filled up with 0
    assert clip_average_precision([1, 5, 9], [False, True]) == pytest.approx(1.0)  # cut
    assert clip_average_precision([1, 2, 3, 4], [True, False, False, True]) == pytest.approx((1 + 0.5) / 2)


def test_ratings_of_clips_that_are_not_relevant_are_nothing() -> None:
    found = clip_ratings(Highlighted("v", 11, [(4, 8)], [2, 3], [[1, 2, 3], [4, 4, 4]]))
    assert found.tolist() == [[0, 0, 0], [0, 0, 0], [1, 2, 3], [4, 4, 4], [0, 0, 0]]


TRUE = {
    "long": Highlighted("v", 150, [(0, 60), (80, 88)], [*range(30), *range(40, 44)], [[4, 0, 0]] * 34),
    "edge": Highlighted("w", 150, [(0, 10), (20, 50)], [0], [[2, 3, 4]]),
}


def test_classes_of_length_have_their_upper_end() -> None:
    said = {"long": Retrieved([(80, 88, 1.0)]), "edge": Retrieved([(0, 10, 1.0)])}
    found = score_highlights(said, TRUE)
    assert found.mean("MR-short-R1@0.5") == 1.0  # 8 and 10 seconds
    assert found.mean("MR-middle-R1@0.5") == 0.0  # 30 seconds, of the second query alone
    assert found.estimates()["MR-middle-mAP"].n == 1
    assert found.estimates()["MR-long-mAP"].n == 1
    assert found.mean("MR-full-R1@0.9") == 1.0
    assert "HL-min-Fair-mAP" not in found.values


def test_a_hit_is_what_any_rater_saw() -> None:
    found = score_highlights(
        {"edge": Retrieved(None, [1.0, 0.0]), "long": Retrieved(None, [0.0] * 35 + [1.0])}, TRUE
    )
    assert found.mean("HL-min-Fair-Hit1") == 0.5
    assert found.mean("HL-min-VeryGood-Hit1") == 0.5
    assert found.values["HL-min-Good-mAP"][1] == pytest.approx((0 + 1 + 1) / 3)
    beyond = score_highlights({"edge": Retrieved(None, [0.0] * 75 + [1.0])}, TRUE)
    assert beyond.mean("HL-min-Fair-Hit1") == 0.0


def test_silence_is_wrong_and_counted() -> None:
    found = score_highlights({"edge": Retrieved([], [])}, TRUE)
    assert (found.mean("MR-full-mAP"), found.mean("MR-full-R1@0.5"), found.mean("HL-min-Fair-mAP")) == (
        0,
        0,
        0,
    )
    assert (found.n, found.unparsable, found.missing) == (1, 1, 1)


def test_windows_after_the_tenth_do_not_count() -> None:
    said = [(100, 101 + at, 1 - at / 100) for at in range(10)] + [(0, 10, 0.0)]
    assert score_highlights({"edge": Retrieved(said)}, TRUE).mean("MR-full-mAP@0.5") == 0.0
