"""Layouts with their pictures and sound to what transformers' thinker takes: one sample or several, to answer or to train.

The positions go in as ``position_ids``, axes first; see :mod:`playhead.models.qwen_vl.collate`. Samples without sound may
stand beside others.

Axes: B sample, N position in the sequence, M mel band, L column of a spectrogram.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playhead.models.qwen_omni.layout import Perceived
from playhead.models.qwen_omni.sound import Heard
from playhead.models.qwen_vl.collate import Sample as PictureSample
from playhead.models.qwen_vl.collate import collate as collate_pictures
from playhead.sequence.layout import Layout


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt and what fills its places."""

    layout: Layout
    perceived: Perceived


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
    seen = [PictureSample(each.layout, each.perceived.seen) for each in samples]
    inputs = collate_pictures(seen, pad_id=pad_id, side=side, device=device, pictures=pictures)
    heard = [each.perceived.heard for each in samples if each.perceived.heard is not None]
    if heard:
        inputs |= {name: value.to(device) for name, value in sounds(heard).items()}
    return inputs


def sounds(heard: Sequence[Heard]) -> dict[str, torch.Tensor]:
    """Spectrograms of one length, and which of their columns are sound."""
    longest = max(each.mel_ML.shape[1] for each in heard)
    features_BML = torch.zeros((len(heard), heard[0].mel_ML.shape[0], longest))
    mask_BL = torch.zeros((len(heard), longest), dtype=torch.long)
    for row, each in enumerate(heard):
        columns = each.mel_ML.shape[1]
        features_BML[row, :, :columns] = each.mel_ML
        mask_BL[row, :columns] = 1
    return {"input_features": features_BML, "feature_attention_mask": mask_BL}
