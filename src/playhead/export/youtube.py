"""YouTube chapters: lines for a video's description, under YouTube's rules.

The rules (https://support.google.com/youtube/answer/9884579): the first line is 0:00, at least three ascending lines,
each chapter at least 10 seconds. A description may hold no angle brackets.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Final

from playhead.errors import PlayheadWarning, UsageError
from playhead.export.cues import title_of
from playhead.export.options import DEFAULT, Options
from playhead.timecode import format_time
from playhead.timeline import Answer

MIN_CHAPTERS: Final = 3
MIN_LENGTH_S: Final = 10
_NAMELESS_OPENING: Final = "Start"
_BRACKETS: Final = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True, slots=True)
class _Line:
    """A chapter in YouTube's whole seconds; it lasts until the next one."""

    start_s: int
    end_s: int
    title: str


def youtube(answer: Answer, options: Options = DEFAULT) -> str:
    """Chapters as lines to paste into a YouTube description, ``1:02 Title``.

    A chapter shorter than 10 seconds joins its neighbour under the longer one's title, which is warned about. An
    opening of 10 seconds or more before the first chapter is named ``Start``; a shorter one joins the first.

    Raises:
        UsageError: If fewer than three chapters of 10 seconds are left.
    """
    del options
    lines = _lines(answer)
    kept = _join_short(lines)
    if len(kept) < MIN_CHAPTERS:
        raise UsageError(
            "cannot write YouTube chapters",
            found=f"{len(answer.chapters)} chapters over {answer.duration_s:.1f} s, of which {len(kept)} stay after "
            f"joining those shorter than {MIN_LENGTH_S} s",
            allowed=f"at least {MIN_CHAPTERS} chapters of at least {MIN_LENGTH_S} s",
            todo="use vtt-chapters or ffmetadata, which have no such rules",
        )
    if len(kept) < len(lines):
        warnings.warn(
            f"YouTube chapters: {len(lines) - len(kept)} shorter than {MIN_LENGTH_S} s joined a neighbour",
            PlayheadWarning,
            stacklevel=2,
        )
    return "".join(f"{format_time(line.start_s, style='short')} {line.title}\n" for line in kept)


def _lines(answer: Answer) -> list[_Line]:
    """Chapters in whole seconds without gaps, the first at 0, those past the video's end left out."""
    end_s = math.floor(answer.duration_s)
    starts: list[tuple[int, str]] = []
    for number, chapter in enumerate(sorted(answer.chapters, key=lambda item: item.span), 1):
        start_s = max(0, math.floor(chapter.span.start_s + 0.5))
        if start_s < end_s:
            starts.append((start_s, title_of(chapter, number).translate(_BRACKETS)))
    if not starts:
        return []
    if starts[0][0] >= MIN_LENGTH_S:
        starts.insert(0, (0, _NAMELESS_OPENING))
    else:
        starts[0] = (0, starts[0][1])
    ends = [start_s for start_s, _ in starts[1:]] + [end_s]
    return [_Line(start_s, stop_s, title) for (start_s, title), stop_s in zip(starts, ends, strict=True)]


def _join_short(lines: list[_Line]) -> list[_Line]:
    """Join every line that is too short to the one before it, the first to the one after; the longer one names both."""
    kept: list[_Line] = []
    for line in lines:
        last = kept[-1] if kept else None
        if last is not None and min(_length_s(line), _length_s(last)) < MIN_LENGTH_S:
            title = line.title if _length_s(line) > _length_s(last) else last.title
            kept[-1] = _Line(last.start_s, line.end_s, title)
        else:
            kept.append(line)
    return kept


def _length_s(line: _Line) -> int:
    return line.end_s - line.start_s
