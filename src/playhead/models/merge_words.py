"""The user's own words of a task filled into a prompt, and the words that ask for answers about parts to become one."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground

_FIELD: Final = re.compile(r"\{([a-z]+)\}")


@cache
def merge_words() -> dict[str, Any]:
    """All words of ``merge.toml``, by language."""
    file = resources.files("playhead.models") / "merge.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def fields(task: Task) -> dict[str, str]:
    """The user's own words of a task, by their names in ``prompts.toml``; options are ``A.xxx``, one on each line."""
    if isinstance(task, Ground):
        return {"query": task.query.strip()}
    if isinstance(task, Ask):
        return {"question": task.question.strip()}
    if isinstance(task, Choose):
        pairs = zip(task.labels, task.options, strict=True)
        options = "\n".join(f"{label}.{option.strip()}" for label, option in pairs)
        return {"question": task.question.strip(), "options": options}
    return {}


def filled(template: str, **values: str) -> str:
    """A template with its ``{names}`` filled in one pass: braces within the user's own words mean nothing."""
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), template)
