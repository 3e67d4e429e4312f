"""The configurations of the released thinkers by name of their preset, and the tiny ones."""

from __future__ import annotations

from typing import Any, Final

from playhead.models.family import Preset
from playhead.models.qwen_omni.kinds import KINDS
from playhead.models.qwen_omni.tokens import TINY_VOCABULARY, tiny_ids

_QWEN3: Final = frozenset({"qwen3-omni-30b-a3b", "qwen3-omni-tiny"})
_ROPE_2: Final = {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1_000_000.0}
_ROPE_3: Final = {
    "rope_type": "default",
    "mrope_section": [24, 20, 20],
    "mrope_interleaved": True,
    "rope_theta": 1_000_000.0,
}
# Width, layers, heads, heads of keys, width of the feed-forward part, vocabulary.
_SIZES: Final[dict[str, tuple[int, int, int, int, int, int]]] = {
    "qwen2.5-omni-3b": (2048, 36, 16, 2, 11_008, 151_936),
    "qwen2.5-omni-7b": (3584, 28, 28, 4, 18_944, 152_064),
    "qwen3-omni-30b-a3b": (2048, 48, 32, 4, 768, 152_064),
}
_MARKS_2: Final = {
    "audio_token_index": 151_646,
    "image_token_index": 151_655,
    "video_token_index": 151_656,
    "audio_start_token_id": 151_647,
    "audio_end_token_id": 151_648,
    "vision_start_token_id": 151_652,
    "vision_end_token_id": 151_653,
}
_MARKS_3: Final = {
    "audio_token_id": 151_675,
    "image_token_id": 151_655,
    "video_token_id": 151_656,
    "audio_start_token_id": 151_669,
    "audio_end_token_id": 151_670,
    "vision_start_token_id": 151_652,
    "vision_end_token_id": 151_653,
}


def model_type_of(preset: Preset) -> str:
    """The system of a preset."""
    return "qwen3_omni_moe_thinker" if preset.name in _QWEN3 else "qwen2_5_omni_thinker"


def config_of(preset: Preset) -> Any:  # noqa: ANN401 - a configuration of a thinker
    """The configuration of a preset's thinker, as its checkpoint has it."""
    model_type = model_type_of(preset)
    if preset.tiny:
        return tiny_config(model_type)
    width, layers, heads, keys, ffn, vocabulary = _SIZES[preset.name]
    text: dict[str, Any] = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": keys,
        "intermediate_size": ffn,
        "vocab_size": vocabulary,
        "tie_word_embeddings": False,
    }
    vision: dict[str, Any] = {"out_hidden_size": width}
    if model_type == "qwen2_5_omni_thinker":
        text |= {"rope_parameters": dict(_ROPE_2)}
        vision |= {"hidden_size": 1280}
        own: dict[str, Any] = {**_MARKS_2, "position_id_per_seconds": 25, "seconds_per_chunk": 2}
    else:
        text |= {"rope_parameters": dict(_ROPE_3), "head_dim": 128, "max_position_embeddings": 65_536}
        text |= {"moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8}
        own = {**_MARKS_3, "position_id_per_seconds": 13}
    made: Any = KINDS[model_type].kind.config_class
    return made(text_config=text, vision_config=vision, audio_config={"output_dim": width}, **own)


def tiny_config(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - any key of the configuration
    """A configuration of under a million parameters, with the released patches, groups, chunks and steps."""
    ids = tiny_ids(model_type)
    text: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "vocab_size": TINY_VOCABULARY,
        "rms_norm_eps": 1e-6,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "tie_word_embeddings": False,
        "initializer_range": 0.2,
    }
    vision: dict[str, Any] = {"depth": 2, "num_heads": 2, "hidden_size": 32, "out_hidden_size": 32}
    vision |= {"intermediate_size": 64, "initializer_range": 0.2}
    sound: dict[str, Any] = {"encoder_layers": 2, "encoder_attention_heads": 2, "d_model": 32}
    sound |= {"encoder_ffn_dim": 64, "output_dim": 32, "initializer_range": 0.2}
    marks, omni = KINDS[model_type].marks, KINDS[model_type]
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": 1_000_000.0, "mrope_section": [2, 3, 3]}
    own: dict[str, Any] = {
        "audio_start_token_id": ids[marks.sound_start],
        "audio_end_token_id": ids[marks.sound_end],
        "vision_start_token_id": ids[marks.vision_start],
        "vision_end_token_id": ids[marks.vision_end],
    }
    pads = {"audio": marks.sound, "image": marks.picture, "video": marks.video}
    if model_type == "qwen2_5_omni_thinker":
        vision |= {"fullatt_block_indexes": [1]}
        own |= {f"{name}_token_index": ids[mark] for name, mark in pads.items()}
        own |= {"position_id_per_seconds": 25, "seconds_per_chunk": 2}
    else:
        rope |= {"mrope_section": [4, 2, 2], "mrope_interleaved": True}
        text |= {"head_dim": 16, "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
        vision |= {"num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
        sound |= {"downsample_hidden_size": 16}
        own |= {f"{name}_token_id": ids[mark] for name, mark in pads.items()}
        own |= {"position_id_per_seconds": 13}
    text |= {"rope_parameters": rope}
    return omni.kind.config_class(
        text_config=text,
        vision_config=vision,
        audio_config=sound,
        initializer_range=0.2,
        **{**own, **changes},
    )
