"""Rotary positions with several axes: each frequency of a head turns by one axis of a token's position.

Dimension d of a head is paired with d + D/2 (rotate half), and both turn by the same axis, so that it is a true
rotation: equal axes give ordinary rotary positions.

Axes: B sample, A axis of a position, N position in the sequence, H half a head, D a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def inverse_frequencies(head_dim: int, base: float, alpha: float = 1.0) -> torch.Tensor:
    """Radians per step of each pair of a head, in float32 of shape (head_dim / 2,), on the CPU.

    Computed as ``1 / base'^(2j/d)`` in float32: the algebraically equal ``base'^(-2j/d)`` differs in the last place,
    which at positions near 20,000 turns by up to a thousandth of a radian more or less.

    Args:
        head_dim: Width of a head, even.
        base: Base of the frequencies, 10,000 for most models.
        alpha: Stretches the base to ``base * alpha^(d / (d - 2))``.
    """
    stretched = base * alpha ** (head_dim / (head_dim - 2))
    exponents_H = torch.arange(0, head_dim, 2, dtype=torch.float32, device="cpu") / head_dim
    return torch.reciprocal(torch.pow(stretched, exponents_H))


class AxisRotary(nn.Module):
    """Cosines and sines for positions of several axes.

    The frequencies are no buffer: they are never cast to the model's precision, and a model made on the meta device has
    them.

    Args:
        head_dim: Width of a head.
        sizes: How many of the head_dim / 2 frequencies each axis turns, in order of the axes.
        base: Base of the frequencies.
        alpha: Stretch of the base.

    Raises:
        ValueError: If the sizes do not add up to half a head.
    """

    def __init__(self, head_dim: int, sizes: Sequence[int], *, base: float, alpha: float = 1.0) -> None:
        super().__init__()
        if 2 * sum(sizes) != head_dim:
            raise ValueError(f"axes of {tuple(sizes)} frequencies for {head_dim // 2} of half a head")
        self.sizes = tuple(sizes)
        self.inv_freq_H = inverse_frequencies(head_dim, base, alpha)

    @torch.no_grad()
    def forward(self, x: torch.Tensor, positions_BAN: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines of shape (B, N, D), computed in float32 and given in the precision of ``x``.

        Raises:
            ValueError: If the positions have another number of axes.
        """
        if positions_BAN.ndim != 3 or positions_BAN.shape[1] != len(self.sizes):
            raise ValueError(f"positions of shape {tuple(positions_BAN.shape)} for {len(self.sizes)} axes")
        rows = [
            positions_BAN[:, axis, None].expand(-1, size, -1) for axis, size in enumerate(self.sizes) if size
        ]
        positions_BNH = torch.cat(rows, dim=1).transpose(1, 2).float()
        angles_BNH = positions_BNH * self.inv_freq_H.to(positions_BNH.device)
        angles_BND = torch.cat((angles_BNH, angles_BNH), dim=-1)
        return angles_BND.cos().to(x.dtype), angles_BND.sin().to(x.dtype)

    def extra_repr(self) -> str:
        """Sizes of the axes, for print(model)."""
        return f"sizes={self.sizes}"
