"""Pictures to features by a model's own vision tower, some groups at a time.

Axes: T group of pictures, P square, D value of a square, M token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from playhead.models.qwen_vl.pictures import ENCODE_ROWS, Seen
from playhead.progress import Progress
from playhead.sequence.drop import Mask


def encode_pictures(net: Any, seen: Seen, progress: Progress) -> Any:  # noqa: ANN401 - a model and an output of transformers
    """Features of the pictures as the model makes them, as those of one video; tokens that are left out are not in them.

    Args:
        net: A model with ``get_video_features``.
        seen: The pictures.
        progress: Called with ("encoding", groups encoded, groups in all).
    """
    parts = []
    for first, last, rows_PD in seen.parts(ENCODE_ROWS):
        grids_G3 = replace(seen, grids_T2=seen.grids_T2[first:last]).grids().to(net.device)
        with torch.inference_mode():
            parts.append(net.get_video_features(rows_PD.to(net.device), grids_G3, return_dict=True))
        progress("encoding", last, len(seen.grids_T2))
    return _joined(parts, seen.kept_M)


def _joined(parts: Sequence[Any], kept_M: Mask | None) -> Any:  # noqa: ANN401 - outputs of transformers
    """Features of groups encoded apart as if they had been encoded together, as the features of one video.

    Args:
        parts: What the model made of some groups each.
        kept_M: Which tokens' features are kept; None for all.
    """
    kept = None if kept_M is None else torch.from_numpy(kept_M)

    def whole(each: list[torch.Tensor]) -> torch.Tensor:
        together = torch.cat(each)
        return together if kept is None else together[kept.to(together.device)]

    made = parts[0]
    made.last_hidden_state = None  # of no use any more, and as large as the rest
    deep = getattr(made, "deepstack_features", None)  # of some layers, for each a tensor per video
    if deep is not None:
        made.deepstack_features = [
            (whole([each for part in parts for each in part.deepstack_features[layer]]),)
            for layer in range(len(deep))
        ]
    made.pooler_output = (whole([each for part in parts for each in part.pooler_output]),)
    return made
