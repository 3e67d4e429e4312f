"""What a question about a video would take, from the file's packets and the configuration alone.

N positions of the language model, M memory tokens, T pictures; operations count a multiply and an add as two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import torch

from playhead.errors import EmptyMediaError
from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.media.sampling.base import sample
from playhead.media.sampling.hour_llava import hour_llava
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.hour_llava.config import HourLlavaConfig
from playhead.models.hour_llava.encode import published
from playhead.models.hour_llava.forget import (
    FRAME_POSITIONS,
    FRAME_TOKENS,
    Spatial,
    plan_memory,
)
from playhead.models.hour_llava.layout import what_is_shown
from playhead.models.hour_llava.memaug import MOST_KV_BYTES
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.hour_llava.recall import CHUNK_TOKENS
from playhead.models.hour_llava.settings import Settings, read_settings
from playhead.models.machine import gigabytes
from playhead.models.options import resolve_device, resolve_dtype
from playhead.timeline import Span

PROMPT_TOKENS: Final = 128
"""Text of a prompt: system turn, time instruction, a question of a few sentences."""


@dataclass(frozen=True, slots=True)
class Work:
    """Operations of one question.

    Attributes:
        look: Encoding and projecting all pictures, once for a video.
        recall: MemAug.
        read: The language model up to the first token.
        per_token: Every further token.
    """

    look: float
    recall: float
    read: float
    per_token: float


def make_plan(preset: Preset, config: HourLlavaConfig, video: Video, options: EngineOptions) -> Plan:
    """The plan for a video.

    Args:
        preset: Size of the model.
        config: Its configuration.
        video: The file and the window.
        options: Settings.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    settings = read_settings(options.family)
    rule = settings.spatial or cast("Spatial", config.spatial_sampling_type)
    settings = replace(settings, spatial=rule)
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    info, window, pictures = _count(video, config, settings)
    kept = plan_memory(pictures, spatial="uniform")
    tokens = int(kept.rows_R.shape[0])
    encoded = 0 if settings.features else pictures
    work = operations(config, encoded, kept.memory_tokens, tokens + PROMPT_TOKENS)
    weights_bytes = parameters(config) * dtype.itemsize
    stored = stored_bytes(config, pictures, 4 if settings.store_dtype == "float32" else 2, settings)
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=pictures,
        audio_s=0.0,
        video_tokens=tokens,
        memory_tokens=kept.memory_tokens,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes
        + _working_bytes(config, settings, kept.memory_tokens, tokens + PROMPT_TOKENS, dtype),
        flops=work.look + work.recall + work.read,
        answer_flops_per_token=work.per_token,
        notes=_notes(info, settings, pictures, stored, work, side=config.grid_side),
    )


def parameters(config: HourLlavaConfig) -> int:
    """Parameters of a configuration, counted without making them."""
    with torch.device("meta"):
        make: Callable[[HourLlavaConfig], Any] = HourLlavaForCausalLM
        return sum(each.numel() for each in make(config).parameters())


def stored_bytes(config: HourLlavaConfig, pictures: int, item_bytes: int, settings: Settings) -> int:
    """Bytes on disk: features of every picture and, where it is kept, their projected memory."""
    row = 0 if settings.features else FRAME_POSITIONS * config.mm_hidden_size
    if settings.keep_memory:
        row += FRAME_TOKENS * config.hidden_size
    return pictures * row * item_bytes


