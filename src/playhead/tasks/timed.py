"""From the timed things of an answer to events on the video's clock: what every timed task shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playhead.tasks.base import Clock, Reading
from playhead.tasks.settle import Settled, all_flags, settle, why_nothing
from playhead.tasks.structured import TimedItem
from playhead.tasks.timecode import RawTime, find_times
from playhead.tasks.unwrap import Unwrapped
from playhead.timeline import Event, ParseFailure

CUT_OFF: Final = "cut off"
"""The answer's JSON broke off; what was whole in it was read, and something may be missing."""
CITED: Final = "cited"
"""The span is what an answer in words says it rests on."""

_SHOWN: Final = 80


def events_of(
    items: Sequence[TimedItem], clock: Clock, *, through_last_bin: bool = True
) -> tuple[tuple[Event, ...], list[Settled]]:
    """Events in the order of the answer, and what became of every item."""
    settled = [settle(item.start, item.end, clock, through_last_bin=through_last_bin) for item in items]
    events = tuple(
        Event(placed.span, item.text, title=item.title, flags=placed.flags)
        for item, placed in zip(items, settled, strict=True)
        if placed.span is not None
    )
    return events, settled


def reading_or_failure(
    text: str,
    wrapped: Unwrapped,
    events: tuple[Event, ...],
    settled: Sequence[Settled],
    *,
    cut: bool = False,
) -> Reading | ParseFailure:
    """A reading of the events that were kept, or a failure that says why none was."""
    if not events:
        return ParseFailure(text, why_nothing(settled))
    flags = (*all_flags(settled), *((CUT_OFF,) if cut else ()))
    return Reading(thinking=wrapped.thinking, events=events, flags=flags)


def no_times(text: str, wrapped: Unwrapped, wanted: str = "time") -> ParseFailure:
    """The failure of an answer in which no time could be found, or no words where ``wanted`` says so."""
    if not text.strip():
        return ParseFailure(text, "the answer is empty")
    if wrapped.unfinished:
        return ParseFailure(text, "the reasoning never ended, so there is no answer")
    if not wrapped.answer:
        return ParseFailure(text, "the answer tags are empty")
    shown = wrapped.answer[:_SHOWN] + ("..." if len(wrapped.answer) > _SHOWN else "")
    return ParseFailure(text, f"no {wanted} could be found in {shown!r}")


def cited_spans(wrapped: Unwrapped, clock: Clock) -> tuple[Event, ...]:
    """The spans that an answer in words says it rests on, from its ``<glue>`` tags; empty when it names none."""
    if not wrapped.glue:
        return ()
    placed = [settle(item.start, item.end, clock) for item in find_times(wrapped.glue)]
    return tuple(Event(item.span, "", flags=(CITED, *item.flags)) for item in placed if item.span is not None)


def ending_at_next(items: Sequence[TimedItem]) -> list[TimedItem]:
    """Items with starts only, each ending where the next one starts, the last one at the video's end."""
    the_end = RawTime(0.0, at_end=True)
    nexts: list[RawTime] = [*(item.start for item in items[1:]), the_end]
    return [
        TimedItem(item.start, item.end or following, item.text, item.title)
        for item, following in zip(items, nexts, strict=True)
    ]
