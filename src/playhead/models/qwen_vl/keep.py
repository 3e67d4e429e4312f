"""What was encoded of a video as it is kept on disk, and found again.

Axes: M token, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from playhead.media.clip import MediaInfo
from playhead.models.end_to_end import Look
from playhead.models.kept import Entry
from playhead.models.pictures import keep
from playhead.models.pictures.keep import Recalled
from playhead.models.qwen_vl.pictures import Seen


def entry_of(look: Look[Seen]) -> Entry:
    """A look with its features as it is kept."""
    seen = look.data
    features = {"features_MD": seen.features.pooler_output[0]}
    for layer, (each,) in enumerate(getattr(seen.features, "deepstack_features", None) or ()):
        features[f"deep_{layer}"] = each
    return keep.entry_of(look, seen.told, {"grids_T2": seen.grids_T2, "kept_M": seen.kept_M}, features)


def look_of(entry: Entry, info: MediaInfo, *, group: int, device: torch.device) -> Look[Seen]:
    """A kept look with its features, its pictures left out.

    Args:
        entry: As it was kept.
        info: The container's facts.
        group: Pictures that share tokens.
        device: Where the features go.

    Raises:
        KeyError: Something is missing in it.
    """
    kept = Recalled(entry)
    seen = Seen(
        held=None,
        grids_T2=kept.array("grids_T2"),
        times_s=kept.times_s,
        told=kept.told,
        moments=kept.moments(group),
        kept_M=kept.mask("kept_M"),
        features=features_of(entry.tensors, device),
    )
    return kept.look(info, seen)


def features_of(tensors: Mapping[str, torch.Tensor], device: torch.device) -> Any:  # noqa: ANN401 - an output of transformers
    """Kept features as the model makes them."""
    pooled: Any = (tensors["features_MD"].to(device),)  # one tensor per video, whatever the class declares
    deep = sorted(name for name in tensors if name.startswith("deep_"))
    if not deep:
        return BaseModelOutputWithPooling(pooler_output=pooled)
    layers: Any = [(tensors[name].to(device),) for name in deep]
    return BaseModelOutputWithDeepstackFeatures(pooler_output=pooled, deepstack_features=layers)
