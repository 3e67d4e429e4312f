"""``events``: what happens in a video and when, as dense captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from playhead.errors import UsageError, nearest
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.published import published_events
from playhead.tasks.timed import events_of, no_times, reading_or_failure
from playhead.tasks.timed_text import read_items
from playhead.tasks.unwrap import unwrap
from playhead.tasks.wording import items_schema, prompt
from playhead.timeline import ParseFailure

EventsReader = Literal["grammar", "vtimellm-published"]
_READERS: tuple[EventsReader, ...] = ("grammar", "vtimellm-published")
_NOTHING_PUBLISHED = (
    "the published evaluation reads nothing of it: one line of JSON with event and timestamps is wanted"
)


@dataclass(frozen=True, slots=True)
class Events:
    """List the events of the video with their times.

    Attributes:
        reader: ``grammar`` reads every usual form; ``vtimellm-published`` reads dense captions exactly as VTimeLLM's
            released evaluation does, to reproduce its numbers.

    Raises:
        UsageError: If the reader is unknown.
    """

    reader: EventsReader = "grammar"
    name: ClassVar[str] = "events"

    def __post_init__(self) -> None:
        if self.reader not in _READERS:
            raise UsageError(f"no answer reader {self.reader!r}", todo=nearest(self.reader, _READERS))

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for them."""
        schema = None if style.times == "bins" else items_schema(style.times, "text")
        return prompt(self.name, style, schema)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The events in the order they were written; none when the answer says that there are none.

        Read are JSON lists, lines, bullets, tables, and sentences of the forms "From S to E, text." and
        "text, from S to E." (VTimeLLM, section 3, and its released data); a range of bins includes its last bin.
        """
        if self.reader == "vtimellm-published":
            published = published_events(text, clock.duration_s, clock.start_s)
            return Reading(events=published) if published else ParseFailure(text, _NOTHING_PUBLISHED)
        wrapped = unwrap(text)
        found = read_items(wrapped.answer)
        if not found.items:
            return Reading(thinking=wrapped.thinking) if found.nothing else no_times(text, wrapped)
        events, settled = events_of(found.items, clock)
        return reading_or_failure(text, wrapped, events, settled, cut=found.cut)
