"""Several layouts padded to one length.

Axes: B sample, N position, A axis of a rotary position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.sequence.layout import IGNORED, Ids, Layout


@dataclass(frozen=True, slots=True)
class Batch:
    """Layouts of one length.

    Attributes:
        input_ids_BN: int64 ids, the pad id where a sample has none.
        attention_mask_BN: int64, 1 where a sample has a token.
        filled_BN: True where a position stands for something seen or heard.
        positions: int64 of shape (B, N) or (B, A, N), plain order where a layout names none; 0 where padded.
        labels_BN: int64, ignored where padded; None when no layout has labels.
    """

    input_ids_BN: Ids
    attention_mask_BN: Ids
    filled_BN: npt.NDArray[np.bool_]
    positions: Ids
    labels_BN: Ids | None


def pad(layouts: Sequence[Layout], pad_id: int, side: Literal["left", "right"]) -> Batch:
    """Pad layouts to the longest of them.

    Args:
        layouts: At least one; either all have labels or none, and all have positions of as many axes.
        pad_id: Id of the padding token.
        side: ``left`` to generate, ``right`` to train.

    Raises:
        UsageError: If there is no layout, or they do not go together.
    """
    if not layouts:
        raise UsageError("pad layouts", found="none", allowed="at least one")
    labelled = {each.labels_N is not None for each in layouts}
    axes = {None if each.positions is None else each.positions.shape[:-1] for each in layouts}
    if len(labelled) > 1 or len(axes) > 1:
        raise UsageError("pad layouts", found="some with labels or positions of another shape than others")
    length = max(len(each) for each in layouts)
    shape = (len(layouts), length)
    ids_BN, mask_BN = np.full(shape, pad_id, np.int64), np.zeros(shape, np.int64)
    filled_BN = np.zeros(shape, np.bool_)
    positions = np.zeros((len(layouts), *(axes.pop() or ()), length), np.int64)
    labels_BN = np.full(shape, IGNORED, np.int64) if labelled.pop() else None
    for row, each in enumerate(layouts):
        first = length - len(each) if side == "left" else 0
        here = slice(first, first + len(each))
        ids_BN[row, here], mask_BN[row, here] = each.input_ids_N, 1
        filled_BN[row, first + each.filled()] = True
        positions[row, ..., here] = np.arange(len(each)) if each.positions is None else each.positions
        if labels_BN is not None and each.labels_N is not None:
            labels_BN[row, here] = each.labels_N
    return Batch(ids_BN, mask_BN, filled_BN, positions, labels_BN)
