"""What is written stays with its evidence; what is quoted is quoted word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.evidence import evidence
from playhead.models.scout.notes import as_text, is_clock, notes_of, within
from playhead.models.scout.write import (
    MIN_SUMMARY_SHARE,
    Part,
    Words,
    Writer,
    clean_title,
    quote,
    shorten,
    supported,
    whole_sentences,
    words_of,
)
from playhead.timeline import Mark, Segment, Span, Transcript, Word

SAID = "Said: The second ship is the Aurora, a steam ferry. In 1931 her boiler exploded. Nobody was killed."


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("The Aurora is a steam ferry whose boiler exploded in 1931.", True),
        ("A ferry's boilers exploded.", True),
        ("The Aurora is a steam ferry whose boiler exploded in 1932.", False),
        ("The Titanic was a steam ferry and her boiler exploded.", False),
        ("A stirring tale of hope, resilience and adversity on the sea.", False),
        ("", False),
    ],
)
def test_a_text_is_supported_only_by_its_evidence(text, good):
    assert supported(text, words_of(SAID), least=MIN_SUMMARY_SHARE) is good


def test_a_title_in_title_case_is_compared_by_its_words():
    assert supported("The Steam Ferry Aurora", words_of(SAID), least=0.5)
    assert not supported("The Royal Wedding Party", words_of(SAID), least=0.5)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("01:00:10:00", True),
        ("00:09", True),
        ("00:00:09:08", True),
        ("12:30 lunch", False),
        ("Chapter 1", False),
        ("1906", False),
        ("", False),
    ],
)
def test_clocks_are_told_from_words(text, clock):
    assert is_clock(text) is clock


def test_notes_leave_clocks_out_and_come_in_order_of_time():
    seen = evidence(
        30.0,
        speech=[(5.0, 8.0, "Hello.")],
        text=[(1.0, 2.0, "00:00:01:00"), (2.0, 9.0, "WELCOME")],
        motion=[(0.0, 30.0, "still picture")],
    )
    assert [note.text for note in notes_of(seen)] == ["WELCOME", "Hello."]


def test_a_note_belongs_where_at_least_half_of_it_lies():
    notes = notes_of(evidence(30.0, speech=[(5.0, 9.0, "Hello.")]))
    assert within(notes, Span(0.0, 7.0)) == notes
    assert within(notes, Span(0.0, 6.9)) == ()


def test_text_of_a_part_is_bounded_and_says_each_thing_once():
    notes = notes_of(evidence(60.0, speech=[(float(i), i + 0.5, "Again and again.") for i in range(50)]))
    assert as_text(notes) == "Said: Again and again."
    long = notes_of(evidence(60.0, speech=[(float(i), i + 0.5, f"Sentence number {i}.") for i in range(50)]))
    assert len(as_text(long, 200)) <= 210


def test_without_a_model_the_evidence_is_quoted():
    notes = notes_of(evidence(30.0, speech=[(5.0, 8.0, "The boiler exploded.")], text=[(1.0, 9.0, "AURORA")]))
    part = Part(Span(0.0, 30.0), notes, "one continuous shot.")
    words = Writer(None, "English").parts([part])
    assert words == [Words("AURORA", "The boiler exploded.", "quoted")]


def test_a_part_without_notes_says_only_what_was_measured():
    part = Part(Span(0.0, 30.0), (), "No speech; one continuous shot; still picture.")
    assert quote(part) == Words("Still picture", part.facts, "measured")


def test_cut_off_sentences_are_left_out():
    assert whole_sentences("One sentence. Another that was") == "One sentence."
    assert whole_sentences("A whole one") == "A whole one."
    assert whole_sentences("Done.") == "Done."


def test_texts_are_cut_at_words():
    assert shorten("one two three four", 12) == "one two..."
    assert shorten("one  two", 12) == "one two"
    assert clean_title('"A title."') == "A title"


def spoken_evenly(text, start_s, word_s, pauses):
    """Words of a sentence, each as long, with a pause in seconds before some of them."""
    words, now_s = [], start_s
    for i, word in enumerate(text.split()):
        now_s += pauses.get(i, 0.0)
        words.append(Word(Span(now_s, now_s + word_s), word))
        now_s += word_s
    return tuple(words)


def test_a_long_sentence_is_several_notes_cut_at_its_pause():
    words = spoken_evenly("one two three four, five six seven eight nine ten", 2.0, 1.0, {4: 0.6})
    whole = Span(2.0, words[-1].span.end_s)
    seen = evidence(20.0, speech=[(whole.start_s, whole.end_s, " ".join(w.text for w in words))])
    transcript = Transcript((Segment(whole, seen.lanes["speech"][0].text, words),), "en", 1.0)
    notes = notes_of(replace(seen, transcript=transcript))
    assert [note.text for note in notes] == ["one two three four,", "five six seven eight nine ten"]
    assert [note.span for note in notes] == [Span(2.0, 6.0), Span(6.6, 12.6)]
    assert all(note.marks == seen.lanes["speech"] for note in notes)


def test_a_long_sentence_without_word_times_stays_whole():
    seen = evidence(30.0, speech=[(2.0, 20.0, "one two three four five six seven eight")])
    assert len(notes_of(seen)) == 1


def test_what_moves_in_a_still_view_is_told_with_the_facts():
    seen = evidence(30.0, sound=False, motion=[(0.0, 30.0, "strong motion")])
    visit = Mark(Span(4.0, 9.0), "motion", "something moves on the left", box=(0.0, 0.2, 0.3, 0.8))
    notes = notes_of(replace(seen, lanes={**seen.lanes, "motion": (*seen.lanes["motion"], visit)}))
    assert [note.text for note in notes] == ["something moves on the left"]
    words = quote(Part(Span(0.0, 30.0), notes, "No sound; one continuous shot."))
    assert words.title == "Something moves on the left"
    assert words.summary == "No sound; one continuous shot. Seen: something moves on the left."
    assert words.source == "measured"
