"""The one grammar of times in sentences: which spans and moments a text names.

Every reader of every task uses it. It reads clocks (``1:02.5``, ``01:02:03,456``), numbers with units (``12.5s``,
``1 min 5 s``, ``1分5秒``), pairs in brackets, cued bare numbers (``From 12 to 34``, ``between 5 and 9``,
``Start: 5, End: 9``), and bare ranges (``12.5 - 30.0``). A number that is no time (a year, a score, a percentage, a
list number, a length such as "lasts 5 seconds") is left alone. Of several kinds in one text the most explicit one
counts, so "in 2 to 3 of the clips, 5.0s to 9.0s" names one span.

Every repetition below is bounded, so reading takes time in proportion to the length of the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from playhead.tasks.fold import fold
from playhead.tasks.time_patterns import (
    AND_CUE,
    ATOM,
    BOUND_CUE,
    CLOCK_FULL,
    FRAME_CUE,
    LABELLED,
    LENGTH_AFTER,
    LENGTH_CUE,
    MEASURED,
    MINUS,
    MOMENT_CUE,
    MS_FULL,
    NEGATED,
    NO_TIME_CUE,
    NUM,
    NUM_FULL,
    NUMBERING,
    POINT,
    RANGE,
    RANGE_CUE,
    STOPS,
    TABLE_ROW,
    THOUSANDS,
    TWO_TIMES,
    UNIT_S,
)

LENGTH, EXPLICIT, CUED, BARE = -1, 0, 1, 2
"""How sure a reading is: a length and no time at all; a unit or clock; a bracket, cue word or decimal point; bare whole numbers."""


@dataclass(frozen=True, slots=True)
class RawTime:
    """One time as it was written.

    Attributes:
        value: Seconds, or a bare number that may be a bin.
        bare: Whether it had neither unit nor clock.
        whole: Whether it was written without a decimal point.
        at_end: Whether it was written as "the end"; ``value`` is then no number of seconds.
        frame: Whether it was called the number of a frame, which is a bin where there are bins and no time elsewhere.
    """

    value: float
    bare: bool = False
    whole: bool = False
    at_end: bool = False
    frame: bool = False


THE_END: Final = RawTime(0.0, at_end=True)
THE_START: Final = RawTime(0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A span or moment that a text names.

    Attributes:
        start: Its start.
        end: Its end, or None for a moment.
        at: Where it stands in the text, as ``(first, past the last)`` character.
        sureness: ``EXPLICIT``, ``CUED`` or ``BARE``.
    """

    start: RawTime
    end: RawTime | None
    at: tuple[int, int]
    sureness: int


def find_times(text: str, *, moments: bool = True) -> tuple[Found, ...]:
    """Every span and moment a text names, in the order of the text; the most explicit kind only.

    Args:
        text: A model's answer without its wrappings, or one line of it.
        moments: Whether single times count where no span is named, other than by bare whole numbers.
    """
    folded = NUMBERING.sub(_blank, fold(text))
    spans = list(_labelled(folded))
    spans += _outside(spans, _ranges(folded))
    found = [item for item in spans if not math.isnan(item.start.value)]
    best = min((item.sureness for item in found), default=BARE)
    found = [item for item in found if item.sureness == best]
    if not found and (pair := TWO_TIMES.fullmatch(folded)):
        found = [_found(pair["a"], pair["b"], pair.span(), EXPLICIT)]
    elif not found:
        found = list(_table_rows(folded))
    if moments and best == BARE and not (found and found[0].sureness == EXPLICIT):
        found = _outside(spans, _moments(folded)) or found
    return tuple(sorted(found, key=lambda item: item.at))


def read_time(text: str) -> RawTime | None:
    """One time that stands alone in a string, such as a JSON value; None when it is none."""
    folded = fold(text[:80]).strip(" \t\r\n\"'<>[]()")
    return _raw(folded) if re.fullmatch(ATOM, folded, re.IGNORECASE) else None


def _raw(text: str) -> RawTime | None:
    """The value of one matched time, or None when its fields are out of range (``1:75``)."""
    if NUM_FULL.fullmatch(text):
        return RawTime(float(text), bare=True, whole="." not in text)
    if clock := CLOCK_FULL.fullmatch(text):
        fields = [int(part) for part in clock.group(1, 2, 3) if part is not None]
        if any(part >= 60 for part in fields[1:]):
            return None
        fraction = float(f"0.{clock[4]}") if clock[4] else 0.0
        return RawTime(float(sum(part * 60**power for power, part in enumerate(reversed(fields)))) + fraction)
    plain = re.sub(r"(?<=[0-9]),(?=[0-9]{3})|(?<=[0-9])(?:st|nd|rd|th)(?=\s)", "", text)
    if milliseconds := MS_FULL.fullmatch(plain):
        return RawTime(float(milliseconds[1]) / 1000)
    parts = [(float(match[1]), scale) for unit, scale in UNIT_S if (match := unit.search(plain))]
    if not parts or any(value >= 60 for value, _ in parts[1:]):
        return None
    return RawTime(sum(value * scale for value, scale in parts))


def _found(start: str, end: str | None, at: tuple[int, int], sureness: int) -> Found:
    """A finding from matched texts; a bare side takes the unit of the other (``5 to 9 minutes``).

    Its start is not a number where a matched text is no valid time, such as ``1:75``.
    """
    first = _raw(start)
    last = None if end is None else THE_END if not end[0].isdigit() else _raw(end)
    if first is None or (end is not None and last is None):
        return Found(RawTime(float("nan")), None, at, sureness)
    if last is not None and not last.at_end and first.bare != last.bare:
        first = _with_unit_of(first, end or "") if first.bare else first
        last = _with_unit_of(last, start) if last.bare else last
    return Found(first, last, at, sureness)


