"""Scores of the quality benchmark: pure functions from truth and answer to counts that can be added up.

Nothing here knows an engine or a file. Counts, not averages, come back, so that a total over clips weighs every word,
cut and question the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import jiwer

from playhead.timeline import Mark, Span, Transcript, merge_spans

CUT_TOLERANCE_S = 0.1
CLOCK_TOLERANCE_S = 0.05
_ROUNDING_S = 1e-6

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = {
    name: 10 * n
    for n, name in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_NUMBERS = {**{name: n for n, name in enumerate(_UNITS)}, **_TENS}
_CLOCK = re.compile(r"(?<!\d)(\d\d):(\d\d):(\d\d):(\d\d)(?!\d)")


@dataclass(frozen=True)
class Counts:
    """What was right and wrong, in numbers that add up over clips.

    Attributes:
        words: Words that were said; ``word_errors`` are those substituted, left out or put in.
        clear_words: Of these, words of clear narration; ``clear_errors`` are the errors there.
        cuts: True hard cuts; ``cuts_hit`` of them found within 0.1 s, ``cuts_false`` found where there is none.
        takes: Clips that are one take; ``takes_clean`` of them with no false cut.
        clock_seconds: Whole seconds that show a running clock; ``clock_hit`` of them read right at that second.
        clock_reads: Clock readings made; ``clock_reads_right`` of them true at the time they are given for.
        texts: Texts shown; ``texts_hit`` of them read while shown, ``text_iou`` sums how well their spans fit.
        sounds: Sound events; ``sounds_hit`` of them named while heard.
        present: Queries for what is there; ``iou`` sums their IoU, ``iou_half`` counts those of 0.5 or more.
        absent: Queries for what is not there; ``absent_right`` answered with no span.
        choices: Multiple-choice questions; ``choices_right`` answered right.
        quiet: Clips without speech; ``invented_words`` are words transcribed in them.
        answers: Answers asked for; ``failures`` could not be read, ``errors`` ended in an error.
    """

    words: int = 0
    word_errors: int = 0
    clear_words: int = 0
    clear_errors: int = 0
    cuts: int = 0
    cuts_hit: int = 0
    cuts_false: int = 0
    takes: int = 0
    takes_clean: int = 0
    clock_seconds: int = 0
    clock_hit: int = 0
    clock_reads: int = 0
    clock_reads_right: int = 0
    texts: int = 0
    texts_hit: int = 0
    text_iou: float = 0.0
    sounds: int = 0
    sounds_hit: int = 0
    present: int = 0
    iou: float = 0.0
    iou_half: int = 0
    absent: int = 0
    absent_right: int = 0
    choices: int = 0
    choices_right: int = 0
    quiet: int = 0
    invented_words: int = 0
    answers: int = 0
    failures: int = 0
    errors: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))


# --- speech ---------------------------------------------------------------------------------------------------


def plain_words(text: str) -> list[str]:
    """Words in lower case without punctuation, English number words below 100 as digits."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    words = re.findall(r"\w+(?:'\w+)*", folded.replace("-", " "))
    out: list[str] = []
    index = 0
    while index < len(words):
        value = _NUMBERS.get(words[index])
        if value is None:
            out.append(words[index])
        else:
            unit = _NUMBERS.get(words[index + 1], 0) if index + 1 < len(words) else 0
            if words[index] in _TENS and 0 < unit < 10:
                value, index = value + unit, index + 1
            out.append(str(value))
        index += 1
    return out


def word_errors(said: str, heard: str, *, clear: bool = False) -> Counts:
    """Substituted, left-out and put-in words of a transcript against what was said (Levenshtein over words).

    Args:
        said: The reference.
        heard: The transcript.
        clear: Whether it is clear narration, which is also counted on its own.
    """
    reference, hypothesis = plain_words(said), plain_words(heard)
    if not reference:
        return Counts(word_errors=len(hypothesis))
    got = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    errors = got.substitutions + got.deletions + got.insertions
    return Counts(len(reference), errors, len(reference) * clear, errors * clear)


def heard_text(transcript: Transcript | None, until_s: float | None = None) -> str:
    """A transcript's words, less those that start at or after ``until_s`` seconds."""
    if transcript is None:
        return ""
    parts: list[str] = []
    for segment in transcript.segments:
        if until_s is None or segment.span.end_s <= until_s:
            parts.append(segment.text)
        elif segment.words:
            parts += [word.text for word in segment.words if word.span.start_s < until_s]
        elif segment.span.start_s < until_s:
            parts.append(segment.text)
    return " ".join(part.strip() for part in parts)


# --- pictures -------------------------------------------------------------------------------------------------


def cuts_of(shots: Sequence[Mark]) -> list[float]:
    """Where one shot ends and another starts, in seconds, from a lane of shots."""
    return sorted(mark.span.start_s for mark in shots)[1:]


def match_cuts(
    true_s: Sequence[float],
    found_s: Sequence[float],
    *,
    tolerance_s: float = CUT_TOLERANCE_S,
    ignore: Sequence[Span] = (),
) -> Counts:
    """Match found cuts to true ones, one to one, nearest seconds within a tolerance.

    Taking both in order and pairing the earliest that fit is the largest matching, for windows of equal length.

    Args:
        true_s: Hard cuts that are there.
        found_s: Cuts that were found.
        tolerance_s: How far a pair may lie apart, in seconds.
        ignore: Stretches, such as dissolves, where a found cut is neither right nor wrong.
    """
    left = sorted(found_s)
    hit = 0
    for cut_s in sorted(true_s):
        near = next((f for f in left if abs(f - cut_s) <= tolerance_s + _ROUNDING_S), None)
        if near is not None:
            left.remove(near)
            hit += 1
    false = sum(not any(span.contains(f) for span in ignore) for f in left)
    single = not true_s and not ignore
    return Counts(
        cuts=len(true_s),
        cuts_hit=hit,
        cuts_false=false,
        takes=int(single),
        takes_clean=int(single and not false),
    )


def read_clocks(marks: Iterable[Mark], rate_hz: float) -> list[tuple[Span, float]]:
    """Every ``HH:MM:SS:FF`` read on screen: when it is said to be shown, and the seconds it says."""
    found: list[tuple[Span, float]] = []
    for mark in marks:
        for hours, minutes, seconds, frames in _CLOCK.findall(mark.text):
            says_s = 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(frames) / rate_hz
            found.append((mark.span, says_s))
    return found


def clock_reads(marks: Iterable[Mark], *, rate_hz: float, offset_s: float, duration_s: float) -> Counts:
    """Whether a running clock was read right at its second.

    A reading is right when the moment it names lies in the span it is given for, give or take 0.05 s. A whole second
    counts as hit when a right reading names a moment in it.

    Args:
        marks: Text read on screen.
        rate_hz: Frames per second of the clock's last field.
        offset_s: What the clock shows at second 0 of the video.
        duration_s: Length of the video; its whole seconds are counted.
    """
    reads = [(span, says_s - offset_s) for span, says_s in read_clocks(marks, rate_hz)]
    right = [
        at_s
        for span, at_s in reads
        if span.start_s - CLOCK_TOLERANCE_S <= at_s <= span.end_s + CLOCK_TOLERANCE_S
    ]
    seconds = {int(at_s) for at_s in right if 0 <= at_s < int(duration_s)}
    return Counts(
        clock_seconds=int(duration_s),
        clock_hit=len(seconds),
        clock_reads=len(reads),
        clock_reads_right=len(right),
    )


def texts_read(shown: Sequence[tuple[Span, str]], marks: Sequence[Mark]) -> Counts:
    """How many of the texts on screen were read, letter by letter, while they were shown; spaces and case do not count.

    A text's span IoU is that of the marks that hold it and overlap it, taken together; 0 where none does.
    """
    hit, iou = 0, 0.0
    for span, text in shown:
        near = [mark for mark in marks if mark.span.overlap_s(span) > 0]
        hit += _letters(text) in "".join(_letters(mark.text) for mark in near)
        iou += spans_iou((span,), [mark.span for mark in near if _letters(text) in _letters(mark.text)])
    return Counts(texts=len(shown), texts_hit=hit, text_iou=iou)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def sounds_named(events: Sequence[tuple[Span, Sequence[str]]], marks: Sequence[Mark]) -> Counts:
    """How many sound events carry one of their accepted names in a mark that overlaps them.

    ``Beep, bleep`` and ``beep`` are the same name.
    """
    hit = sum(
        any(
            re.split(r",| \(", mark.text)[0].lower() in names and mark.span.overlap_s(span) > 0
            for mark in marks
        )
        for span, names in events
    )
    return Counts(sounds=len(events), sounds_hit=hit)


# --- questions ------------------------------------------------------------------------------------------------


def spans_iou(true: Sequence[Span], found: Sequence[Span]) -> float:
    """Seconds in both sets of spans over seconds in either, 0 to 1; two empty sets agree."""
    one, other = merge_spans(true), merge_spans(found)
    if not one and not other:
        return 1.0
    both_s = sum(a.overlap_s(b) for a in one for b in other)
    either_s = sum(span.duration_s for span in (*one, *other)) - both_s
    return both_s / either_s if either_s > 0 else 0.0


def grounded(true: Sequence[Span], found: Sequence[Span]) -> Counts:
    """Score one grounding query: IoU when it is there, emptiness of the answer when it is not."""
    if not true:
        return Counts(absent=1, absent_right=int(not found))
    iou = spans_iou(true, found)
    return Counts(present=1, iou=iou, iou_half=int(iou >= 0.5))


def chosen(right: str, label: str | None) -> Counts:
    """Score one multiple-choice question; no answer is a wrong answer."""
    return Counts(choices=1, choices_right=int(label == right))


def invented(transcript: Transcript | None) -> Counts:
    """Count words transcribed where nobody speaks."""
    return Counts(quiet=1, invented_words=len(plain_words(heard_text(transcript))))


def share(part: float, whole: float) -> float | None:
    """A share from 0 to 1, or None where there was nothing to count."""
    return part / whole if whole else None


def cut_f1(counts: Counts) -> float | None:
    """Harmonic mean of precision and recall of the cuts; None where there is no cut and none was found."""
    return share(2 * counts.cuts_hit, counts.cuts + counts.cuts_hit + counts.cuts_false)
