"""Released and saved folders to transformers' own thinkers, strictly.

A released folder holds the thinker, the talker and what makes the talker's tokens sound; the tensors of the last two are
passed over, for no words come from them. A folder saved from here holds the thinker alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from playhead.errors import WeightsError
from playhead.models.folder import CONFIG, read_json, refuse_unknown_keys
from playhead.models.qwen_omni.kinds import KINDS, WHOLE, Omni
from playhead.models.weights import load_pretrained

# What released configs carry beside the fields of transformers' classes, most of it from older releases of them.
_ALSO: Final = frozenset(
    {
        "vision_start_token_id",
        "vision_end_token_id",
        "audio_end_token_id",
        "seconds_per_chunk",
        "ignore_index",
    }
)
_ALSO_TEXT: Final = frozenset(
    {"rope_scaling", "rope_theta", "init_std", "head_dim", "use_sliding_window", "max_window_layers"}
    | {"shared_expert_intermediate_size", "use_qk_norm"}
)
_ALSO_VISION: Final = frozenset(
    {
        "in_chans",
        "in_channels",
        "spatial_patch_size",
        "tokens_per_second",
        "embed_dim",
        "mlp_ratio",
        "init_std",
    }
    | {"apply_vit_abs_pos_embed", "image_size"}
)
_ALSO_SOUND: Final = frozenset({"init_std", "encoder_layerdrop"})
_ALSO_WHOLE: Final = frozenset({"enable_talker"})


def load(folder: Path, **options: Any) -> Any:  # noqa: ANN401 - passed on; a thinker
    """A thinker from a released folder or one saved by ``save_pretrained``.

    Args:
        folder: Folder with ``config.json`` and safetensors weights.
        options: More of ``from_pretrained``: ``dtype``, ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: If the folder holds another model, unknown keys, or tensors that do not fit (with a table).
    """
    kind = check_config(folder).kind
    return load_pretrained(kind.model_class, folder, asked=f"load {kind.title} from {folder}", **options)


def check_config(folder: Path) -> Omni:
    """Read ``config.json`` and refuse another model's, or one with unknown keys.

    Raises:
        WeightsError: If there is none, it cannot be read, or it is none of these systems.
    """
    where = folder / CONFIG
    config = read_json(where)
    model_type = str(config.get("model_type"))
    omni = WHOLE.get(model_type) or KINDS.get(model_type)
    if omni is None:
        raise WeightsError(
            f"load Qwen-Omni from {folder}",
            found=f"model_type {config.get('model_type')!r}",
            allowed=", ".join([*WHOLE, *KINDS]),
        )
    if model_type in WHOLE:
        refuse_unknown_keys(str(where), config, _keys(omni.whole_class) | _ALSO_WHOLE)
        thinker = config.get("thinker_config")
        if not isinstance(thinker, Mapping) or thinker.get("model_type") != omni.kind.model_type:
            raise WeightsError(
                f"load Qwen-Omni from {folder}",
                found=f"a thinker_config that is {type(thinker).__name__}",
                allowed=f"one of model_type {omni.kind.model_type}",
            )
        config = dict(thinker)
    refuse_unknown_keys(str(where), config, _keys(omni.kind.config_class) | _ALSO)
    parts = omni.kind.config_class.sub_configs_defaults
    for name, also in (
        ("text_config", _ALSO_TEXT),
        ("vision_config", _ALSO_VISION),
        ("audio_config", _ALSO_SOUND),
    ):
        held = config.get(name)
        if isinstance(held, Mapping):
            refuse_unknown_keys(f"{name} of {where}", held, _keys(parts[name].config_class) | also)
    return omni


def _keys(config_class: Any) -> frozenset[str]:  # noqa: ANN401 - a configuration class of transformers
    names = config_class.attribute_map
    return frozenset(each.name for each in fields(config_class)).union(names, names.values())
