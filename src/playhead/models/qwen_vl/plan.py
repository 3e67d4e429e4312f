"""What answering about a video would take: from its packets and the configuration alone, nothing is decoded.

A multiply and an add are two operations. N positions of the language model, P squares of a group of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.pictures.choose import Chosen, told_times
from playhead.models.pictures.cost import (
    heads,
    looking_back,
    parameters,
    reading_flops,
    state_bytes,
    token_flops,
)
from playhead.models.pictures.telling import Telling
from playhead.models.qwen_vl.held import ENCODE_ROWS
from playhead.models.qwen_vl.kinds import cut_of, kind_of
from playhead.models.qwen_vl.layout import STEPS_PER_S, steps_of
from playhead.models.qwen_vl.pictures import choose
from playhead.models.qwen_vl.settings import Settings, read_settings
from playhead.models.qwen_vl.telling import telling_of

PROMPT_TOKENS: Final = 128
"""Words around the video: a question of a few lines."""
_LABEL_TOKENS: Final = 10
"""Of a time in words with the two marks around its pictures."""
_COPIES: Final = 2  # of the widest layer's activations that live at once


def make_plan(preset: Preset, config: Any, video: Video, options: EngineOptions) -> Plan:  # noqa: ANN401 - a configuration of the line
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
    settings = read_settings(options.family, seams_of(config.model_type), preset.name)
    kind, cut = kind_of(config), cut_of(config)
    telling = telling_of(kind, settings)
    dtype = resolve_dtype(options.dtype, resolve_device(options.device))
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=kind, cut=cut, settings=settings)
    frames = len(chosen.selection)
    squares_T = (chosen.sizes_T2 // cut.patch_px).prod(axis=1).astype(int).tolist()
    tokens = sum(squares_T) // cut.merge**2
    positions = tokens + PROMPT_TOKENS + (len(squares_T) * _LABEL_TOKENS if telling.told == "text" else 0)
    weights_bytes = parameters(kind.model_class, config) * dtype.itemsize
    working = working_bytes(config, squares_T, positions, dtype.itemsize)
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        audio_s=0.0,
        video_tokens=tokens,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + working,
        flops=sum(looking_flops(config, each) for each in squares_T)
        + reading_flops(config.text_config, positions),
        answer_flops_per_token=token_flops(config.text_config, positions),
        notes=_notes(info, telling, settings, chosen, tokens=tokens, config=config),
    )


def looking_flops(config: Any, squares: int) -> float:  # noqa: ANN401 - a configuration of the line
    """Operations of the encoder and the merger for one group of pictures, which is looked at by itself.

    Qwen2.5-VL looks at windows of 8 x 8 squares in all but a few layers; there the whole picture is counted too.
    """
    vision = config.vision_config
    width, ffn, ratio = _tower(config)
    stem = 2 * squares * vision.in_channels * vision.temporal_patch_size * vision.patch_size**2 * width
    layer = 2 * squares * (4 * width**2 + ratio * width * ffn) + 4 * squares**2 * width
    merged, merged_width = squares // vision.spatial_merge_size**2, width * vision.spatial_merge_size**2
    mergers = 1 + len(getattr(vision, "deepstack_visual_indexes", ()))
    merger = 2 * merged * merged_width * (merged_width + config.text_config.hidden_size)
    return float(stem + vision.depth * layer + mergers * merger)


def working_bytes(config: Any, squares_T: Sequence[int], positions: int, value_bytes: int) -> int:  # noqa: ANN401 - a configuration of the line
    """What is held beside the weights: features, and the costlier of encoding a part of the pictures and reading the prompt.

    Of many files the pictures of the next one are held too, as bytes, while the model answers; they are not counted.
    """
    text, vision = config.text_config, config.vision_config
    width, ffn, _ = _tower(config)
    values = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
    squares = sum(squares_T)
    at_once = max(*squares_T, min(squares, ENCODE_ROWS))
    looking = at_once * (values + (values + _COPIES * (ffn + 4 * width)) * value_bytes)
    cache_bytes = 2 * positions * looking_back(text) * heads(text)[1] * value_bytes + state_bytes(text)
    ffn_width = getattr(text, "intermediate_size", 0) or text.num_experts_per_tok * text.moe_intermediate_size
    reading = _COPIES * positions * (2 * ffn_width + 4 * text.hidden_size) * value_bytes
    deep = len(getattr(vision, "deepstack_visual_indexes", ()))
    features = squares // vision.spatial_merge_size**2 * (1 + deep) * text.hidden_size * value_bytes
    return int(features + max(looking, cache_bytes + reading + text.vocab_size * 4))


def _tower(config: Any) -> tuple[int, int, int]:  # noqa: ANN401 - a configuration of the line
    """Width, width of the feed-forward part, and how many matrices that has."""
    vision = config.vision_config
    if config.model_type == "qwen2_vl":
        return vision.embed_dim, vision.embed_dim * vision.mlp_ratio, 2
    gated = hasattr(vision, "fullatt_block_indexes")  # Qwen2.5's towers
    return vision.hidden_size, vision.intermediate_size, 3 if gated else 2


def _notes(
    info: MediaInfo,
    telling: Telling,
    settings: Settings,
    chosen: Chosen,
    *,
    tokens: int,
    config: Any,  # noqa: ANN401 - a configuration of the line
) -> tuple[str, ...]:
    """What a user should know before running."""
    frames, (width_px, height_px) = len(chosen.selection), chosen.size_px
    settings_chose = settings.wanted.frames is None
    duration_s = max(0.0, chosen.end_s - chosen.window.start_s)
    notes = [*info.notes, *chosen.notes(), f"pictures are given {width_px} x {height_px} pixels"]
    if frames > 1:
        notes.append(f"{frames} pictures, one about every {duration_s / frames:.3g} s, two to a token")
    if (
        settings_chose
        and frames >= settings.max_frames
        and duration_s * settings.rate_hz > settings.max_frames + 1
    ):
        notes.append(
            f"no more than {settings.max_frames} pictures: choose a shorter window for a denser look"
        )
    if settings_chose and settings.sampling == "utils" and tokens > settings.video_tokens:
        notes.append(
            f"{tokens} tokens are over the wished {settings.video_tokens}: a picture has {settings.min_tokens} at least; "
            "take fewer pictures, or lower min_tokens"
        )
    if telling.told == "order" and not telling.burnt:
        notes.append(
            "the model is told no times: what it says of seconds it makes of the order of the pictures"
        )
    if telling.told == "positions":
        starts_T = told_times(chosen.selection.times_s, chosen).starts_T
        steps = steps_of(telling, starts_T, config)
        step_s = 1 / getattr(config.vision_config, "tokens_per_second", STEPS_PER_S)
        notes.append(f"times are told in steps of {step_s:g} s, {steps[-1]} to the last picture")
    if telling.burnt and telling.teller is not None:
        notes.append(f"times are burnt into the pictures, as {telling.teller.name} does")
    if settings.wanted.drop is not None:
        notes.append("tokens that change too little are left out; how many is known once they are seen")
    if info.audio is not None:
        notes.append("sound is not heard: this model has no ears")
    return tuple(notes)
