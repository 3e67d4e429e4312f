"""The configurations of the released checkpoints by name of their preset, and the tiny ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from playhead.models.family import Preset
from playhead.models.qwen_vl.kinds import KINDS
from playhead.models.qwen_vl.tokens import TINY_IDS, TINY_VOCABULARY

_ROPE_2: Final = {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1_000_000.0}
_ROPE_3: Final = {
    "rope_type": "default",
    "mrope_section": [24, 20, 20],
    "mrope_interleaved": True,
    "rope_theta": 5_000_000.0,
}
_ROPE_35: Final = {
    "rope_type": "default",
    "mrope_section": [11, 11, 10],
    "mrope_interleaved": True,
    "partial_rotary_factor": 0.25,
    "rope_theta": 10_000_000.0,
}

# Of each published size: width, layers, heads, heads of keys, width of the feed-forward part, vocabulary, tied.
_SIZES: Final[dict[str, tuple[int, int, int, int, int, int, bool]]] = {
    "qwen2-vl-2b": (1536, 28, 12, 2, 8960, 151_936, True),
    "qwen2-vl-7b": (3584, 28, 28, 4, 18_944, 152_064, False),
    "qwen2.5-vl-3b": (2048, 36, 16, 2, 11_008, 151_936, True),
    "qwen2.5-vl-7b": (3584, 28, 28, 4, 18_944, 152_064, False),
    "qwen3-vl-2b": (2048, 28, 16, 8, 6144, 151_936, True),
    "qwen3-vl-4b": (2560, 36, 32, 8, 9728, 151_936, True),
    "qwen3-vl-8b": (4096, 36, 32, 8, 12_288, 151_936, False),
    "qwen3-vl-30b-a3b": (2048, 48, 32, 4, 6144, 151_936, False),
    "qwen3.5-0.8b": (1024, 24, 8, 2, 3584, 248_320, True),
    "qwen3.5-2b": (2048, 24, 8, 2, 6144, 248_320, True),
    "qwen3.5-4b": (2560, 32, 16, 4, 9216, 248_320, True),
    "qwen3.5-9b": (4096, 32, 16, 4, 12_288, 248_320, False),
    "qwen3.5-27b": (5120, 64, 24, 4, 17_408, 248_320, False),
    "qwen3.5-35b-a3b": (2048, 40, 16, 2, 0, 248_320, False),
}
# Heads of values in the layers of Qwen3.5 that keep a running state; where it is not said, 32.
_STATE_HEADS: Final = {"qwen3.5-0.8b": 16, "qwen3.5-2b": 16, "qwen3.5-27b": 48}
_LARGE_TOWER: Final = {
    "depth": 27,
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "deepstack_visual_indexes": [8, 16, 24],
}
_SMALL_TOWER: Final = {
    "depth": 24,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "deepstack_visual_indexes": [5, 11, 17],
}
_LEAST_TOWER: Final = {"depth": 12, "hidden_size": 768, "intermediate_size": 3072, "num_heads": 12}
_MOE: Final = {
    "qwen3-vl-30b-a3b": "qwen3_vl_moe",
    "qwen3-vl-moe-tiny": "qwen3_vl_moe",
    "qwen3.5-35b-a3b": "qwen3_5_moe",
    "qwen3.5-moe-tiny": "qwen3_5_moe",
}


def model_type_of(preset: Preset) -> str:
    """The generation of a preset."""
    if preset.name in _MOE:
        return _MOE[preset.name]
    return preset.name.rpartition("-")[0].replace("-", "_").replace(".", "_")


def config_of(preset: Preset) -> Any:  # noqa: ANN401 - a configuration of the line
    """The configuration of a preset, as its checkpoint has it."""
    model_type = model_type_of(preset)
    if preset.tiny:
        return tiny_config(model_type)
    width, layers, heads, keys, ffn, vocabulary, tied = _SIZES[preset.name]
    text: dict[str, Any] = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": keys,
        "intermediate_size": ffn,
        "vocab_size": vocabulary,
        "rms_norm_eps": 1e-6,
    }
    vision: dict[str, Any]
    if model_type == "qwen2_vl":
        text |= {"rope_parameters": dict(_ROPE_2)}
        vision = {"hidden_size": width}
    elif model_type == "qwen2_5_vl":
        text |= {"rope_parameters": dict(_ROPE_2), "max_position_embeddings": 128_000}
        vision = {"hidden_size": 1280, "out_hidden_size": width, "tokens_per_second": 2}
    elif model_type.startswith("qwen3_5"):
        text |= _hybrid(preset.name, text.pop("intermediate_size"), tied=tied)
        vision = _plain_tower(preset.name, width)
    else:
        text |= {"rope_parameters": dict(_ROPE_3), "head_dim": 128, "max_position_embeddings": 262_144}
        large = preset.name in {"qwen3-vl-8b", "qwen3-vl-30b-a3b"}
        vision = {**(_LARGE_TOWER if large else _SMALL_TOWER), "out_hidden_size": width}
    if model_type == "qwen3_vl_moe":
        text |= {"moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8}
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, tie_word_embeddings=tied)


def _hybrid(name: str, ffn: int, *, tied: bool) -> dict[str, Any]:
    """What Qwen3.5's language model has of its own: three layers of four keep a running state in place of a cache."""
    made: dict[str, Any] = {
        "rope_parameters": dict(_ROPE_35),
        "head_dim": 256,
        "linear_num_value_heads": _STATE_HEADS.get(name, 32),
        "max_position_embeddings": 262_144,
        "tie_word_embeddings": tied,
    }
    experts = {"num_experts": 256, "num_experts_per_tok": 8, "moe_intermediate_size": 512}
    return made | (experts if name in _MOE else {"intermediate_size": ffn})


