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

EXPLICIT, CUED, BARE = 0, 1, 2
"""How sure a reading is: a unit or clock; a bracket, cue word or decimal point; bare whole numbers."""


@dataclass(frozen=True, slots=True)
class RawTime:
    """One time as it was written.

    Attributes:
        value: Seconds, or a bare number that may be a bin.
        bare: Whether it had neither unit nor clock.
        whole: Whether it was written without a decimal point.
        at_end: Whether it was written as "the end"; ``value`` is then no number of seconds.
    """

    value: float
    bare: bool = False
    whole: bool = False
    at_end: bool = False


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


_NUM = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_THOUSANDS = r"[0-9]{1,3}(?:,[0-9]{3}){1,2}(?:\.[0-9]{1,9})?"
_S = r"(?:seconds?|secs?|s(?![a-z])|秒钟|秒)"
_M = r"(?:minutes?|mins?|分钟|分)"
_H = r"(?:hours?|hrs?|h(?![a-z])|小时|时)"
_MS = r"(?:milliseconds?|msecs?|ms(?![a-z])|毫秒)"
_CLOCK = (
    r"[0-9]{1,4}:[0-9]{2}(?::[0-9]{2}(?:,[0-9]{3}(?![0-9]))?)?(?:\.[0-9]{1,9})?(?![0-9])(?!:[0-9])"
    rf"(?:\s?(?:{_S}|{_M})(?![a-z]))?"
)
_AND = r"(?:\s{0,2}(?:,|and|又|零)\s{0,2}|\s{0,2})"
_UNITS = (
    rf"(?:(?:{_NUM}|{_THOUSANDS})\s{{0,2}}-?(?:{_MS}|{_S})"
    rf"|{_NUM}\s{{0,2}}{_H}(?:{_AND}{_NUM}\s{{0,2}}(?:{_M}|m(?![a-z])|m(?=[0-9])))?(?:{_AND}{_NUM}\s{{0,2}}{_S})?"
    rf"|{_NUM}\s{{0,2}}(?:{_M}|m(?=\s?[0-9]))(?:{_AND}{_NUM}\s{{0,2}}{_S})?)(?![a-z])"
)
_ATOM = rf"(?:{_CLOCK}|{_UNITS}|{_NUM})"
_TIMED = rf"(?:{_CLOCK}|{_UNITS})"
_CLOSE, _OPEN = r"""[\s\])}>"'*`_]{0,8}""", r"""[\s\[({<"'*`_]{0,8}"""
_ABOUT = r"(?:(?:about|around|approximately|approx\.?|roughly|circa|the|约|大约|第)\s{0,2}){0,2}"
_WORDS = r"up\s{1,3}to|to|until|till|til|through|thru|and|(?:开始)?,?(?:一直|直|持续)?(?:到|至)|与|和"
_SEP = rf"{_CLOSE}(?P<sep>-{{1,3}}>?|=>|>|~{{1,2}}|\.{{2,3}}|\.|,|;|\||\t|{_WORDS}){_OPEN}{_ABOUT}{_OPEN}"
_NOT_BEFORE = r"(?<![A-Za-z0-9_$€£/])(?<![0-9][.:])"
_NOT_AFTER = r"(?![0-9])(?!\.[0-9])(?!:[0-9])(?!/[0-9])(?!\s?[%％])(?!\s?[ap]\.?m\b)"
_END_WORD = r"(?:the\s{1,3})?(?:very\s{1,3})?end\b|(?:视频)?(?:结束|结尾|最后|片尾)"
_START_WORD = r"the\s{1,3}(?:very\s{1,3})?(?:beginning|start)\b|开头|片头"

