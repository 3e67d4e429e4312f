"""The shape of the code that no linter holds: size of files and functions, and what every file begins with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LONGEST_FILE = 500
LONGEST_FUNCTION = 60

# The only place where a function or file may be longer, each with its reason: "path" or "path::function".
EXEMPT: dict[str, str] = {}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> list[tuple[str, int]]:
    """Name and length of every function, its docstring not counted."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            found.append((f"{_name(path)}::{node.name}", lines))
    return found


def test_files_are_at_most_500_lines() -> None:
    long = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE and name not in EXEMPT} == {}


def test_functions_are_at_most_60_lines() -> None:
    lengths = [each for path in SOURCES for each in _functions(path)]
    assert [each for each in lengths if each[1] > LONGEST_FUNCTION and each[0] not in EXEMPT] == []


def test_every_exemption_is_needed() -> None:
    for name, reason in EXEMPT.items():
        path = ROOT / name.split("::")[0]
        assert reason
        assert path.is_file(), f"{name} is gone"
        if "::" in name:
            assert dict(_functions(path)).get(name, 0) > LONGEST_FUNCTION, f"{name} is short enough now"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_file_says_what_it_is(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc, "no module docstring"
    assert doc.splitlines()[0].endswith((".", ":")), "the first line is no sentence"


def test_no_file_names_somebodys_machine() -> None:
    private = re.compile(r"/home/\w+/|/Users/\w+/|C:\\\\Users")
    files = [
        *SOURCES,
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
    ]
    assert [_name(path) for path in files if private.search(path.read_text(encoding="utf-8"))] == []
