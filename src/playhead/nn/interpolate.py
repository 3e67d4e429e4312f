"""Position tables of vision towers, read at another resolution.

Axes: R row of the table, D width.
"""

from __future__ import annotations

import torch
from torch.nn import functional


def resize_table(table_RD: torch.Tensor, side: int, *, nudge: float = 0.1) -> torch.Tensor:
    """A square table of positions for a smaller or larger square, by bilinear interpolation without antialiasing.

    The scale is ``(side + nudge) / old side``, and it also maps the coordinates: output d reads the table at
    ``(d + 0.5) / scale - 0.5``. Towers trained with this (it began as a guard against rounding in DINO's code) differ
    visibly when the output size is given instead. A table of the asked size is returned as it is.

    Args:
        table_RD: Rows of the table, row by row of the square.
        side: Positions along each side of the result.
        nudge: Added to the side before the scale is taken.

    Returns:
        Shape (side * side, D), in the table's precision; computed in float32.

    Raises:
        ValueError: If the table is no square, or the scale does not give the asked side.
    """
    rows, width = table_RD.shape
    old = round(rows**0.5)
    if old * old != rows:
        raise ValueError(f"a table of {rows} rows is no square")
    if old == side:
        return table_RD
    grid = table_RD.reshape(1, old, old, width).permute(0, 3, 1, 2).float()
    scale = (side + nudge) / old
    resized = functional.interpolate(
        grid, scale_factor=(scale, scale), mode="bilinear", align_corners=False, recompute_scale_factor=False
    )
    if resized.shape[-2:] != (side, side):
        raise ValueError(f"a scale of {scale} gives {tuple(resized.shape[-2:])} positions, not {side} a side")
    return resized.permute(0, 2, 3, 1).reshape(side * side, width).to(table_RD.dtype)
