"""What answering about a video would take: from its packets and the configuration alone, nothing is decoded.

A multiply and an add are two operations. N positions of the language model, P positions of an encoder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import torch

from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.vtimellm.config import Variant, VTimeLLMConfig
from playhead.models.vtimellm.dialect import BINS
from playhead.models.vtimellm.frames import Chosen, choose_frames
from playhead.models.vtimellm.layout import SOUND_ROW_S
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.models.vtimellm.settings import Settings, settings_of
from playhead.models.vtimellm.sound import POOL_P, WHISPER_S
from playhead.models.vtimellm.vision import CHUNK_FRAMES
from playhead.timeline import Span

PROMPT_TOKENS: Final = 128
"""Words around the video: the system sentence and a question of a few lines."""
TRAINED_S: Final = 120.0
"""Longest clips of the training that taught the boundaries (arXiv 2311.18445, section 3.2)."""

_WHISPER_STATES: Final = 1500  # of 30 s, halved by the encoder's second convolution
_COPIES: Final = 2  # of the widest layer's activations that live at once


def make_plan(
    preset: Preset, config: VTimeLLMConfig, variant: Variant, video: Video, options: EngineOptions
) -> Plan:
    """The plan for a video.

    Args:
        preset: Which size.
        config: Its configuration, towers included.
        variant: Which of the three systems.
        video: The file and the window.
        options: Settings.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    settings = settings_of(options.family, variant)
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    info, window, chosen = _chosen(video, config)
    rows = sound_rows(config, settings, info, window)
    tokens = config.frames + sum(rows.values())
    weights_bytes = parameters(config) * dtype.itemsize
    flops = looking_flops(config, chosen.distinct) + hearing_flops(config, settings, info, window)
    flops += reading_flops(config.text_config, tokens + PROMPT_TOKENS)
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=config.frames,
        audio_s=window.duration_s if is_heard(config, settings, info) else 0.0,
        video_tokens=tokens,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + working_bytes(config, info, tokens, dtype.itemsize),
        flops=flops,
        answer_flops_per_token=token_flops(config.text_config, tokens + PROMPT_TOKENS),
        notes=_notes(config, settings, info, window, chosen),
    )


@cache
def _parameters(text: str) -> int:
    with torch.device("meta"):
        make: Callable[[VTimeLLMConfig], Any] = VTimeLLMForCausalLM
        return sum(each.numel() for each in make(VTimeLLMConfig(**json.loads(text))).parameters())


def parameters(config: VTimeLLMConfig) -> int:
    """Parameters of a configuration, towers included, counted without making them."""
    return _parameters(config.to_json_string(use_diff=False))


def sound_rows(config: VTimeLLMConfig, settings: Settings, info: MediaInfo, window: Span) -> dict[str, int]:
    """Positions that sounds fill, by kind, as far as the container tells."""
    if config.arrangement == "interleaved":
        return {"sound": config.sounds or 0}
    rows: dict[str, int] = {}
    if info.audio is None:
        return rows
    if "sound" in (config.modalities or {}) and (settings.beats or settings.sound_features):
        rows["sound"] = math.ceil(window.duration_s / SOUND_ROW_S)
    if "speech" in (config.modalities or {}) and (
        config.speech_config is not None or settings.speech_features
    ):
        rows["speech"] = math.ceil(window.duration_s / WHISPER_S) * _WHISPER_STATES // POOL_P
    return rows


def is_heard(config: VTimeLLMConfig, settings: Settings, info: MediaInfo) -> bool:
    """Whether any of a video's sound would reach the model."""
    modalities = config.modalities or {}
    ears = {
        "sound": config.sound_config is not None or bool(settings.beats or settings.sound_features),
        "speech": config.speech_config is not None or bool(settings.speech_features),
    }
    stored = bool(settings.sound_features or settings.speech_features)
    return (info.audio is not None or stored) and any(ears[kind] for kind in ears if kind in modalities)


