"""Layouts and their pictures to what transformers' model takes: one sample or several, to answer or to train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playhead.errors import UsageError
from playhead.models.interleaved.kinds import Kind
from playhead.models.interleaved.pictures import Seen
from playhead.sequence.batch import pad
from playhead.sequence.layout import Layout


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt and the pictures that fill its places."""

    layout: Layout
    seen: Seen


def words(
    samples: Sequence[Sample],
    *,
    pad_id: int,
    side: Literal["left", "right"] = "left",
    device: Any = "cpu",  # noqa: ANN401 - a device of torch
) -> dict[str, torch.Tensor]:
    """Ids, mask and labels of prompts, padded to the longest.

    Raises:
        UsageError: No sample, or some with labels and some without.
    """
    batch = pad([each.layout for each in samples], pad_id, side)
    made = {
        "input_ids": torch.from_numpy(batch.input_ids_BN).to(device),
        "attention_mask": torch.from_numpy(batch.attention_mask_BN).to(device),
    }
    if batch.labels_BN is not None:
        made["labels"] = torch.from_numpy(batch.labels_BN).to(device)
    return made


def collate(
    kind: Kind,
    config: Any,  # noqa: ANN401 - a configuration of transformers
    samples: Sequence[Sample],
    *,
    pad_id: int,
    side: Literal["left", "right"] = "left",
    device: Any = "cpu",  # noqa: ANN401 - a device of torch
) -> dict[str, torch.Tensor] | None:
    """What ``generate`` and ``forward`` take; None where only features can stand for the pictures.

    That is so where there are no pictures, or tokens are left out in a way the model cannot be told.

    Args:
        kind: The family.
        config: The model's configuration.
        samples: At least one.
        pad_id: Id of the padding token.
        side: ``left`` to answer, ``right`` to train.
        device: Where the model is.

    Raises:
        UsageError: No sample, some with labels and some without, or pictures that cannot be stacked.
    """
    each = []
    for sample in samples:
        seen = sample.seen
        more = kind.left_out(seen.kept_M, seen.small_F)
        if more is None or seen.prepared is None:
            return None
        each.append({**kind.inputs(config, seen.pictures(), seen.grids_F2), **more})
    made = words(samples, pad_id=pad_id, side=side, device=device)
    for name in each[0] if each else ():
        values = [inputs[name] for inputs in each]
        if len({value.shape[1:] for value in values}) > 1:
            shapes = ", ".join(str(tuple(value.shape)) for value in values)
            raise UsageError(
                "put videos of one batch together", found=shapes, allowed="as many pictures in each"
            )
        made[name] = torch.cat(values).to(device)
    return made
