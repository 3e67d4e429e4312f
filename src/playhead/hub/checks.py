"""sha256 of files, and receipts so that a gigabyte verified once is not hashed again at every start."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Final

from playhead.errors import ChecksumError
from playhead.hub.cache import cache_folder
from playhead.hub.table import WeightFile

CHUNK_BYTES: Final = 1 << 20

_log = logging.getLogger(__name__)


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file, read in pieces.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(path: Path, file: WeightFile, *, delete_if_bad: bool) -> None:
    """Make sure a file is the published one; hashed only when its size or time differ from its receipt.

    Args:
        path: The file.
        file: What it must be.
        delete_if_bad: Remove a wrong file (the cache's own; never a user's).

    Raises:
        ChecksumError: The bytes are not the published ones; names both digests.
    """
    if _receipt_holds(path, file.sha256):
        return
    found = sha256_of(path)
    if found == file.sha256:
        _write_receipt(path, found)
        return
    if delete_if_bad:
        path.unlink(missing_ok=True)
    raise checksum_error(path, expected=file.sha256, found=found, deleted=delete_if_bad)


def checksum_error(what: Path | str, *, expected: str, found: str, deleted: bool) -> ChecksumError:
    """The error for bytes that are not the published ones, with both digests."""
    todo = (
        "the bad file was deleted: run again to fetch it anew"
        if deleted
        else "replace the file and run again"
    )
    return ChecksumError(
        f"{what} is not the published file", found=f"sha256 {found}", allowed=expected, todo=todo
    )


def _receipt_path(path: Path) -> Path:
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
    return cache_folder() / "receipts" / f"{key}.json"


def _state(path: Path, sha256: str) -> dict[str, str | int]:
    stat = path.stat()
    return {
        "path": str(path.resolve()),
        "size_bytes": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "sha256": sha256,
    }


def _receipt_holds(path: Path, sha256: str) -> bool:
    try:
        return bool(json.loads(_receipt_path(path).read_text("utf-8")) == _state(path, sha256))
    except (OSError, ValueError):  # no receipt, or half of one: hash again
        return False


def _write_receipt(path: Path, sha256: str) -> None:
    receipt = _receipt_path(path)
    try:
        receipt.parent.mkdir(parents=True, exist_ok=True)
        receipt.write_text(json.dumps(_state(path, sha256)), "utf-8")
    except OSError as error:  # a read-only cache costs a hash at each start, nothing else
        _log.info("cannot keep the receipt of %s (%s): it will be hashed again next time", path, error)
