"""Overlap of spans and of sets, exact matching, and what grounding is scored by."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.metrics import best_matching, iou, iou_matrix, score_grounding, set_iou, span_f1, top_iou
from playhead.metrics.soda import ordered_matching

times = st.integers(0, 40).map(lambda at: at / 4)
pairs = st.tuples(times, times).map(lambda pair: (min(pair), max(pair)))
sets = st.lists(pairs, max_size=5)


@pytest.mark.parametrize(
    ("predicted", "true", "found"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 10), (5, 15), 1 / 3),
        ((0, 10), (10, 20), 0.0),
        ((0, 10), (30, 40), 0.0),
        ((2, 4), (0, 10), 0.2),
        ((5, 5), (5, 5), 1.0),
        ((5, 5), (0, 10), 0.0),
        ((10, 0), (0, 10), 0.0),
        ((10, 0), (10, 0), 0.0),
    ],
)
def test_overlap_of_two(predicted, true, found) -> None:
    assert iou(predicted, true) == found


def test_overlap_is_not_rounded_before_it_meets_a_threshold() -> None:
    predicted, true = {"q": [(0.0, 40.0)]}, {"q": [(0.0, 11.9)]}  # 0.2975
    exact = score_grounding(predicted, true, {"q": "v"})
    rounded = score_grounding(predicted, true, {"q": "v"}, vtimellm_rounding=True)
    assert (exact.mean("mIoU"), exact.mean("R1@0.3")) == (11.9 / 40, 0.0)
    assert (rounded.mean("mIoU"), rounded.mean("R1@0.3")) == (0.3, 1.0)


@pytest.mark.parametrize("bad", [[(1, 2, 3)], [1, 2], [(math.nan, 1)], [(0, math.inf)]])
def test_what_is_no_span_is_refused(bad) -> None:
    with pytest.raises(ValueError, match="pairs of finite seconds"):
        iou_matrix(bad, [(0, 1)])


@given(sets, sets)
def test_overlap_of_sets_is_that_of_quarter_seconds_counted(first, second) -> None:
    def cells(spans):
        return {at for start, end in spans for at in range(int(start * 4), int(end * 4))}

    one, other = cells(first), cells(second)
    if one | other:
        assert set_iou(first, second) == pytest.approx(len(one & other) / len(one | other))
    assert set_iou(first, second) == set_iou(second, first)


@pytest.mark.parametrize(
    ("predicted", "true", "found"),
    [
        ([], [], 1.0),
        ([], [(0, 1)], 0.0),
        ([(0, 1)], [], 0.0),
        ([(0, 4), (2, 6)], [(0, 6)], 1.0),
        ([(3, 3)], [(3, 3)], 1.0),
    ],
)
def test_overlap_of_sets_at_the_edges(predicted, true, found) -> None:
    assert set_iou(predicted, true) == found


@given(st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_matching_is_the_best_there_is(rows, columns, rng) -> None:
    gains = np.array([[rng.randint(0, 9) / 9 for _ in range(columns)] for _ in range(rows)])
    found = best_matching(gains)
    short, long = sorted((rows, columns))
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found) == short
    table = gains if rows <= columns else gains.T
    best = max(
        sum(table[row, column] for row, column in enumerate(chosen))
        for chosen in itertools.permutations(range(long), short)
    )
    assert sum(gains[pair] for pair in found) == pytest.approx(best)


@given(st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_matching_in_order_is_the_best_there_is(rows, columns, rng) -> None:
    gains = np.array([[rng.randint(0, 9) / 9 for _ in range(columns)] for _ in range(rows)])
    total, found = ordered_matching(gains)
    best = max(
        sum(gains[row, column] for row, column in zip(some_rows, some_columns, strict=True))
        for size in range(min(rows, columns) + 1)
        for some_rows in itertools.combinations(range(rows), size)
        for some_columns in itertools.combinations(range(columns), size)
    )
    assert total == pytest.approx(best)
    assert sum(gains[pair] for pair in found) == pytest.approx(total)
    assert found == sorted(found)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(found))


def test_f1_of_sets() -> None:
    true = [(0, 10), (20, 30), (50, 60)]
    assert span_f1(true, true, 0.7) == 1.0
    assert span_f1([(0, 10), (20, 30)], true, 0.7) == pytest.approx(2 * 2 / 5)
    assert span_f1([(0, 10), (0, 10), (0, 10)], true, 0.7) == pytest.approx(
        2 * 1 / 6
    )  # one true span is met once
    assert span_f1([(0, 60)], true, 0.3) == 0.0
    assert (span_f1([], [], 0.5), span_f1([], true, 0.5), span_f1(true, [], 0.5)) == (1.0, 0.0, 0.0)


def test_matching_does_not_take_what_another_span_needs() -> None:
    # The first overlaps both true spans enough, and one more; taken in order it would take the one the second needs.
    assert span_f1([(2, 12), (0, 8)], [(0, 10), (5, 15)], 0.5) == 1.0


def test_scores_of_queries() -> None:
    true = {"a": [(0, 10)], "b": [(0, 10), (20, 30)], "c": [], "d": [], "e": [(5, 6)], "unasked": [(0, 1)]}
    predicted = {"a": [(50, 60), (0, 10)], "b": [(20, 30), (0, 10)], "c": [], "d": [(0, 5)], "e": None}
    found = score_grounding(predicted, true, dict.fromkeys(true, "v"))
    assert (found.n, found.unparsable, found.missing) == (5, 1, 1)
    means = {name: found.mean(name) for name in found.values}
    assert means["mIoU"] == pytest.approx((0 + 1 + 1 + 0 + 0) / 5)
    assert means["R1@0.5"] == pytest.approx(2 / 5)
    assert means["R5@0.5"] == pytest.approx(3 / 5)
    assert means["tF1@0.5"] == pytest.approx((2 / 3 + 1 + 1 + 0 + 0) / 5)
    assert means["no-target accuracy"] == 0.5  # of c and d
    assert means["target found"] == pytest.approx(2 / 3)  # of a, b and e


def test_an_unreadable_answer_is_not_a_refusal() -> None:
    found = score_grounding({"q": None}, {"q": []}, {"q": "v"})
    assert (found.mean("mIoU"), found.mean("no-target accuracy"), found.unparsable) == (0.0, 0.0, 1)


def test_the_first_span_may_meet_any_true_one() -> None:
    assert top_iou([(20, 30), (0, 10)], [(0, 10), (20, 25)]) == 0.5
