"""Pictures to features by a model's own vision tower, some groups at a time.

Axes: T group of pictures, P square, D value of a square, M token.
"""

from __future__ import annotations

from typing import Any

import torch

from playhead.models.qwen_vl.held import ENCODE_ROWS, Held, grids_of
from playhead.progress import Progress
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids


class Encoder:
    """Takes the pictures of a video part by part, as they are decoded or as they are held.

    Args:
        net: A model with ``get_video_features``.
    """

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a model of transformers
        self._net = net
        self._parts: list[Any] = []

    def add(self, rows_PD: torch.Tensor, grids_T2: Ids) -> None:
        """Encode the next groups; their rows may be written over afterwards."""
        device = self._net.device
        with torch.inference_mode():
            made = self._net.get_video_features(
                rows_PD.to(device), grids_of(grids_T2).to(device), return_dict=True
            )
        made.last_hidden_state = None  # of no use, and as large as the rest
        self._parts.append(made)

    def features(self, kept_M: Mask | None) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of all as if they had been encoded together, as those of one video.

        Args:
            kept_M: Of all tokens those whose features are given; None for all.
        """
        parts, kept = self._parts, None if kept_M is None else torch.from_numpy(kept_M)

        def whole(each: list[torch.Tensor]) -> torch.Tensor:
            together = torch.cat(each)
            return together if kept is None else together[kept.to(together.device)]

        made = parts[0]
        deep = getattr(made, "deepstack_features", None)  # of some layers, for each a tensor per video
        if deep is not None:
            made.deepstack_features = [
                (whole([each for part in parts for each in part.deepstack_features[layer]]),)
                for layer in range(len(deep))
            ]
        made.pooler_output = (whole([each for part in parts for each in part.pooler_output]),)
        return made


def encode_pictures(net: Any, held: Held, kept_M: Mask | None, progress: Progress) -> Any:  # noqa: ANN401 - a model and an output of transformers
    """Features of pictures that are held, as the model makes them.

    Args:
        net: A model with ``get_video_features``.
        held: The pictures.
        kept_M: Of all tokens those whose features are given; None for all.
        progress: Called with ("encoding", groups encoded, groups in all).
    """
    encoder, grids_T2 = Encoder(net), held.grids_T2
    for first, last, rows_PD in held.parts(ENCODE_ROWS):
        encoder.add(rows_PD, grids_T2[first:last])
        progress("encoding", last, len(grids_T2))
    return encoder.features(kept_M)
