"""Features of an hour of video on disk: written as they are made, found again by content, read without loading.

One entry is two files in one folder, named by a digest of everything the numbers depend on:

    KEY.rows     the numbers, row after row (a row is one frame's features, or one frame's projected memory)
    KEY.json     how they are to be read: type, shape, a checksum of every chunk, and the facts they came with
    KEY.part     rows of an entry that is being written, with KEY.journal, one line for each chunk that is safe

An entry exists when ``KEY.json`` does. An interrupted writer leaves ``KEY.part`` and its journal; the next one checks
what is there and goes on behind it. Rows are memory-mapped, so that what is not read stays on disk.

Axes: T row (one frame), then whatever a row holds.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from playhead.errors import OutputError, PlayheadWarning
from playhead.hub.cache import cache_folder, disk_errors, exclusive
from playhead.hub.kept import trim, write_whole
from playhead.models.hour_llava.rows import FORMAT, TORCH_DTYPES, StoreDType, Writer, mapped

DEFAULT_BYTES: Final = 50_000_000_000
"""About 95 hours of features, or 22 hours of features with a 7B model's projected memory."""

_STALE_S: Final = 7 * 86_400.0
_READ_BYTES: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry that is whole.

    Attributes:
        rows: Memory-mapped tensor of shape (T, ...); nothing is read until it is used.
        facts: What was kept beside them: presentation times, the window, the sampling.
        stored_bytes: Size of the rows on disk.
        read_back: True when the entry was already there, False when it was written by this call.
    """

    rows: torch.Tensor
    facts: Mapping[str, Any]
    stored_bytes: int
    read_back: bool = False


class Store:
    """A folder of features, bounded in size; the entries unused for longest go first.

    Args:
        folder: Where to keep it; the platform's cache folder when None.
        max_bytes: Size at which old entries are deleted.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = DEFAULT_BYTES) -> None:
        self.folder = folder if folder is not None else cache_folder() / "hour-llava"
        self.max_bytes = max_bytes

    def load(self, key: str) -> Stored | None:
        """An entry, or None when there is none; a damaged one is deleted with a warning.

        Every chunk is compared with its checksum, which reads the rows once.
        """
        header_path, rows_path = self._header(key), self._rows(key)
        try:
            header = json.loads(header_path.read_text("utf-8"))
            _check_header(header, rows_path.stat().st_size)
            _check_rows(rows_path, header)
            rows = mapped(rows_path, header["dtype"], (header["rows"], *header["row_shape"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            warnings.warn(
                f"stored features {rows_path} cannot be used ({type(error).__name__}: {error}); they are made again",
                PlayheadWarning,
                stacklevel=2,
            )
            self.delete(key)
            return None
        with suppress(OSError):  # a folder that is only read has no order of use to keep
            for path in (header_path, rows_path):
                os.utime(path)
        return Stored(rows, header["facts"], rows.nbytes, read_back=True)

    @contextmanager
    def writing(self, key: str, row_shape: Sequence[int], dtype: StoreDType) -> Iterator[Writer]:
        """Write an entry; where an interrupted writer got to is where this one begins (:attr:`Writer.done`).

        Leaving the block without :meth:`Writer.finish` keeps the chunks written so far for the next time.

        Raises:
            OutputError: The folder cannot be written.
        """
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            part, journal = self._part(key), self._journal(key)
            rows = part.open("r+b" if part.exists() else "w+b")
            writer = Writer(rows, journal.open("a+", encoding="utf-8"), part, tuple(row_shape), dtype)
        try:
            yield writer
        finally:
            writer.close()
            if not writer.done:  # a file without pictures leaves nothing to go on with
                part.unlink(missing_ok=True)
                journal.unlink(missing_ok=True)

    def keep(self, key: str, writer: Writer, facts: Mapping[str, Any]) -> Stored:
        """Make a finished writer's rows an entry and return it.

        Raises:
            OutputError: The folder cannot be written.
        """
        header = writer.header(facts)
        with disk_errors(self.folder):
            self._part(key).replace(self._rows(key))
            write_whole(self._header(key), lambda file: file.write(json.dumps(header).encode()))
            self._journal(key).unlink(missing_ok=True)
            trim(self.folder, frozenset({".rows"}), self.max_bytes, keep=self._rows(key))
            rows = mapped(self._rows(key), header["dtype"], (header["rows"], *header["row_shape"]))
            return Stored(rows, facts, rows.nbytes)

    def delete(self, key: str) -> None:
        """Forget an entry."""
        for path in (self._header(key), self._rows(key)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                warnings.warn(f"{path} cannot be deleted: {error}", PlayheadWarning, stacklevel=3)

    def lock(self, key: str) -> Any:  # noqa: ANN401 - a context manager
        """Held while an entry is made, so that a second process waits and then finds it.

        Raises:
            OutputError: The cache folder cannot be written.
        """
        return exclusive(f"hour-llava-{key[:32]}", doing="encoding this video")

    def _rows(self, key: str) -> Path:
        return self.folder / f"{key}.rows"

    def _header(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _part(self, key: str) -> Path:
        return self.folder / f"{key}.part"

    def _journal(self, key: str) -> Path:
        return self.folder / f"{key}.journal"

    def _sweep(self) -> None:
        """Delete what interrupted writers left a week ago, and headers whose rows were trimmed."""
        now_s = time.time()
        for path in self.folder.iterdir():
            try:
                old = now_s - path.stat().st_mtime > _STALE_S
                orphan = path.suffix == ".json" and old and not path.with_suffix(".rows").exists()
                if orphan or (old and path.suffix in {".part", ".journal"}):
                    path.unlink(missing_ok=True)
            except FileNotFoundError:  # another process sweeps too
                continue


class Passing(Store):
    """A store that keeps nothing: rows lie in a temporary file without a name, gone with its last reader.

    However the process ends, nothing is left of it.
    """

    def load(self, key: str) -> Stored | None:
        """Nothing is ever here."""
        del key
        return None

    @contextmanager
    def writing(self, key: str, row_shape: Sequence[int], dtype: StoreDType) -> Iterator[Writer]:
        """Write rows to a temporary file."""
        del key
        folder = Path(tempfile.gettempdir())
        with disk_errors(folder):
            rows = tempfile.TemporaryFile(prefix="playhead-")  # noqa: SIM115 - closed by the writer
            writer = Writer(rows, io.StringIO(), folder, tuple(row_shape), dtype)
        try:
            yield writer
        finally:
            writer.close()

    def keep(self, key: str, writer: Writer, facts: Mapping[str, Any]) -> Stored:
        """The rows, mapped; the file goes with the last of its readers."""
        del key
        with disk_errors(writer.path):
            rows = mapped(writer.rows, writer.dtype, (writer.done, *writer.row_shape))
            return Stored(rows, facts, rows.nbytes)

    def lock(self, key: str) -> Any:  # noqa: ANN401 - a context manager
        """Nobody else can see these rows."""
        del key
        return nullcontext()


def _check_header(header: Mapping[str, Any], found_bytes: int) -> None:
    if header["format"] != FORMAT:
        raise ValueError(f"format {header['format']}, this version writes {FORMAT}")
    item_bytes = torch.empty(0, dtype=TORCH_DTYPES[header["dtype"]]).element_size()
    stated = int(header["rows"]) * int(np.prod(header["row_shape"])) * item_bytes
    if stated != found_bytes or header["rows"] != sum(rows for rows, _ in header["chunks"]):
        raise ValueError(f"{found_bytes} bytes, its header says {stated}")


def _check_rows(path: Path, header: Mapping[str, Any]) -> None:
    """Compare every chunk with its checksum, a few megabytes at a time."""
    item_bytes = torch.empty(0, dtype=TORCH_DTYPES[header["dtype"]]).element_size()
    row_bytes = int(np.prod(header["row_shape"])) * item_bytes
    with path.open("rb") as file:
        for number, (rows, stated) in enumerate(header["chunks"]):
            checksum, left = 0, rows * row_bytes
            while left:
                block = file.read(min(left, _READ_BYTES))
                checksum, left = zlib.crc32(block, checksum), left - len(block)
            if checksum != stated:
                raise ValueError(f"chunk {number} has another checksum than when it was written")


def make_entry(
    store: Store,
    key: str,
    row_shape: Sequence[int],
    dtype: StoreDType,
    fill: Any,  # noqa: ANN401 - a function
) -> Stored:
    """The entry of a key: as it is stored, or made by ``fill`` under the entry's lock.

    Args:
        store: Where entries are kept.
        key: Digest of everything the rows depend on.
        row_shape: Shape of one row.
        dtype: What the rows are stored as.
        fill: Called with a :class:`Writer`; adds what is missing and returns the facts to keep.

    Raises:
        OutputError: The cache cannot be written; the message says how to go without.
    """
    found = store.load(key)
    if found is not None:
        return found
    try:
        with store.lock(key):
            found = store.load(key)  # made by another process meanwhile
            if found is not None:
                return found
            with store.writing(key, row_shape, dtype) as writer:
                facts = fill(writer)
                return store.keep(key, writer, facts)
    except OutputError as error:
        raise OutputError(
            error.asked, found=error.found, todo=f"{error.todo}, or load the engine with cache=False"
        ) from error
