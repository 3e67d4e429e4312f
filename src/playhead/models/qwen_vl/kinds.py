"""The generations: what each is in transformers, how pictures are cut for it, how it is told the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3_5MoeConfig,
    Qwen3_5MoeForConditionalGeneration,
    Qwen3_5Tokenizer,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLMoeConfig,
    Qwen3VLMoeForConditionalGeneration,
)

from playhead.errors import UnsupportedError
from playhead.models.pictures.telling import Told
from playhead.sequence.patches import Cut

CLIP_COLOURS: Final = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF_COLOURS: Final = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Kind:
    """One generation of the line.

    Attributes:
        model_type: What its ``config.json`` says.
        title: As its paper writes it.
        config_class: transformers' configuration.
        model_class: transformers' model.
        policy: Name of its sampling policy.
        told: How it is told the time: by order alone, by positions, or in words before the pictures.
        colours: Mean and deviation of the three colours.
        system: What the system turn says; empty where there is none unless the user writes one.
        flat: Whether released configs hold the language model's keys at the top.
        opening: What the template itself writes of the answer: for Qwen3.5 a thought that is over before it began.
        tokenizer_class: transformers' tokenizer.
    """

    model_type: str
    title: str
    config_class: Any
    model_class: Any
    policy: str
    told: Told
    colours: tuple[tuple[float, float, float], tuple[float, float, float]]
    system: str
    flat: bool
    opening: str = ""
    tokenizer_class: Any = Qwen2Tokenizer


_NO_THOUGHT: Final = "<think>\n\n</think>\n\n"
SYSTEM: Final = "You are a helpful assistant."

KINDS: Final[Mapping[str, Kind]] = {
    kind.model_type: kind
    for kind in (
        Kind(
            "qwen2_vl",
            "Qwen2-VL",
            Qwen2VLConfig,
            Qwen2VLForConditionalGeneration,
            "qwen2-vl",
            "order",
            CLIP_COLOURS,
            SYSTEM,
            flat=True,
        ),
        Kind(
            "qwen2_5_vl",
            "Qwen2.5-VL",
            Qwen2_5_VLConfig,
            Qwen2_5_VLForConditionalGeneration,
            "qwen2.5-vl",
            "positions",
            CLIP_COLOURS,
            SYSTEM,
            flat=True,
        ),
        Kind(
            "qwen3_vl",
            "Qwen3-VL",
            Qwen3VLConfig,
            Qwen3VLForConditionalGeneration,
            "qwen3-vl",
            "text",
            HALF_COLOURS,
            "",
            flat=False,
        ),
        Kind(
            "qwen3_vl_moe",
            "Qwen3-VL",
            Qwen3VLMoeConfig,
            Qwen3VLMoeForConditionalGeneration,
            "qwen3-vl",
            "text",
            HALF_COLOURS,
            "",
            flat=False,
        ),
        Kind(
            "qwen3_5",
            "Qwen3.5",
            Qwen3_5Config,
            Qwen3_5ForConditionalGeneration,
            "qwen3-vl",
            "text",
            HALF_COLOURS,
            "",
            flat=False,
            opening=_NO_THOUGHT,
            tokenizer_class=Qwen3_5Tokenizer,
        ),
        Kind(
            "qwen3_5_moe",
            "Qwen3.5",
            Qwen3_5MoeConfig,
            Qwen3_5MoeForConditionalGeneration,
            "qwen3-vl",
            "text",
            HALF_COLOURS,
            "",
            flat=False,
            opening=_NO_THOUGHT,
            tokenizer_class=Qwen3_5Tokenizer,
        ),
    )
}
"""By ``model_type``."""


def kind_of(config: Any) -> Kind:  # noqa: ANN401 - any configuration of transformers
    """The generation a configuration is of.

    Raises:
        UnsupportedError: None of these.
    """
    kind = KINDS.get(config.model_type)
    if kind is None:
        raise UnsupportedError(f"use a model of type {config.model_type!r}", allowed=", ".join(KINDS))
    return kind


def cut_of(config: Any, kind: Kind | None = None) -> Cut:  # noqa: ANN401 - a configuration of the line
    """How pictures are cut for a model; ``kind`` where it is none of these."""
    vision, (mean, std) = config.vision_config, (kind or kind_of(config)).colours
    return Cut(vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size, mean, std)
