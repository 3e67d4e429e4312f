"""What answering about a video would take: from its packets and the configuration alone, nothing is decoded.

A multiply and an add are two operations. F pictures, N positions of the language model.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.interleaved.engine import ENCODE_ROWS, UNHEARD
from playhead.models.interleaved.families import kind_of
from playhead.models.interleaved.kinds import Kind, two
from playhead.models.interleaved.pictures import choose
from playhead.models.interleaved.settings import Settings, read_settings, telling_of
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.pictures.choose import Chosen
from playhead.models.pictures.cost import heads, parameters, reading_flops, token_flops
from playhead.models.pictures.telling import Telling
from playhead.sequence.layout import Ids

PROMPT_TOKENS: Final = 128
"""Words around the video: a question of a few lines."""
_LABEL_TOKENS: Final = 10
"""Of a number or a time in words with the two marks around a picture."""
_COPIES: Final = 2  # of the widest layer's activations that live at once


def make_plan(preset: Preset, config: Any, video: Video, options: EngineOptions) -> Plan:  # noqa: ANN401 - of transformers
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
    kind = kind_of(config)
    settings = read_settings(options.family, kind, seams_of(config.model_type), preset.name)
    telling = telling_of(kind, settings)
    dtype = resolve_dtype(options.dtype, resolve_device(options.device))
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=kind, config=config, settings=settings)
    grids_F2 = np.array([kind.grid(config, (int(w), int(h))) for w, h in chosen.sizes_T2], np.int64)
    frames, tokens = len(grids_F2), int(grids_F2.prod(axis=1).sum())
    written = telling.told == "text" or bool(kind.number(0)) or bool(kind.begin)
    positions = tokens + kind.tail() + PROMPT_TOKENS + (frames * _LABEL_TOKENS if written else 0)
    weights_bytes = parameters(kind.model_class, config) * dtype.itemsize
    working = working_bytes(kind, config, grids_F2, positions, dtype.itemsize)
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        audio_s=0.0,
        video_tokens=tokens,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + working,
        flops=looking_flops(kind, config, grids_F2) + reading_flops(config.text_config, positions),
        answer_flops_per_token=token_flops(config.text_config, positions),
        notes=_notes(info, kind, settings, telling, chosen),
    )


def looking_flops(kind: Kind, config: Any, grids_F2: Ids) -> float:  # noqa: ANN401 - a configuration of transformers
    """Operations of the encoder and the projector; each picture is looked at by itself."""
    width, ffn, layers = kind.tower(config)
    squares_F = kind.patches(grids_F2).astype(float)
    stem = 2 * squares_F * 3 * two(config.vision_config.patch_size) ** 2 * width
    layer = 2 * squares_F * (4 * width**2 + 2 * width * ffn) + 4 * squares_F**2 * width
    tokens = float(grids_F2.prod(axis=1).sum())
    return float((stem + layers * layer).sum() + 2 * tokens * kind.projector_weights(config))


def working_bytes(kind: Kind, config: Any, grids_F2: Ids, positions: int, value_bytes: int) -> int:  # noqa: ANN401
    """What is held beside the weights: prepared pictures, and the costlier of encoding some and reading the prompt."""
    text = config.text_config
    width, ffn, _ = kind.tower(config)
    squares_F = kind.patches(grids_F2)
    values = 3 * two(config.vision_config.patch_size) ** 2
    prepared_bytes = int(squares_F.sum()) * values * value_bytes
    at_once = max(int(squares_F.max()), min(int(squares_F.sum()), ENCODE_ROWS))
    looking = at_once * (values + _COPIES * (ffn + 4 * width)) * value_bytes
    cache_bytes = 2 * positions * text.num_hidden_layers * heads(text)[1] * value_bytes
    reading = _COPIES * positions * (2 * text.intermediate_size + 4 * text.hidden_size) * value_bytes
    features = int(grids_F2.prod(axis=1).sum()) * text.hidden_size * value_bytes
    logits = (positions if kind.all_logits else 1) * text.vocab_size * 4
    return int(prepared_bytes + features + max(looking, cache_bytes + reading + logits))


def _notes(
    info: MediaInfo, kind: Kind, settings: Settings, telling: Telling, chosen: Chosen
) -> tuple[str, ...]:
    """What a user should know before running."""
    frames, (width_px, height_px) = len(chosen.selection), chosen.size_px
    duration_s = max(0.0, chosen.end_s - chosen.window.start_s)
    notes = [*info.notes, *chosen.notes(), f"pictures are given {width_px} x {height_px} pixels"]
    if frames > 1:
        notes.append(f"{frames} pictures, one about every {duration_s / frames:.3g} s")
    if telling.told == "order" and not telling.burnt:
        notes.append(
            "the model is told no times: what it says of seconds it makes of the order of the pictures; "
            "tell=seed1.5-vl writes them in"
        )
    if telling.burnt and telling.teller is not None:
        notes.append(f"times are burnt into the pictures, as {telling.teller.name} does")
    if settings.wanted.drop is not None:
        notes.append("tokens that change too little are left out; how many is known once they are seen")
    if settings.flash:
        by = "by the model's own router" if kind.routed else "by how alike they are to the one before"
        notes.append(f"some pictures are given as a quarter of their tokens, chosen {by} once they are seen")
    if info.audio is not None:
        notes.append(UNHEARD)
    return tuple(notes)
