"""Calling the command line in a process of its own, as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 120


def playhead(
    *words: str | Path,
    cwd: Path | None = None,
    module: str | None = "playhead",
    path: Path | None = None,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m playhead WORDS`` and return what it said.

    Args:
        words: Arguments.
        cwd: Folder to run in.
        module: Module to run, or None to hand the words to Python itself.
        path: Folder put in front of the import path, for an engine from outside.
        environment: Variables set on top of the present ones.
    """
    argv = [sys.executable, *(("-m", module) if module else ()), *map(str, words)]
    return subprocess.run(
        argv,
        cwd=cwd,
        env=environ(path, **environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def environ(path: Path | None = None, **environment: str) -> dict[str, str]:
    """The present environment with English messages, UTF-8 output and the given changes."""
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8", **environment}
    if path is not None:
        env["PYTHONPATH"] = str(path)
    return env
