"""Samples as the tensors the model takes: ids, what each position stands for, and the features in order.

Axes: B sample, N position, M filled position, D width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from playhead.errors import UsageError
from playhead.models.vtimellm.config import KINDS, TEXT
from playhead.models.vtimellm.tokens import PAD_ID
from playhead.sequence.batch import pad
from playhead.sequence.layout import Kind, Layout


@dataclass(frozen=True, slots=True)
class Sample:
    """A layout and what fills it.

    Attributes:
        layout: The positions.
        features: Kind to rows of shape (M, D), in the order of their positions.
    """

    layout: Layout
    features: Mapping[Kind, torch.Tensor]


def collate(
    samples: Sequence[Sample],
    *,
    side: Literal["left", "right"] = "right",
    device: torch.device | None = None,
) -> dict[str, torch.Tensor]:
    """One batch of samples.

    Args:
        samples: At least one; either all have labels or none.
        side: ``right`` to train, as the released models were; ``left`` to generate.
        device: Where the tensors are wanted.

    Returns:
        ``input_ids``, ``attention_mask``, ``slot_kinds``, one ``<kind>_features`` for every kind there is, and
        ``labels`` where the layouts have them.

    Raises:
        UsageError: If a sample has another number of rows than positions, with both numbers.
    """
    layouts = [each.layout for each in samples]
    batch = pad(layouts, PAD_ID, side)
    kinds_BN = np.full(batch.input_ids_BN.shape, TEXT, np.int64)
    for row, layout in enumerate(layouts):
        first = int(batch.attention_mask_BN[row].argmax())
        for slot in layout.slots:
            kinds_BN[row, first + slot.start : first + slot.start + slot.length] = KINDS[slot.kind]
    tensors = {
        "input_ids": torch.from_numpy(batch.input_ids_BN),
        "attention_mask": torch.from_numpy(batch.attention_mask_BN),
        "slot_kinds": torch.from_numpy(kinds_BN),
    }
    if batch.labels_BN is not None:
        tensors["labels"] = torch.from_numpy(batch.labels_BN)
    for kind in ("frame", "sound", "speech"):
        rows = [_rows(each, kind) for each in samples]
        if given := [each for each in rows if each is not None]:
            tensors[f"{kind}_features"] = torch.cat(given)
    return tensors if device is None else {name: each.to(device) for name, each in tensors.items()}


def _rows(sample: Sample, kind: Kind) -> torch.Tensor | None:
    """A sample's rows of one kind; None where it has none."""
    wanted = len(sample.layout.filled(kind))
    rows_MD = sample.features.get(kind)
    given = 0 if rows_MD is None else rows_MD.shape[0]
    if given != wanted:
        raise UsageError(f"fill {wanted} positions of kind {kind!r}", found=f"{given} rows of features")
    return rows_MD if given else None
