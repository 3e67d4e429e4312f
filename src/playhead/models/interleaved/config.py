"""The configurations of the released checkpoints by name of their preset, and the tiny ones."""

from __future__ import annotations

from typing import Any, Final

from playhead.models.family import Preset
from playhead.models.interleaved.families import KINDS
from playhead.models.interleaved.tokens import TINY_IDS, TINY_VOCABULARY

# Of each language model: width, layers, heads, heads of keys, width of the feed-forward part, vocabulary.
_QWEN2: Final[dict[str, tuple[int, int, int, int, int, int]]] = {
    "internvl3-1b": (896, 24, 14, 2, 4864, 151_674),
    "internvl3-2b": (1536, 28, 12, 2, 8960, 151_674),
    "internvl3-8b": (3584, 28, 28, 4, 18_944, 151_674),
    "videollama3-2b": (1536, 28, 12, 2, 8960, 151_936),
    "videollama3-7b": (3584, 28, 28, 4, 18_944, 152_064),
    "llava-onevision-0.5b": (896, 24, 14, 2, 4864, 152_000),
    "llava-onevision-7b": (3584, 28, 28, 4, 18_944, 152_128),
}
_QWEN3: Final[dict[str, tuple[int, int, int, int, int, int]]] = {
    "internvl3.5-1b": (1024, 28, 16, 8, 3072, 151_936),
    "internvl3.5-2b": (2048, 28, 16, 8, 6144, 151_936),
    "internvl3.5-4b": (2560, 36, 32, 8, 9728, 151_936),
    "internvl3.5-8b": (4096, 36, 32, 8, 12_288, 151_936),
    "internvl3.5-14b": (5120, 40, 40, 8, 17_408, 151_936),
}
_TIED: Final = frozenset({"videollama3-2b", "llava-onevision-0.5b"})
_INTERN_VIT: Final = {
    "attention_bias": True,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "intermediate_size": 4096,
}
_SIGLIP: Final = {
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "patch_size": 14,
}


def model_type_of(preset: Preset) -> str:
    """The family of a preset."""
    if "flash" in preset.name:
        return "internvl_flash"
    starts = {"internvl": "internvl", "videollama3": "video_llama_3", "llava-onevision": "llava_onevision"}
    return next(model_type for start, model_type in starts.items() if preset.name.startswith(start))


def config_of(preset: Preset) -> Any:  # noqa: ANN401 - a configuration of transformers
    """The configuration of a preset, as its checkpoint has it."""
    model_type = model_type_of(preset)
    if preset.tiny:
        return tiny_config(model_type)
    return published_config(model_type, preset.name.replace("-flash", ""))


def published_config(model_type: str, size: str, **changes: Any) -> Any:  # noqa: ANN401 - keys and a configuration
    """The configuration of a published size."""
    width, layers, heads, keys, ffn, vocabulary = {**_QWEN2, **_QWEN3}[size]
    text: dict[str, Any] = {
        "model_type": "qwen3" if size in _QWEN3 else "qwen2",
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": keys,
        "intermediate_size": ffn,
        "vocab_size": vocabulary,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
    }
    if size in _QWEN3:
        text["head_dim"] = 128
    vision: dict[str, Any] = dict(_INTERN_VIT if model_type.startswith("internvl") else _SIGLIP)
    if model_type == "llava_onevision":
        vision |= {
            "model_type": "siglip_vision_model",
            "num_hidden_layers": 26,
            "image_size": 384,
            "vision_use_head": False,
        }
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, tie_word_embeddings=size in _TIED, **changes)


def tiny_config(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """A configuration of under a million parameters, with the released squares and token marks, but smaller pictures."""
    text: dict[str, Any] = {
        "model_type": "qwen3" if model_type.startswith("internvl") else "qwen2",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "vocab_size": TINY_VOCABULARY,
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
        "bos_token_id": TINY_IDS["<|endoftext|>"],
        "eos_token_id": TINY_IDS["<|im_end|>"],
        "initializer_range": 0.2,
        "tie_word_embeddings": True,
    }
    vision: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "patch_size": 14,
        "initializer_range": 0.2,
    }
    marks: dict[str, Any]
    if model_type.startswith("internvl"):
        text["head_dim"] = 16
        vision |= {"attention_bias": True, "image_size": 112}
        marks = {"image_token_id": TINY_IDS["<IMG_CONTEXT>"], "image_seq_length": 16}
        if model_type == "internvl_flash":
            marks |= {
                "flash_absolute_threshold": 0.0
            }  # half of the pictures are given small, whatever they show
    elif model_type == "video_llama_3":
        marks = {"image_token_id": TINY_IDS["<|image_pad|>"], "video_token_id": TINY_IDS["<|video_pad|>"]}
    else:
        vision.pop("initializer_range")
        # As in 384 pixels of squares of 14: the sides are no multiples, and the squares along them are odd in number.
        vision |= {"model_type": "siglip_vision_model", "image_size": 104, "vision_use_head": False}
        marks = {"image_token_index": TINY_IDS["<image>"], "video_token_index": TINY_IDS["<video>"]}
    made: Any = KINDS[model_type].config_class
    return made(text_config=text, vision_config=vision, tie_word_embeddings=True, **{**marks, **changes})
