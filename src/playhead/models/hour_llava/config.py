"""Hour-LLaVA's configuration: a Qwen2's keys, what the released files add, and the sizes 3B, 7B and tiny."""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final, cast

from transformers import Qwen2Config, SiglipVisionConfig

from playhead.errors import UsageError

MODEL_TYPE: Final = "hour_llava_qwen"
ARCHITECTURE: Final = "HourLlavaQwenForCausalLM"
"""What released files write under ``architectures``."""

SIGLIP_SO400M: Final[Mapping[str, Any]] = {
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 26,
    "num_attention_heads": 16,
    "image_size": 384,
    "patch_size": 14,
    "vision_use_head": False,
}
"""``google/siglip-so400m-patch14-384`` as Hour-LLaVA uses it: without its last layer (of 27) and its pooling head."""

PINPOINTS: Final = tuple((384 * rows, 384 * columns) for rows in range(1, 7) for columns in range(1, 7))
"""Canvases a still image may be cut into, height and width in pixels: 1 to 6 tiles of 384 either way."""

# What the computation here means; a file that says otherwise describes another model.
_ONLY: Final[Mapping[str, Collection[object]]] = {
    "mm_resampler_type": ("memaug",),
    "mm_projector_type": ("mlp2x_gelu",),
    "mm_spatial_pool_mode": ("bilinear",),
    "mm_patch_merge_type": ("spatial_unpad",),
    "mm_newline_position": ("grid",),
    "spatial_sampling_type": ("random", "uniform"),
    "add_faster_video": (False,),
}

# Written by LLaVA's public training code (Apache-2.0) and without meaning for inference or for training here.
BOOKKEEPING: Final = frozenset(
    {
        "attention_bias", "auto_map", "cache_implementation", "faster_token_stride", "freeze_mm_mlp_adapter",
        "force_sample", "image_crop_resolution", "image_split_resolution", "is_decoder", "max_grad_norm",
        "mm_hidden_size", "mm_projector_lr", "mm_resampler_lr", "mm_spatial_pool_out_channels",
        "mm_spatial_pool_stride", "mm_tunable_parts", "mm_use_im_patch_token", "mm_use_im_start_end",
        "mm_vision_select_feature", "mm_vision_select_layer", "mm_vision_tower_lr", "mm_vision_resampler_lr",
        "pos_skipping_range", "rope_scaling", "rope_theta", "tokenizer_padding_side", "torch_dtype",
        "tune_mm_mlp_adapter", "tune_mm_vision_resampler", "unfreeze_mm_vision_tower", "use_mm_proj",
        "use_pos_skipping", "vision_tower_pretrained",
    }
)  # fmt: skip


