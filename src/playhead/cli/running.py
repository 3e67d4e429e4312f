"""The progress of an evaluation for a person: one bar with the running score, or a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playhead.cli import progress_bars, terminal
from playhead.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from playhead.evaluate.run import Standing, Watcher


@contextmanager
def watching(*, quiet: bool) -> Iterator[tuple[Progress, Watcher]]:
    """Show on stderr what the engine reports while it loads, and where the enclosed run stands."""
    if quiet:
        yield silent, _nobody
    elif terminal.is_live(sys.stderr):
        with progress_bars.bars() as bars:
            yield progress_bars.Bars(bars), _Bar(bars)
    else:
        yield progress_bars.Lines(), _Lines()


def _nobody(standing: Standing) -> None:
    del standing


class _Bar:
    """A bar that appears with the first standing; what an earlier go has done counts as done."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._id = bars.add_task("", total=None, visible=False)

    def __call__(self, standing: Standing) -> None:
        self._bars.update(
            self._id,
            total=standing.total,
            completed=standing.done,
            description=_words(standing),
            visible=True,
        )


class _Lines:
    """A line at the beginning, every quarter of a minute, and at the end."""

    def __init__(self) -> None:
        self._told_s: float | None = None

    def __call__(self, standing: Standing) -> None:
        now_s = time.monotonic()
        due = self._told_s is None or now_s - self._told_s >= progress_bars.LINE_EVERY_S
        if due or standing.done == standing.total:
            self._told_s = now_s
            terminal.say(_words(standing))


def _words(standing: Standing) -> str:
    line = standing.line()
    return f"{standing.done}/{standing.total} samples{f': {line}' if line else ''}"
