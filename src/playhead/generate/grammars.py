"""Pieces of grammars that families share: times that exist in a video, bins, sentences, and schemas with bounds.

A random model writes for ever where a grammar lets it. Every piece here ends: times lie within what was seen, words and
lists have a longest length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

MAX_TEXT: Final = 60
MAX_ITEMS: Final = 4

_WORDS: Final = r"[A-Za-z][A-Za-z ,.'\-]"


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


def second_times(duration_s: float, decimals: int = 1) -> str:
    """A regular expression for every time in seconds from 0 to the end of a video: ``0.0``, ``12.5``, ``140.0``.

    Args:
        duration_s: Length of what the model saw, in seconds; times past it are left out.
        decimals: Digits behind the point; with 0 there is no point.
    """
    last, rest = divmod(math.floor(duration_s * 10**decimals + 1e-9), 10**decimals)
    if decimals == 0:
        return f"({_plain(last)})"
    ways = [rf"{last}\.{_padded(rest, decimals)}"]
    if last:
        ways.append(rf"({_plain(last - 1)})\.[0-9]{{{decimals}}}")
    return f"({'|'.join(ways)})"


def bins(count: int = 100) -> str:
    """A regular expression for the bins ``00`` to ``count - 1``, all with as many digits as the last."""
    return f"({_padded(count - 1, max(2, len(str(count - 1))))})"


def sentence(most_chars: int = MAX_TEXT) -> str:
    """A regular expression for a sentence of Latin letters that ends with a full stop; no digit in it looks like a time."""
    return f"{_WORDS}{{1,{max(1, most_chars - 2)}}}[.]"


def bounded(
    schema: Mapping[str, Any], *, max_text: int = MAX_TEXT, max_items: int = MAX_ITEMS, max_time: float
) -> dict[str, Any]:
    """A task's JSON schema with an end to everything: texts of plain letters, short lists, times within the video.

    A text with a pattern of its own, which is a clock, becomes one of the video's clocks; whatever a schema bounds
    itself keeps its bound where that is narrower.

    Args:
        schema: JSON schema of an answer.
        max_text: Longest text in characters.
        max_items: Most entries of a list.
        max_time: Greatest number, and last clock: the length of what the model saw, in seconds.
    """
    made = dict(schema)
    kind = made.get("type")
    if kind == "string" and "pattern" in made:
        made["pattern"] = f"^{clock_times(max_time)}$"
    elif kind == "string" and "enum" not in made:
        longest = min(max_text, int(made.get("maxLength", max_text)))
        made = {"type": "string", "pattern": f"^{sentence(longest)}$"}
    elif kind == "number":
        made["maximum"] = min(float(made.get("maximum", max_time)), float(max_time))
        made["multipleOf"] = 0.1
    elif kind == "integer":
        made["maximum"] = min(int(made.get("maximum", max_time)), math.floor(max_time))
    elif kind == "array":
        made["maxItems"] = min(
            int(made.get("maxItems", max_items)), max(max_items, int(made.get("minItems", 0)))
        )
    how: dict[str, Any] = {"max_text": max_text, "max_items": max_items, "max_time": max_time}
    if isinstance(made.get("items"), Mapping):
        made["items"] = bounded(made["items"], **how)
    if isinstance(made.get("properties"), Mapping):
        made["properties"] = {name: bounded(part, **how) for name, part in made["properties"].items()}
    return made


def _plain(last: int) -> str:
    """A regular expression for the whole numbers 0 to ``last``, without leading zeros."""
    ways = ["0"] if last == 0 else [_digit(0, min(9, last))]
    for digits in range(2, len(str(last)) + 1):
        top = min(last, 10**digits - 1)
        ways += _between(10 ** (digits - 1), top, digits)
    return "|".join(ways)


def _padded(last: int, digits: int = 2) -> str:
    """A regular expression for 0 to ``last`` with leading zeros."""
    return f"({'|'.join(_between(0, last, digits))})"


def _between(first: int, last: int, digits: int) -> list[str]:
    """Regular expressions for ``first`` to ``last``, both of this many digits, where ``first`` is 0 or a power of ten."""
    text = f"{last:0{digits}d}"
    low = int(f"{first:0{digits}d}"[0])
    ways = []
    for at, digit in enumerate(text):
        least = low if at == 0 else 0
        top = int(digit) - (0 if at == digits - 1 else 1)
        if top >= least:
            rest = digits - 1 - at
            ways.append(f"{text[:at]}{_digit(least, top)}{f'[0-9]{{{rest}}}' if rest else ''}")
    return ways


def _digit(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"
