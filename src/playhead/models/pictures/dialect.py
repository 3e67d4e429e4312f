"""How tasks are put to chat models that look at pictures: plain questions, times in seconds or as a clock, lists as JSON."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from playhead.generate.grammar import FREE_TEXT, Grammar
from playhead.generate.grammars import TRAINED, Room, bin_ranges, bounded
from playhead.models.end_to_end import Request
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, PromptStyle, Task
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.ground import Ground

_FIELD: Final = re.compile(r"\{([a-z]+)\}")
_MINUTES: Final = "^[0-9]{2,3}:[0-5][0-9][.][0-9]{2}$"
_TEXTS: Final = {"events": {"description": {"type": "string"}}, "chapters": {"title": {"type": "string"}}}


def request(
    task: Task,
    clock: Clock,
    room: Room = TRAINED,
    times: Literal["seconds", "clock", "minutes", "bins", "frames"] = "seconds",
) -> Request:
    """A task in words, and the texts that can be read as its answer.

    Args:
        task: Any task but ``watch``.
        clock: What times in the answer mean; they are asked for from the start of what was looked at.
        room: How long the answer may be when it is held to its form.
        times: How times are to be written.
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
    if times == "minutes":
        return _in_minutes(task, clock, room)
    prompt = task.render(PromptStyle(times=times))
    if times == "bins":
        return Request(prompt.text, clock, Grammar(regex=bin_ranges(task.name, room)))
    if prompt.json_schema is None:
        return Request(prompt.text, clock, FREE_TEXT)
    frames = None if clock.frames_s is None else len(clock.frames_s)
    schema = bounded(prompt.json_schema, clock.duration_s, room, frames=frames)
    return Request(prompt.text, clock, Grammar(json_schema=schema))


def _in_minutes(task: Task, clock: Clock, room: Room) -> Request:
    """A task with times in its answer, in the form of Qwen3-VL's published examples."""
    text = _words(task.name, query=task.query.strip() if isinstance(task, Ground) else "")
    time = {"type": "string", "pattern": _MINUTES}
    fields: dict[str, object] = {"start": time, "end": time, **_TEXTS.get(task.name, {})}
    item = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    held = bounded({"type": "array", "items": item}, clock.duration_s, replace(room, ordered=False))
    return Request(text, clock, Grammar(json_schema=held))


def _words(task: str, **fields: str) -> str:
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), _table()[task]["ask"])


@cache
def _table() -> dict[str, Any]:
    file = resources.files("playhead.models.pictures") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