def _with_unit_of(time: RawTime, other: str) -> RawTime:
    """A bare number read in the other side's unit when that has a single one, else as seconds."""
    unit = re.fullmatch(rf"(?:{NUM}|{THOUSANDS})(\D*)", other, re.IGNORECASE)
    scaled = _raw(f"{time.value:.9f}{unit[1]}") if unit and unit[1].strip() else None
    return scaled or RawTime(time.value)


def _ranges(folded: str) -> Iterator[Found]:
    """Ranges in order; one that means a length, or whose times are invalid, comes as no number, to hide its parts."""
    at, last_end = 0, -1
    while match := RANGE.search(folded, at):
        at = match.end()
        if match["top"]:
            yield replace(
                _found(match["b2"], None, match.span(), EXPLICIT), start=THE_START, end=_raw(match["b2"])
            )
            continue
        follows_comma = folded[max(0, match.start() - 2) : match.start()]
        decimal_comma = (
            follows_comma[-1:] == "," and follows_comma[:1].isdigit() and last_end != match.start() - 1
        )
        sureness = None if decimal_comma else _sureness(folded, match)
        if sureness is None:
            at = match.end("a")  # the second number may begin a range of its own: "33 and 66 to 99"
            continue
        last_end = match.end()
        found = _found(match["a"], match["b"], match.span(), sureness)
        if sureness == LENGTH:
            yield replace(found, start=RawTime(math.nan))
        elif MINUS.search(folded[max(0, match.start() - 2) : match.start()]):
            yield replace(found, start=replace(found.start, value=-found.start.value))
        elif (
            found.start.bare
            and found.end is not None
            and FRAME_CUE.search(folded[max(0, match.start() - 20) : match.start()])
        ):
            yield replace(found, start=replace(found.start, frame=True), end=replace(found.end, frame=True))
        else:
            yield found


def _sureness(folded: str, match: re.Match[str]) -> int | None:
    """How sure it is that a matched range means times; None when it does not."""
    before, after = folded[max(0, match.start() - 40) : match.start()], folded[match.end() : match.end() + 40]
    separator, bare_a, bare_b = match["sep"], _is_number(match["a"]), _is_number(match["b"])
    bracketed = before.rstrip(" \"'")[-1:] in ("[", "(", "<", "{") and after.lstrip(" \"'")[:1] in tuple(
        "])>}"
    )
    bare = bare_a and bare_b
    if ":" not in match[0] and (LENGTH_CUE.search(before) or (LENGTH_AFTER.match(after) and not bare)):
        return LENGTH
    if NEGATED.search(before):
        return LENGTH
    if separator in (",", ";") and not bracketed:
        return None
    if separator in ("and", "与", "和") and not AND_CUE.search(before):
        return None
    if separator in ("|", "\t", ">") and bare_a != bare_b:
        return None
    if not bare:
        return EXPLICIT
    if (
        MEASURED.match(after)
        or (after[:1] == "-" and after[1:2].isdigit())
        or (before[-2:-1].isdigit() and before[-1:] == "-")
    ):
        return None
    if _looks_like_years(match["a"], match["b"]) or (
        NO_TIME_CUE.search(before) and not RANGE_CUE.search(before)
    ):
        return None
    decimals = "." in match["a"] and "." in match["b"]
    if bracketed or RANGE_CUE.search(before) or decimals:
        return CUED
    return BARE if STOPS.match(after) else None


def _looks_like_years(first: str, second: str) -> bool:
    return all(
        len(part) == 4 and 1800 <= int(part) <= 2100 for part in (first, second) if part.isdigit()
    ) and (first.isdigit() and second.isdigit())


def _is_number(text: str) -> bool:
    return NUM_FULL.fullmatch(text) is not None


def _labelled(folded: str) -> Iterator[Found]:
    for match in LABELLED.finditer(folded):
        start, end = match["a"] or match["a2"], match["b"] or match["b2"]
        sureness = CUED if _is_number(start) and _is_number(end) else EXPLICIT
        yield _found(start, end, match.span(), sureness)


def _moments(folded: str) -> Iterator[Found]:
    for match in POINT.finditer(folded):
        before, after = (
            folded[max(0, match.start() - 40) : match.start()],
            folded[match.end() : match.end() + 40],
        )
        is_clock = ":" in match["a"]
        if LENGTH_CUE.search(before) or (not is_clock and LENGTH_AFTER.match(after)):
            continue
        if re.fullmatch(r"[12][0-9]{2}0s", match["a"]) and before.rstrip().endswith("the"):
            continue  # "the 1990s"
        if not is_clock and not MOMENT_CUE.search(before):
            continue
        if BOUND_CUE.search(before) and not re.search(r"\bnot\b", before):
            continue  # "until 0:30" says only where something ends
        found = _found(match["a"], None, match.span(), EXPLICIT)
        if not math.isnan(found.start.value):
            yield found


def _table_rows(folded: str) -> Iterator[Found]:
    for match in TABLE_ROW.finditer(folded):
        bare = _is_number(match["a"]) and _is_number(match["b"])
        found = _found(match["a"], match["b"], match.span(), BARE if bare else EXPLICIT)
        if not math.isnan(found.start.value):
            yield found


def _outside(taken: list[Found], more: Iterable[Found]) -> list[Found]:
    """Those that do not overlap what was found before; both ascend in the text."""
    kept, ends = [], sorted(item.at for item in taken)
    index = 0
    for item in more:
        while index < len(ends) and ends[index][1] <= item.at[0]:
            index += 1
        if index == len(ends) or ends[index][0] >= item.at[1]:
            kept.append(item)
    return kept


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
