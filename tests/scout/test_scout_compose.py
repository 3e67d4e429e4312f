"""Events, chapters and the whole from evidence written by hand: every boundary measured, every event supported."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from helpers.evidence import evidence
from playhead.models.scout.compose import compose
from playhead.models.scout.write import Writer
from playhead.timeline import Mark, Span

QUOTING = Writer(None, "English")


def by_first_word(texts):
    """Texts that begin alike are alike."""
    vectors = np.zeros((len(texts), 64), np.float32)
    for row, text in zip(vectors, texts, strict=True):
        row[sum(map(ord, text.split()[0])) % 64] = 1
    return vectors


def talk():
    spoken = []
    for i in range(40):
        subject = ("Ships", "Cows", "Stars", "Bread")[i // 10]
        spoken.append((i * 4.0 + 0.5, i * 4.0 + 3.5, f"{subject} are told of in sentence {i}."))
    cards = [(i * 40.0, i * 40.0 + 2.0, name) for i, name in enumerate(("SHIPS", "COWS", "STARS", "BREAD"))]
    shots = [(i * 40.0, i * 40.0 + 40.0, f"shot {i + 1}") for i in range(4)]
    return evidence(160.0, speech=spoken, text=cards, shots=shots)


def test_chapters_begin_where_the_subject_changes_and_cover_the_video():
    made = compose(talk(), by_first_word, QUOTING)
    assert [c.span.start_s for c in made.chapters] == [0.0, 40.0, 80.0, 120.0]
    assert made.chapters[-1].span.end_s == 160.0
    assert [c.title for c in made.chapters] == ["SHIPS", "COWS", "STARS", "BREAD"]


def test_every_event_is_inside_one_chapter_and_carries_its_evidence():
    made = compose(talk(), by_first_word, QUOTING)
    assert len(made.events) >= 8
    for event in made.events:
        assert event.evidence
        assert sum(c.span.overlap_s(event.span) > 0 for c in made.chapters) == 1
        for mark in event.evidence:
            assert mark.text in event.text or mark.text == event.title


def test_an_hour_is_composed_chapter_by_chapter():
    spoken = [(i * 5.0 + 0.5, i * 5.0 + 4.5, f"Part{i // 60} sentence {i}.") for i in range(720)]
    made = compose(evidence(3600.0, speech=spoken), by_first_word, QUOTING)
    assert 60 <= len(made.events) <= 110
    assert 5 <= len(made.chapters) <= 12
    assert len(made.summary) < 1000


def test_stretches_in_which_nothing_was_found_are_no_events_where_something_was():
    seen = evidence(60.0, speech=[(1.0, 5.0, "Hello there."), (50.0, 55.0, "Goodbye now.")])
    made = compose(seen, by_first_word, QUOTING)
    assert [event.text for event in made.events] == ["Hello there.", "Goodbye now."]
    assert made.events[0].span.end_s == 5.0
    assert made.events[1].span == Span(50.0, 55.0)


def test_neighbours_of_which_the_same_was_measured_are_one():
    seen = evidence(60.0, sound=False, motion=[(10.0, 20.0, "strong motion")])
    made = compose(seen, by_first_word, QUOTING)
    texts = [event.text for event in made.events]
    assert all(left != right for left, right in pairwise(texts))
    assert made.events[0].span.start_s == 0.0
    assert made.events[-1].span.end_s == 60.0


def test_a_visit_to_a_still_view_is_an_event_of_its_own():
    seen = evidence(60.0, sound=False)
    visit = Mark(Span(20.0, 28.0), "motion", "something moves on the left", box=(0.0, 0.0, 0.3, 1.0))
    (event,) = compose(replace(seen, lanes={**seen.lanes, "motion": (visit,)}), by_first_word, QUOTING).events
    assert event.span == Span(20.0, 28.0)
    assert event.evidence == (visit,)
    assert event.flags == ("measured",)


def test_nothing_at_all_is_one_part_that_says_so():
    (event,) = compose(evidence(5.0, sound=False), by_first_word, QUOTING).events
    assert event.text == "No sound; one continuous shot."
