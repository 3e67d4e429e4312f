"""``ground``: every stretch of a video that shows what a query says, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from playhead.errors import UsageError, nearest
from playhead.tasks.absence import denies, says_nothing_there
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading, TimeStyle
from playhead.tasks.bins import published_bin_range
from playhead.tasks.check import require_words
from playhead.tasks.structured import Json, TimedItem, find_json
from playhead.tasks.timecode import RawTime, find_times
from playhead.tasks.timed import events_of, no_times, reading_or_failure
from playhead.tasks.unwrap import unwrap
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
            items, cut = _published(text), False
        else:
            found = find_json(wrapped.answer)
            items, cut = _items(wrapped.answer, found), found.cut
            if not items and (found.says_nothing or says_nothing_there(wrapped.answer)):
                return Reading(thinking=wrapped.thinking)
            if items and denies(wrapped.answer):
                return ParseFailure(text, "the answer both gives times and says that nothing is there")
        if not items:
            return no_times(text, wrapped)
        named = [TimedItem(item.start, item.end, self.query) for item in items]
        events, settled = events_of(named, clock, through_last_bin=False)
        return reading_or_failure(text, wrapped, events, settled, cut=cut)


def _items(answer: str, found: Json) -> list[TimedItem]:
    """Times of an answer: from its JSON, or from its words where they name more than broken JSON does."""
    items = found.items
    if items and not found.cut:
        return items
    spoken = [TimedItem(item.start, item.end) for item in find_times(answer)]
    return spoken if len(spoken) > len(items) else items


def _published(text: str) -> list[TimedItem]:
    numbers = published_bin_range(text)
    if numbers is None:
        return []
    start, end = (RawTime(float(number), bare=True, whole=True) for number in numbers)
    return [TimedItem(start, end)]


def _pairs_schema(times: TimeStyle) -> dict[str, object]:
    pair: dict[str, object] = {"type": "array", "items": time_schema(times), "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": pair}
