"""The words of every task, kept as data in ``prompts/*.toml``, and the JSON schemas of their answers."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from playhead.errors import UsageError, nearest
from playhead.tasks.base import Prompt, PromptStyle, TimeStyle
from playhead.timecode import CLOCK_PATTERN

LANGUAGES: Final = ("en", "zh")
_NAME: Final = re.compile(r"\{([a-z]+)\}")


def words(task: str, style: PromptStyle, **fields: str) -> str:
    """The request of a task in a style, with its fields filled in as they are.

    Args:
        task: Name of the task.
        style: Language, how times are to be written, and whether reasoning is asked for.
        **fields: The user's own words, put in unchanged: braces within them mean nothing.

    Raises:
        UsageError: If there are no prompts in the language.
    """
    table = _table(style.language)
    parts = [table[task]["ask"]]
    if (form := table[task].get(f"answer_{style.times}")) is not None:
        parts.append(form)
    if style.think:
        parts.append(table["think"]["suffix"])
    return "\n".join(_fill(part, fields) for part in parts)


def prompt(task: str, style: PromptStyle, schema: dict[str, object] | None = None, **fields: str) -> Prompt:
    """The request of a task with the schema of its answer; no schema where reasoning comes before the answer."""
    return Prompt(words(task, style, **fields), None if style.think else schema)


def time_schema(times: TimeStyle) -> dict[str, object]:
    """JSON schema of one time in a style."""
    if times == "clock":
        return {"type": "string", "pattern": CLOCK_PATTERN}
    if times == "bins":
        return {"type": "integer", "minimum": 0, "maximum": 99}
    if times == "frames":
        return {"type": "integer", "minimum": 0}
    return {"type": "number", "minimum": 0}


def items_schema(times: TimeStyle, *texts: str) -> dict[str, object]:
    """JSON schema of a list of timed objects with these text keys."""
    properties: dict[str, object] = {"start": time_schema(times), "end": time_schema(times)}
    properties |= {text: {"type": "string"} for text in texts}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }


def _fill(template: str, fields: dict[str, str]) -> str:
    """Put fields into ``{names}`` in one pass, so that nothing within a field is filled again; other braces stay."""
    return _NAME.sub(lambda match: fields.get(match[1], match[0]), template)


@cache
def _table(language: str) -> dict[str, Any]:
    if language not in LANGUAGES:
        raise UsageError(f"no prompts in language {language!r}", todo=nearest(language, LANGUAGES))
    file = resources.files("playhead.tasks") / "prompts" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
