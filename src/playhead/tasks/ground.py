"""``ground``: every stretch of a video that shows what a query says, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from playhead.errors import UsageError, nearest
from playhead.tasks.absence import denies, says_nothing_there
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading, TimeStyle
from playhead.tasks.bins import published_bin_range
from playhead.tasks.check import require_words
from playhead.tasks.structured import TimedItem, find_json, timed_items
from playhead.tasks.timecode import RawTime, find_times
from playhead.tasks.timed import events_of, no_times, reading_or_failure
from playhead.tasks.unwrap import Unwrapped, unwrap
from playhead.tasks.wording import prompt, time_schema
from playhead.timeline import ParseFailure

GroundReader = Literal["grammar", "vtimellm-published"]
_READERS: tuple[GroundReader, ...] = ("grammar", "vtimellm-published")


@dataclass(frozen=True, slots=True)
class Ground:
    """Find when something happens.

    Attributes:
        query: What to look for.
        reader: ``grammar`` reads every way of writing times; ``vtimellm-published`` finds the first bin range exactly
            as VTimeLLM's released evaluation does, to reproduce its numbers.

    Raises:
        UsageError: If the query is empty or the reader unknown.
    """

    query: str
    reader: GroundReader = "grammar"
    name: ClassVar[str] = "ground"

    def __post_init__(self) -> None:
        require_words(self.query, "look for an empty query")
        if self.reader not in _READERS:
            raise UsageError(f"no answer reader {self.reader!r}", todo=nearest(self.reader, _READERS))

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for it."""
        schema = None if style.times == "bins" else _pairs_schema(style.times)
        return prompt(self.name, style, schema, query=self.query.strip())

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """All spans in the order they were written; none when the answer says that nothing shows it.

        A range of bins ends where its last bin starts, as in VTimeLLM's evaluation of grounding.
        """
        wrapped = unwrap(text)
        if self.reader == "vtimellm-published":
            items = _published(text)
            repaired = False
        else:
            items, repaired = _items(wrapped)
            if not items and says_nothing_there(wrapped.answer):
                return Reading(thinking=wrapped.thinking)
            if items and denies(wrapped.answer):
                return ParseFailure(text, "the answer both gives times and says that nothing is there")
        if not items:
            return no_times(text, wrapped)
        named = [TimedItem(item.start, item.end, self.query) for item in items]
        events, settled = events_of(named, clock, through_last_bin=False)
        return reading_or_failure(text, wrapped, events, settled, repaired=repaired)


def _items(wrapped: Unwrapped) -> tuple[list[TimedItem], bool]:
    """Times of an answer, from JSON where it holds any; and whether broken JSON had to be mended."""
    found = find_json(wrapped.answer)
    items = [item for value in found.values for item in timed_items(value)]
    if items and not found.repaired:
        return items, False
    spoken = [TimedItem(item.start, item.end) for item in find_times(wrapped.answer)]
    return (items, True) if len(items) > len(spoken) else (spoken, False)


def _published(text: str) -> list[TimedItem]:
    numbers = published_bin_range(text)
    if numbers is None:
        return []
    start, end = (RawTime(float(number), bare=True, whole=True) for number in numbers)
    return [TimedItem(start, end)]


def _pairs_schema(times: TimeStyle) -> dict[str, object]:
    pair: dict[str, object] = {"type": "array", "items": time_schema(times), "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": pair}
