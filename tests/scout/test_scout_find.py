"""What is found is supported by notes; nothing is found when nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.evidence import evidence
from playhead.models.scout.find import (
    Found,
    Index,
    as_events,
    content_words,
    excerpt,
    is_about_the_whole,
    judge,
    word_share,
)
from playhead.models.scout.notes import OVERVIEW, Note, notes_of
from playhead.models.scout.reply import ask, choose, select
from playhead.timeline import Span

SPOKEN = [
    (1.0, 4.0, "Welcome to the harbour museum."),
    (5.0, 9.0, "The Marie is a fishing boat built in 1906."),
    (9.5, 12.0, "In winter the nets froze."),
    (20.0, 24.0, "The boiler of the Aurora exploded."),
]


def bag_of_words(texts):
    """Texts as unit vectors of word counts: alike when they share words."""
    vectors = np.zeros((len(texts), 512), np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for word in content_words(text):
            row[sum(map(ord, word)) % 512] += 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(norms, 1e-9)


@pytest.fixture
def index():
    return Index(notes_of(evidence(30.0, speech=SPOKEN)), bag_of_words)


def test_words_without_meaning_do_not_count():
    assert content_words("When does the boiler explode?") == {"boiler", "explode"}
    assert content_words("who are you") == {"who", "are", "you"}
    assert word_share(content_words("fishing boats"), "a fishing boat") == 1.0


def test_chinese_is_compared_sign_by_sign():
    assert word_share(content_words("锅炉"), "极光号的锅炉爆炸了") == 1.0


def test_the_closest_note_comes_first(index):
    assert index.search("the boiler exploded")[0].note.text == "The boiler of the Aurora exploded."


def test_a_query_that_nothing_supports_finds_nothing(index):
    assert judge(index, "a wedding dance", None) == []
    assert as_events([], "a wedding dance") == ()


def test_found_notes_close_together_are_one_span_with_their_marks(index):
    notes = index.notes
    events = as_events([Found(notes[1], 0.9, 0.7), Found(notes[2], 0.5, 0.8), Found(notes[3], 0.6, 0.6)], "q")
    assert [event.span for event in events] == [Span(5.0, 12.0), Span(20.0, 24.0)]
    assert events[0].confidence == 0.8
    assert [mark.text for mark in events[0].evidence] == [SPOKEN[1][2], SPOKEN[2][2]]


def test_an_excerpt_tells_what_was_said_just_before_only_if_it_was_just_before(index):
    assert excerpt(index, index.notes[2]).startswith("(before: ...The Marie")
    assert excerpt(index, index.notes[3]) == "Said: The boiler of the Aurora exploded."


def test_selected_notes_are_bounded_and_in_order_of_time():
    many = [(float(i), i + 0.9, f"Boat number {i} " + "sailed on " * 25) for i in range(100)]
    index = Index(notes_of(evidence(100.0, speech=many)), bag_of_words)
    found = select(index, ["which boat sailed", "boat number 70"])
    assert 1 < len(found) <= 16
    starts = [f.note.span.start_s for f in found]
    assert starts == sorted(starts)


def test_a_question_nothing_comes_close_to_gets_a_reason_and_no_guess(index):
    said = ask(index, "quantum chromodynamics lattice?", None, "English", ())
    assert said.text == ""
    assert "comes close" in said.reason


def test_without_a_model_the_closest_note_is_quoted(index):
    said = ask(index, "When was the fishing boat built?", None, "English", ())
    assert said.text == SPOKEN[1][2]
    assert said.notes[0].span == Span(5.0, 9.0)


def test_without_a_model_the_closest_option_is_chosen(index):
    said = choose(
        index, "What happened to the Aurora?", {"A": "nets froze", "B": "boiler exploded"}, None, ()
    )
    assert said.choice == "B"


def test_without_evidence_a_choice_says_that_it_is_a_guess():
    said = choose(Index((), bag_of_words), "What?", {"A": "x", "B": "y"}, None, ())
    assert said.choice in ("A", "B")
    assert "no evidence" in said.reason


def test_a_choice_cites_the_moment_rather_than_its_chapter(index):
    chapter = Note(Span(0.0, 30.0), OVERVIEW, "A boiler exploded in the harbour.", index.notes[0].marks)
    options = {"A": "nets froze", "B": "boiler exploded"}
    said = choose(index, "What happened to the Aurora?", options, None, (chapter,))
    assert [note.text for note in said.notes] == [SPOKEN[3][2]]


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What is this video about?", True),
        ("Summarise the video.", True),
        ("What is the main topic of this clip?", True),
        ("What is said about the boiler?", False),
        ("Who sailed the Aurora?", False),
    ],
)
def test_questions_about_the_whole_are_told_from_others(question, whole):
    assert is_about_the_whole(question) is whole
