"""Markdown: an Answer as a report that a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from playhead.export.cues import one_line, title_of
from playhead.export.options import DEFAULT, Options
from playhead.timecode import format_time
from playhead.timeline import Answer, Event, Mark, Span

# What CommonMark or GitHub's dialect may read as markup inside a line, and no more: the source is read by people too.
_SPECIAL: Final = re.compile(
    r"[\\`*\[\]<~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)|(?i:(?<=\bwww)\.)|@(?=\w)"
)
_LIST_OPENING: Final = re.compile(r"^(\d+)([.)])|^([-+=#>:|])")


def markdown(answer: Answer, options: Options = DEFAULT) -> str:
    """A report: summary, chapters, events with times and evidence, transcript, text on screen, what was sampled."""
    del options
    blocks = [f"# {_text(answer.title) or _text(answer.source) or 'Video'}", "\n".join(_facts(answer))]
    blocks += [part for part in (_answer(answer), _chapters(answer), _events(answer)) if part]
    blocks += [part for part in (_transcript(answer), _lanes(answer), _sampling(answer)) if part]
    return "\n\n".join(blocks) + "\n"


def _facts(answer: Answer) -> Iterator[str]:
    yield f"- **Video:** {_text(answer.source)}"
    yield f"- **Length:** {_clock(answer.duration_s)}"
    yield f"- **Task:** {_text(answer.task)}"
    yield f"- **Model:** {_text(answer.model)}"
    if answer.query:
        yield f"- **Question:** {_text(answer.query)}"
    if answer.choice is not None:
        yield f"- **Choice:** {_text(answer.choice)}"
    if answer.confidence is not None:
        yield f"- **Confidence:** {answer.confidence:.2f}"


def _answer(answer: Answer) -> str:
    parts = [_text(paragraph) for paragraph in answer.text.split("\n\n")]
    if answer.reason:
        parts.append(f"*{_text(answer.reason)}*")
    if answer.failure is not None:
        parts.append(f"**The model's answer could not be read:** {_text(answer.failure.reason)}")
    if answer.evidence:
        parts.append("\n".join(f"- {_mark(mark)}" for mark in answer.evidence))
    body = [part for part in parts if part]
    heading = "## Summary" if answer.task in {"watch", "describe", "chapters", "events"} else "## Answer"
    return "\n\n".join([heading, *body]) if body else ""


def _chapters(answer: Answer) -> str:
    lines = []
    for number, chapter in enumerate(answer.chapters, 1):
        title = _text(title_of(chapter, number))
        text = f": {_text(chapter.text)}" if chapter.title and chapter.text else ""
        lines.append(f"{number}. **{_span(chapter.span)}** {title}{text}")
    return _section("## Chapters", lines)


def _events(answer: Answer) -> str:
    lines: list[str] = []
    for event in answer.events:
        lines.append(f"- **{_span(event.span)}** {_headline(event)}")
        lines += [f"  - {_mark(mark)}" for mark in event.evidence]
    return _section("## Events", lines)


def _headline(event: Event) -> str:
    title, text = _text(event.title), _text(event.text)
    said = f"*{title}*: {text}" if title and text else title or text
    notes = [f"confidence {event.confidence:.2f}"] if event.confidence is not None else []
    notes += [_text(flag) for flag in event.flags]
    return f"{said} ({', '.join(notes)})" if notes else said


def _transcript(answer: Answer) -> str:
    if answer.transcript is None:
        return ""
    language = f" ({_text(answer.transcript.language)})" if answer.transcript.language else ""
    lines = [f"- **{_span(item.span)}** {_text(item.text)}" for item in answer.transcript.segments]
    return _section(f"## Transcript{language}", lines or ["No speech was heard."])


def _lanes(answer: Answer) -> str:
    titles = {
        "text": "## On-screen text",
        "sounds": "## Sounds",
        "objects": "## Objects",
        "shots": "## Shots",
    }
    sections = []
    for lane, marks in answer.lanes.items():
        if lane == "speech" and answer.transcript is not None:
            continue
        lines = [f"- **{_span(mark.span)}** {_text(mark.text)}".rstrip() for mark in marks]
        sections.append(_section(titles.get(lane, f"## {_text(lane).capitalize()}"), lines))
    return "\n\n".join(section for section in sections if section)


def _sampling(answer: Answer) -> str:
    seen = answer.sampling
    pictures = f"{len(seen.times_s)} pictures"
    if seen.frame_size_px is not None:
        pictures += f" of {seen.frame_size_px[0]}x{seen.frame_size_px[1]} pixels"
    lines = [
        f"- **Looked at:** {pictures}, {seen.audio_s:.1f} s of sound, within {_span(seen.window)}",
        f"- **Policy:** {_text(seen.policy)}",
        *(f"- {_text(note)}" for note in seen.notes),
    ]
    return _section("## What was sampled", lines)


def _section(heading: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"{heading}\n\n{body}" if body else ""


def _mark(mark: Mark) -> str:
    sure = "" if mark.confidence is None else f" ({mark.confidence:.2f})"
    return f"{_text(mark.lane)} {_span(mark.span)} {_text(mark.text)}{sure}"


def _span(span: Span) -> str:
    return f"{_clock(span.start_s)} - {_clock(span.end_s)}"


def _clock(time_s: float) -> str:
    """A clock with tenths, as much as a reader needs; JSON has the full times."""
    return format_time(max(0.0, round(time_s, 1)), style="clock")[:-2]


def _text(text: str) -> str:
    """Text on one line in which nothing is read as Markdown or HTML."""
    escaped = _SPECIAL.sub(r"\\\g<0>", one_line(text))
    return _LIST_OPENING.sub(lambda match: f"{match[1] or ''}\\{match[2] or match[3]}", escaped)
