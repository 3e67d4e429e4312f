"""How long each stage of a piece of work takes, told from its progress calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Window:
    """From a stage's first progress call to its last, in seconds since the work began."""

    first_s: float
    last_s: float
    first_cpu_s: float
    last_cpu_s: float

    @property
    def wall_s(self) -> float:
        """Seconds between the first and the last call."""
        return self.last_s - self.first_s

    @property
    def cpu_s(self) -> float:
        """CPU seconds the whole process spent between them; stages that overlap share these."""
        return self.last_cpu_s - self.first_cpu_s


@dataclass
class StageClock:
    """A progress callback that notes when each stage was first and last heard of; any thread may call it."""

    wall: Callable[[], float] = time.perf_counter
    cpu: Callable[[], float] = time.process_time
    stages: dict[str, Window] = field(default_factory=dict)
    total_wall_s: float = 0.0
    total_cpu_s: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._start_s, self._start_cpu_s = self.wall(), self.cpu()

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Take one progress call."""
        del done, total
        wall_s, cpu_s = self.wall() - self._start_s, self.cpu() - self._start_cpu_s
        with self._lock:
            window = self.stages.setdefault(stage, Window(wall_s, wall_s, cpu_s, cpu_s))
            window.last_s, window.last_cpu_s = wall_s, cpu_s

    @contextmanager
    def run(self) -> Iterator[None]:
        """Time everything inside."""
        self._start_s, self._start_cpu_s = self.wall(), self.cpu()
        try:
            yield
        finally:
            self.total_wall_s = self.wall() - self._start_s
            self.total_cpu_s = self.cpu() - self._start_cpu_s


def table(clock: StageClock, duration_s: float) -> str:
    """A Markdown table of the stages in the order they began, and the whole, with ratios to the video's length."""
    lines = [
        "| stage | from s | to s | wall s | CPU s of the process meanwhile | wall / duration |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {name} | {w.first_s:.2f} | {w.last_s:.2f} | {w.wall_s:.2f} | {w.cpu_s:.2f} | {w.wall_s / duration_s:.3f} |"
        for name, w in sorted(clock.stages.items(), key=lambda item: item[1].first_s)
    ]
    lines.append(
        f"| **all** | 0.00 | {clock.total_wall_s:.2f} | {clock.total_wall_s:.2f} | {clock.total_cpu_s:.2f} "
        f"| {clock.total_wall_s / duration_s:.3f} |"
    )
    return "\n".join(lines)
