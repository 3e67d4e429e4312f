"""Pictures of a video at their final size: held as bytes, and cut into the rows an encoder reads where those are asked for.

Rows of floats take four times the memory of the bytes (two times as bfloat16), so there are only ever some of them.

Axes: P square, D value of a square, V value of all pictures, T group of pictures, G grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from playhead.models.pictures.read import ranges
from playhead.sequence.layout import Ids
from playhead.sequence.patches import Cut, Pixels, cut_frames

ENCODE_ROWS: Final = 16_384
"""Squares that are encoded at once; a group of pictures is looked at by itself, so they need not all be together."""


class Held:
    """Groups of pictures as bytes.

    Args:
        squares: Room for so many squares of groups.
        cut: How they are cut.
        dtype: Precision of the rows.
    """

    def __init__(self, squares: int, cut: Cut, dtype: torch.dtype) -> None:
        self.cut, self.dtype = cut, dtype
        self._bytes_V = np.empty(squares * cut.values, np.uint8)
        self._grids: list[tuple[int, int]] = []
        self._filled = 0

    @property
    def grids_T2(self) -> Ids:  # noqa: N802 - axes, as in other names
        """Rows and columns of squares of each group."""
        return np.array(self._grids, np.int64).reshape(-1, 2)

    @property
    def squares(self) -> int:
        """Squares of all groups."""
        return self._filled // self.cut.values

    @property
    def nbytes(self) -> int:
        """Bytes of all pictures; an odd one is there twice."""
        return self._filled

    def add(self, pictures: Sequence[Pixels]) -> None:
        """Take the pictures of a group, uint8 RGB of one size; an odd picture is a group with itself."""
        _, rows, columns = self.cut.grid(len(pictures), *pictures[0].shape[:2])
        for number in range(self.cut.group):
            picture_HWC = pictures[min(number, len(pictures) - 1)]
            place_V = self._bytes_V[self._filled : self._filled + picture_HWC.size]
            place_V.reshape(3, *picture_HWC.shape[:2])[:] = picture_HWC.transpose(2, 0, 1)
            self._filled += picture_HWC.size
        self._grids.append((rows, columns))

    def clear(self) -> None:
        """Let go of all of them; their room is used again."""
        self._grids, self._filled = [], 0

    def room(self, squares: int) -> torch.Tensor:
        """Memory for so many rows, of shape (squares, D); of numpy where it has the type, since it asks for huge pages."""
        if self.dtype == torch.float32:
            return torch.from_numpy(np.empty((squares, self.cut.values), np.float32))
        return torch.empty((squares, self.cut.values), dtype=self.dtype)

    def parts(self, most: int) -> Iterator[tuple[int, int, torch.Tensor]]:
        """What the encoder reads, some groups at a time: the first, the one behind the last, and their rows.

        Each is good until the next is asked for, which is written over it: fresh memory costs more than the cutting.

        Args:
            most: Squares of a part; one group at least.
        """
        squares_T = self.grids_T2.prod(axis=1)
        parts = list(ranges(squares_T, most))
        room_PD = self.room(max(int(squares_T[first:last].sum()) for first, last in parts))
        for first, last in parts:
            yield first, last, self.rows(first, last, room_PD)

    def rows(self, first: int, last: int, room_PD: torch.Tensor | None = None) -> torch.Tensor:
        """What the encoder reads of some groups, of shape (P, D).

        Args:
            first: The first of them.
            last: The one behind the last of them.
            room_PD: Where they are written, from its beginning; memory of their own without it.
        """
        squares_T = self.grids_T2.prod(axis=1)
        squares = int(squares_T[first:last].sum())
        made_PD = self.room(squares) if room_PD is None else room_PD[:squares]
        start, filled = int(squares_T[:first].sum()) * self.cut.values, 0
        for rows, columns in self._grids[first:last]:
            values = self._bytes_V[start : start + rows * columns * self.cut.values]
            side = self.cut.patch_px
            planes_FCHW = values.reshape(self.cut.group, 3, rows * side, columns * side)
            place_PD = made_PD[filled : filled + rows * columns]
            pictures_FHWC = planes_FCHW.transpose(0, 2, 3, 1)
            if self.dtype == torch.float32:
                cut_frames(pictures_FHWC, self.cut, place_PD.numpy())
            else:
                place_PD[:] = torch.from_numpy(cut_frames(pictures_FHWC, self.cut))
            start, filled = start + len(values), filled + rows * columns
        return made_PD


def alike(grids_T2: Ids) -> bool:
    """Whether all groups have one grid."""
    return bool((grids_T2 == grids_T2[0]).all())


def grids_of(grids_T2: Ids) -> torch.Tensor:
    """Grids as transformers takes them, of shape (G, 3): one for all groups, or one for each where they differ."""
    if alike(grids_T2):
        return torch.tensor([[len(grids_T2), *grids_T2[0].tolist()]])
    return torch.from_numpy(np.insert(grids_T2, 0, 1, axis=1))
