"""How tasks are put to Hour-LLaVA: plain questions, times in seconds, answers with times as JSON."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from playhead.generate.grammar import FREE_TEXT, Grammar
from playhead.models.end_to_end import Request
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, PromptStyle, Task
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe

STYLE: Final = PromptStyle(times="seconds")
_FIELD: Final = re.compile(r"\{([a-z]+)\}")
_WORDS: Final = r"^[A-Za-z][A-Za-z0-9 ,.'\-]*$"
_FORM: Final = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


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
_MARKS: Final = 8


def request(task: Task, clock: Clock, room: Room = TRAINED) -> Request:
    """A task in the family's words, and the texts that can be read as its answer.

    Args:
        task: Any task but ``watch``.
        clock: What times in the answer mean; they are asked for from the start of what was looked at.
        room: How long the answer may be when it is held to its form.
    """
    if isinstance(task, Describe):
        return Request(_words("describe"), clock, FREE_TEXT)
    if isinstance(task, Ask):
        return Request(_words("ask", question=task.question.strip()), clock, FREE_TEXT)
    if isinstance(task, Choose):
        options = "\n".join(
            f"{label}. {option.strip()}" for label, option in zip(task.labels, task.options, strict=True)
        )
        text = _words("choose", question=task.question.strip(), options=options)
        return Request(text, clock, Grammar(regex="|".join(task.labels)))
    prompt = task.render(STYLE)
    if prompt.json_schema is None:
        return Request(prompt.text, clock, FREE_TEXT)
    schema = bounded(prompt.json_schema, clock.duration_s, room)
    return Request(prompt.text, clock, Grammar(json_schema=schema))


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
            if room.ordered and node.get("maxItems") == 2:
                return {"anyOf": [_pair(held, at_s, duration_s) for at_s in _marks(duration_s)]}
            if room.ordered:
                held["minItems"] = 1
        case "object":
            fields = {name: _bound(each, duration_s, room) for name, each in node["properties"].items()}
            held["properties"] = fields
            if room.ordered and {"start", "end"} <= fields.keys():
                return {"anyOf": [_ordered(held, at_s, duration_s) for at_s in _marks(duration_s)]}
        case "string" if "enum" not in node and "pattern" not in node:
            held |= (
                {"pattern": _WORDS, "maxLength": room.letters}
                if room.ordered
                else {"maxLength": room.letters}
            )
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


def _words(task: str, **fields: str) -> str:
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), _table()[task]["ask"])


@cache
def _table() -> dict[str, Any]:
    file = resources.files("playhead.models.hour_llava") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
