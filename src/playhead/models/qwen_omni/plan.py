"""What answering about a video would take: from its packets and the configuration alone, nothing is decoded.

A multiply and an add are two operations.
"""

from __future__ import annotations

from typing import Any, Final

from playhead.media.clip import MediaInfo, Video
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.pictures.choose import Chosen
from playhead.models.pictures.cost import parameters, reading_flops, token_flops
from playhead.models.qwen_omni.kinds import MEL_HZ, Omni, omni_of
from playhead.models.qwen_omni.settings import Settings, read_settings
from playhead.models.qwen_omni.sound import is_heard, token_count
from playhead.models.qwen_vl.kinds import cut_of
from playhead.models.qwen_vl.pictures import choose
from playhead.models.qwen_vl.plan import PROMPT_TOKENS, looking_flops, working_bytes

_KERNEL: Final = 3  # of a convolution, along each of its axes


def make_plan(preset: Preset, config: Any, video: Video, options: EngineOptions) -> Plan:  # noqa: ANN401 - a configuration of a thinker
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
    omni = omni_of(config)
    settings = read_settings(options.family, seams_of(config.model_type), preset.name)
    cut, dtype = cut_of(config, omni.kind), resolve_dtype(options.dtype, resolve_device(options.device))
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=omni.kind, cut=cut, settings=settings.pictures)
    audio_s = window.duration_s if is_heard(info, wanted=settings.sound) else 0.0
    squares_T = (chosen.sizes_T2 // cut.patch_px).prod(axis=1).astype(int).tolist()
    seen, heard = sum(squares_T) // cut.merge**2, token_count(audio_s, omni, config)
    positions = seen + heard + PROMPT_TOKENS
    weights_bytes = parameters(omni.kind.model_class, config) * dtype.itemsize
    working = working_bytes(config, squares_T, positions, dtype.itemsize)
    # transformers' thinkers answer for every position of a prompt, though one is wanted.
    working += positions * config.text_config.vocab_size * dtype.itemsize
    looking = sum(looking_flops(config, each) for each in squares_T)
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=len(chosen.selection),
        audio_s=audio_s,
        video_tokens=seen + heard,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + working,
        flops=looking + listening_flops(config, audio_s, omni) + reading_flops(config.text_config, positions),
        answer_flops_per_token=token_flops(config.text_config, positions),
        notes=_notes(info, settings, chosen, config, tokens=(seen, heard)),
    )


def listening_flops(config: Any, audio_s: float, omni: Omni) -> float:  # noqa: ANN401 - a configuration of a thinker
    """Operations of the sound encoder: its convolutions and its layers, which look at a few seconds at a time."""
    sound = config.audio_config
    columns = audio_s * MEL_HZ
    width, ffn = sound.d_model, sound.encoder_ffn_dim
    if omni.order == "chunks":
        stem = 2 * columns * _KERNEL * width * (sound.num_mel_bins + width / 2)
        vectors, window = columns / 2, omni.chunk_mel(config) / 2
    else:
        hidden, bands = sound.downsample_hidden_size, sound.num_mel_bins
        kernel = _KERNEL**2 * hidden
        stem = 2 * columns * bands * kernel * (1 / 4 + hidden / 16 + hidden / 64)
        vectors, window = columns / omni.slot_mel, sound.n_window_infer / omni.slot_mel
    layer = 2 * vectors * (4 * width**2 + 2 * width * ffn) + 4 * vectors * window * width
    return float(stem + sound.encoder_layers * layer + 2 * vectors * width * sound.output_dim)


def _notes(
    info: MediaInfo,
    settings: Settings,
    chosen: Chosen,
    config: Any,  # noqa: ANN401 - a configuration of a thinker
    *,
    tokens: tuple[int, int],
) -> tuple[str, ...]:
    """What a user should know before running."""
    frames, (width_px, height_px) = len(chosen.selection), chosen.size_px
    seen, heard = tokens
    duration_s = max(0.0, chosen.end_s - chosen.window.start_s)
    rate = config.position_id_per_seconds
    notes = [*info.notes, *chosen.notes(), f"pictures are given {width_px} x {height_px} pixels"]
    if frames > 1:
        notes.append(f"{frames} pictures, one about every {duration_s / frames:.3g} s, two to a token")
    if heard:
        notes.append(f"{seen} tokens of pictures and {heard} of sound, told in {rate} steps a second")
    else:
        notes.append(f"times are told in {rate} steps a second")
    if info.audio is not None and not settings.sound:
        notes.append("sound is left out, as was wished")
    most = config.text_config.max_position_embeddings
    if seen + heard > most:
        notes.append(
            f"{seen + heard} tokens are more than the {most} the model is made for: choose a shorter window"
        )
    if settings.pictures.wanted.drop is not None:
        notes.append("tokens that change too little are left out; how many is known once they are seen")
    return tuple(notes)
