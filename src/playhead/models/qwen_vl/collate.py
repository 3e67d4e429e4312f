"""Layouts and their pictures to what transformers' model takes: one sample or several, to answer or to train.

The positions go in as ``position_ids``, axes first, and transformers then computes none of its own. ``generate`` goes on
from the last of them by itself. A loop written by hand gives every further step its own
(:func:`playhead.sequence.mrope.following`): left to itself, the forward of transformers 5.23 goes on from a delta that
such a prompt does not set, and with an attention mask of two axes it fails where it is set.

Axes: A axis of a position, B sample, N position in the sequence, P square, D value of a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playhead.models.qwen_vl.held import grids_of
from playhead.models.qwen_vl.pictures import Seen
from playhead.sequence.batch import pad
from playhead.sequence.layout import Layout


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt and the pictures that fill its places."""

    layout: Layout
    seen: Seen


def collate(
    samples: Sequence[Sample],
    *,
    pad_id: int,
    side: Literal["left", "right"] = "left",
    device: torch.device | str = "cpu",
    pictures: bool = True,
) -> dict[str, Any]:
    """What ``generate`` and ``forward`` take.

    Args:
        samples: At least one.
        pad_id: Id of the padding token.
        side: ``left`` to answer, ``right`` to train.
        device: Where the model is.
        pictures: Whether the pictures go in; without them their features have to.

    Raises:
        UsageError: No sample, or some with labels and some without.
    """
    batch = pad([each.layout for each in samples], pad_id, side)
    inputs: dict[str, Any] = {
        "input_ids": torch.from_numpy(batch.input_ids_BN),
        "attention_mask": torch.from_numpy(batch.attention_mask_BN),
        "position_ids": torch.from_numpy(batch.positions).transpose(0, 1).contiguous(),
        "video_grid_thw": torch.cat([grids_of(each.seen.grids_T2) for each in samples]),
    }
    if pictures:
        inputs["pixel_values_videos"] = (
            samples[0].seen.rows_PD
            if len(samples) == 1
            else torch.cat([each.seen.rows_PD for each in samples])
        )
    if batch.labels_BN is not None:
        inputs["labels"] = torch.from_numpy(batch.labels_BN)
    return {name: value.to(device) for name, value in inputs.items()}
