"""How tasks are put to Hour-LLaVA: plain questions, times in seconds, answers with times as JSON."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from playhead.generate.grammar import FREE_TEXT, Grammar
from playhead.generate.grammars import TRAINED, Room, bounded
from playhead.models.end_to_end import Request
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, PromptStyle, Task
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe

STYLE: Final = PromptStyle(times="seconds")
_FIELD: Final = re.compile(r"\{([a-z]+)\}")


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


def _words(task: str, **fields: str) -> str:
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), _table()[task]["ask"])


@cache
def _table() -> dict[str, Any]:
    file = resources.files("playhead.models.hour_llava") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
