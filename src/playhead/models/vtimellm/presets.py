"""The published sizes and the tiny ones, and the parts a published size is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playhead.models.family import Preset
from playhead.models.vtimellm.config import Variant

_VTIMELLM_SHARE: Final = "the share on Tsinghua Cloud linked from github.com/huangb23/VTimeLLM"
_LONGVALE_DATA: Final = "the dataset repository ttgeng233/LongVALE on the hub, folder checkpoints"
_AVICUNA_SHARE: Final = "the links in github.com/yunlong10/AVicuna"
_VICUNA: Final = "Llama 2 Community Licence (Vicuna v1.5), CLIP MIT"


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
    parts = [
        Part("base", f"Vicuna-{size.upper()}-v1.5", f"lmsys/vicuna-{size}-v1.5 on the hub"),
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


_ROWS: Final[tuple[tuple[Preset, Variant, str], ...]] = (
    (
        Preset(
            name="vtimellm-7b",
            parameters=7_045_531_648,
            licence=f"CC BY-NC-ND 4.0 (VTimeLLM); {_VICUNA}",
            about="VTimeLLM on Vicuna-7B: 100 frames, times as hundredths of the video",
        ),
        "vtimellm",
        "7b",
    ),
    (
        Preset(
            name="vtimellm-13b",
            parameters=13_323_767_808,
            licence=f"CC BY-NC-ND 4.0 (VTimeLLM); {_VICUNA}",
            about="VTimeLLM on Vicuna-13B; whether its weights were ever released is not known",
        ),
        "vtimellm",
        "13b",
    ),
    (
        Preset(name="vtimellm-tiny", tiny=True, about="VTimeLLM with random weights, for tests"),
        "vtimellm",
        "tiny",
    ),
    (
        Preset(
            name="longvale-llm-7b",
            parameters=7_690_713_088,
            licence=f"code MIT, annotations CC BY-NC-SA 4.0 (LongVALE); projector CC BY-NC-ND 4.0; {_VICUNA}",
            about="LongVALE-LLM: VTimeLLM that also hears sounds (BEATs) and speech (Whisper)",
        ),
        "longvale",
        "7b",
    ),
    (
        Preset(name="longvale-llm-tiny", tiny=True, about="LongVALE-LLM with random weights, for tests"),
        "longvale",
        "tiny",
    ),
    (
        Preset(
            name="avicuna-7b",
            parameters=7_075_838_408,
            licence=f"none stated (AVicuna); {_VICUNA}",
            about="AVicuna: 75 frames with 25 rows of sound (CLAP) among them",
        ),
        "avicuna",
        "7b",
    ),
    (
        Preset(name="avicuna-tiny", tiny=True, about="AVicuna with random weights, for tests"),
        "avicuna",
        "tiny",
    ),
)

PRESETS: Final[dict[str, tuple[Preset, Variant, str]]] = {each[0].name: each for each in _ROWS}
"""Preset, system and size of its language model, by name."""
