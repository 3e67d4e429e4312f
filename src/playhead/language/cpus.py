"""How many CPUs are free, which is how many threads a language model should run on.

The threads of llama.cpp wait for one another at every step, so one thread that has to share its CPU stops them all:
on a busy machine with two CPUs, two threads wrote 0.4 tokens a second where one wrote 18 (``docs/log.md``).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

MAX_THREADS: Final = 8
_LOOK_S: Final = 0.25
_STAT: Final = Path("/proc/stat")


def free_cpus(look_s: float = _LOOK_S) -> int:
    """CPUs that this process may use and that were idle during a short look; at least 1.

    Args:
        look_s: How long to look, in seconds. Systems without ``/proc/stat`` are not looked at: all CPUs count.
    """
    usable = usable_cpus()
    before = _ticks()
    if before is None:
        return usable
    time.sleep(look_s)
    after = _ticks()
    if after is None or after[1] <= before[1]:
        return usable
    idle_share = (after[0] - before[0]) / (after[1] - before[1])
    return max(1, min(usable, round(idle_share * (os.cpu_count() or 1))))


def usable_cpus() -> int:
    """CPUs this process may run on, which in a container is fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ticks() -> tuple[int, int] | None:
    """Idle and all clock ticks of all CPUs since the system started, or None where it does not tell."""
    try:
        fields = [int(field) for field in _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    return fields[3] + fields[4], sum(fields)
