"""``watch``: everything about a video at once: title, summary, events, chapters. Engines may answer it in their own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.chapters import chapters_of
from playhead.tasks.events import Events
from playhead.tasks.settle import all_flags, why_nothing
from playhead.tasks.structured import find_json, timed_items
from playhead.tasks.timed import CUT_OFF, events_of, no_times
from playhead.tasks.unwrap import Unwrapped, unwrap
from playhead.tasks.wording import items_schema, prompt
from playhead.tasks.written import answer_text
from playhead.timeline import ParseFailure

_WORDS: Final = ("title", "summary")
_PARTS: Final = {"summary", "events", "chapters"}


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
        """Title, summary, events and chapters; a failure when there are neither words nor times in it."""
        wrapped = unwrap(text)
        found = find_json(wrapped.answer)
        whole = next(
            (value for value in found.values if isinstance(value, dict) and value.keys() & _PARTS), None
        )
        if whole is None:
            return _plain(text, wrapped, clock)
        events, settled = events_of(timed_items(whole.get("events")), clock)
        chapters, placed, _ = chapters_of(timed_items(whole.get("chapters")), clock)
        title, summary = (
            str(whole[key]).strip() if isinstance(whole.get(key), str) else "" for key in _WORDS
        )
        if not (events or chapters or summary):
            return ParseFailure(
                text, why_nothing([*settled, *placed]) or "neither words nor times are in the answer"
            )
        return Reading(
            title=title,
            text=summary,
            thinking=wrapped.thinking,
            events=events,
            chapters=chapters,
            flags=(*all_flags([*settled, *placed]), *((CUT_OFF,) if found.cut else ())),
        )


def _plain(text: str, wrapped: Unwrapped, clock: Clock) -> Reading | ParseFailure:
    """What an answer without the asked-for object says: its events, else its words."""
    reading = Events().read(text, clock)
    if isinstance(reading, Reading) and reading.events:
        return reading
    words = answer_text(wrapped.answer)
    return Reading(text=words, thinking=wrapped.thinking) if words else no_times(text, wrapped, "words")
