"""Interval voting against cases worked out by hand, and what must hold for any votes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import Sound, write_media
from playhead.refine.votes import vote, weighted_median
from playhead.timeline import Span

spans = st.tuples(st.integers(0, 1000), st.integers(1, 200)).map(
    lambda pair: Span(pair[0], pair[0] + pair[1])
)
sets = st.lists(st.lists(spans, max_size=3), min_size=1, max_size=6)


def test_three_looks_meet_at_their_medians() -> None:
    [(found, agreement)] = vote([[Span(10, 20)], [Span(12, 21)], [Span(11, 25)]])
    assert found == Span(11, 21)
    assert agreement == pytest.approx((9 / 11 + 9 / 10 + 10 / 14) / 3)


def test_what_one_of_three_saw_is_not_found() -> None:
    assert vote([[Span(10, 20), Span(50, 60)], [Span(10, 20)], [Span(10, 20)]]) == ((Span(10, 20), 1.0),)


def test_half_of_the_votes_are_not_most() -> None:
    assert vote([[Span(0, 5)], [Span(10, 15)]]) == ()
    assert vote([[Span(0, 5)], []]) == ()


def test_a_weighty_vote_outweighs_light_ones() -> None:
    [(found, _)] = vote([[Span(0, 5)], [Span(10, 15)], [Span(10, 15)]], [3.0, 1.0, 1.0])
    assert found == Span(0, 5)


def test_two_places_stay_two() -> None:
    found = vote([[Span(0, 4), Span(10, 14)], [Span(1, 5), Span(11, 15)], [Span(0, 4), Span(10, 14)]])
    assert [span for span, _ in found] == [Span(0, 4), Span(10, 14)]


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ([(5, 1)], 5),
        ([(1, 1), (3, 1)], 2),
        ([(1, 1), (3, 2)], 3),
        ([(9, 1), (1, 1), (4, 1)], 4),
        ([(1, 3), (2, 1), (9, 1)], 1),
    ],
)
def test_weighted_medians(values, median) -> None:
    assert weighted_median(values) == median


@given(sets)
def test_spans_are_in_order_apart_and_agreed_on(votes) -> None:
    found = vote(votes)
    for span, agreement in found:
        assert span.start_s < span.end_s
        assert 0 <= agreement <= 1 + 1e-9
    assert all(a.end_s < b.start_s for (a, _), (b, _) in pairwise(found))


@given(st.lists(spans, min_size=1, max_size=3), st.integers(1, 5))
def test_looks_that_say_the_same_are_sure_of_it(same, count) -> None:
    found = vote([same] * count)
    merged = vote([same])
    assert found == merged
    if len(same) == 1:
        assert found == ((same[0], 1.0),)


def test_sound_that_outlasts_the_pictures_stops_no_vote(tmp_path) -> None:
    pytest.importorskip("transformers")
    import playhead

    path = write_media(tmp_path / "short.mp4", ticks=range(50), durations=1, sounds=[Sound(end_s=3.0)])
    answer = (
        playhead.load("qwen3-vl-tiny", device="cpu", cache=False).refined(votes=3).ground(path, "a number")
    )
    assert answer.sampling.window.end_s > 2.5
    assert sum(step.name.startswith("vote ") for step in answer.trace) == 3