def operations(config: HourLlavaConfig, pictures: int, memory_tokens: int, positions: int) -> Work:
    """Operations of one question; attention counts its two products.

    Args:
        config: The model.
        pictures: Pictures encoded, T.
        memory_tokens: Memory tokens, M.
        positions: Positions of the language model and, nearly, of MemAug's query, N.
    """
    tower: Any = config.tower
    width, side = tower.hidden_size, config.grid_side
    patches = side * side
    layer = 2 * patches * (4 * width**2 + 2 * width * tower.intermediate_size) + 4 * patches**2 * width
    patch = 2 * patches * 3 * tower.patch_size**2 * width
    hidden = config.hidden_size
    projector = 2 * FRAME_POSITIONS * hidden * (width + hidden)
    heads = config.num_attention_heads * config.head_width
    keys = (config.num_key_value_heads or config.num_attention_heads) * config.head_width
    linear = 2 * positions * (hidden * (heads + 2 * keys) + heads * hidden)  # self-attention
    linear += 2 * positions * 2 * hidden * heads + 2 * memory_tokens * hidden * 2 * keys  # cross-attention
    linear += 2 * positions * 8 * hidden**2
    looked_up = 4 * positions * (positions + memory_tokens) * heads
    per_layer = 2 * (hidden * (heads + 2 * keys) + heads * hidden + 3 * hidden * config.intermediate_size)
    head = 2 * hidden * config.vocab_size
    layers = config.num_hidden_layers
    return Work(
        look=float(pictures) * (tower.num_hidden_layers * layer + patch + projector),
        recall=float(config.memaug_depth) * (linear + looked_up),
        read=float(layers) * (positions * per_layer + 2 * positions**2 * heads) + head,
        per_token=float(layers) * (per_layer + 4 * positions * heads) + head,
    )


def _count(video: Video, config: HourLlavaConfig, settings: Settings) -> tuple[MediaInfo, Span, int]:
    """The file, the window, and how many pictures the memory is made of."""
    if settings.features is not None:
        view = published(video, settings.features, config.mm_hidden_size)
        return view.info, view.window, len(view.times_s)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        index = media.index
        if index is None:
            raise EmptyMediaError(
                f"plan Hour-LLaVA for {video.source!r}", found="no pictures", allowed="a video stream"
            )
        window = resolve_window(video, media.info)
        return media.info, window, len(sample(hour_llava(), index.times_s, window.start_s, window.end_s))


def _working_bytes(
    config: HourLlavaConfig, settings: Settings, memory_tokens: int, positions: int, dtype: torch.dtype
) -> int:
    """The largest of what encoding, MemAug and the language model hold at once; an estimate."""
    tower: Any = config.tower
    item, hidden = dtype.itemsize, config.hidden_size
    keys = (config.num_key_value_heads or config.num_attention_heads) * config.head_width
    pixels = 3 * tower.image_size**2 * 4
    patches = config.grid_side**2 * (6 * tower.hidden_size + tower.intermediate_size) * item
    encoding = settings.encode_frames * (2 * pixels + patches)
    held = 2 * keys * memory_tokens * item
    chunk = min(CHUNK_TOKENS, memory_tokens) * (hidden + 4 * keys) * item
    recall = positions * 12 * hidden * item + (held if held <= MOST_KV_BYTES else 0) + chunk
    cache = 2 * config.num_hidden_layers * keys * positions * item
    reading = positions * (6 * hidden + 3 * config.intermediate_size) * item + cache
    return int(max(encoding, recall, reading))


def _notes(
    info: MediaInfo, settings: Settings, pictures: int, stored: int, work: Work, *, side: int
) -> tuple[str, ...]:
    notes = [*info.notes, *what_is_shown(pictures, settings)]
    notes.append(f"every picture's {side} x {side} patches are shrunk to 8 x 8")
    if settings.features is not None:
        notes.append(f"features are read from {settings.features.name}: no picture is decoded or encoded")
    kinds = ([] if settings.features else ["features"]) + ["projected memory"] * settings.keep_memory
    if kinds:
        notes.append(f"{' and '.join(kinds)} take {gigabytes(stored)} on disk, read as they are needed")
    again = work.recall + work.read
    notes.append(
        f"a second question takes {again:.2g} operations, {again / (work.look + again):.0%} of the first one's; "
        "decoding is not counted in either"
    )
    if info.audio is not None:
        notes.append("sound is not heard")
    return tuple(notes)
