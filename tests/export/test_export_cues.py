"""Long sentences as subtitles that can be read: within the limits, at the words' own times, parted at good places."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.export import Options
from playhead.export.cues import Cue, caption_cues
from playhead.export.lines import lines_of, pieces_of, width_of
from playhead.timeline import Answer, Sampling, Segment, Span, Transcript, Word

LINE = 42


def segment_of(*words: tuple[str, float, float], text: str = "") -> Segment:
    timed = tuple(Word(Span(start_s, end_s), word) for word, start_s, end_s in words)
    span = Span(timed[0].span.start_s, max(word.span.end_s for word in timed))
    return Segment(span, text or " ".join(word.text for word in timed), timed)


def spoken(
    text: str, *, from_s: float = 10.0, step_s: float = 0.4, pauses: dict[str, float] | None = None
) -> Segment:
    """A sentence of words of equal length, with pauses after the words named."""
    words, at_s = [], from_s
    for word in text.split():
        words.append((word, round(at_s, 3), round(at_s + step_s, 3)))
        at_s += step_s + (pauses or {}).get(word, 0.0)
    return segment_of(*words)


def cues_of(*segments: Segment, **options: object) -> tuple[Cue, ...]:
    answer = Answer(
        task="watch", source="a.mp4", duration_s=10_000, model="m", sampling=Sampling("none", Span(0, 10_000)),
        transcript=Transcript(segments),
    )  # fmt: skip
    return caption_cues(answer, Options(**options))  # type: ignore[arg-type]


def texts(cues: tuple[Cue, ...]) -> list[str]:
    return [" ".join(cue.lines) for cue in cues]


LONG = (
    "The lighthouse was built in the year of the great storm, and when the keeper climbed the stairs "
    "that night he saw forty ships at anchor."
)


def test_a_long_sentence_is_parted_at_its_comma_with_its_words_times():
    segment = spoken(LONG)
    cues = cues_of(segment)
    assert texts(cues)[0] == "The lighthouse was built in the year of the great storm,"
    words = {word.text: word.span for word in segment.words}
    assert cues[0].start_ms == round(segment.words[0].span.start_s * 1000)
    assert cues[0].end_ms == round(words["storm,"].end_s * 1000)
    assert cues[1].start_ms == cues[0].end_ms
    assert cues[-1].end_ms == round(words["anchor."].end_s * 1000)
    assert " ".join(texts(cues)) == LONG


def test_a_sentence_end_is_preferred_to_a_comma_and_a_pause_to_nothing():
    assert texts(cues_of(spoken("We went, of course. The boats had left and the pier lay empty before us all.", step_s=0.5))) == [
        "We went, of course.",
        "The boats had left and the pier lay empty before us all.",
    ]  # fmt: skip
    plain = "so we walked along the quay until the rain came down on everyone who had stayed"
    parted = texts(cues_of(spoken(plain, step_s=0.5, pauses={"until": 0.4})))
    assert parted == [plain[: plain.index(" the rain")], plain[plain.index("the rain") :]]


def test_a_pause_between_cues_stays_dark():
    first, second = cues_of(
        spoken("one two three four five six seven eight nine", step_s=0.7, pauses={"five": 1.5})
    )
    assert (first.start_ms, first.end_ms) == (10_000, 13_500)
    assert second.start_ms == 15_000


def test_a_short_sentence_keeps_its_own_span_and_is_balanced_over_two_lines():
    segment = Segment(Span(1, 5), "Welcome to the harbour of Trieste, early on a Saturday morning.")
    assert cues_of(segment) == (
        Cue(1000, 5000, ("Welcome to the harbour of Trieste,", "early on a Saturday morning.")),
    )


def test_without_word_times_a_sentence_stays_whole():
    bare = Segment(Span(3, 25), LONG)
    (cue,) = cues_of(bare)
    assert (cue.start_ms, cue.end_ms) == (3000, 25_000)
    assert " ".join(cue.lines) == LONG
    assert all(len(line) <= LINE for line in cue.lines)


@pytest.mark.parametrize("spoil", ["other words", "descending", "outside", "one word missing"])
def test_word_times_that_cannot_be_trusted_are_not_used(spoil):
    good = spoken(LONG)
    words = list(good.words)
    if spoil == "other words":
        words = [Word(word.span, "something") for word in words]
    elif spoil == "descending":
        words[2], words[3] = Word(words[3].span, words[2].text), Word(words[2].span, words[3].text)
    elif spoil == "outside":
        words[-1] = Word(words[-1].span.shift(0.01), words[-1].text)
    else:
        del words[4]
    cues = cues_of(Segment(good.span, good.text, tuple(words)))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [
        (round(good.span.start_s * 1000), round(good.span.end_s * 1000))
    ]


def test_limits_can_be_set_and_switched_off():
    segment = spoken(LONG)
    assert texts(cues_of(segment, cue_s=None, cue_chars=None)) == [LONG]
    assert cues_of(segment, cue_s=None, cue_chars=None)[0].lines == (LONG,)
    assert len(cues_of(segment, cue_s=3.0)) > len(cues_of(segment))
    assert len(cues_of(segment, cue_s=None, cue_chars=400)) == 1
    for wrong in ({"cue_s": 0.0}, {"cue_chars": -1}, {"cue_s": float("nan")}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Options(**wrong)


def test_chinese_has_sixteen_letters_on_a_line_and_none_begins_with_a_full_stop():
    text = "港口的灯塔建于大风暴那一年,当守灯人那天夜里爬上楼梯时,他看见四十艘船停泊在城前。".replace(
        ",", "\N{FULLWIDTH COMMA}"
    )
    letters = re.findall(r"\w\W*", text)
    segment = segment_of(
        *((letter, n * 0.25, n * 0.25 + 0.25) for n, letter in enumerate(letters)), text=text
    )
    cues = cues_of(segment)
    assert len(cues) > 1
    assert "".join(line for cue in cues for line in cue.lines) == text
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= 16 for cue in cues)
    assert all(line[0].isalnum() for cue in cues for line in cue.lines)


def test_japanese_without_word_times_is_broken_between_letters_but_not_before_small_kana():
    lines = lines_of("あっというまにいちにちがすぎていってしまったのでしょうか、とかれはいった。", LINE)
    assert all(width_of(line) <= LINE for line in lines)
    assert not any(line[0] in "っ、。ょ" for line in lines)
    assert pieces_of("った「はい」") == ["っ", "た", "「は", "い」 "]


def test_thai_words_are_kept_whole():
    words = ["สวัสดี", "ครับ", "วันนี้", "อากาศ", "ดี", "มาก"] * 4
    segment = segment_of(
        *((word, n * 0.5, n * 0.5 + 0.5) for n, word in enumerate(words)), text="".join(words)
    )
    cues = cues_of(segment)
    starts = {round(word.span.start_s * 1000) for word in segment.words}
    assert len(cues) > 1
    assert all(cue.start_ms in starts for cue in cues)
    assert "".join(line for cue in cues for line in cue.lines) == "".join(words)


def test_parts_of_one_word_are_never_parted():
    words = [*((f"word{n}", n * 1.0, n * 1.0 + 1) for n in range(6)), ("e", 6.0, 6.5), ("-mail", 6.5, 9.0)]
    segment = segment_of(*words, text="word0 word1 word2 word3 word4 word5 e-mail")
    assert all("e-mail" in text or "mail" not in text for text in texts(cues_of(segment, cue_s=2.2)))


def test_accents_take_no_room():
    assert width_of("e\u0301a\u0300") == 2
    assert width_of("日本") == 2 * 42 / 16


WORDS = st.text(st.sampled_from("abcdefghij'.,?!-é日本語、。ครับ한국"), min_size=1, max_size=14)


@st.composite
def timed_segments(draw: st.DrawFn) -> Segment:
    """Words in order, some without length, some at once, some over the next, with pauses of any length."""
    at_ms, words = draw(st.integers(0, 5000)), []
    for text in draw(st.lists(WORDS, min_size=1, max_size=45)):
        length_ms = draw(st.sampled_from([0, 1, 90, 250, 400, 900, 9000]))
        words.append((text, at_ms / 1000, (at_ms + length_ms) / 1000))
        at_ms += draw(
            st.sampled_from([0, 1, length_ms, length_ms, length_ms, length_ms + 700, length_ms + 4000])
        )
    return segment_of(*words)


@given(timed_segments())
def test_any_timed_sentence_gives_cues_within_the_limits(segment):
    cues = cues_of(segment)
    starts = {round(word.span.start_s * 1000) for word in segment.words}
    assert "".join("".join(cue.lines) for cue in cues).replace(" ", "") == segment.text.replace(" ", "")
    # A cue may only exceed a limit where nothing parts it: one word, or words that are heard at once.
    for cue in cues:
        line_too_wide = any(width_of(line) > LINE for line in cue.lines)
        if cue.end_ms - cue.start_ms > 7000 or len(cue.lines) > 2 or line_too_wide:
            inside = {start for start in starts if cue.start_ms <= start < cue.end_ms}
            assert len(inside) == 1
    whole = (round(segment.span.start_s * 1000), round(segment.span.end_s * 1000))
    assert cues[0].start_ms == whole[0]
    assert cues[-1].end_ms <= max(whole[1], cues[-1].start_ms + 1000)
    assert {cue.start_ms for cue in cues} <= starts
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(cues))
    assert all(cue.end_ms > cue.start_ms for cue in cues)


@given(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), st.sampled_from([10.0, 32.0, 42.0, 84.0]))
def test_lines_keep_every_word_and_only_a_word_may_be_too_wide(text, limit):
    lines = lines_of(text, limit)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line) <= limit or len(pieces_of(line)) == 1 for line in lines)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=2, max_size=14))
def test_two_lines_are_as_equal_as_the_words_allow(words):
    text = " ".join(words)
    lines = lines_of(text, LINE)
    if len(lines) != 2:
        return
    ways = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    best = min(max(map(len, way)) for way in ways)
    assert max(map(len, lines)) == best
