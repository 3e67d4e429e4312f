"""From times as they were written to spans on the video's clock, with a flag for everything that was not right."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from playhead.tasks.base import Clock
from playhead.tasks.timecode import RawTime
from playhead.timecode import format_time
from playhead.timeline import Span

CLIPPED: Final = "clipped"
"""The span ran past the end (or before the start) of what the model saw, and was cut there."""
REVERSED: Final = "reversed"
"""A range was written end first; it is left out, never turned round."""
OUTSIDE: Final = "outside"
"""A range lay wholly outside what the model saw; it is left out."""
MOMENT: Final = "moment"
"""One time was given, not a range; the span is a point."""

_ROUNDING_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Settled:
    """One written range on the video's clock.

    Attributes:
        span: The span in seconds on the whole video's clock, or None when it was left out.
        flags: What was not right with it.
        problem: Why it was left out, as a person would say it.
    """

    span: Span | None
    flags: tuple[str, ...] = ()
    problem: str = ""


def settle(start: RawTime, end: RawTime | None, clock: Clock, *, through_last_bin: bool = False) -> Settled:
    """Place one written range on the video's clock.

    Args:
        start: Its start as written.
        end: Its end as written, or None for a moment.
        clock: What the numbers mean.
        through_last_bin: Whether a range of bins includes its last bin: true for dense captions, where bin ``e``
            ends at ``(e + 1) / bins``, false for grounding, where it ends at ``e / bins`` (VTimeLLM's evaluation).
    """
    if start.frame and clock.bins is None and clock.frames_s is None:
        return Settled(None, (), f"frame numbers ({start.value:g}) are no times")
    if clock.frames_s is not None:
        count = len(clock.frames_s)
        for each in (start, end or start):
            if each.whole and not each.at_end and not 0 <= each.value < count:
                return Settled(None, (OUTSIDE,), f"there is no frame {each.value:g} among {count}")
    start_s = _seconds(start, clock)
    end_s = start_s if end is None else _end_seconds(end, clock, through_last_bin=through_last_bin)
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        return Settled(None, (OUTSIDE,), "a time is not a finite number")
    if end is not None and end_s < start_s:
        return Settled(None, (REVERSED,), f"the range {_say(start_s)} to {_say(end_s)} ends before it starts")
    if (
        end_s < 0
        or start_s > clock.duration_s
        or (start_s == clock.duration_s and end_s > start_s + _ROUNDING_S)
    ):
        return Settled(
            None,
            (OUTSIDE,),
            f"{_say(start_s)} to {_say(end_s)} lies outside the {clock.duration_s:g} s that were seen",
        )
    flags: tuple[str, ...] = (MOMENT,) if end is None or end_s == start_s else ()
    if start_s < -_ROUNDING_S or end_s > clock.duration_s + _ROUNDING_S:
        flags += (CLIPPED,)
    inside = Span(max(0.0, start_s), min(end_s, clock.duration_s))
    return Settled(inside.shift(clock.start_s), flags)


def all_flags(settled: Iterable[Settled]) -> tuple[str, ...]:
    """Every flag once, in the order met."""
    return tuple(dict.fromkeys(flag for item in settled for flag in item.flags))


def why_nothing(settled: Iterable[Settled]) -> str:
    """Why no range could be kept, in one line."""
    problems = list(dict.fromkeys(item.problem for item in settled if item.problem))
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return "; ".join(problems[:3]) + more


def _end_seconds(time: RawTime, clock: Clock, *, through_last_bin: bool) -> float:
    """Seconds on the clock of what the model saw, for the end of a range."""
    if clock.frames_s is not None and time.whole and not time.at_end:
        return _frame_seconds(time.value + 1, clock.frames_s, clock.duration_s)
    return _seconds(time, clock, extra_bins=1 if through_last_bin else 0)


def _frame_seconds(number: float, frames_s: tuple[float, ...], duration_s: float) -> float:
    """When a numbered picture begins; the one after the last is the end."""
    return duration_s if number >= len(frames_s) else frames_s[int(number)]


def _seconds(time: RawTime, clock: Clock, extra_bins: int = 0) -> float:
    """Seconds on the clock of what the model saw."""
    if time.at_end:
        return clock.duration_s
    if clock.frames_s is not None and time.whole:
        return _frame_seconds(time.value, clock.frames_s, clock.duration_s)
    if clock.bins is not None and time.bare and time.whole:
        return (time.value + extra_bins) / clock.bins * clock.duration_s
    return time.value


def _say(seconds: float) -> str:
    return f"{format_time(seconds, style='seconds')} s" if 0 <= seconds < 1e9 else f"{seconds:g} s"
