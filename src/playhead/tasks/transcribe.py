"""``transcribe``: what is said in a video and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from playhead.tasks.absence import is_nothing
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.structured import find_json
from playhead.tasks.timed import events_of, no_times, reading_or_failure
from playhead.tasks.timed_text import read_items
from playhead.tasks.unwrap import unwrap
from playhead.tasks.wording import items_schema, prompt
from playhead.tasks.written import answer_text
from playhead.timeline import ParseFailure, Segment, Span, Transcript

UNTIMED: Final = "untimed"
"""The words came without times; one segment covers all that was heard."""

_SILENCE: Final = (
    "no speech",
    "no one speaks",
    "nobody speaks",
    "nothing is spoken",
    "no spoken",
    "没有人说话",
    "没有语音",
)


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Write down what is said."""

    name: ClassVar[str] = "transcribe"

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for it."""
        schema = None if style.times == "bins" else items_schema(style.times, "text")
        return prompt(self.name, style, schema)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The transcript: timed lines, SubRip, WebVTT or JSON; words without times become one flagged segment."""
        wrapped = unwrap(text)
        found = read_items(wrapped.answer)
        spoken = [item for item in found.items if item.text]
        if not spoken:
            answer = answer_text(wrapped.answer)
            if (
                is_nothing(wrapped.answer)
                or find_json(wrapped.answer).says_nothing
                or answer.lower()[:200].startswith(_SILENCE)
            ):
                return Reading(thinking=wrapped.thinking, transcript=Transcript())
            if not answer or found.items:
                return no_times(text, wrapped)
            whole = Span(clock.start_s, clock.start_s + clock.duration_s)
            transcript = Transcript((Segment(whole, answer),))
            return Reading(text=answer, thinking=wrapped.thinking, transcript=transcript, flags=(UNTIMED,))
        events, settled = events_of(spoken, clock)
        reading = reading_or_failure(text, wrapped, events, settled, cut=found.cut)
        if isinstance(reading, ParseFailure):
            return reading
        transcript = Transcript(tuple(Segment(event.span, event.text) for event in events))
        return Reading(
            text=transcript.text, thinking=wrapped.thinking, transcript=transcript, flags=reading.flags
        )
