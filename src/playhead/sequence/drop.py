"""Leaving out the tokens of places that do not change from picture to picture.

Axes: T group of pictures, K token of a picture, D value of a token's squares, M filled position, N position.

Source: VideoLLaMA 3 (arXiv 2501.13106), section on the differential frame pruner; the measure is that of its released
code: the mean change of the prepared values, times 255, above a threshold; a picture keeps its first token at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.sequence.layout import Layout, Slot

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float32]

THRESHOLD: Final = 0.1
"""VideoLLaMA 3's: grey levels of 255, half of that where values go from -1 to 1."""


def changed(now_KD: Values, before_KD: Values | None, threshold: float = THRESHOLD) -> Mask:
    """Which tokens of a group of pictures differ enough from those at the same place in the group before.

    Args:
        now_KD: Prepared values of a group, one token a row, float32 of shape (K, D).
        before_KD: Those of the group before; None where there is none or it has another size: all are kept.
        threshold: Mean change of the values times 255 above which a token is kept.

    Returns:
        True where it is kept, at least the first.
    """
    if before_KD is None or before_KD.shape != now_KD.shape:
        return np.ones(len(now_KD), np.bool_)
    kept: Mask = np.abs(now_KD - before_KD).mean(axis=1, dtype=np.float32) * np.float32(255) > threshold
    if not kept.any():
        kept[0] = True
    return kept


def drop(layout: Layout, kept_M: Mask, kind: str = "frame") -> Layout:
    """A layout without the positions of pictures that are not kept; the others keep their rotary positions.

    Positions that are plainly counted (``positions`` is None) are counted anew. What follows keeps its positions too.

    Args:
        layout: With all positions.
        kept_M: For every position that pictures fill, in their order, whether it stays.
        kind: Of the slots it is about.

    Raises:
        UsageError: Another number of positions than there are, or a picture that would lose all.
    """
    slots = [slot for slot in layout.slots if slot.kind == kind]
    total = sum(slot.length for slot in slots)
    if kept_M.shape != (total,):
        raise UsageError("leave out tokens", found=f"a mask of shape {kept_M.shape} for {total} positions")
    stays_N = np.ones(len(layout), np.bool_)
    at = 0
    for slot in slots:
        part = kept_M[at : at + slot.length]
        if not part.any():
            raise UsageError("leave out tokens", found=f"none left of the picture at {slot.span.start_s:g} s")
        stays_N[slot.start : slot.start + slot.length] = part
        at += slot.length
    return replace(
        layout,
        input_ids_N=layout.input_ids_N[stays_N],
        slots=_moved(layout.slots, stays_N),
        labels_N=None if layout.labels_N is None else layout.labels_N[stays_N],
        positions=None if layout.positions is None else layout.positions[..., stays_N],
    )


def _moved(slots: Sequence[Slot], stays_N: Mask) -> tuple[Slot, ...]:
    """Slots where they are once positions before and within them are gone."""
    before_N = np.concatenate([[0], np.cumsum(stays_N)])
    return tuple(
        replace(
            slot,
            start=int(before_N[slot.start]),
            length=int(before_N[slot.start + slot.length] - before_N[slot.start]),
        )
        for slot in slots
    )