_RANGE: Final = re.compile(
    rf"{_NOT_BEFORE}(?P<a>{_ATOM}){_SEP}(?P<b>{_ATOM}|{_END_WORD}){_NOT_AFTER}"
    rf"|(?:from|从|between)\s{{0,3}}(?P<top>{_START_WORD}){_SEP.replace('P<sep>', 'P<sep2>')}(?P<b2>{_ATOM}){_NOT_AFTER}",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    rf"(?:\b(?:start|begin)[a-z_ ]{{0,20}}|开始(?:时间)?|起始(?:时间)?)[\s\"'*`]{{0,4}}[:=是为于在]?{_OPEN}{_ABOUT}"
    rf"(?P<a>{_ATOM})(?![0-9])(?!\.[0-9])[^0-9]{{1,60}}?"
    rf"(?:\b(?:end|stop|finish|conclud)[a-z_ ]{{0,20}}|结束(?:时间)?)[\s\"'*`]{{0,4}}[:=是为于在]?{_OPEN}{_ABOUT}"
    rf"(?P<b>{_ATOM}){_NOT_AFTER}"
    rf"|{_NOT_BEFORE}(?P<a2>{_TIMED})\s?开始[^0-9]{{0,12}}(?P<b2>{_TIMED})\s?结束",
    re.IGNORECASE,
)
_POINT: Final = re.compile(rf"{_NOT_BEFORE}(?<![0-9],)(?P<a>{_TIMED}){_NOT_AFTER}", re.IGNORECASE)
_NUMBERING: Final = re.compile(
    rf"^(?P<mark>[ \t>|*•#-]{{0,6}}\(?[0-9]{{1,3}}(?:[.):,]|\s?[-|]|\*\*|\s))"
    rf"[ \t*]{{1,6}}(?=[\s\[({{<*`'\"]{{0,6}}(?:from\s|从)?{_ATOM}\s{{0,3}}(?:-|~|to|>|\||到|至))",
    re.IGNORECASE | re.MULTILINE,
)
_TABLE_ROW: Final = re.compile(
    rf"^[ \t]*(?P<a>{_ATOM})(?:[ \t]{{0,4}}[,;][ \t]{{0,4}}|\t)(?P<b>{_ATOM})(?=[ \t]{{0,4}}[,;\t]|[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_TWO_NUMBERS: Final = re.compile(rf"\s*(?P<a>{_NUM})\s{{0,4}}(?:[,;]|\s)\s{{0,4}}(?P<b>{_NUM})\s*\.?\s*")

_LENGTH_CUE: Final = re.compile(
    r"(?:\blasts?|\blasted|\blasting|\bfor|\btakes?|\btook|\bevery|\bduration of|\blength of|\bwithin|\btotal of|"
    r"\bover the course of|\bafter just|持续|长达|时长|每隔|每|共)[\s:]{0,3}"
    r"(?:(?:about|around|approximately|roughly|only|just|a|the|next|first|last|了|约|大约)\s{0,2}){0,3}$",
    re.IGNORECASE,
)
_LENGTH_AFTER: Final = re.compile(
    r"\s{0,2}-?(?:long\b|in (?:length|duration|total)\b|of (?:the )?(?:video|footage|silence)|"
    r"(?:later|earlier|ago|each|apart)\b|(?:video|clip)\b|长|之后|以后|后(?!面)|per\b|/)",
    re.IGNORECASE,
)
_MOMENT_CUE: Final = re.compile(
    r"(?:(?:^|\n)[\s*•#>\[(<\"'-]{0,8}(?:[0-9]{1,3}[.):]\s{0,3})?|[\[(<|][\s*]{0,3}|\b(?:at|around|about|near|by|from|after|since|approximately"
    r"|timestamp|time|second|until|till|to|before)\b[\s:=is]{0,5}(?:the\s)?|[@:=]\s{0,2}|在|第|于|从)$",
    re.IGNORECASE,
)
_RANGE_CUE: Final = re.compile(
    r"(?:\b(?:from|between|frames?|time(?:stamps?)?|seconds?|secs?|intervals?|segments?|spans?|during|range|start(?:s|ing)?)"
    r"|从|自|在|于|时间|第|<)[\s:=(\"'\[<*`is]{0,6}(?:(?:about|around|the|第|约)\s{0,2}){0,2}$",
    re.IGNORECASE,
)
_AND_CUE: Final = re.compile(r"(?:\b(?:between|from)\b|从|在|介于)[^0-9,;.]{0,24}$", re.IGNORECASE)
_NO_TIME_CUE: Final = re.compile(
    r"(?:\b(?:scor(?:e|ed|es|ing)|won|win|wins|lost|lose|beats?|leads?|leading|result|tied?|draw|aged?|ages|pages?|"
    r"chapters?|episodes?|seasons?|steps?|years?|rooms?|lines?|verses?|ratio|odds|in the|step|top|clips|figures?|tables?)|比分|第几|年)"
    r"[\s:(\"'a-z]{0,10}$",
    re.IGNORECASE,
)
_MEASURED: Final = re.compile(
    r"\s{0,2}-?(?:people|persons?|m[ae]n|wom[ae]n|kids|children|times|years?|days?|weeks?|months?|percent|points?|dollars|"
    r"euros|degrees|km|kg|cm|mm|meters?|metres?|miles|feet|inch|steps|pieces|cups?|goals?|of the|fps|hz|rpm|个|人|岁|次|年|月|日|号|米|度|块|元)",
    re.IGNORECASE,
)
_STOPS: Final = re.compile(
    r"\s{0,3}(?:$|[.,;:!?)\]}>|\"'*`<\n。]|-(?![0-9])|(?:and|or|then|when|where|while|in|during|is|shows?|the|a)\b|[^\x00-\x7f])",
    re.IGNORECASE,
)
_UNIT_S: Final = (
    (re.compile(rf"({_NUM})\s{{0,2}}{_H}", re.IGNORECASE), 3600.0),
    (re.compile(rf"({_NUM})\s{{0,2}}(?:{_M}|m(?![a-z]))", re.IGNORECASE), 60.0),
    (re.compile(rf"({_NUM})\s{{0,2}}-?{_S}", re.IGNORECASE), 1.0),
)
_MS_FULL: Final = re.compile(rf"({_NUM})\s{{0,2}}-?{_MS}", re.IGNORECASE)
_CLOCK_FULL: Final = re.compile(
    r"([0-9]{1,4}):([0-9]{2})(?::([0-9]{2}))?(?:[.,]([0-9]{1,9}))?(?:\s?[^0-9\s]{1,8})?", re.IGNORECASE
)
_MINUS: Final = re.compile(r"(?:^|[\s\[(,=:])-$")
_NUM_FULL: Final = re.compile(_NUM)


def find_times(text: str, *, moments: bool = True) -> tuple[Found, ...]:
    """Every span and moment a text names, in the order of the text; the most explicit kind only.

    Args:
        text: A model's answer without its wrappings, or one line of it.
        moments: Whether single times count where no span is named, other than by bare whole numbers.
    """
    folded = _NUMBERING.sub(_blank, fold(text))
    spans = list(_labelled(folded))
    spans += _outside(spans, _ranges(folded))
    found = [item for item in spans if not math.isnan(item.start.value)]
    best = min((item.sureness for item in found), default=BARE)
    found = [item for item in found if item.sureness == best]
    if moments and best == BARE:
        found = _outside(spans, _moments(folded)) or found
    if not found:
        found = list(_table_rows(folded))
    if not found and (pair := _TWO_NUMBERS.fullmatch(folded)):
        found = [_found(pair["a"], pair["b"], pair.span(), BARE)]
    return tuple(sorted(found, key=lambda item: item.at))


def read_time(text: str) -> RawTime | None:
    """One time that stands alone in a string, such as a JSON value; None when it is none."""
    folded = fold(text[:80]).strip(" \t\r\n\"'<>[]()")
    return _raw(folded) if re.fullmatch(_ATOM, folded, re.IGNORECASE) else None


def _raw(text: str) -> RawTime | None:
    """The value of one matched time, or None when its fields are out of range (``1:75``)."""
    if _NUM_FULL.fullmatch(text):
        return RawTime(float(text), bare=True, whole="." not in text)
    if clock := _CLOCK_FULL.fullmatch(text):
        fields = [int(part) for part in clock.group(1, 2, 3) if part is not None]
        if any(part >= 60 for part in fields[1:]):
            return None
        fraction = float(f"0.{clock[4]}") if clock[4] else 0.0
        return RawTime(float(sum(part * 60**power for power, part in enumerate(reversed(fields)))) + fraction)
    plain = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", text)
    if milliseconds := _MS_FULL.fullmatch(plain):
        return RawTime(float(milliseconds[1]) / 1000)
    parts = [(float(match[1]), scale) for unit, scale in _UNIT_S if (match := unit.search(plain))]
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
    unit = re.fullmatch(rf"(?:{_NUM}|{_THOUSANDS})(\D*)", other, re.IGNORECASE)
    scaled = _raw(f"{time.value:.9f}{unit[1]}") if unit and unit[1].strip() else None
    return scaled or RawTime(time.value)


def _ranges(folded: str) -> Iterator[Found]:
    last_end = -1
    for match in _RANGE.finditer(folded):
        if match["top"]:
            start_to_end = _found(match["b2"], None, match.span(), EXPLICIT)
            yield Found(THE_START, start_to_end.start, match.span(), EXPLICIT)
            continue
        comma_run = (
            match.start() >= 2 and folded[match.start() - 1] == "," and folded[match.start() - 2].isdigit()
        )
        sureness = None if comma_run and last_end != match.start() - 1 else _sureness(folded, match)
        if sureness is not None:
            last_end = match.end()
            found = _found(match["a"], match["b"], match.span(), sureness)
            below_zero = _MINUS.search(folded[max(0, match.start() - 2) : match.start()])
            yield (
                replace(found, start=replace(found.start, value=-found.start.value)) if below_zero else found
            )


def _sureness(folded: str, match: re.Match[str]) -> int | None:
    """How sure it is that a matched range means times; None when it does not."""
    before, after = folded[max(0, match.start() - 40) : match.start()], folded[match.end() : match.end() + 40]
    separator, bare_a, bare_b = match["sep"], _is_number(match["a"]), _is_number(match["b"])
    bracketed = before.rstrip(" \"'")[-1:] in ("[", "(", "<", "{") and after.lstrip(" \"'")[:1] in tuple(
        "])>}"
    )
    bare = bare_a and bare_b
    if _LENGTH_CUE.search(before) and ":" not in match[0]:
        return None
    if ":" not in match[0] and _LENGTH_AFTER.match(after) and not bare:
        return None
    if separator in (",", ";") and not bracketed:
        return None
    if separator in ("and", "与", "和") and not _AND_CUE.search(before):
        return None
    if separator == "." and not (":" in match["a"] and "…" in match[0]):
        return None
    if separator in ("|", "\t", ">") and bare_a != bare_b:
        return None
    if not bare:
        return EXPLICIT
    if (
        _MEASURED.match(after)
        or (after[:1] == "-" and after[1:2].isdigit())
        or (before[-2:-1].isdigit() and before[-1:] == "-")
    ):
        return None
    if _looks_like_years(match["a"], match["b"]) or (
        _NO_TIME_CUE.search(before) and not _RANGE_CUE.search(before)
    ):
        return None
    decimals = "." in match["a"] and "." in match["b"]
    if bracketed or _RANGE_CUE.search(before) or decimals:
        return CUED
    return BARE if _STOPS.match(after) else None


def _looks_like_years(first: str, second: str) -> bool:
    return all(
        len(part) == 4 and 1800 <= int(part) <= 2100 for part in (first, second) if part.isdigit()
    ) and (first.isdigit() and second.isdigit())


def _is_number(text: str) -> bool:
    return _NUM_FULL.fullmatch(text) is not None


def _labelled(folded: str) -> Iterator[Found]:
    for match in _LABELLED.finditer(folded):
        start, end = match["a"] or match["a2"], match["b"] or match["b2"]
        sureness = CUED if _is_number(start) and _is_number(end) else EXPLICIT
        yield _found(start, end, match.span(), sureness)


def _moments(folded: str) -> Iterator[Found]:
    for match in _POINT.finditer(folded):
        before, after = (
            folded[max(0, match.start() - 40) : match.start()],
            folded[match.end() : match.end() + 40],
        )
        is_clock = ":" in match["a"]
        if _LENGTH_CUE.search(before) or (not is_clock and _LENGTH_AFTER.match(after)):
            continue
        if re.fullmatch(r"[12][0-9]{2}0s", match["a"]) and before.rstrip().endswith("the"):
            continue  # "the 1990s"
        if not is_clock and not _MOMENT_CUE.search(before):
            continue
        found = _found(match["a"], None, match.span(), EXPLICIT)
        if not math.isnan(found.start.value):
            yield found


def _table_rows(folded: str) -> Iterator[Found]:
    for match in _TABLE_ROW.finditer(folded):
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
