"""``watch``: everything about a video at once: title, summary, events, chapters. Engines may answer it in their own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.events import Events
from playhead.tasks.structured import find_json
from playhead.tasks.timed import no_times
from playhead.tasks.unwrap import unwrap
from playhead.tasks.wording import items_schema, prompt
from playhead.tasks.written import answer_text
from playhead.timeline import ParseFailure


@dataclass(frozen=True, slots=True)
class Watch:
    """Say what happens in the video and when.

    It marks the composite job. An engine built of several steps answers it step by step, with chapters, transcript and
    evidence; an engine that is one model is asked in one prompt, and what it writes is read here.
    """

    name: ClassVar[str] = "watch"

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for all of it."""
        schema: dict[str, object] = {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "summary": {"type": "string"},
                "events": items_schema(style.times, "text"),
                "chapters": items_schema(style.times, "title", "text"),
            },
            "required": ["title", "summary", "events", "chapters"],
            "additionalProperties": False,
        }
        return prompt(self.name, style, schema)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """Summary and events; a failure when there are neither words nor times in it."""
        wrapped = unwrap(text)
        values = [value for value in find_json(wrapped.answer).values if isinstance(value, dict)]
        summary = next(
            (str(value["summary"]) for value in values if isinstance(value.get("summary"), str)), ""
        )
        events = Events().read(text, clock)
        words = summary or ("" if values else answer_text(wrapped.answer))
        if isinstance(events, ParseFailure):
            return Reading(text=words, thinking=wrapped.thinking) if words else no_times(text, wrapped)
        return Reading(text=words, thinking=wrapped.thinking, events=events.events, flags=events.flags)
