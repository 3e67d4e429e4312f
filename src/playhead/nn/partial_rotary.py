"""Rotary positions on the first part of every attention head; the rest of the head passes through.

Axes: N token, H head, D width of a head, J rotated pair.
"""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

import torch


def rotary_tables(
    positions_N: torch.Tensor, rotary_width: int, theta: float, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of every position, of shape (N, J) each with J = ``rotary_width / 2``.

    Angles are computed in 32-bit floats, ``1 / theta ** (2j / rotary_width)`` times the position, and cast afterwards.
    A 64-bit table differs by up to 3e-3 at position 234,000, so the precision belongs to the model. Nothing is kept
    between calls: a buffer outside the checkpoint would not survive loading on the meta device.

    Args:
        positions_N: Position of every token, any integer type.
        rotary_width: How many dimensions of a head rotate; even.
        theta: Base of the frequencies.
        dtype: Type of the tables.
    """
    steps_J = torch.arange(0, rotary_width, 2, dtype=torch.float32, device=positions_N.device)
    frequencies_J = 1.0 / (theta ** (steps_J / rotary_width))
    angles_NJ = torch.outer(positions_N.to(torch.float32), frequencies_J)
    return angles_NJ.cos().to(dtype), angles_NJ.sin().to(dtype)


def rotate(heads_HND: torch.Tensor, tables: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Turn the pairs (j, j + J) of every head by its position; dimensions from 2J on are left alone.

    Products are summed in 32-bit floats or wider, whatever the type of the states.

    Args:
        heads_HND: Queries or keys.
        tables: Cosines and sines of :func:`rotary_tables`, (N, J) each.
    """
    dtype, wide = heads_HND.dtype, torch.promote_types(heads_HND.dtype, torch.float32)
    cos_NJ, sin_NJ = (table.to(dtype).to(wide) for table in tables)
    pairs = cos_NJ.shape[-1]
    first, second, rest = heads_HND.split((pairs, pairs, heads_HND.shape[-1] - 2 * pairs), dim=-1)
    first, second = first.to(wide), second.to(wide)
    turned = (first * cos_NJ - second * sin_NJ, second * cos_NJ + first * sin_NJ)
    return torch.cat((*(each.to(dtype) for each in turned), rest), dim=-1)