class HourLlavaConfig(Qwen2Config):
    """Keys of a Qwen2 language model at the top level, plus Hour-LLaVA's; reads released files and our own.

    Attributes:
        vision_config: The SigLIP tower **as kept**: its last layer is already not counted. Released files have no such
            key and mean :data:`SIGLIP_SO400M`.
        mm_vision_tower: Name of the tower the released files were trained with.
        mm_hidden_size: Width of the tower's features.
        memaug_depth: Number of MemAug blocks.
        spatial_sampling_type: How positions of a frame are kept: ``random`` or ``uniform``.
        image_aspect_ratio: How still images are cut; ``anyres_max_9`` for tiles that a grid of at most 9 stands for.
        image_grid_pinpoints: Canvases of still images, (height, width) pairs in pixels.
        tokenizer_model_max_length: Longest sequence in training, in tokens after splicing.

    Raises:
        UsageError: If a key asks for another model than this one.
    """

    model_type = MODEL_TYPE
    sub_configs_defaults: ClassVar[dict[str, Any]] = {"vision_config": SiglipVisionConfig}

    vision_config: dict[str, Any] | SiglipVisionConfig | None = None
    mm_vision_tower: str = "google/siglip-so400m-patch14-384"
    mm_hidden_size: int = 1152
    mm_projector_type: str = "mlp2x_gelu"
    mm_resampler_type: str = "memaug"
    memaug_depth: int = 4
    mm_spatial_pool_mode: str = "bilinear"
    mm_patch_merge_type: str = "spatial_unpad"
    mm_newline_position: str = "grid"
    spatial_sampling_type: str = "random"
    image_aspect_ratio: str = "anyres_max_9"
    image_grid_pinpoints: Any = PINPOINTS
    tokenizer_model_max_length: int = 32768
    add_faster_video: bool = False

    def __post_init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - keys of any file
        if self.vision_config is None:
            self.vision_config = dict(SIGLIP_SO400M)
        if isinstance(self.image_grid_pinpoints, str):
            raise _other("image_grid_pinpoints", self.image_grid_pinpoints, "a list of pairs")
        self.image_grid_pinpoints = [list(pair) for pair in self.image_grid_pinpoints]
        super().__post_init__(**kwargs)
        for key, allowed in _ONLY.items():
            if (value := getattr(self, key)) not in allowed:
                raise _other(key, value, " or ".join(map(repr, allowed)))
        if (kind := cast("dict[str, Any]", self.rope_parameters).get("rope_type", "default")) != "default":
            raise _other("rope_parameters", kind, "'default'; MemAug was trained with plain angles")
        width = self.tower.hidden_size
        if width != self.mm_hidden_size:
            raise UsageError(
                "read Hour-LLaVA's configuration",
                found=f"mm_hidden_size {self.mm_hidden_size} for a tower of {width}",
            )

    @property
    def grid_side(self) -> int:
        """Patches along one side of a picture: 27 for 384 pixels in patches of 14."""
        return self.image_side_px // int(cast("int", self.tower.patch_size))

    @property
    def image_side_px(self) -> int:
        """Height and width of a picture as the tower takes it, in pixels."""
        return int(cast("int", self.tower.image_size))

    @property
    def tower(self) -> SiglipVisionConfig:
        """The tower's configuration, read."""
        return cast("SiglipVisionConfig", self.vision_config)

    @property
    def head_width(self) -> int:
        """Width of an attention head, of the language model and of MemAug alike."""
        return int(getattr(self, "head_dim", None) or self.hidden_size // self.num_attention_heads)

    @property
    def rotary_theta(self) -> float:
        """Base of the rotary frequencies, of the language model and of MemAug alike."""
        return float(cast("dict[str, Any]", self.rope_parameters)["rope_theta"])


def _other(key: str, value: object, allowed: str) -> UsageError:
    return UsageError(f"read Hour-LLaVA's configuration: {key}", found=repr(value), allowed=allowed)


def known_keys() -> set[str]:
    """Keys that a ``config.json`` of this family may hold besides those of any model; others may mean another model."""
    return {*HourLlavaConfig().to_dict(), *BOOKKEEPING, "head_dim"}


def config_3b(**changes: Any) -> HourLlavaConfig:  # noqa: ANN401 - any key of the configuration
    """Hour-LLaVA-3B, on Qwen2.5-3B-Instruct."""
    keys = {
        "vocab_size": 151936,
        "hidden_size": 2048,
        "intermediate_size": 11008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    }
    return HourLlavaConfig(**{**_QWEN, **keys, **changes})


def config_7b(**changes: Any) -> HourLlavaConfig:  # noqa: ANN401 - any key of the configuration
    """Hour-LLaVA-7B, on Qwen2-7B-Instruct."""
    keys = {
        "vocab_size": 152064,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
    }
    return HourLlavaConfig(**{**_QWEN, **keys, **changes})


def tiny_config(vocab_size: int, **changes: Any) -> HourLlavaConfig:  # noqa: ANN401 - any key of the configuration
    """A configuration under a million parameters for tests and examples; the code path is the real one.

    Args:
        vocab_size: Number of token ids, at most about 8,000 to stay under a million parameters.
        changes: Keys to set otherwise.
    """
    keys = {
        "vocab_size": vocab_size,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
        "mm_hidden_size": 32,
        "vision_config": {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 140,
            "patch_size": 14,
            "vision_use_head": False,
        },
    }
    return HourLlavaConfig(**{**_QWEN, **keys, **changes})


_QWEN: Final[Mapping[str, Any]] = {
    "architectures": [ARCHITECTURE],
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
}