def _plain_tower(name: str, width: int) -> dict[str, Any]:
    """Qwen3.5's vision tower: Qwen3-VL's without the deeper features."""
    tower: Mapping[str, Any] = _SMALL_TOWER if name in {"qwen3.5-2b", "qwen3.5-4b"} else _LARGE_TOWER
    if name == "qwen3.5-0.8b":
        tower = _LEAST_TOWER
    plain = {key: value for key, value in tower.items() if key != "deepstack_visual_indexes"}
    return plain | {"out_hidden_size": width}


def tiny_config(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """A configuration of under a million parameters, with the released patches, groups and token marks."""
    text: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "vocab_size": TINY_VOCABULARY,
        "max_position_embeddings": 128_000,
        "rms_norm_eps": 1e-6,
        "bos_token_id": TINY_IDS["<|endoftext|>"],
        "eos_token_id": TINY_IDS["<|im_end|>"],
    }
    vision: dict[str, Any] = {"depth": 2, "num_heads": 2, "initializer_range": 0.2}
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": 1_000_000.0, "mrope_section": [2, 3, 3]}
    if model_type == "qwen2_vl":
        vision |= {"embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2}
    elif model_type == "qwen2_5_vl":
        vision |= {"hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 64}
        vision |= {"fullatt_block_indexes": [1], "tokens_per_second": 2}
    else:
        text["head_dim"] = 16
        rope |= {"mrope_section": [4, 2, 2], "mrope_interleaved": True}
        vision |= {"hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 64}
        vision |= {"num_position_embeddings": 64}
    if model_type.startswith("qwen3_vl"):
        vision |= {"deepstack_visual_indexes": [0]}
    elif model_type.startswith("qwen3_5"):
        rope |= {"partial_rotary_factor": 0.25}
        text |= {"head_dim": 64, "layer_types": ["linear_attention", "full_attention"]}
        text |= {"linear_key_head_dim": 8, "linear_value_head_dim": 8}
        text |= {"linear_num_key_heads": 2, "linear_num_value_heads": 4}
    if model_type.endswith("_moe"):
        text |= {"moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
        text["tie_word_embeddings"] = False
    if model_type == "qwen3_5_moe":
        text.pop("intermediate_size")
        text |= {"shared_expert_intermediate_size": 16}
    text |= {"rope_parameters": rope, "initializer_range": 0.2}
    marks = {
        "image_token_id": TINY_IDS["<|image_pad|>"],
        "video_token_id": TINY_IDS["<|video_pad|>"],
        "vision_start_token_id": TINY_IDS["<|vision_start|>"],
        "vision_end_token_id": TINY_IDS["<|vision_end|>"],
    }
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, **{**marks, **changes})
