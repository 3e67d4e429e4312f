"""Released and saved folders to transformers' own models, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from playhead.errors import WeightsError
from playhead.models.folder import CONFIG, read_json, refuse_unknown_keys
from playhead.models.qwen_vl.kinds import KINDS, Kind
from playhead.models.weights import load_pretrained

# What released and fine-tuned configs carry beside the fields of transformers' classes, most of it from older releases of
# them; a trainer leaves its version, and some write the language model's width at the top too.
_ALSO: Final = frozenset(
    {"rope_scaling", "rope_theta", "vision_token_id", "hidden_size", "norm_topk_prob", "sliding_window"}
    | {"unsloth_version", "unsloth_fixed"}
)
# Of Qwen3.5: how its layers alternate, constants of its code, and the layer that guesses a second token ahead, whose
# tensors (mtp.*) lie in the released files and are not loaded.
_ALSO_HYBRID: Final = frozenset(
    {
        "full_attention_interval",
        "partial_rotary_factor",
        "attn_output_gate",
        "mamba_ssm_dtype",
        "mlp_only_layers",
    }
    | {"mtp_num_hidden_layers", "mtp_use_dedicated_embeddings"}
)
_ALSO_VISION: Final = frozenset(
    {"in_chans", "spatial_patch_size", "tokens_per_second", "deepstack_visual_indexes"}
)


def load(folder: Path, **options: Any) -> Any:  # noqa: ANN401 - passed on; a model of the line
    """A model from a released folder or one saved by ``save_pretrained``.

    Args:
        folder: Folder with ``config.json`` and safetensors weights.
        options: More of ``from_pretrained``: ``dtype``, ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: If the folder holds another model, unknown keys, or tensors that do not fit (with a table).
    """
    kind = check_config(folder)
    return load_pretrained(kind.model_class, folder, asked=f"load {kind.title} from {folder}", **options)


def check_config(folder: Path) -> Kind:
    """Read ``config.json`` and refuse another model's, or one with unknown keys.

    Raises:
        WeightsError: If there is none, it cannot be read, or it is none of this line.
    """
    config = read_json(folder / CONFIG)
    kind = KINDS.get(str(config.get("model_type")))
    if kind is None:
        raise WeightsError(
            f"load Qwen-VL from {folder}",
            found=f"model_type {config.get('model_type')!r}",
            allowed=", ".join(KINDS),
        )
    parts = kind.config_class.sub_configs_defaults
    text, vision = parts["text_config"].config_class, parts["vision_config"].config_class
    at_top = _keys(kind.config_class) | _ALSO | (_keys(text) if kind.flat else frozenset())
    where = folder / CONFIG
    refuse_unknown_keys(str(where), config, at_top)
    also = _ALSO_HYBRID if kind.model_type.startswith("qwen3_5") else frozenset()
    _refuse_in(where, config, "text_config", _keys(text) | _ALSO | also)
    _refuse_in(where, config, "vision_config", _keys(vision) | _ALSO_VISION)
    return kind


def _refuse_in(where: Path, config: Mapping[str, Any], part: str, known: frozenset[str]) -> None:
    held = config.get(part)
    if isinstance(held, Mapping):
        refuse_unknown_keys(f"{part} of {where}", held, known)


def _keys(config_class: Any) -> frozenset[str]:  # noqa: ANN401 - a configuration class of transformers
    names = config_class.attribute_map
    return frozenset(each.name for each in fields(config_class)).union(names, names.values())
