"""Pieces of grammars that families share: the clocks of a video, and schemas under which an answer ends.

A random model writes for ever where a grammar lets it. Every piece here ends: times lie within what was seen, words and
lists have a longest length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from playhead.timecode import CLOCK_PATTERN

_WORDS: Final = r"^[A-Za-z][A-Za-z0-9 ,.'\-]*$"
_FORM: Final = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
_MARKS: Final = 8


def clock_times(duration_s: float) -> str:
    """A regular expression for every ``HH:MM:SS`` from 0 to the end of a video, its last second rounded up.

    Args:
        duration_s: Length of what the model saw, in seconds; below 100 hours.
    """
    last = max(0, math.ceil(duration_s))
    hours, minutes, seconds = last // 3600, last // 60 % 60, last % 60
    ways = [f"{hours:02d}:{minutes:02d}:{_padded(seconds)}"]
    if minutes:
        ways.append(f"{hours:02d}:{_padded(minutes - 1)}:[0-5][0-9]")
    if hours:
        ways.append(f"{_padded(hours - 1)}:[0-5][0-9]:[0-5][0-9]")
    return f"({'|'.join(ways)})"


@dataclass(frozen=True, slots=True)
class Room:
    """How long a constrained answer may be.

    Attributes:
        items: Most entries of a list.
        letters: Most letters of a text.
        ordered: Whether a range must hold one of a few marks evenly over the video, so that it cannot end before it
            starts. It would bend what a trained model means, and a random one ends before it starts half the time.
    """

    items: int
    letters: int
    ordered: bool


TRAINED: Final = Room(items=64, letters=400, ordered=False)
RANDOM: Final = Room(items=3, letters=30, ordered=True)


def bounded(schema: dict[str, object], duration_s: float, room: Room) -> dict[str, object]:
    """A schema under which an answer ends: bounded strings and lists, times within the video, no idle blanks.

    Args:
        schema: Of a task; it is not changed.
        duration_s: Length of what was looked at.
        room: How long the answer may be.
    """
    held = _bound(schema, duration_s, room)
    return {**held, "x-guidance": _FORM}


def _bound(node: dict[str, Any], duration_s: float, room: Room) -> dict[str, Any]:
    held = dict(node)
    match node.get("type"):
        case "array":
            held["items"] = _bound(node["items"], duration_s, room)
            held.setdefault("maxItems", room.items)
            if room.ordered and node.get("maxItems") == 2 and node["items"].get("type") == "number":
                return {"anyOf": [_pair(held, at_s, duration_s) for at_s in _marks(duration_s)]}
            if room.ordered:
                held["minItems"] = 1
        case "object":
            fields = {name: _bound(each, duration_s, room) for name, each in node["properties"].items()}
            held["properties"] = fields
            if room.ordered and all(
                fields.get(name, {}).get("type") == "number" for name in ("start", "end")
            ):
                return {"anyOf": [_ordered(held, at_s, duration_s) for at_s in _marks(duration_s)]}
        case "string" if "enum" not in node and "pattern" not in node:
            held |= (
                {"pattern": _WORDS, "maxLength": room.letters}
                if room.ordered
                else {"maxLength": room.letters}
            )
        case "string" if node.get("pattern") == CLOCK_PATTERN:
            held["pattern"] = f"^{clock_times(duration_s)}$"
        case "number":
            held |= _between(0.0, duration_s)
    return held


def _marks(duration_s: float) -> list[float]:
    return [duration_s * (number + 0.5) / _MARKS for number in range(_MARKS)]


def _ordered(node: dict[str, Any], at_s: float, duration_s: float) -> dict[str, Any]:
    """An object whose range holds a mark."""
    bounds = {"start": _between(0.0, at_s), "end": _between(at_s, duration_s)}
    fields = {name: {**each, **bounds.get(name, {})} for name, each in node["properties"].items()}
    return {**node, "properties": fields}


def _pair(node: dict[str, Any], at_s: float, duration_s: float) -> dict[str, Any]:
    """A pair of times around a mark."""
    times = [{**node["items"], **_between(*ends)} for ends in ((0.0, at_s), (at_s, duration_s))]
    return {"type": "array", "prefixItems": times, "items": False, "minItems": 2, "maxItems": 2}


def _between(first_s: float, last_s: float) -> dict[str, Any]:
    """A time in hundredths of a second; the last one is rounded down, so that it is not past the end."""
    last = math.floor(last_s * 100) / 100
    return {"type": "number", "minimum": min(round(first_s, 2), last), "maximum": last, "multipleOf": 0.01}


def _padded(last: int) -> str:
    """A regular expression for 0 to ``last``, at most 99, in two digits."""
    tens, ones = divmod(last, 10)
    ways = [f"{tens}[0-{ones}]"]
    if tens:
        ways.append(f"[0-{tens - 1}][0-9]")
    return f"({'|'.join(ways)})"
