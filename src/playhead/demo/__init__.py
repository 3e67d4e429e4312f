"""The clip that comes with playhead: 43 s of five photographs, and what is true of it, second by second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def demo_path() -> Path:
    """Where the bundled clip lies, ready for ``playhead watch``."""
    return _FOLDER / "demo.mp4"


def demo_truth() -> dict[str, Any]:
    """What is in the bundled clip and when, in seconds, written by the script that drew it.

    Returns:
        ``duration``, ``cuts``, ``shots``, ``sentences``, ``texts``, ``sounds``, ``chapters``, ``grounding`` (queries
        with their spans, none for what is not there), ``choices`` (questions with options and the right letter).
    """
    data: dict[str, Any] = json.loads((_FOLDER / "demo.truth.json").read_text(encoding="utf-8"))
    return data
