"""Sentences from words, and words that were never said."""

from __future__ import annotations

import pytest

from playhead.perceive.words import believable, loops, to_segments
from playhead.timeline import Span, Word


def words(text, start_s=0.0, each_s=0.3, confidence=0.9):
    return [
        Word(Span(start_s + n * each_s, start_s + (n + 1) * each_s), f" {word}", confidence)
        for n, word in enumerate(text.split())
    ]


def test_sentences_end_at_their_punctuation():
    segments = to_segments(words("This is one. Here is two! And three?"))
    assert [segment.text for segment in segments] == ["This is one.", "Here is two!", "And three?"]
    assert [segment.span for segment in segments] == [
        Span(0.0, 3 * 0.3), Span(3 * 0.3, 6 * 0.3), Span(6 * 0.3, 8 * 0.3)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Ask Dr. Jones now", "It costs 3.5 dollars", "so called etc. and so on"])
def test_a_point_inside_a_sentence_ends_nothing(text):
    assert len(to_segments(words(text))) == 1


def test_no_segment_covers_a_silence():
    first, second = words("before the pause"), words("after the pause", start_s=5.0)
    segments = to_segments([*first, *second])
    assert [segment.span.start_s for segment in segments] == [0.0, 5.0]
    assert segments[0].span.end_s == pytest.approx(0.9)


def test_a_sentence_without_end_is_cut_at_a_comma():
    text = "one two three four five six, " * 12
    segments = to_segments(words(text))
    assert all(segment.span.duration_s < 16 for segment in segments)
    assert all(segment.text.endswith(",") for segment in segments)


def test_languages_without_spaces_keep_their_shape():
    spoken = [Word(Span(n, n + 0.9), text) for n, text in enumerate(["你好", "。", "再见", "。"])]
    assert [segment.text for segment in to_segments(spoken)] == ["你好。", "再见。"]


def test_no_words_no_segments():
    assert to_segments([]) == ()


GOOD = {"logprob": -0.3, "silence": 0.1, "voice": 0.9, "spoken_s": 5.0}


@pytest.mark.parametrize(
    ("text", "facts", "heard"),
    [
        ("Thanks for watching.", {}, True),  # said clearly, it is kept
        ("Thanks for watching.", {"logprob": -0.9, "voice": 0.6}, False),
        ("Please subscribe to my channel", {"silence": 0.5}, False),
        ("you", {"logprob": -0.7}, False),
        ("Banana.", {"logprob": -0.9, "silence": 0.2}, True),
        ("♪♪", {}, False),
        ("...", {}, False),
        ("a real sentence said over noise", {"logprob": -0.9, "silence": 0.3}, True),
        ("a real sentence never said", {"logprob": -1.6}, False),
        ("nobody says anything here", {"silence": 0.9, "logprob": -0.9}, False),
        ("oh yeah, " * 20, {"spoken_s": 60.0}, False),
        ("far too many words for the time there was to say them in", {"spoken_s": 0.4}, False),
    ],
)
def test_what_was_heard_is_told_from_what_was_invented(text, facts, heard):
    assert believable(text, words(text), **{**GOOD, **facts}) is heard


def test_words_nobody_is_sure_of_are_not_believed():
    assert not believable("some words", words("some words", confidence=0.1), **GOOD)


def test_loops():
    assert loops("look, look, " * 20)
    assert not loops("This is the optical and science segment of the telescope in one of the largest rooms.")
