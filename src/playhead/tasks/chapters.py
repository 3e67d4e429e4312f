"""``chapters``: a video cut into titled parts that follow one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.settle import Settled
from playhead.tasks.structured import TimedItem
from playhead.tasks.timed import ending_at_next, events_of, no_times, reading_or_failure
from playhead.tasks.timed_text import read_items
from playhead.tasks.unwrap import unwrap
from playhead.tasks.wording import items_schema, prompt
from playhead.timeline import Event, ParseFailure

UNORDERED: Final = "unordered"
"""Chapters were not written in the order of time; they were sorted."""

_TITLE_LENGTH: Final = 80
_SPLIT: Final = re.compile(r"\s*[:：]\s+|：|\s+[-–—]\s+")


@dataclass(frozen=True, slots=True)
class Chapters:
    """Divide the video into chapters."""

    name: ClassVar[str] = "chapters"

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for them."""
        schema = None if style.times == "bins" else items_schema(style.times, "title", "text")
        return prompt(self.name, style, schema)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The chapters in the order of time; one with only a start ends where the next one starts."""
        wrapped = unwrap(text)
        found = read_items(wrapped.answer)
        if not found.items:
            return Reading(thinking=wrapped.thinking) if found.nothing else no_times(text, wrapped)
        chapters, settled, ordered = chapters_of(found.items, clock)
        reading = reading_or_failure(text, wrapped, chapters, settled, cut=found.cut)
        if isinstance(reading, ParseFailure):
            return reading
        flags = reading.flags if ordered else (*reading.flags, UNORDERED)
        return replace(reading, events=(), chapters=chapters, flags=flags)


def chapters_of(items: Sequence[TimedItem], clock: Clock) -> tuple[tuple[Event, ...], list[Settled], bool]:
    """Titled chapters in the order of time, what became of every item, and whether they were written in that order."""
    ordered = sorted(items, key=lambda item: item.start.value)
    starts_only = all(item.end is None for item in items)
    events, settled = events_of(ending_at_next(ordered) if starts_only else ordered, clock)
    return tuple(_with_title(event) for event in events), settled, _starts(ordered) == _starts(items)


def _starts(items: Sequence[TimedItem]) -> list[float]:
    return [item.start.value for item in items]


def _with_title(event: Event) -> Event:
    """The chapter with its title apart: "Title: a sentence" is split, a short line is the title itself."""
    if event.title:
        return event
    parted = _SPLIT.search(event.text, 0, _TITLE_LENGTH)
    if parted and parted.start() and event.text[parted.end() :].strip():
        return replace(event, title=event.text[: parted.start()], text=event.text[parted.end() :].strip())
    return replace(event, title=event.text, text="") if len(event.text) <= _TITLE_LENGTH else event
