"""Rows of numbers into a file, chunk by chunk, and as a tensor out of it again.

What was written before an interruption is taken up as far as its checksums hold.

Axes: T row (one frame), then whatever a row holds.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final, Literal

import numpy as np
import torch

from playhead.errors import WeightsError
from playhead.hub.cache import disk_errors

FORMAT: Final = 1
"""Raise whenever what is stored, or how it is made, changes."""

StoreDType = Literal["float16", "bfloat16", "float32"]
TORCH_DTYPES: Final[dict[str, torch.dtype]] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
}
_RAW: Final[dict[str, type[np.generic]]] = {"float16": np.int16, "bfloat16": np.int16, "float32": np.int32}


class Writer:
    """Appends chunks of rows; each is safe once :meth:`add` returns.

    Args:
        rows: The growing file, opened to read and write; what it holds already is taken up.
        journal: One line for each chunk that is safe, likewise.
        path: What errors of the disk name.
        row_shape: Shape of one row.
        dtype: What the rows are stored as.

    Attributes:
        done: Rows that are safe already.
        notes: What was given with each safe chunk, in order.
    """

    def __init__(
        self, rows: IO[bytes], journal: IO[str], path: Path, row_shape: tuple[int, ...], dtype: StoreDType
    ) -> None:
        self.rows, self._journal, self.path = rows, journal, path
        self.row_shape, self.dtype = row_shape, dtype
        self._row_bytes = int(np.prod(row_shape)) * torch.empty(0, dtype=TORCH_DTYPES[dtype]).element_size()
        self._chunks: list[tuple[int, int]] = []
        self.notes: list[Any] = []
        self._resume()

    @property
    def done(self) -> int:
        """Rows that are safe already."""
        return sum(rows for rows, _ in self._chunks)

    def add(self, rows: torch.Tensor, note: object = None) -> None:
        """Append rows of shape (rows, ...).

        Args:
            rows: On any device and of any floating type; they are converted to the stored type.
            note: Plain JSON data that is given back when writing is taken up again.

        Raises:
            WeightsError: A number is not finite, or does not fit the stored type.
            OutputError: The disk refuses.
        """
        if tuple(rows.shape[1:]) != self.row_shape:
            raise ValueError(f"rows of shape {tuple(rows.shape[1:])} for an entry of rows {self.row_shape}")
        held = rows.detach().to("cpu", TORCH_DTYPES[self.dtype]).contiguous()
        if not bool(torch.isfinite(held).all()):
            raise WeightsError(
                f"store features as {self.dtype}",
                found="numbers that are not finite in it",
                todo="use store_dtype='bfloat16', whose range is that of float32, or check the weights",
            )
        data = held.view(torch.uint8).numpy().tobytes()
        chunk = (int(rows.shape[0]), zlib.crc32(data))
        with disk_errors(self.path):
            self.rows.write(data)
            self.rows.flush()
            self._journal.write(json.dumps([*chunk, note]) + "\n")
            self._journal.flush()
        self._chunks.append(chunk)
        self.notes.append(note)

    def header(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What makes the rows readable again."""
        return {
            "format": FORMAT,
            "dtype": self.dtype,
            "rows": self.done,
            "row_shape": list(self.row_shape),
            "chunks": self._chunks,
            "facts": dict(facts),
        }

    def close(self) -> None:
        """Let go of the files; what was added stays.

        Raises:
            OutputError: The disk refused what was still to be written.
        """
        with disk_errors(self.path), ExitStack() as both:
            both.callback(self._journal.close)
            both.callback(self.rows.close)

    def _resume(self) -> None:
        """Take up what an interrupted writer left: chunks whose bytes are what its journal says."""
        valid: list[str] = []
        self._journal.seek(0)
        for line in self._journal.read().splitlines():
            try:
                rows, checksum, note = json.loads(line)
            except ValueError:  # cut off within a line
                break
            data = self.rows.read(rows * self._row_bytes)
            if len(data) != rows * self._row_bytes or zlib.crc32(data) != checksum:
                break
            self._chunks.append((rows, checksum))
            self.notes.append(note)
            valid.append(line)
        self.rows.seek(self.done * self._row_bytes)
        self.rows.truncate()
        self._journal.seek(0)
        self._journal.truncate()
        self._journal.writelines(line + "\n" for line in valid)
        self._journal.flush()


def mapped(file: Path | IO[bytes], dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Rows of a file as a tensor; pages are read when they are touched. Writing to it changes memory, not the file."""
    if 0 in shape:
        return torch.zeros(shape, dtype=TORCH_DTYPES[dtype])
    raw = np.memmap(file, dtype=_RAW[dtype], mode="c", shape=shape)
    return torch.from_numpy(raw).view(TORCH_DTYPES[dtype])
