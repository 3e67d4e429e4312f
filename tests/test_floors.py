"""The floors of pyproject.toml are the versions that `make floor` installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTED_EXTRAS = ("scout", "remote", "models", "metrics", "evaluate", "dev")
RANGE = re.compile(r"([A-Za-z0-9_-]+)(?:\[[\w,]+\])?(>=|==)([\d.]+)")


def _ranges() -> list[tuple[str, str]]:
    """Every direct dependency of the tested parts with the lowest version its range allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in TESTED_EXTRAS for line in project["optional-dependencies"][extra]),
    ]
    found = []
    for line in wanted:
        if not line.startswith("playhead["):
            match = RANGE.match(line)
            assert match, f"{line} names no floor"
            found.append((match[1], match[3].rstrip(".")))
    return found


def _constraints() -> dict[str, str]:
    lines = (ROOT / ".ci" / "constraints-floor.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return dict(pairs)


@pytest.mark.parametrize(("name", "floor"), _ranges())
def test_the_floor_is_the_version_tested(name, floor):
    tested = _constraints()[name]
    assert f"{tested}.".startswith(f"{floor}."), f"{name}: pyproject.toml allows {floor}, tested is {tested}"


def test_nothing_else_is_held_back():
    assert set(_constraints()) == {name for name, _ in _ranges()}
