"""Samples as the tensors the model takes, to train or to answer several at once.

Axes: B sample, N position, T picture, P position of a picture, C feature width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import numpy as np
import torch

from playhead.errors import UsageError
from playhead.models.hour_llava.config import HourLlavaConfig
from playhead.models.hour_llava.forget import Spatial
from playhead.models.hour_llava.images import plan_tiles
from playhead.models.hour_llava.layout import HourLayout
from playhead.sequence.batch import pad

_TEXT_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A layout and the memory behind it.

    Attributes:
        layout: Of a prompt or of a conversation, with its labels.
        memory: Features (T, P, C) of the video, memory-mapped or not; None for text alone.
    """

    layout: HourLayout
    memory: torch.Tensor | None = None


def collate(
    samples: Sequence[Sample],
    config: HourLlavaConfig,
    *,
    padding: int,
    side: Literal["left", "right"] = "right",
    whole_graph: bool = False,
    generator: torch.Generator | None = None,
) -> dict[str, Any]:
    """One batch for :meth:`~playhead.models.hour_llava.model.HourLlavaForCausalLM.forward`, Trainer or ``generate``.

    Args:
        samples: At least one; either all have labels or none.
        config: The model's.
        padding: Id of the padding token.
        side: ``right`` to train, as the released models were; ``left`` to generate.
        whole_graph: Whether a sample of text alone remembers an empty picture, looked up for nothing: then the same
            weights have gradients in every process of a training run, as in the released code.
        generator: Draws which positions of that picture are kept; None for always the same.

    Raises:
        UsageError: If a layout with a video comes without its memory or the other way about, or one is longer than
            the model was trained with.
    """
    for number, each in enumerate(samples):
        _check(number, each, config.tokenizer_model_max_length)
    batch = pad([each.layout for each in samples], padding, side)
    query_BN = np.zeros(batch.filled_BN.shape, np.bool_)
    query_BN[batch.attention_mask_BN.astype(np.bool_)] = np.concatenate(
        [each.layout.query_N for each in samples]
    )
    memory, kept, positions = [], [], []
    for each in samples:
        rows: Any = None if each.layout.kept is None else each.layout.kept.rows_R
        held, places = each.memory, None
        if held is None and whole_graph:
            drawn = generator or torch.Generator().manual_seed(_TEXT_SEED)
            rule = cast("Spatial", config.spatial_sampling_type)
            plan = plan_tiles(1, config.grid_side, rule, drawn)
            rows, places = plan.kept_positions, plan.memory_positions_M
            held = torch.zeros(1, config.grid_side**2, config.mm_hidden_size)
        memory.append(held)
        kept.append(rows)
        positions.append(places)
    tensors = {
        "input_ids": torch.from_numpy(batch.input_ids_BN),
        "attention_mask": torch.from_numpy(batch.attention_mask_BN),
        "slot_mask": torch.from_numpy(batch.filled_BN),
        "query_mask": torch.from_numpy(query_BN),
        "memory": memory,
        "kept_positions": kept,
        "memory_positions": positions,
    }
    if batch.labels_BN is not None:
        tensors["labels"] = torch.from_numpy(batch.labels_BN)
    return tensors


def _check(number: int, sample: Sample, longest: int) -> None:
    if (sample.memory is None) != (sample.layout.kept is None):
        found = "a video's places but no memory" if sample.memory is None else "a memory but no places for it"
        raise UsageError(f"put sample {number} into a batch", found=found)
    if len(sample.layout) > longest:
        raise UsageError(
            f"put sample {number} into a batch",
            found=f"{len(sample.layout)} tokens",
            allowed=f"{longest}, the longest the model was trained with",
            todo="split the conversation",
        )
