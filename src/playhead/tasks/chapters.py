"""``chapters``: a video cut into titled parts that follow one another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from playhead.tasks.absence import says_nothing_there
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
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
        items, repaired = read_items(wrapped)
        if not items:
            nothing = says_nothing_there(wrapped.answer)
            return Reading(thinking=wrapped.thinking) if nothing else no_times(text, wrapped)
        ordered = sorted(items, key=lambda item: item.start.value)
        starts_only = all(item.end is None for item in items)
        events, settled = events_of(ending_at_next(ordered) if starts_only else ordered, clock)
        reading = reading_or_failure(text, wrapped, _titled(events), settled, repaired=repaired)
        if isinstance(reading, Reading) and _starts(ordered) != _starts(items):
            return replace(reading, flags=(*reading.flags, UNORDERED))
        return reading


def _starts(items: Sequence[TimedItem]) -> list[float]:
    return [item.start.value for item in items]


def _titled(events: Sequence[Event]) -> tuple[Event, ...]:
    """Chapters whose title stands apart: "Title: a sentence" is split, a short line is the title itself."""
    return tuple(event if event.title else _with_title(event) for event in events)


def _with_title(event: Event) -> Event:
    parts = _SPLIT.split(event.text[:2000], maxsplit=1)
    if len(parts) == 2 and 0 < len(parts[0]) <= _TITLE_LENGTH and parts[1].strip():
        rest = event.text[len(event.text[:2000]) - len(parts[1]) :] if len(event.text) <= 2000 else event.text
        return replace(event, title=parts[0].strip(), text=rest.strip())
    if len(event.text) <= _TITLE_LENGTH:
        return replace(event, title=event.text, text="")
    return event
