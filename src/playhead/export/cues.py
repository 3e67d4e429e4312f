"""An Answer as subtitle cues: whole milliseconds, one text each, in the order they appear."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from playhead.export.lines import lines_of
from playhead.export.options import Options
from playhead.export.readable import LINES, Limits, readable
from playhead.timeline import Answer, Event, Segment, Span

_MS_PER_S: Final = 1000
# A player cannot show a cue without length; a point in time is shown this long.
_POINT_SHOWN_MS: Final = 1000


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """A text shown from ``start_ms`` until ``end_ms`` (milliseconds, end after start); lines are never blank."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def caption_cues(answer: Answer, options: Options) -> tuple[Cue, ...]:
    """Subtitles of an Answer, from its transcript or, where the options ask for it, from its events.

    A sentence too long to read at a glance becomes several cues, each with the times of its words (``options.cue_s``,
    ``options.cue_chars``). A stretch without words gives no cue. With no transcript and no other source allowed the result is empty: no
    speech was heard.
    """
    spoken = answer.transcript.segments if answer.transcript else ()
    use_events = options.captions == "events" or (options.captions == "transcript-or-events" and not spoken)
    if use_events:
        told = ((event.span, event.text or event.title) for event in answer.events)
        cues = sorted(
            cue for span, text in told if (cue := _cue(span, text, _line_width(options))) is not None
        )
    else:
        cues = sorted(cue for segment in spoken for cue in _spoken(segment, options))
    return tuple(cues) if options.overlaps else without_overlaps(cues)


def _spoken(segment: Segment, options: Options) -> tuple[Cue, ...]:
    """The cues of one segment: one, or as many as it takes to be readable."""
    line = _line_width(options)
    limits = Limits(_or_endless(options.cue_s) * _MS_PER_S, line)
    if parts := readable(segment, one_line(segment.text), limits):
        return tuple(Cue(start_ms, end_ms, lines) for start_ms, end_ms, lines in parts)
    whole = _cue(segment.span, segment.text, line)
    return () if whole is None else (whole,)


def _line_width(options: Options) -> float:
    return _or_endless(options.cue_chars) / LINES


def _or_endless(limit: float | None) -> float:
    return math.inf if limit is None else limit


def chapter_cues(chapters: Iterable[Event]) -> tuple[Cue, ...]:
    """One cue per chapter with its title as the only line."""
    ordered = sorted(chapters, key=lambda chapter: chapter.span)
    titled = [(chapter.span, title_of(chapter, number)) for number, chapter in enumerate(ordered, 1)]
    return tuple(cue for span, title in titled if (cue := _cue(span, title)) is not None)


def title_of(event: Event, number: int) -> str:
    """A chapter's title on one line: its own, else its text, else ``Chapter 3``."""
    return one_line(event.title) or one_line(event.text) or f"Chapter {number}"


def one_line(text: str) -> str:
    """Text with every run of white space and control characters turned into one space."""
    return " ".join("".join(char if char.isprintable() else _plain(char) for char in text).split())


def _plain(char: str) -> str:
    """A space for control characters; joiners and direction marks, which letters need, stay."""
    return " " if ord(char) < 0xA0 or char.isspace() else char


def _cue(span: Span, text: str, width: float = math.inf) -> Cue | None:
    """One cue for a text as a whole, its own lines broken where they are wider than ``width``."""
    lines = tuple(line for raw in text.splitlines() for line in lines_of(one_line(raw), width))
    if not lines:
        return None
    start_ms = max(0, round(span.start_s * _MS_PER_S))
    end_ms = max(0, round(span.end_s * _MS_PER_S))
    if span.duration_s == 0:
        end_ms = start_ms + _POINT_SHOWN_MS
    return Cue(start_ms, max(end_ms, start_ms + 1), lines)


def without_overlaps(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Cut every cue at the next one's start; cues that start together become one of several lines.

    Args:
        cues: Cues ascending in start.
    """
    apart: list[Cue] = []
    for cue in cues:
        if apart and apart[-1].start_ms == cue.start_ms:
            last = apart.pop()
            cue = Cue(last.start_ms, max(last.end_ms, cue.end_ms), last.lines + cue.lines)  # noqa: PLW2901 - the joined cue takes its place
        elif apart and apart[-1].end_ms > cue.start_ms:
            apart[-1] = replace(apart[-1], end_ms=cue.start_ms)
        apart.append(cue)
    return tuple(apart)
