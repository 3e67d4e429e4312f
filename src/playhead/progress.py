"""How long work tells its caller how far it is; standard library only.

A progress callback is called with the stage's name, what is done, and the total in the same unit (None while the
total is unknown). It may be called from several threads and must return quickly.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float, float | None], None]


def silent(stage: str, done: float, total: float | None) -> None:
    """Tell nobody."""
    del stage, done, total
