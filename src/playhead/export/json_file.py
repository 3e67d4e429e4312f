"""JSON: the canonical form of an Answer, which the published schema describes and which can be read back."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from playhead.errors import ParseError, SourceError
from playhead.export.options import DEFAULT, Options
from playhead.timeline import Answer, answer_from_dict, to_dict


def json_text(answer: Answer, options: Options = DEFAULT) -> str:
    """An Answer as JSON, two spaces of indent, times in float seconds (``start``, ``end``)."""
    del options
    return json.dumps(to_dict(answer), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every written Answer obeys."""
    text = (resources.files("playhead.export") / "answer.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def load_answer(path_or_text: str | Path) -> Answer:
    """Read an Answer that playhead wrote, from a file or from the text itself.

    Args:
        path_or_text: A path, or JSON text, which begins with ``{``.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is no JSON, or no Answer of this schema version.
    """
    data = read_json(path_or_text)
    if not isinstance(data, dict):
        raise ParseError(
            "cannot read an answer",
            found=f"a JSON {type(data).__name__}",
            allowed="an object as playhead writes it",
            todo="read lists of events with playhead.export.load_events",
        )
    return answer_from_dict(data)


def read_json(path_or_text: str | Path) -> Any:  # noqa: ANN401 - plain JSON data of any shape
    """Parse JSON given as a path or as text that begins with ``{`` or ``[``."""
    if isinstance(path_or_text, str) and path_or_text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        name, text = "the text", path_or_text
    else:
        name, text = str(path_or_text), _read(Path(path_or_text))
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ParseError(f"cannot read {name} as JSON", found=str(error)) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"cannot read {path} as JSON", found="bytes that are not UTF-8 text") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot read {path}", found=str(error), todo="check the path") from error
