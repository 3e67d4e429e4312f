"""Released and saved folders to the models, strictly; and what they say of how pictures are coloured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from transformers import CONFIG_MAPPING

from playhead.errors import WeightsError
from playhead.models.folder import CONFIG, read_json, refuse_unknown_keys
from playhead.models.interleaved.families import KINDS
from playhead.models.interleaved.flash import FLASH, RELEASED_TYPE, place_id, read_released
from playhead.models.interleaved.kinds import Colours, Kind
from playhead.models.weights import load_pretrained

# What released and fine-tuned configs carry beside the fields of transformers' classes, most of it from older releases of
# them; trainers leave their versions.
_ALSO: Final = frozenset(
    """
    rope_scaling rope_theta sliding_window use_sliding_window max_window_layers unsloth_version unsloth_fixed
    ignore_index image_token_index video_token_index use_image_newline_parameter use_token_compression hidden_size
    vision_config text_config projector_hidden_act norm_topk_prob
    """.split()  # noqa: SIM905
)
_ALSO_VISION: Final = frozenset(
    """
    vision_use_head projection_dim attention_dropout drop_path_rate initializer_factor patch_size image_size num_channels
    """.split()  # noqa: SIM905
)
_PROCESSORS: Final = ("video_preprocessor_config.json", "preprocessor_config.json")


def load(folder: Path, **options: Any) -> Any:  # noqa: ANN401 - passed on; a model of transformers
    """A model from a released folder or one saved by ``save_pretrained``.

    Args:
        folder: Folder with ``config.json`` and safetensors weights.
        options: More of ``from_pretrained``: ``dtype``, ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: If the folder holds another model, unknown keys, or tensors that do not fit (with a table).
    """
    kind = check_config(folder)
    held = read_json(folder / CONFIG)
    if held.get("model_type") == RELEASED_TYPE:
        options["config"] = read_released(folder / CONFIG, held, place_id(folder))
    return load_pretrained(kind.model_class, folder, asked=f"load {kind.title} from {folder}", **options)


def check_config(folder: Path) -> Kind:
    """Read ``config.json`` and refuse another model's, or one with unknown keys.

    Raises:
        WeightsError: If there is none, it cannot be read, or it is none of these families.
    """
    config = read_json(folder / CONFIG)
    if config.get("model_type") == RELEASED_TYPE:
        read_released(folder / CONFIG, config)
        return FLASH
    kind = KINDS.get(str(config.get("model_type")))
    if kind is None:
        raise WeightsError(
            f"load a model from {folder}",
            found=f"model_type {config.get('model_type')!r}",
            allowed=", ".join(KINDS),
        )
    check_keys(folder / CONFIG, config, kind.config_class)
    return kind


def check_keys(where: Path, config: Mapping[str, Any], config_class: Any) -> None:  # noqa: ANN401 - of transformers
    """Refuse keys that neither the configuration nor one of its parts has.

    Raises:
        WeightsError: With every unknown key and the nearest known one.
    """
    refuse_unknown_keys(str(where), config, keys_of(config_class) | _ALSO)
    for part, spec in config_class.sub_configs_defaults.items():
        held = config.get(part)
        if isinstance(held, Mapping):
            told, usual = str(held.get("model_type") or ""), getattr(spec, "config_class", spec)
            own = CONFIG_MAPPING[told] if told in CONFIG_MAPPING else usual  # noqa: SIM401 - its get() looks up nothing
            if not is_dataclass(
                own
            ):  # any model of transformers may stand here, and the folder does not say which
                own = CONFIG_MAPPING[spec.model_type]
            refuse_unknown_keys(f"{part} of {where}", held, keys_of(own) | _ALSO | _ALSO_VISION)


def keys_of(config_class: Any) -> frozenset[str]:  # noqa: ANN401 - a configuration class of transformers
    """Names of its fields, the other names they go by included."""
    names = config_class.attribute_map
    return frozenset(each.name for each in fields(config_class)).union(names, names.values())


def colours_of(folder: Path) -> Colours | None:
    """Mean and deviation of the three colours as the folder's processor has them; None where it names none.

    Raises:
        WeightsError: They are no two lists of three numbers.
    """
    for name in _PROCESSORS:
        if not (folder / name).is_file():
            continue
        held = read_json(folder / name)
        mean, std = held.get("image_mean"), held.get("image_std")
        if mean is None or std is None:
            continue
        try:
            made = tuple(map(float, mean)), tuple(map(float, std))
        except (TypeError, ValueError):
            made = ((), ())
        if any(len(each) != 3 for each in made) or min(made[1], default=0) <= 0:
            raise WeightsError(
                f"colours of {folder / name}",
                found=f"image_mean {mean!r:.60}, image_std {std!r:.60}",
                allowed="three numbers each, deviations above 0",
            )
        return made  # type: ignore[return-value]  # three each
    return None
