"""Progress for a person: bars on a terminal, a line now and then in a log, nothing when asked to be quiet."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from playhead.cli import terminal
from playhead.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LINE_EVERY_S: Final = 15.0


@contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """Show what the enclosed work reports, on stderr; the callback may be used from several threads."""
    if quiet:
        yield silent
    elif terminal.is_live(sys.stderr):
        with bars() as shown_bars:
            yield Bars(shown_bars)
    else:
        yield Lines()


def bars() -> RichProgress:
    """A display of bars on stderr, gone when it ends."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)


class Bars:
    """One bar for each stage, in the order they begin."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._ids: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Move a stage's bar."""
        with self._lock:
            if stage not in self._ids:
                self._ids[stage] = self._bars.add_task(stage, total=total)
            self._bars.update(self._ids[stage], completed=done, total=total)


class Lines:
    """A line when a stage begins, every quarter of a minute, and when it ends."""

    def __init__(self) -> None:
        self._begun_s: dict[str, float] = {}
        self._told_s: dict[str, float] = {}
        self._ended: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Say how far a stage is, where that is due."""
        now_s = time.monotonic()
        with self._lock:
            if stage in self._ended:
                return
            begun_s = self._begun_s.setdefault(stage, now_s)
            if total is not None and done >= total:
                self._ended.add(stage)
                terminal.say(f"{stage}: done in {now_s - begun_s:.1f} s")
            elif stage not in self._told_s:
                self._told_s[stage] = now_s
                terminal.say(f"{stage} ...")
            elif now_s - self._told_s[stage] >= LINE_EVERY_S:
                self._told_s[stage] = now_s
                terminal.say(f"{stage}: {f'{100 * done / total:.0f} %' if total else 'still at it'}")
