"""Fixtures shared by all tests: drawn media with the truth inside, and the real clips where they are."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # a worker a core: torch's threads would wait for cores that the others have
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

from helpers.draw import SCENES, Drawn

settings.register_profile("playhead", deadline=None)  # nothing is timed in tests: machines are noisy
settings.load_profile("playhead")

_SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The command line takes the process's log and warnings for itself; a test that calls it leaves the next what it found."""
    log, showing = logging.getLogger("playhead"), warnings.showwarning
    before = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate, log.level = before
    warnings.showwarning = showing
    logging.disable(logging.NOTSET)
    for name, each in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "playhead" and isinstance(each, logging.Logger):
            each.disabled = False  # as a library does that sets up logging anew


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Drawn]:
    """``drawn("edit_list")``: a media file with the truth inside, drawn once per session."""
    folder = tmp_path_factory.mktemp("drawn")
    made: dict[str, Drawn] = {}

    def draw(name: str) -> Drawn:
        if name not in made:
            made[name] = SCENES[name](folder)
        return made[name]

    return draw


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Folder of real clips with checked facts; tests that use it are skipped where it is absent."""
    folder = _SHARED / "media"
    if not (folder / "facts.jsonl").is_file():
        pytest.skip("the folder of real clips is not here")
    return folder
