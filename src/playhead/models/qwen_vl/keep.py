"""What was encoded of a video, kept on disk and found again: features of the pictures, and what the model read of them.

Axes: M token, T group of pictures, S picture, D width.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from playhead.media.clip import MediaInfo
from playhead.models.end_to_end import Look
from playhead.models.kept import Entry
from playhead.models.pictures.choose import Told, moments_of
from playhead.models.qwen_vl.pictures import Seen
from playhead.timeline import Sampling, Span

_ARRAYS: Final = ("grids_T2", "times_s")
_TOLD: Final = ("stretches_S2", "starts_T", "means_T")


def entry_of(look: Look[Seen], features: Any) -> Entry:  # noqa: ANN401 - an output of transformers
    """A look and its features as they are kept."""
    seen = look.data
    tensors = {name: torch.from_numpy(getattr(seen, name)) for name in _ARRAYS}
    tensors |= {name: torch.from_numpy(getattr(seen.told, name)) for name in _TOLD}
    tensors["features_MD"] = features.pooler_output[0]
    for layer, (each,) in enumerate(getattr(features, "deepstack_features", None) or ()):
        tensors[f"deep_{layer}"] = each
    if seen.kept_M is not None:
        tensors["kept_M"] = torch.from_numpy(seen.kept_M)
    sampling = look.sampling
    facts = {
        "window": [look.window.start_s, look.window.end_s],
        "policy": sampling.policy,
        "size_px": sampling.frame_size_px,
        "notes": sampling.notes,
        "labels": look.labels,
    }
    return Entry(tensors, json.loads(json.dumps(facts)))


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
    tensors, facts = entry.tensors, entry.facts
    window = Span(*facts["window"])
    arrays = {name: tensors[name].numpy().copy() for name in (*_ARRAYS, *_TOLD)}
    told = Told(**{name: arrays[name] for name in _TOLD})
    times_s = arrays["times_s"]
    seen = Seen(
        held=None,
        grids_T2=arrays["grids_T2"],
        times_s=times_s,
        told=told,
        moments=tuple(moments_of(told, window, group)),
        kept_M=tensors["kept_M"].numpy().astype(np.bool_) if "kept_M" in tensors else None,
        features=features_of(tensors, device),
    )
    sampling = Sampling(
        policy=facts["policy"],
        window=window,
        times_s=tuple(times_s.tolist()),
        frame_size_px=tuple(facts["size_px"]),
        audio_s=0.0,
        notes=tuple(facts["notes"]),
    )
    return Look(info, window, sampling, times_s, told.stretches_S2, tuple(facts["labels"]), seen)


def features_of(tensors: Mapping[str, torch.Tensor], device: torch.device) -> Any:  # noqa: ANN401 - an output of transformers
    """Kept features as the model makes them."""
    pooled: Any = (tensors["features_MD"].to(device),)  # one tensor per video, whatever the class declares
    deep = sorted(name for name in tensors if name.startswith("deep_"))
    if not deep:
        return BaseModelOutputWithPooling(pooler_output=pooled)
    layers: Any = [(tensors[name].to(device),) for name in deep]
    return BaseModelOutputWithDeepstackFeatures(pooler_output=pooled, deepstack_features=layers)


def plain(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass of settings
    """Settings as JSON data, ways of telling by their names; what is kept on disk changes nothing of it."""
    made = {name: value for name, value in asdict(settings).items() if name not in {"keep", "wanted"}}
    wanted = settings.wanted
    tell = None if wanted.tell is None else wanted.tell.name
    return {**made, "frames": wanted.frames, "tell": tell, "drop": wanted.drop}
