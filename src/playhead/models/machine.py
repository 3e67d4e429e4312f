"""What this machine can hold and how fast it is: free memory, operations and bytes per second, measured here.

Axes of the measurement: M, K, N sides of the matrices.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playhead.errors import UnsupportedError

if TYPE_CHECKING:
    import torch

MEASURE_S: Final = 0.15  # for each of the two measurements
# Sides of the matrices and bytes that are read: large enough to keep a CPU, or an accelerator, busy.
_SIDE, _ACCELERATOR_SIDE = 1024, 4096
_STREAM_BYTES, _ACCELERATOR_STREAM_BYTES = 64 << 20, 1 << 30
_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a device, in bytes; None where the system does not tell.

    Attributes:
        total_bytes: What it has.
        free_bytes: What can be had now, with what the system would give up for it.
    """

    total_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a device is in one precision.

    Attributes:
        flops_per_s: Floating point operations per second in a matrix product (a multiply and an add are two).
        bytes_per_s: Bytes of memory read per second.
    """

    flops_per_s: float
    bytes_per_s: float


def memory(device: torch.device) -> Memory:
    """Memory of a device: the machine's own (or what a container allows of it) for ``cpu``."""
    if device.type == "cuda":
        import torch

        free_bytes, total_bytes = torch.cuda.mem_get_info(device)
        return Memory(total_bytes, free_bytes)
    return _host_memory()


def require_memory(
    asked: str,
    *,
    device: torch.device,
    weights_bytes: int,
    peak_bytes: int | None = None,
    smaller: str = "",
) -> None:
    """Refuse work that would not fit into the free memory, before anything is loaded.

    Args:
        asked: What was wanted: ``load hour-llava-7b``.
        device: Where it would run.
        weights_bytes: Memory of the weights.
        peak_bytes: The peak with all that is computed, where it is known.
        smaller: A smaller model of the same kind, to be offered.

    Raises:
        UnsupportedError: With the plan's numbers and what to do.
    """
    wanted_bytes = max(weights_bytes, peak_bytes or 0)
    there = memory(device)
    if there.free_bytes is None or wanted_bytes <= there.free_bytes:
        return
    total = "" if there.total_bytes is None else f" of {gigabytes(there.total_bytes)}"
    needs = f"{gigabytes(weights_bytes)} of weights" + (
        f", {gigabytes(peak_bytes)} at the peak" if peak_bytes else ""
    )
    raise UnsupportedError(
        f"too little memory to {asked} on {device}",
        found=f"{gigabytes(there.free_bytes)} free{total}",
        allowed=f"at least {gigabytes(wanted_bytes)} ({needs})",
        todo="use a shorter window, dtype='bfloat16', another device"
        + (f", or the smaller {smaller}" if smaller else ""),
    )


def gigabytes(count: float) -> str:
    """Bytes as a person reads them: ``17.3 GB``, ``412 MB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


@functools.cache
def speed(device: torch.device, dtype: torch.dtype) -> Speed:
    """Operations and bytes per second of a device, measured once per process in about 0.3 s."""
    import torch

    on_cpu = device.type == "cpu"
    side = _SIDE if on_cpu else _ACCELERATOR_SIDE
    a_MK = torch.ones((side, side), device=device, dtype=dtype)
    flops_per_s = 2 * side**3 * _runs_per_s(lambda: a_MK @ a_MK, device)
    count = (_STREAM_BYTES if on_cpu else _ACCELERATOR_STREAM_BYTES) // dtype.itemsize // side
    # One position at a time reads every weight once: a product with a vector measures just that.
    weights_NK = torch.ones((count, side), device=device, dtype=dtype)
    one_K1 = torch.ones((side, 1), device=device, dtype=dtype)
    size_bytes = count * side * dtype.itemsize
    return Speed(flops_per_s, size_bytes * _runs_per_s(lambda: weights_NK @ one_K1, device))


def _runs_per_s(run: Callable[[], object], device: torch.device) -> float:
    import torch

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    run()
    wait()
    start_s, runs = time.perf_counter(), 0
    while (spent_s := time.perf_counter() - start_s) < MEASURE_S:
        run()
        wait()
        runs += 1
    return runs / spent_s


def _host_memory() -> Memory:
    total, free = _meminfo()
    limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
    if limit is not None and used is not None and (total is None or limit < total):
        # Files the container has read count as used and are given up when memory is needed.
        used -= _stat(_CGROUP / "memory.stat", "inactive_file")
        total, free = limit, min(limit - used, limit if free is None else free)
    return Memory(total, free)


def _meminfo() -> tuple[int | None, int | None]:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:  # not Linux: the total is all that can be had without another library
        return _pages("SC_PHYS_PAGES"), _pages("SC_AVPHYS_PAGES")
    rows = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    values = {
        name: int(rows[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable") if name in rows
    }
    return values.get("MemTotal"), values.get("MemAvailable")


def _pages(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # a system that does not tell
        return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or "max": no limit
        return None


def _stat(path: Path, name: str) -> int:
    try:
        rows = dict(line.split() for line in path.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return 0
    return int(rows.get(name, 0))
