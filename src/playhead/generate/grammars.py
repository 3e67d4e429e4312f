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


def bounded(
    schema: dict[str, object], duration_s: float, room: Room, *, frames: int | None = None
) -> dict[str, object]:
    """A schema under which an answer ends: bounded strings and lists, times within the video, no idle blanks.

    Args:
        schema: Of a task; it is not changed.
        duration_s: Length of what was looked at.
        room: How long the answer may be.
        frames: How many pictures there are, where whole numbers name them from 0.
    """
    held = _bound(
        schema, _Times(duration_s, whole=False) if frames is None else _Times(frames - 1, whole=True), room
    )
    return {**held, "x-guidance": _FORM}


@dataclass(frozen=True, slots=True)
class _Times:
    """What a time in an answer may be: from 0 to the last one, in hundredths or whole."""

    last: float
    whole: bool

    @property
    def kind(self) -> str:
        return "integer" if self.whole else "number"

    def marks(self) -> list[float]:
        """A few times evenly over the video."""
        each = [self.last * (number + 0.5) / _MARKS for number in range(_MARKS)]
        return list(dict.fromkeys(float(round(mark)) for mark in each)) if self.whole else each

    def between(self, first: float, last: float) -> dict[str, Any]:
        """A time from one to another; of hundredths the last is rounded down, so that it is not past the end."""
        if self.whole:
            return {"type": "integer", "minimum": round(first), "maximum": round(last)}
        last = math.floor(last * 100) / 100
        return {"type": "number", "minimum": min(round(first, 2), last), "maximum": last, "multipleOf": 0.01}


def _bound(node: dict[str, Any], times: _Times, room: Room) -> dict[str, Any]:
    held = dict(node)
    match node.get("type"):
        case "array":
            held["items"] = _bound(node["items"], times, room)
            held.setdefault("maxItems", room.items)
            if room.ordered and node.get("maxItems") == 2 and node["items"].get("type") == times.kind:
                return {"anyOf": [_pair(held, at, times) for at in times.marks()]}
            if room.ordered:
                held["minItems"] = 1
        case "object":
            fields = {name: _bound(each, times, room) for name, each in node["properties"].items()}
            held["properties"] = fields
            if room.ordered and all(
                fields.get(name, {}).get("type") == times.kind for name in ("start", "end")
            ):
                return {"anyOf": [_ordered(held, at, times) for at in times.marks()]}
        case "string" if "enum" not in node and "pattern" not in node:
            held |= (
                {"pattern": _WORDS, "maxLength": room.letters}
                if room.ordered
                else {"maxLength": room.letters}
            )
        case "string" if node.get("pattern") == CLOCK_PATTERN:
            held["pattern"] = f"^{clock_times(times.last)}$"
        case "number" | "integer" if node.get("type") == times.kind:
            held |= times.between(0.0, times.last)
    return held


def _ordered(node: dict[str, Any], at: float, times: _Times) -> dict[str, Any]:
    """An object whose range holds a mark."""
    bounds = {"start": times.between(0.0, at), "end": times.between(at, times.last)}
    fields = {name: {**each, **bounds.get(name, {})} for name, each in node["properties"].items()}
    return {**node, "properties": fields}


def _pair(node: dict[str, Any], at: float, times: _Times) -> dict[str, Any]:
    """A pair of times around a mark."""
    ends = [{**node["items"], **times.between(*each)} for each in ((0.0, at), (at, times.last))]
    return {"type": "array", "prefixItems": ends, "items": False, "minItems": 2, "maxItems": 2}


def _padded(last: int) -> str:
    """A regular expression for 0 to ``last``, at most 99, in two digits."""
    tens, ones = divmod(last, 10)
    ways = [f"{tens}[0-{ones}]"]
    if tens:
        ways.append(f"[0-{tens - 1}][0-9]")
    return f"({'|'.join(ways)})"


def bin_ranges(task: str, room: Room) -> str:
    """A regular expression for ranges of hundredths: ``From 12 to 34``, each with its words where the task wants some.

    Args:
        task: Its name.
        room: How long the answer may be.
    """
    ends = "From [0-4][0-9] to [5-9][0-9]" if room.ordered else "From [0-9]{2} to [0-9]{2}"
    words = rf"[A-Za-z][A-Za-z ,'\-]{{2,{room.letters}}}"
    line = {"ground": ends, "chapters": f"{ends}, {words}: {words}[.]"}.get(task, f"{ends}, {words}[.]")
    return f"{line}(\n{line}){{0,{room.items - 1}}}"
