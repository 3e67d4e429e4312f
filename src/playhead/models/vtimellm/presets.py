"""The published sizes and the tiny ones, and the parts a published size is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playhead.models.family import Preset
from playhead.models.presets import VTIMELLM
from playhead.models.vtimellm.config import Variant

_VTIMELLM_SHARE: Final = "the share on Tsinghua Cloud linked from github.com/huangb23/VTimeLLM"
_LONGVALE_DATA: Final = "the dataset repository ttgeng233/LongVALE on the hub, folder checkpoints"
_AVICUNA_SHARE: Final = "the links in github.com/yunlong10/AVicuna"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a published model: what it is, where it is published, and whether features can stand in for it."""

    option: str
    what: str
    where: str
    instead: str = ""


def parts_of(variant: Variant, size: str) -> tuple[Part, ...]:
    """What a published size is put together from."""
    share = _AVICUNA_SHARE if variant == "avicuna" else _VTIMELLM_SHARE
    projector_at = share if variant != "longvale" else f"vtimellm_stage1_mm_projector.bin in {_LONGVALE_DATA}"
    adapters_at = f"longvalellm-vicuna-v1-5-7b.tar.gz in {_LONGVALE_DATA}" if variant == "longvale" else share
    base = Part("base", f"Vicuna-{size.upper()}-v1.5", f"lmsys/vicuna-{size}-v1.5 on the hub")
    if size == "chatglm3-6b":
        base = Part("base", "ChatGLM3-6B", "THUDM/chatglm3-6b on the hub")
    parts = [
        base,
        Part("projector", "the frame projector of stage 1", projector_at),
        Part("stage2", "the first adapter", adapters_at),
        Part("stage3", "the second adapter", adapters_at),
        Part("vision_tower", "CLIP ViT-L/14", "openai/clip-vit-large-patch14 on the hub", "features"),
    ]
    if variant == "avicuna":
        parts.insert(2, Part("audio_projector", "the sound projector mm_projector_a.bin", share))
        parts.append(Part("sound_tower", "CLAP", "laion/clap-htsat-fused on the hub", "sound_features"))
    if variant == "longvale":
        parts.append(
            Part("speech_tower", "Whisper large-v2", "openai/whisper-large-v2 on the hub", "speech_features")
        )
    return tuple(parts)


_KINDS: Final[dict[str, tuple[Variant, str]]] = {
    "vtimellm-7b": ("vtimellm", "7b"),
    "vtimellm-13b": ("vtimellm", "13b"),
    "vtimellm-tiny": ("vtimellm", "tiny"),
    "vtimellm-chatglm3-6b": ("vtimellm", "chatglm3-6b"),
    "vtimellm-chatglm3-tiny": ("vtimellm", "chatglm3-tiny"),
    "longvale-llm-7b": ("longvale", "7b"),
    "longvale-llm-tiny": ("longvale", "tiny"),
    "avicuna-7b": ("avicuna", "7b"),
    "avicuna-tiny": ("avicuna", "tiny"),
}

PRESETS: Final[dict[str, tuple[Preset, Variant, str]]] = {
    preset.name: (preset, *_KINDS[preset.name]) for preset in VTIMELLM
}
"""Preset, system and size of its language model, by name."""
