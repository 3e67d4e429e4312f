"""Answers as text for a person: one layout for each task, times first, wrapped to the terminal."""

from __future__ import annotations

import io
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Final

from playhead.cli.sources import is_address
from playhead.timecode import format_time
from playhead.timeline import Answer, Event, Mark, Span, Step

PIPED_WIDTH: Final = 110
MIN_WIDTH: Final = 40
LANE_TITLES: Final = {"text": "Text on screen", "sounds": "Sounds", "objects": "Objects"}

Row = tuple[str, str]


def answer(found: Answer) -> str:
    """A whole answer as text, with a heading and the sections its task fills."""
    blocks = [_heading(found), *LAYOUTS.get(found.task, _watched)(found), _looks(found)]
    if found.sampling.notes:
        blocks.append("\n".join(table([(f"note: {note}",)]) for note in found.sampling.notes))
    return "\n\n".join(block for block in blocks if block)


def clean(text: str) -> str:
    """Text with line breaks and control characters (a title may hold terminal codes) turned into spaces.

    Bytes of a file name that are no text, which Python carries as lone surrogates, are shown as question marks.
    """
    text = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in text)
    return " ".join(
        "".join(" " if unicodedata.category(c).startswith("C") and c != "\u200d" else c for c in text).split()
    )


def table(rows: Sequence[Sequence[str]], *, head: Sequence[str] = ()) -> str:
    """Columns of text, the last one wrapped to the width of the terminal; wide characters are counted as two."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    columns = max((len(row) for row in (*rows, head)), default=0)
    for column in range(columns):
        grid.add_column(no_wrap=column < columns - 1, overflow="fold")
    for row in (head, *rows) if head else rows:
        grid.add_row(*(Text(clean(cell)) for cell in row))
    drawn = io.StringIO()
    Console(file=drawn, width=_width(), color_system=None, legacy_windows=False).print(grid)
    return "\n".join(line.rstrip() for line in drawn.getvalue().rstrip("\n").split("\n"))


def _width() -> int:
    return max(MIN_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PIPED_WIDTH


def _heading(found: Answer) -> str:
    name = found.source if is_address(found.source) else PurePath(found.source).name
    window = found.sampling.window
    whole = window.start_s <= 0 and window.end_s >= found.duration_s
    part = "" if whole else f" (looked at {_clock(window)})"
    lines = [f"{name} - {format_time(found.duration_s, style='short')}{part} - {found.model}"]
    if found.query:
        lines.append(f"? {found.query}")
    if found.title:
        lines.append(found.title)
    return "\n".join(clean(line) for line in lines)


def _looks(found: Answer) -> str:
    """What was looked at on the way, where there was more than one look: which part, how much, what came of it."""
    if not found.trace:
        return ""
    rows = [(step.name, _clock(step.window), _seen(step), _step_text(step)) for step in found.trace]
    looks = [step for step in found.trace if step.frames]
    known = [step.tokens for step in looks if step.tokens is not None]
    tokens = f", {sum(known)} tokens" if known and len(known) == len(looks) else ""
    frames = sum(step.frames for step in looks)
    total = f"{len(looks)} looks at {frames} pictures{tokens} in all" if looks else ""
    return "\n".join(line for line in ("Looked at", table(rows), total) if line)


def _seen(step: Step) -> str:
    tokens = "" if step.tokens is None else f", {step.tokens} tokens"
    return f"{step.frames} pictures{tokens}" if step.frames else ""


def _step_text(step: Step) -> str:
    found = "found " + ", ".join(_clock(span) for span in step.spans) if step.spans else ""
    return "; ".join(part for part in (step.text, found) if part)


def _watched(found: Answer) -> list[str]:
    lanes = [_section(title, _marks(found.lanes.get(lane, ()))) for lane, title in LANE_TITLES.items()]
    shots = len(found.lanes.get("shots", ()))
    return [
        _text(found),
        _section(
            "Chapters", [(format_time(each.span.start_s), _event_text(each)) for each in found.chapters]
        ),
        _section("Events", _events(found.events)),
        _section("Transcript", _speech(found)),
        *lanes,
        f"{shots} shot{'s' if shots > 1 else ''}" if shots else "",
    ]


def _described(found: Answer) -> list[str]:
    return [_text(found), _section("From", _marks(found.evidence, named=True))]


def _listed(found: Answer) -> list[str]:
    return [_section("Events", _events(found.events)) or _nothing(found)]


def _chaptered(found: Answer) -> list[str]:
    rows = [(format_time(each.span.start_s), _event_text(each)) for each in found.chapters]
    return [_section("Chapters", rows) or _nothing(found)]


def _grounded(found: Answer) -> list[str]:
    if not found.events:
        return ["Not in this video." + (f" {clean(found.reason)}" if found.reason else "")]
    rows = [(_clock(each.span), _event_text(each, sure=True)) for each in found.events]
    return [table(rows), _section("From", _marks(found.evidence, named=True))]


def _chosen(found: Answer) -> list[str]:
    picked = f"{found.choice}. {found.text}" if found.choice else ""
    doubt = f"({clean(found.reason)})" if picked and found.reason else ""
    return [
        "\n".join(line for line in (clean(picked) or _nothing(found), doubt) if line),
        _section("From", _marks(found.evidence, named=True)),
    ]


def _transcribed(found: Answer) -> list[str]:
    rows = _speech(found)
    return [
        table(rows) if rows else "No speech was heard." + (f" {clean(found.reason)}" if found.reason else "")
    ]


LAYOUTS: Final[dict[str, Callable[[Answer], list[str]]]] = {
    "watch": _watched,
    "describe": _described,
    "ask": _described,
    "events": _listed,
    "chapters": _chaptered,
    "ground": _grounded,
    "choose": _chosen,
    "transcribe": _transcribed,
}


def _text(found: Answer) -> str:
    return table([(found.text,)]) if found.text else _nothing(found)


def _nothing(found: Answer) -> str:
    return f"No answer: {clean(found.reason)}" if found.reason else ""


def _section(title: str, rows: Sequence[Row]) -> str:
    return f"{title}\n{table(rows)}" if rows else ""


def _events(events: Iterable[Event]) -> list[Row]:
    return [(_clock(each.span), _event_text(each)) for each in events]


def _event_text(event: Event, *, sure: bool = False) -> str:
    """Title and text, the title left out where the text says it; how sure only where a choice hangs on it."""
    said = event.title.rstrip(". \u2026").casefold() in event.text.casefold()
    text = (
        event.text if said and event.text else ": ".join(part for part in (event.title, event.text) if part)
    )
    percent = f" ({event.confidence:.0%} sure)" if sure and event.confidence is not None else ""
    return f"{text}{percent}" + (f" [{', '.join(event.flags)}]" if event.flags else "")


def _marks(marks: Iterable[Mark], *, named: bool = False) -> list[Row]:
    return [(_clock(mark.span), f"{mark.lane}: {mark.text}" if named else mark.text) for mark in marks]


def _speech(found: Answer) -> list[Row]:
    segments = found.transcript.segments if found.transcript is not None else ()
    return [(_clock(segment.span), segment.text) for segment in segments]


def _clock(span: Span) -> str:
    return f"{format_time(span.start_s)} - {format_time(span.end_s)}"
