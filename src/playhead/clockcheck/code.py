"""A picture that says a number in black and white cells, and the number a picture says.

The cells, 6 x 4, fill the lower part; the upper part is left to clocks that are burnt into pictures. The corners are
white, black, black, black; the 20 cells between hold 10 bits and the same bits inverted, so that a picture that was cut
off, turned or blended with another is noticed. Cells survive compression, shrinking and a clock above them.

Axes: H row, W column, C channel.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from playhead.media.clip import Pixels

BITS: Final = 10
SIDE_PX: Final = 144
_COLUMNS, _ROWS = 6, 4
_TOP: Final = 0.3  # the part above the cells
_CORNERS: Final = (0, _COLUMNS - 1, _COLUMNS * (_ROWS - 1), _COLUMNS * _ROWS - 1)
_CELLS: Final = tuple(cell for cell in range(_COLUMNS * _ROWS) if cell not in _CORNERS)
_DARK, _LIGHT = 28, 228


def draw_number(number: int, side_px: int = SIDE_PX) -> Pixels:
    """A square picture that says ``number``, uint8 RGB of shape (side, side, 3).

    Raises:
        ValueError: The number takes more than 10 bits.
    """
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"a number of {BITS} bits, found {number}")
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    cells = np.zeros(_COLUMNS * _ROWS, np.uint8)
    cells[_CORNERS[0]] = 1
    cells[list(_CELLS)] = bits + [1 - bit for bit in bits]
    top_px = round(side_px * _TOP)
    rows = np.arange(side_px - top_px) * _ROWS // (side_px - top_px)
    columns = np.arange(side_px) * _COLUMNS // side_px
    picture = np.full((side_px, side_px), _DARK, np.uint8)
    picture[top_px:] = cells.reshape(_ROWS, _COLUMNS)[rows][:, columns] * (_LIGHT - _DARK) + _DARK
    return np.repeat(picture[:, :, None], 3, axis=2)


def read_number(pixels_HWC: Pixels) -> int | None:
    """The number a picture says, or None where it says none: damaged, blended, turned, cut off or another picture."""
    height_px, width_px = pixels_HWC.shape[:2]
    top_px = height_px * _TOP
    values = []
    for cell in range(_COLUMNS * _ROWS):
        row, column = divmod(cell, _COLUMNS)
        first, last = (top_px + (row + part) * (height_px - top_px) / _ROWS for part in (0.3, 0.7))
        left, right = ((column + part) * width_px / _COLUMNS for part in (0.3, 0.7))
        patch = pixels_HWC[int(first) : int(np.ceil(last)), int(left) : int(np.ceil(right))]
        values.append(int(patch.mean() > (_DARK + _LIGHT) / 2))
    bits = [values[cell] for cell in _CELLS]
    upright = [values[corner] for corner in _CORNERS] == [1, 0, 0, 0]
    if not upright or any(one == other for one, other in zip(bits[:BITS], bits[BITS:], strict=True)):
        return None
    return sum(bit << place for place, bit in enumerate(bits[:BITS]))


def is_marked(pixels_HWC: Pixels) -> bool:
    """Whether something light was drawn over the upper part, which is dark: a clock."""
    above = pixels_HWC[: int(len(pixels_HWC) * (_TOP - 0.05))]  # shrinking blends the edge of the cells
    return bool(above.size and above.max() > (_DARK + _LIGHT) / 2)
