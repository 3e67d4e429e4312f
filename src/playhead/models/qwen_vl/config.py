"""The configurations of the released checkpoints by name of their preset, and the tiny ones."""

from __future__ import annotations

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
}
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


def model_type_of(preset: Preset) -> str:
    """The generation of a preset."""
    if preset.name in {"qwen3-vl-30b-a3b", "qwen3-vl-moe-tiny"}:
        return "qwen3_vl_moe"
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
    else:
        text |= {"rope_parameters": dict(_ROPE_3), "head_dim": 128, "max_position_embeddings": 262_144}
        large = preset.name in {"qwen3-vl-8b", "qwen3-vl-30b-a3b"}
        vision = {**(_LARGE_TOWER if large else _SMALL_TOWER), "out_hidden_size": width}
    if model_type == "qwen3_vl_moe":
        text |= {"moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8}
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, tie_word_embeddings=tied)


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
        vision |= {"num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
    if model_type == "qwen3_vl_moe":
        text |= {"moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
        text["tie_word_embeddings"] = False
    text |= {"rope_parameters": rope, "initializer_range": 0.2}
    marks = {
        "image_token_id": TINY_IDS["<|image_pad|>"],
        "video_token_id": TINY_IDS["<|video_pad|>"],
        "vision_start_token_id": TINY_IDS["<|vision_start|>"],
        "vision_end_token_id": TINY_IDS["<|vision_end|>"],
    }
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, **{**marks, **changes})
