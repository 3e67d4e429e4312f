"""One time as text, both ways: seconds to a clock that people and formats read, and what a person types to seconds.

All times are float seconds. Sentences that hold times are read by ``playhead.tasks.timecode``, which reads each
single time through this file.
"""

from __future__ import annotations

import math
import re
from typing import Final, Literal

from playhead.errors import UsageError

CLOCK_PATTERN: Final = "^[0-9]{2,}:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,3})?$"
"""A clock as JSON schemas ask for it: ``HH:MM:SS`` with up to three decimals."""

ClockStyle = Literal["clock", "short", "vtt", "srt", "seconds"]

_MS_PER_S: Final = 1000
_ALLOWED: Final = "12.5, 12.5s, 1m5s, 1:02.5 or 01:02:03.4"
# Digits are bounded, so that no input makes a number of unbounded size; 9 digits of seconds are 31 years.
_CLOCK: Final = re.compile(r"(?:(?P<h>[0-9]{1,4}):)?(?P<m>[0-9]{1,5}):(?P<s>[0-9]{1,2}(?:[.,][0-9]{1,9})?)")
_PLAIN: Final = re.compile(r"(?P<s>[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*(?:s|sec|secs|seconds?)?")
_UNITS: Final = re.compile(
    r"(?:(?P<h>[0-9]{1,4})\s*h(?:ours?|rs?)?)?\s*"
    r"(?:(?P<m>[0-9]{1,5})\s*m(?:in(?:ute)?s?)?)?\s*"
    r"(?:(?P<s>[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*s(?:ec(?:ond)?s?)?)?"
)


def format_time(seconds: float, *, style: ClockStyle = "clock") -> str:
    """Write a time so that a reader of the chosen kind understands it; 3723.4996 s is ``1:02:03.500``.

    Rounding carries over (59.9996 s is ``1:00.000``) and hours are never dropped.

    Args:
        seconds: Time in seconds, 0 or more.
        style: ``clock`` writes ``1:02.500`` and ``1:02:03.500``; ``short`` writes whole seconds, ``1:02`` and
            ``1:02:03``, as YouTube does; ``vtt`` writes ``00:01:02.500``; ``srt`` writes ``00:01:02,500``;
            ``seconds`` writes ``62.5`` with at most three decimals.

    Raises:
        ValueError: If the time is negative or not finite.
    """
    if not math.isfinite(seconds * _MS_PER_S) or round(seconds * _MS_PER_S) < 0:
        raise ValueError(f"a time to write must be finite and 0 or more, found {seconds}")
    if style == "seconds":
        return f"{max(0.0, seconds):.3f}".rstrip("0").rstrip(".")
    if style == "short":
        hours, minutes, whole_s = _carry(math.floor(seconds + 0.5))
        return f"{hours}:{minutes:02d}:{whole_s:02d}" if hours else f"{minutes}:{whole_s:02d}"
    total_s, milliseconds = divmod(round(seconds * _MS_PER_S), _MS_PER_S)
    hours, minutes, whole_s = _carry(total_s)
    if style == "clock":
        head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
        return f"{head}:{whole_s:02d}.{milliseconds:03d}"
    mark = "," if style == "srt" else "."
    return f"{hours:02d}:{minutes:02d}:{whole_s:02d}{mark}{milliseconds:03d}"


def parse_time(text: str) -> float:
    """Read a time that a person typed, as an option or in a table: ``12.5``, ``12.5s``, ``1:02.5``, ``01:02:03.4``.

    Args:
        text: The time; blanks around it do not matter.

    Returns:
        Seconds, 0 or more.

    Raises:
        UsageError: If it is no time, is negative, or has 60 or more seconds (or minutes) after a colon.
    """
    seconds = seconds_or_none(text.strip().lower())
    if seconds is None:
        raise UsageError("cannot read a time", found=repr(text[:80]), allowed=_ALLOWED)
    return seconds


def seconds_or_none(text: str) -> float | None:
    """Seconds of one lower-case time without blanks around it, or None when it is no time."""
    match = _CLOCK.fullmatch(text) or _PLAIN.fullmatch(text) or (_UNITS.fullmatch(text) if text else None)
    if match is None:
        return None
    parts = match.groupdict()
    hours, minutes = parts.get("h"), parts.get("m")
    seconds = float((parts["s"] or "0").replace(",", "."))
    if (minutes is not None and seconds >= 60) or (hours is not None and int(minutes or 0) >= 60):
        return None
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds


def _carry(total_s: int) -> tuple[int, int, int]:
    """Whole seconds as hours, minutes below 60, seconds below 60."""
    minutes, seconds = divmod(total_s, 60)
    return minutes // 60, minutes % 60, seconds
