"""What ARC-Hunyuan-Video would take for a video, from its container and the model's dimensions alone: nothing is decoded.

Axes of the sums: h width of the vision tower, H width of the decoder, d width of the speech encoder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from playhead.media.chunks import ARC_LIMIT_S, ARC_SHORTEST_S, WHISPER_CHUNK_S
from playhead.media.clip import Video
from playhead.media.probe import no_pictures, opened
from playhead.media.sampling.arc import arc
from playhead.media.sampling.base import sample
from playhead.media.window import pictures_end_s, resolve_window
from playhead.models.arc_hunyuan_video.config import READ_TOKENS, slots_per_frame
from playhead.models.arc_hunyuan_video.reconcile import VECTORS_PER_S
from playhead.models.arc_hunyuan_video.settings import EngineSettings, settings_of
from playhead.models.family import EngineOptions, Plan, Preset
from playhead.models.merge import NONE
from playhead.models.parts import parts_of
from playhead.timeline import Span

if TYPE_CHECKING:
    from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig

PROMPT_TOKENS: Final = 160
"""Words around the video: the start, a question of a line or two and the suffix."""

_FRAME_TOKENS: Final = 2  # <img> and </img> around a frame's slots
_VIDEO_TOKENS: Final = 2  # <vid> and </vid>
_ACTIVATIONS: Final = 2  # copies of the widest layer's activations that live at once


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes of the model's parts; the defaults are the published ones (arXiv 2507.20939 and its released code)."""

    vocab: int = 128_256
    width: int = 4096
    ffn: int = 14_336
    layers: int = 32
    heads: int = 32
    kv_heads: int = 8
    head_width: int = 128
    vit_width: int = 1152
    vit_ffn: int = 4304
    vit_layers: int = 27
    patch_px: int = 16
    side_px: int = 640
    table_px: int = 2048
    audio_width: int = 1280
    audio_ffn: int = 5120
    audio_layers: int = 32
    mel_bins: int = 128
    audio_positions: int = 1500
    chunk_frames: int = 8

    @property
    def patches(self) -> int:
        """Patches of a frame."""
        return (self.side_px // self.patch_px) ** 2

    @property
    def slots(self) -> int:
        """Vectors a frame becomes."""
        return slots_per_frame(self.side_px // self.patch_px // 4)

    @property
    def parameters(self) -> int:
        """Parameters of the whole model, the head tied to the embedding."""
        return self.decoder_parameters + self._vision_parameters + self._audio_parameters

    @property
    def decoder_parameters(self) -> int:
        """Parameters of the decoder and its embedding."""
        layer = self._decoder_products + 2 * self.width + 2 * self.head_width
        return self.vocab * self.width + self.layers * layer + self.width

    @property
    def _decoder_products(self) -> int:
        """Weights of one decoder layer's matrices."""
        attention = self.width * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        return attention + 3 * self.width * self.ffn

    @property
    def _vision_parameters(self) -> int:
        h, f, patch = self.vit_width, self.vit_ffn, 3 * self.patch_px**2
        layer = 4 * h * h + 4 * h + 2 * h * f + f + h + 4 * h
        table = ((self.table_px // self.patch_px) ** 2 + 1) * h
        tower = patch * h + h + table + self.vit_layers * layer
        merger = 8 * h * h + 2 * h + 8 * h * h + 4 * h + 4 * h * self.width + self.width
        return tower + merger + 4 * h + 3 * self.width + h + self.width

    @property
    def _audio_parameters(self) -> int:
        d, f = self.audio_width, self.audio_ffn
        convolutions = 3 * self.mel_bins * d + d + 3 * d * d + d
        layer = 4 * d * d + 3 * d + 4 * d + 2 * d * f + f + d
        connector = 2 * d + d * self.width + self.width + self.width**2 + self.width
        return convolutions + self.audio_positions * d + self.audio_layers * layer + 2 * d + connector

    # --- operations: a multiply and an add are two ------------------------------------------------------------------

    def frame_flops(self) -> float:
        """Operations for one frame, from pixels to the decoder's vectors."""
        h, f, t = self.vit_width, self.vit_ffn, self.patches
        layer = 2 * t * (4 * h * h + 2 * h * f) + 4 * t * t * h
        merger = 2 * (t // 4) * (8 * h * h + 8 * h * h) + 2 * self.slots * 4 * h * self.width
        return float(2 * t * 3 * self.patch_px**2 * h + self.vit_layers * layer + merger)

    def chunk_flops(self) -> float:
        """Operations for one chunk of 30 s of sound, from the spectrogram to the decoder's vectors."""
        d, f, t = self.audio_width, self.audio_ffn, self.audio_positions
        layer = 2 * t * (4 * d * d + 2 * d * f) + 4 * t * t * d
        convolutions = 2 * 2 * t * 3 * self.mel_bins * d + 2 * t * 3 * d * d
        connector = 2 * t * (d * self.width + self.width**2)
        return float(convolutions + self.audio_layers * layer + connector)

    def prefill_flops(self, tokens: int) -> float:
        """Operations for reading a prompt and choosing the first token after it."""
        attention = (
            2 * tokens * tokens * self.heads * self.head_width
        )  # half of the square: it looks back only
        head = 2 * self.vocab * self.width
        return float(self.layers * (2 * tokens * self._decoder_products + attention) + head)

    def token_flops(self, tokens: int) -> float:
        """Operations for one more token after so many."""
        attention = 4 * tokens * self.heads * self.head_width
        head = 2 * self.vocab * self.width
        return float(self.layers * (2 * self._decoder_products + attention) + head)

    # --- memory -----------------------------------------------------------------------------------------------------

    def cache_bytes(self, tokens: int, value_bytes: int) -> int:
        """Keys and values of so many tokens: 128 KiB each at the published size in bfloat16."""
        return tokens * self.layers * 2 * self.kv_heads * self.head_width * value_bytes

    def working_bytes(self, frames: int, chunks: int, tokens: int, value_bytes: int) -> int:
        """What is held beside weights and cache at the costliest moment: encoding, or reading the prompt."""
        spectrograms = chunks * self.mel_bins * 2 * self.audio_positions * value_bytes
        seen = 3 * frames * self.side_px**2 + spectrograms  # pictures are kept as bytes
        vectors = (frames * self.slots + chunks * self.audio_positions) * self.width * value_bytes
        at_once = min(frames, self.chunk_frames) * self.patches * (self.vit_ffn + 4 * self.vit_width)
        hearing = chunks * self.audio_positions * (self.audio_ffn + 4 * self.audio_width)
        reading = min(tokens, READ_TOKENS) * (2 * self.ffn + 4 * self.width)
        return seen + vectors + _ACTIVATIONS * value_bytes * max(at_once, hearing, reading) + 4 * self.vocab


PUBLISHED: Final = Dimensions()


def dimensions_of(config: ArcHunyuanVideoConfig) -> Dimensions:
    """The sizes a model's config names."""
    text, vision, audio = config.text, config.vision, config.audio
    return Dimensions(
        vocab=text.vocab_size,
        width=text.hidden_size,
        ffn=text.intermediate_size,
        layers=text.num_hidden_layers,
        heads=text.num_attention_heads,
        kv_heads=text.num_key_value_heads,
        head_width=text.attention_head_dim,
        vit_width=vision.hidden_size,
        vit_ffn=vision.intermediate_size,
        vit_layers=vision.num_hidden_layers,
        patch_px=vision.patch_size,
        side_px=vision.force_image_size,
        table_px=vision.max_image_size,
        audio_width=audio.d_model,
        audio_ffn=audio.encoder_ffn_dim,
        audio_layers=audio.encoder_layers,
        mel_bins=audio.num_mel_bins,
        audio_positions=audio.max_source_positions,
        chunk_frames=vision.chunk_frames,
    )


def video_tokens(frames: int, slots: int = PUBLISHED.slots) -> int:
    """Positions that a video of so many frames takes in the prompt: 6,842 for 60, 17,102 for 150."""
    return frames * (slots + _FRAME_TOKENS) + _VIDEO_TOKENS


# --- a video ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one part of a video would give the model."""

    frames: int
    step_s: float
    audio_s: float
    tokens: int


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What answering one question about a video would take; its container is read, no picture is decoded.

    Bytes and operations are computed from the model's dimensions; the peak is an estimate of the costliest moment.

    Raises:
        MediaError: The video has no pictures or cannot be opened.
        WindowError: The window lies outside of it.
        UsageError: An option has a value it may not have.
    """
    settings = settings_of(options.family)
    sizes = replace(sizes_of(preset), chunk_frames=settings.vision_chunk_frames)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, index = media.info, media.index
    if index is None:
        raise no_pictures(info)
    window = resolve_window(video, info)
    parts = [part.span for part in parts_of(video, window, settings.segment_s)]
    policy = arc(max_frames=settings.max_frames)
    seen = []
    for part in parts:
        chosen = sample(policy, index.times_s, part.start_s, pictures_end_s(index, part))
        stretches_S2 = np.zeros((1, 2)) if chosen.intervals_S2 is None else chosen.intervals_S2
        step_s = float(stretches_S2[0, 1] - stretches_S2[0, 0])
        audio_s = max(float(ARC_SHORTEST_S), min(part.duration_s, float(ARC_LIMIT_S)))
        seen.append(_Seen(len(chosen), step_s, audio_s, video_tokens(len(chosen), sizes.slots)))
    value_bytes = _value_bytes(options)
    worst = max(seen, key=lambda each: each.tokens)
    longest = worst.tokens + PROMPT_TOKENS + options.max_new_tokens
    chunks = max(math.ceil(each.audio_s / WHISPER_CHUNK_S) for each in seen)
    beside = sizes.working_bytes(worst.frames, chunks, worst.tokens + PROMPT_TOKENS, value_bytes)
    weights_bytes = sizes.parameters * value_bytes
    return Plan(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=sum(each.frames for each in seen),
        audio_s=0.0 if info.audio is None else sum(each.audio_s for each in seen),
        video_tokens=sum(each.tokens for each in seen),
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + sizes.cache_bytes(longest, value_bytes) + beside,
        flops=sum(_flops(sizes, each) for each in seen),
        answer_flops_per_token=sum(sizes.token_flops(each.tokens + PROMPT_TOKENS) for each in seen),
        notes=_notes(parts, seen, settings, hears=info.audio is not None),
    )


def _flops(sizes: Dimensions, seen: _Seen) -> float:
    """Operations up to the first answered token about a part."""
    chunks = math.ceil(seen.audio_s / WHISPER_CHUNK_S)
    encoding = seen.frames * sizes.frame_flops() + chunks * sizes.chunk_flops()
    return encoding + sizes.prefill_flops(seen.tokens + PROMPT_TOKENS)


def _notes(parts: list[Span], seen: list[_Seen], settings: EngineSettings, *, hears: bool) -> tuple[str, ...]:
    """What is merged, dropped or cut."""
    notes = []
    if len(parts) > 1:
        how = "put one after the other" if settings.merge == NONE else "merged by a language model"
        notes.append(
            f"answered in {len(parts)} parts of up to {max(part.duration_s for part in parts):g} s, each read by itself; "
            f"the answers are {how}; tokens and operations are of all parts, memory of the largest; "
            "an answer's length is that of one part's, and merging is not counted"
        )
    steps_s = sorted({round(each.step_s, 3) for each in seen if each.step_s > 1})
    if steps_s:
        told = " to ".join(f"{step_s:g}" for step_s in dict.fromkeys((steps_s[0], steps_s[-1])))
        notes.append(
            f"{settings.max_frames} pictures at most: each stands for {told} s, what lies between is not seen"
        )
    if not hears:
        notes.append("no sound: the model hears silence of the same length" if settings.missing_sound == "silence"
                     else "no sound, which missing_sound='error' refuses")  # fmt: skip
    elif any(part.duration_s > ARC_LIMIT_S for part in parts):
        notes.append(
            f"sound above {ARC_LIMIT_S} s: of each of 150 equal stretches only the first 2 s are heard"
        )
    slots_s = PUBLISHED.slots / VECTORS_PER_S
    if (
        hears
        and settings.alignment in ("auto", "true-intervals")
        and any(each.step_s > slots_s for each in seen)
    ):
        notes.append(f"a picture holds {slots_s:g} s of sound at most: the rest of its stretch is not heard")
    return tuple(notes)


def sizes_of(preset: Preset) -> Dimensions:
    """The sizes of a preset's parts."""
    if not preset.tiny:
        return PUBLISHED
    from playhead.models.arc_hunyuan_video.tiny import tiny_parts

    return dimensions_of(tiny_parts()[0])


def _value_bytes(options: EngineOptions) -> int:
    """Bytes of one value; the device is asked for only where the precision depends on it."""
    if options.dtype != "auto":
        return 4 if options.dtype == "float32" else 2
    if options.device == "cpu":
        return 4
    from playhead.models.options import resolve_device

    return 4 if resolve_device(options.device).type == "cpu" else 2
