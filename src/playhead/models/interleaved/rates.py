"""Pictures at two rates: all of a picture's tokens, or a quarter of them, by how fit each picture is for that.

The rule is that of InternVL3.5-Flash: of all pictures of a request, those whose fitness is above the quantile at a
relative threshold, and at or above an absolute one, are given small. If k of n stay large, 1/4 + 3/4 k/n of the tokens
are given. What the fitness is, is up to who asks: a router's probability there; elsewhere, where no router was trained,
how alike a picture is to the one before it.

Source: InternVL 3.5 (arXiv 2508.18265), section on the visual resolution router.
Axes: F picture, M token, D width.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import avg_pool2d

from playhead.errors import UsageError
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids

RELATIVE: Final = 0.5
ABSOLUTE: Final = 0.5
"""Thresholds where neither the caller nor the model names any; not published values."""


def small(fitness_F: npt.NDArray[np.float64], relative: float, absolute: float) -> Mask:
    """Which pictures are given small.

    Args:
        fitness_F: How fit each is for it, 0 to 1.
        relative: The quantile above which a picture must lie.
        absolute: The least fitness of one that is given small.

    Raises:
        UsageError: No picture, or a number that is none.
    """
    if not len(fitness_F) or not np.isfinite(fitness_F).all():
        raise UsageError("choose pictures to be given small", found=f"a fitness of {fitness_F[:4].tolist()}")
    made: Mask = (fitness_F > np.quantile(fitness_F, relative)) & (fitness_F >= absolute)
    return made


def share_kept(large: int, pictures: int) -> float:
    """Share of the tokens that are given where so many of so many pictures stay large."""
    return 0.25 + 0.75 * large / pictures


def halved(grids_F2: Ids, small_F: Mask | None) -> Ids:
    """Rows and columns of tokens of each picture, halved and rounded up for those that are given small."""
    if small_F is None:
        return grids_F2
    return np.where(small_F[:, None], -(-grids_F2 // 2), grids_F2)


def pooled(features_MD: torch.Tensor, grids_F2: Ids, small_F: Mask) -> torch.Tensor:
    """Features of all pictures, those of a small one averaged two by two; needs no training.

    Args:
        features_MD: Of all tokens of all pictures, row by row.
        grids_F2: Rows and columns of each picture's tokens.
        small_F: Which are given small.
    """
    made = []
    for part, (rows, columns), is_small in zip(
        torch.split(features_MD, grids_F2.prod(axis=1).tolist()),
        grids_F2.tolist(),
        small_F.tolist(),
        strict=True,
    ):
        if not is_small:
            made.append(part)
            continue
        planes = part.reshape(rows, columns, -1).permute(2, 0, 1)
        made.append(avg_pool2d(planes, 2, ceil_mode=True).flatten(1).T)
    return torch.cat(made)
