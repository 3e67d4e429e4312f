"""Results kept for the next time: a file appears only when it is whole, the least recently used go first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and rename it there, so that no other process ever sees half of it.

    Args:
        path: Where it is to be; its folder is made when missing.
        write: Writes the content to the open file it is given.

    Raises:
        OSError: What the disk refuses; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        with beside.open("xb") as file:  # with the user's own umask, so that a shared cache can be shared
            write(file)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def trim(folder: Path, suffixes: frozenset[str], max_bytes: int, *, keep: Path | None = None) -> None:
    """Delete the files unused for longest until those of the given suffixes take at most ``max_bytes``.

    Args:
        folder: Where they are.
        suffixes: Endings of the files that count, such as ``.json``.
        max_bytes: What they may take together.
        keep: A file that stays in any case.

    Raises:
        OSError: A file cannot be deleted; one that another process deletes meanwhile is no error.
    """
    entries: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        try:
            stat = path.stat()
        except FileNotFoundError:  # another process trims too
            continue
        if path.suffix in suffixes:
            entries.append((stat.st_mtime, stat.st_size, path))
    held_bytes = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if held_bytes <= max_bytes:
            return
        if path != keep:
            path.unlink(missing_ok=True)
            held_bytes -= size
