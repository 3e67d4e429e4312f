"""Weights from a local folder the user names: the offline way, and the way to try one's own copies."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from playhead.errors import UsageError
from playhead.hub import checks
from playhead.hub.table import Weight

FOLDER_VARIABLE = "PLAYHEAD_WEIGHTS"

_log = logging.getLogger(__name__)


def local_folder(folder: Path | None) -> Path | None:
    """The folder the caller or ``PLAYHEAD_WEIGHTS`` names, if any.

    Raises:
        UsageError: It does not exist or is a file.
    """
    chosen = folder or (Path(value) if (value := os.environ.get(FOLDER_VARIABLE)) else None)
    if chosen is None:
        return None
    chosen = chosen.expanduser()
    if not chosen.is_dir():
        raise UsageError(
            f"weights folder {chosen}",
            found="a file" if chosen.exists() else "nothing there",
            allowed="a folder",
            todo=f"correct the path, or unset {FOLDER_VARIABLE} to use the cache and the network",
        )
    return chosen


def complete_folder(folder: Path, weight: Weight) -> Path | None:
    """Where under a local folder all files of a weight lie: in ``folder/NAME``, or in the folder itself."""
    for place in (folder / weight.name, folder):
        if all(has_size(place / file.name, file.size_bytes) for file in weight.files):
            return place
    return None


def from_folder(folder: Path, weight: Weight) -> Path | None:
    """The verified folder of a weight under a local folder, or None when files are missing there.

    Raises:
        ChecksumError: A file of the right name and size holds other bytes (it is left as it is).
    """
    place = complete_folder(folder, weight)
    if place is None:
        missing = [f.name for f in weight.files if not has_size(folder / weight.name / f.name, f.size_bytes)]
        _log.info(
            "%s is not complete in %s (missing or of another size: %s)",
            weight.name,
            folder,
            ", ".join(missing),
        )
        return None
    for file in weight.files:
        checks.verify(place / file.name, file, delete_if_bad=False)
    return place


def has_size(path: Path, size_bytes: int) -> bool:
    """Whether a file is there with exactly this size."""
    try:
        return path.is_file() and path.stat().st_size == size_bytes
    except OSError:  # unreadable is as good as absent; the next source is asked
        return False