def looking_flops(config: VTimeLLMConfig, frames: int) -> float:
    """Operations of CLIP and the projector for so many pictures."""
    tower = config.vision_config
    if tower is None:
        return 0.0
    patches = (tower.image_size // tower.patch_size) ** 2
    stem = 2 * patches * 3 * tower.patch_size**2 * tower.hidden_size
    stack = _stack_flops(patches + 1, tower.hidden_size, tower.intermediate_size, tower.num_hidden_layers)
    ends = 2 * tower.projection_dim * (tower.hidden_size + config.text_config.hidden_size)
    return float(frames * (stem + stack + ends))


def hearing_flops(config: VTimeLLMConfig, settings: Settings, info: MediaInfo, window: Span) -> float:
    """Operations of Whisper's encoder; CLAP's and BEATs' are a small part of the whole and are not counted."""
    tower = config.speech_config
    if tower is None or info.audio is None or settings.speech_features is not None:
        return 0.0
    pieces = math.ceil(window.duration_s / WHISPER_S)
    return pieces * _stack_flops(_WHISPER_STATES, tower.d_model, tower.encoder_ffn_dim, tower.encoder_layers)


def reading_flops(text: Any, positions: int) -> float:  # noqa: ANN401 - any language model's configuration
    """Operations of the language model for a prompt of so many positions, up to its first token."""
    width = text.hidden_size
    products = 2 * positions * _layer_weights(text)
    attention = 2 * positions**2 * width  # half of the square: it looks back only
    return float(text.num_hidden_layers * (products + attention) + 2 * text.vocab_size * width)


def token_flops(text: Any, positions: int) -> float:  # noqa: ANN401 - any language model's configuration
    """Operations for one more token after so many positions."""
    width = text.hidden_size
    layer = 2 * _layer_weights(text) + 4 * positions * width
    return float(text.num_hidden_layers * layer + 2 * text.vocab_size * width)


def working_bytes(config: VTimeLLMConfig, info: MediaInfo, tokens: int, value_bytes: int) -> int:
    """What is held beside the weights at the costliest moment: pictures being encoded, or the prompt being read."""
    text, tower = config.text_config, config.vision_config
    positions = tokens + PROMPT_TOKENS
    looking = 0
    if tower is not None:
        side_px = tower.image_size
        patches = (side_px // tower.patch_size) ** 2 + 1
        wide = tower.intermediate_size + 4 * tower.hidden_size
        looking = CHUNK_FRAMES * (3 * side_px**2 * 4 + _COPIES * patches * wide * value_bytes)
        looking += _picture_bytes(info)
    cache_bytes = 2 * positions * text.num_hidden_layers * _key_width(text) * value_bytes
    reading = (
        cache_bytes + _COPIES * positions * (2 * text.intermediate_size + 4 * text.hidden_size) * value_bytes
    )
    return int(max(looking, reading + text.vocab_size * 4))


def _picture_bytes(info: MediaInfo) -> int:
    """One decoded picture: as it comes, laid out in rows, and as single-precision floats."""
    stream = info.video
    if stream is None or not stream.width_px or not stream.height_px:
        return 0
    return 3 * stream.width_px * stream.height_px * (2 + 4)


def _stack_flops(positions: int, width: int, ffn: int, layers: int) -> float:
    """Operations of a stack of plain transformer layers that look at everything."""
    return float(layers * (2 * positions * (4 * width**2 + 2 * width * ffn) + 4 * positions**2 * width))


def _layer_weights(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """Weights of one decoder layer's matrices."""
    width = text.hidden_size
    return int(2 * width * width + 2 * width * _key_width(text) + 3 * width * text.intermediate_size)


def _key_width(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """Width of a position's keys, which groups of heads may share."""
    heads = text.num_attention_heads
    return int(text.hidden_size * (getattr(text, "num_key_value_heads", None) or heads) // heads)


def _chosen(video: Video, config: VTimeLLMConfig) -> tuple[MediaInfo, Span, Chosen]:
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        return media.info, window, choose_frames(media, window, config.frames)


def _notes(
    config: VTimeLLMConfig, settings: Settings, info: MediaInfo, window: Span, chosen: Chosen
) -> tuple[str, ...]:
    """What a user should know before running."""
    duration_s = chosen.extent.duration_s
    notes = [
        f"times are told in hundredths: one is {duration_s / BINS:.3g} s of these {duration_s:.3g} s",
        f"{config.frames} frames whatever the length: one about every {duration_s / max(1, config.frames - 1):.3g} s",
        *chosen.notes(window),
    ]
    if duration_s > TRAINED_S:
        notes.append(
            f"boundaries were trained on clips up to {TRAINED_S:.0f} s; choose a shorter window for finer times"
        )
    if settings.features is not None:
        notes.append("frame features are read from a file: no picture is decoded")
    return (*notes, *_sound_notes(config, settings, info))


def _sound_notes(config: VTimeLLMConfig, settings: Settings, info: MediaInfo) -> list[str]:
    if "sound" not in (config.modalities or {}):
        return ["sound is not heard: this model has no ears"] if info.audio is not None else []
    if info.audio is None:
        return ["there is no sound"]
    if config.sound_encoder == "beats" and not (settings.beats or settings.sound_features):
        return ["sounds are left out: BEATs is no part of transformers; give sound_features= or beats="]
    if config.sound_encoder == "clap":
        return [f"sound is heard in {config.sounds} rows at most"]
    return []
