"""Parts begin and end at measured edges, about as long as wanted, and cover the window."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.evidence import evidence, mark
from playhead.models.scout.segment import (
    Edge,
    chapter_length_s,
    edges,
    event_length_s,
    partition,
    tighten,
    topic_shift,
)
from playhead.timeline import Span


def test_topic_shift_peaks_where_the_topic_changes():
    ships, cows = np.eye(2, dtype=np.float32)
    shift = topic_shift(np.stack([ships, ships, ships, cows, cows, cows]))
    assert shift.argmax() == 3
    assert shift[0] == 0.0
    assert shift[3] == pytest.approx(1.0)


def test_a_cut_in_a_pause_is_the_boundary_rather_than_the_next_word():
    seen = evidence(
        20.0,
        speech=[(1.0, 8.0, "One."), (9.0, 19.0, "Two.")],
        shots=[(0.0, 8.4, "shot 1"), (8.4, 20.0, "shot 2")],
    )
    found = edges(seen, np.array([0.0, 1.0]))
    assert [edge.time_s for edge in found] == [8.4]


def test_a_cut_inside_a_sentence_is_no_boundary():
    seen = evidence(20.0, speech=[(1.0, 19.0, "One.")], shots=[(0.0, 8.4, "shot 1"), (8.4, 20.0, "shot 2")])
    assert edges(seen, np.zeros(1)) == ()


def test_a_long_silence_offers_both_its_ends_and_what_was_measured_in_it():
    seen = evidence(
        40.0,
        speech=[(0.0, 10.0, "One."), (30.0, 40.0, "Two.")],
        sounds=[(15.0, 18.0, "Bell")],
        shots=[(0.0, 20.0, "shot 1"), (20.0, 40.0, "shot 2")],
    )
    assert [edge.time_s for edge in edges(seen, np.array([0.0, 0.5]))] == [10.0, 15.0, 18.0, 20.0, 30.0]


def test_silent_video_is_cut_at_its_shots():
    seen = evidence(30.0, shots=[(0.0, 11.0, "shot 1"), (11.0, 30.0, "shot 2")])
    assert [edge.time_s for edge in edges(seen, np.zeros(0))] == [11.0]


def test_the_strongest_edges_win_for_the_wanted_length():
    window = Span(0.0, 40.0)
    found = [Edge(float(t), 1.0 if t in (10, 20, 30) else 0.0) for t in range(2, 40, 2)]
    assert partition(window, found, 10.0) == (Span(0, 10), Span(10, 20), Span(20, 30), Span(30, 40))


def test_without_edges_the_window_is_one_part():
    assert partition(Span(3.0, 500.0), [], 10.0) == (Span(3.0, 500.0),)


@given(
    times=st.lists(st.floats(0.01, 599.9), unique=True, max_size=60),
    length_s=st.floats(1.0, 200.0),
)
def test_parts_cover_the_window_without_gaps_and_only_break_at_edges(times, length_s):
    window = Span(0.0, 600.0)
    parts = partition(window, [Edge(t, 0.5) for t in sorted(times)], length_s)
    assert parts[0].start_s == 0.0
    assert parts[-1].end_s == 600.0
    for left, right in itertools.pairwise(parts):
        assert left.end_s == right.start_s
        assert left.end_s in times


def test_an_hour_of_edges_is_cut_quickly_and_to_length():
    window = Span(0.0, 3600.0)
    found = [Edge(float(t), 0.3) for t in range(3, 3600, 3)]
    parts = partition(window, found, event_length_s(3600.0))
    assert 60 <= len(parts) <= 100


def test_lengths_grow_with_the_video_within_bounds():
    assert event_length_s(10) == 8.0
    assert event_length_s(180) == 15.0
    assert event_length_s(7200) == 45.0
    assert chapter_length_s(40) == 12.0
    assert chapter_length_s(7200) == 300.0


def test_a_part_is_drawn_in_to_its_speech_only_where_much_is_empty():
    marks = [mark(12.0, 15.0, "speech", "Hello.")]
    assert tighten(Span(11.5, 30.0), marks) == Span(11.5, 15.0)
    assert tighten(Span(2.0, 15.5), marks) == Span(12.0, 15.5)
    assert tighten(Span(20.0, 30.0), marks) == Span(20.0, 30.0)


def test_a_title_card_between_two_sentences_begins_the_part():
    seen = evidence(
        20.0,
        speech=[(1.0, 8.0, "One."), (11.0, 19.0, "Two.")],
        text=[(8.5, 10.0, "PART TWO")],
        shots=[(0.0, 8.5, "shot 1"), (8.5, 10.0, "shot 2"), (10.0, 20.0, "shot 3")],
    )
    card, after = edges(seen, np.array([0.0, 1.0]))
    assert (card.time_s, after.time_s) == (8.5, 10.0)
    assert card.strength > after.strength
