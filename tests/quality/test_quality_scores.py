"""The scores of the quality benchmark on answers written by hand, right and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scores
from playhead.timeline import Mark, Segment, Span, Transcript, Word
from scores import Counts


def text(start_s, end_s, words, lane="text"):
    return Mark(Span(start_s, end_s), lane, words)


def seconds(*pairs):
    return tuple(Span(*pair) for pair in pairs)


# --- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("When the time reaches forty seconds", "when the time reaches 40 seconds."),
        ("twenty-five dogs", "25 dogs"),
        ("must\u2019ve stolen", "must've stolen"),
        ("Three, two, one: lift off!", "3 2 1 lift off"),
        ("\uff21 b", "a B"),
    ],
)
def test_ways_of_writing_the_same_words_are_equal(one, other):
    assert scores.plain_words(one) == scores.plain_words(other)


def test_twenty_and_ten_stay_two_numbers():
    assert scores.plain_words("twenty ten") == ["20", "10"]
    assert scores.plain_words("twenty zero") == ["20", "0"]


@pytest.mark.parametrize(
    ("said", "heard", "words", "errors"),
    [
        ("a b c d", "a b c d", 4, 0),
        ("a b c d", "a x c d", 4, 1),
        ("a b c d", "a c d", 4, 1),
        ("a b c d", "a b c d e f", 4, 2),
        ("a b c d", "", 4, 4),
        ("", "thank you for watching", 0, 4),
        ("", "", 0, 0),
    ],
)
def test_word_errors(said, heard, words, errors):
    assert scores.word_errors(said, heard) == Counts(words=words, word_errors=errors)


@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), st.lists(st.sampled_from("abcd"), max_size=12)
)
def test_word_errors_have_the_bounds_of_an_edit_distance(said, heard):
    got = scores.word_errors(" ".join(said), " ".join(heard))
    assert abs(len(said) - len(heard)) <= got.word_errors <= max(len(said), len(heard))
    assert (got.word_errors == 0) == (said == heard)


def test_words_after_the_end_of_the_reference_are_left_out():
    words = (Word(Span(8, 9), "one"), Word(Span(12.6, 13), "two"))
    transcript = Transcript(
        (
            Segment(Span(0, 8), "start"),
            Segment(Span(8, 13), "one two", words),
            Segment(Span(14, 15), "late"),
        )
    )
    assert scores.heard_text(transcript, 12.4) == "start one"
    assert scores.heard_text(transcript) == "start one two late"
    assert scores.heard_text(None) == ""


# --- cuts -----------------------------------------------------------------------------------------------------


def test_cuts_within_a_tenth_of_a_second_are_hit_once():
    got = scores.match_cuts([1.0, 2.0, 3.0], [1.1, 1.05, 2.2, 3.0])
    assert (got.cuts, got.cuts_hit, got.cuts_false) == (3, 2, 2)
    assert scores.cut_f1(got) == pytest.approx(2 * 2 / (3 + 4))


def test_two_near_cuts_are_matched_one_to_one():
    got = scores.match_cuts([1.0, 1.08], [0.95, 1.02])
    assert (got.cuts_hit, got.cuts_false) == (2, 0)


@given(
    st.lists(st.integers(0, 40), max_size=6, unique=True),
    st.lists(st.integers(0, 40), max_size=6, unique=True),
)
def test_matching_is_as_large_as_any(true, found):
    import itertools

    true_s, found_s = [t / 20 for t in true], [f / 20 for f in found]
    best = 0
    small, large = sorted((true_s, found_s), key=len)
    for chosen in itertools.permutations(large, len(small)):
        best = max(best, sum(abs(a - b) <= 0.1 + 1e-6 for a, b in zip(small, chosen, strict=True)))
    assert scores.match_cuts(true_s, found_s).cuts_hit == best


def test_a_cut_found_in_a_dissolve_is_neither_right_nor_wrong():
    got = scores.match_cuts([8.08], [5.2, 8.08], ignore=seconds((4.6, 6.4)))
    assert (got.cuts_hit, got.cuts_false, got.takes) == (1, 0, 0)


def test_one_take_with_a_false_cut_is_not_clean():
    assert scores.match_cuts([], []) == Counts(takes=1, takes_clean=1)
    assert scores.match_cuts([], [4.0]) == Counts(takes=1, cuts_false=1)
    assert scores.cut_f1(Counts(takes=1, takes_clean=1)) is None
    assert scores.cut_f1(scores.match_cuts([], [4.0])) == 0.0


def test_the_first_shot_is_no_cut():
    lane = [text(4, 9, "", "shots"), text(0, 4, "", "shots")]
    assert scores.cuts_of(lane) == [4]
    assert scores.cuts_of([]) == []


# --- clocks ---------------------------------------------------------------------------------------------------


def test_a_clock_is_right_only_at_its_own_second():
    marks = [
        text(0.0, 1.0, "01:00:00:15"),
        text(1.0, 2.0, "01:00:01:00 banana"),
        text(2.0, 3.0, "01:00:05:00"),
        text(3.0, 4.0, "no clock"),
    ]
    got = scores.clock_reads(marks, rate_hz=30, offset_s=3600, duration_s=4.2)
    assert (got.clock_seconds, got.clock_hit, got.clock_reads, got.clock_reads_right) == (4, 2, 3, 2)


def test_one_reading_kept_for_ten_seconds_hits_one_second():
    got = scores.clock_reads([text(0, 10, "00:00:00:00")], rate_hz=25, offset_s=0, duration_s=10)
    assert (got.clock_hit, got.clock_seconds, got.clock_reads_right) == (1, 10, 1)


def test_digits_that_run_on_are_no_clock():
    assert scores.read_clocks([text(0, 1, "101:00:00:15"), text(0, 1, "00:00:00:155")], 25) == []


# --- lanes ----------------------------------------------------------------------------------------------------


def test_texts_must_be_read_while_shown():
    shown = [(Span(0, 2), "The Rocket"), (Span(2, 4), "Deep Space")]
    got = scores.texts_read(shown, [text(0.5, 2, "THE ROCKET part three"), text(0, 2, "Deep Space")])
    assert got == Counts(texts=2, texts_hit=1, text_iou=pytest.approx(0.75))


def test_sounds_must_be_named_while_heard():
    events = [(Span(1, 2), ("ding", "bell")), (Span(5, 6), ("beep",)), (Span(8, 9), ("beep",))]
    got = scores.sounds_named(
        events,
        [text(0.9, 1.9, "Bell", "sounds"), text(6, 7, "beep", "sounds"), text(8, 9, "Beep, bleep", "sounds")],
    )
    assert got == Counts(sounds=3, sounds_hit=2)


# --- questions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "found", "iou"),
    [
        ([(0, 10)], [(0, 10)], 1.0),
        ([(0, 10)], [(5, 15)], 5 / 15),
        ([(0, 10)], [], 0.0),
        ([(0, 4), (6, 10)], [(0, 10)], 0.8),
        ([(0, 4), (6, 10)], [(0, 4), (6, 10)], 1.0),
        ([(0, 10)], [(0, 6), (4, 10)], 1.0),
        ([], [], 1.0),
        ([(3, 3)], [(3, 3)], 0.0),
    ],
)
def test_iou_of_sets_of_spans(true, found, iou):
    assert scores.spans_iou(seconds(*true), seconds(*found)) == pytest.approx(iou)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 5)), max_size=4))
def test_iou_of_a_set_with_itself_is_one_and_it_is_symmetric(pairs):
    spans = seconds(*((a, a + d + 0.1) for a, d in pairs))
    assert scores.spans_iou(spans, spans) == pytest.approx(1.0)
    half = spans[: len(spans) // 2]
    assert scores.spans_iou(spans, half) == pytest.approx(scores.spans_iou(half, spans))


def test_an_absent_query_wants_an_empty_answer():
    assert scores.grounded((), ()) == Counts(absent=1, absent_right=1)
    assert scores.grounded((), seconds((0, 1))) == Counts(absent=1)
    assert scores.grounded(seconds((0, 1)), ()) == Counts(present=1)
    assert scores.grounded(seconds((0, 4)), seconds((0, 2))) == Counts(present=1, iou=0.5, iou_half=1)


def test_no_choice_is_a_wrong_choice():
    assert scores.chosen("B", "B") == Counts(choices=1, choices_right=1)
    assert scores.chosen("B", "A") == scores.chosen("B", None) == Counts(choices=1)


def test_speech_in_a_silent_clip_is_invented():
    heard = Transcript((Segment(Span(0, 1), "Thank you."),))
    assert scores.invented(heard) == Counts(quiet=1, invented_words=2)
    assert scores.invented(None) == scores.invented(Transcript()) == Counts(quiet=1)


def test_counts_add_up():
    total = sum([Counts(words=3, iou=0.5), Counts(words=4, iou=0.25)], Counts())
    assert total == Counts(words=7, iou=0.75)
