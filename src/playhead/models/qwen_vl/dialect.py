"""How tasks are put to the Qwen-VL line: plain questions, times in seconds or as a clock, lists as JSON."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from playhead.generate.grammar import FREE_TEXT, Grammar
from playhead.models.end_to_end import Request
from playhead.models.hour_llava.dialect import TRAINED, Room, bounded
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, PromptStyle, Task
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe

_FIELD: Final = re.compile(r"\{([a-z]+)\}")


def request(
    task: Task, clock: Clock, room: Room = TRAINED, times: Literal["seconds", "clock"] = "seconds"
) -> Request:
    """A task in the family's words, and the texts that can be read as its answer.

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
    prompt = task.render(PromptStyle(times=times))
    if prompt.json_schema is None:
        return Request(prompt.text, clock, FREE_TEXT)
    return Request(
        prompt.text, clock, Grammar(json_schema=bounded(prompt.json_schema, clock.duration_s, room))
    )


def _words(task: str, **fields: str) -> str:
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), _table()[task]["ask"])


@cache
def _table() -> dict[str, Any]:
    file = resources.files("playhead.models.qwen_vl") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
