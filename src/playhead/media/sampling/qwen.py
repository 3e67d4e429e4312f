"""Qwen-VL's sampling: two frames per second between 4 and 768, in pairs, and the pixels each frame may have."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, pick, shown
from playhead.media.sampling.uniform import at_least

RATE_HZ = 2.0
PAIR = 2
MIN_FRAMES, MAX_FRAMES = 4, 768
MIN_TOKENS, MAX_TOKENS = 128, 768
MODEL_TOKENS = 128_000
MAX_ASPECT = 200
_MAX_UNLIKE = 0.1  # of an interval
_SHORTEST_S = 0.001  # pictures closer than this have times that were rounded together
_UTILS = "qwen-vl-utils 0.0.14, smart_nframes and fetch_video"
_HF = "transformers 5.23 video processor"


def qwen2_vl(
    *,
    rate_hz: float = RATE_HZ,
    min_frames: int = MIN_FRAMES,
    max_frames: int = MAX_FRAMES,
    variant: Literal["utils", "transformers"] = "utils",
    width_px: int | None = None,
    height_px: int | None = None,
) -> Policy:
    """Qwen2-VL and Qwen2.5-VL: 2 frames per second, 4 to 768, an even number, evenly from first to last.

    On T evenly spaced frames at rate f: ``n = T / f * rate``, held between minimum, maximum and T and rounded down to an
    even number. ``utils`` (the makers' qwen-vl-utils) takes ``round(linspace(0, T - 1, n))`` in 32-bit floats;
    ``transformers`` takes ``arange(0, T, T / n)`` truncated, in 32-bit floats, less the index past the last frame that
    rounding adds there at times. On any other list of
    times (slides, a variable rate) n comes from the duration, however few frames are coded, and the frames are taken
    that are on show when a constant-rate twin would have its own taken: one held for long comes several times. A video
    of one frame, refused there, gives that frame.

    Args:
        rate_hz: Frames per second of video.
        min_frames: Fewest frames, made even upwards.
        max_frames: Most frames, made even downwards.
        variant: Whose rule: ``utils`` or ``transformers``.
        width_px: Width of the picture; with the height, ``Selection.frame_size_px`` is filled in.
        height_px: Height of the picture.

    Source: qwen-vl-utils 0.0.14; transformers 5.23 Qwen2VLVideoProcessor.
    """
    return _qwen(
        "qwen2-vl",
        28,
        rate_hz=rate_hz,
        min_frames=min_frames,
        max_frames=max_frames,
        variant=variant,
        width_px=width_px,
        height_px=height_px,
    )


def qwen3_vl(
    *,
    rate_hz: float = RATE_HZ,
    min_frames: int = MIN_FRAMES,
    max_frames: int = MAX_FRAMES,
    variant: Literal["utils", "transformers"] = "utils",
    width_px: int | None = None,
    height_px: int | None = None,
) -> Policy:
    """Qwen3-VL: 2 frames per second, 4 to 768, evenly from first to last; patches of 16 pixels.

    ``utils`` is the rule of :func:`qwen2_vl`. ``transformers`` takes ``n = int(T / f * rate)`` held between minimum,
    maximum and T, odd numbers too, and ``round(linspace(0, T - 1, n))`` in 64-bit floats; on any other list of times as
    in :func:`qwen2_vl`.

    Args: As :func:`qwen2_vl`.

    Source: qwen-vl-utils 0.0.14; transformers 5.23 Qwen3VLVideoProcessor.
    """
    return _qwen(
        "qwen3-vl",
        32,
        rate_hz=rate_hz,
        min_frames=min_frames,
        max_frames=max_frames,
        variant=variant,
        width_px=width_px,
        height_px=height_px,
    )


def _qwen(
    family: str,
    factor_px: int,
    *,
    rate_hz: float,
    min_frames: int,
    max_frames: int,
    variant: str,
    width_px: int | None,
    height_px: int | None,
) -> Policy:
    _check(family, rate_hz, min_frames, max_frames, variant)
    at_least(family, width_px=width_px, height_px=height_px)
    name = f"{family}:rate_hz={rate_hz:g},min_frames={min_frames},max_frames={max_frames},variant={variant}"
    paired = not (family == "qwen3-vl" and variant == "transformers")

    def choose(duration_s: float, times_s: Times) -> Selection:
        frames = int(times_s.shape[0])
        rate = _even_rate(duration_s, times_s)
        ideal = (duration_s if rate is None else frames / rate) * rate_hz
        if rate is None and frames > 1:
            twin = _twin_frames(duration_s, times_s)
            # One coded frame may be on show at many of the instants: they bound the count, not the frames.
            there = max(frames, twin, int(ideal))
            count = frame_count(ideal, there, min_frames, max_frames, paired=paired)
            indices = _on_show(duration_s, times_s, max(twin, count), count, family=family, variant=variant)
        else:
            count = frame_count(ideal, frames, min_frames, max_frames, paired=paired)
            indices = _indices(frames, count, family, variant)
        size = None
        if width_px is not None and height_px is not None:
            size = _size(family, variant, factor_px, count, width_px=width_px, height_px=height_px)
        notes = ("one frame only; the published rule refuses such a video",) if frames == 1 else ()
        source = _UTILS if variant == "utils" else _HF
        return pick(times_s, indices, name, source, frame_size_px=size, notes=notes)

    return choose


def _size(
    family: str, variant: str, factor_px: int, count: int, *, width_px: int, height_px: int
) -> tuple[int, int]:
    """The frame size the variant's own code would give."""
    if variant == "utils":
        return frame_size_px(width_px, height_px, count, factor_px)
    if family == "qwen3-vl":
        return video_size_px(width_px, height_px, count)
    return fit_px(width_px, height_px, factor_px, MIN_TOKENS * factor_px**2, MAX_TOKENS * factor_px**2)


def _check(family: str, rate_hz: float, min_frames: int, max_frames: int, variant: str) -> None:
    if variant not in ("utils", "transformers"):
        raise UsageError(
            f"sampling policy {family!r}", found=f"variant={variant!r}", allowed="utils or transformers"
        )
    if not rate_hz > 0:
        raise UsageError(f"sampling policy {family!r}", found=f"rate_hz={rate_hz}", allowed="a rate above 0")
    at_least(family, min_frames=min_frames)
    at_least(family, max_frames=max_frames, minimum=PAIR)


def frame_count(ideal: float, frames: int, min_frames: int, max_frames: int, *, paired: bool = True) -> int:
    """How many frames are taken, from ``seconds * rate`` and the number there are; even where frames go in pairs."""
    if not paired:
        return min(max(int(ideal), min_frames), max_frames, frames)
    least = math.ceil(min_frames / PAIR) * PAIR
    most = math.floor(min(max_frames, max(frames, PAIR)) / PAIR) * PAIR
    count = min(max(ideal, least), most, frames)
    return max(1, math.floor(count / PAIR) * PAIR)


def _indices(frames: int, count: int, family: str, variant: str) -> Indices:
    """The published choice of so many among evenly spaced frames."""
    if _takes_starts(family, variant):
        return np.minimum(_arange_float32(frames, count).astype(np.int64), frames - 1)
    if variant == "transformers":
        return np.linspace(0, frames - 1, count).round().astype(np.int64)
    return _linspace_float32(frames - 1, count).round().astype(np.int64)


def _takes_starts(family: str, variant: str) -> bool:
    """Whether the rule takes the start of each of n equal parts; the others go from the first frame to the last."""
    return family == "qwen2-vl" and variant == "transformers"


def _even_rate(duration_s: float, times_s: Times) -> float | None:
    """The rate of evenly spaced frames, else None; two frames are even only if the second is on show as long."""
    rate = index_rate(duration_s, times_s)
    uneven = rate is not None and len(times_s) == PAIR and abs(duration_s * rate - PAIR) > _MAX_UNLIKE
    return None if uneven else rate


def _twin_frames(duration_s: float, times_s: Times) -> int:
    """Frames of the constant-rate video that lasts as long, at the shortest interval found here."""
    interval_s = max(float(np.diff(times_s).min()), _SHORTEST_S)
    return max(1, round(_length_s(duration_s, times_s) / interval_s))


def _length_s(duration_s: float, times_s: Times) -> float:
    return max(duration_s, float(times_s[-1])) - float(times_s[0])


def _on_show(
    duration_s: float, times_s: Times, twin_frames: int, count: int, *, family: str, variant: str
) -> Indices:
    """The frames on show at the instants at which a constant-rate twin of so many frames would have its own taken."""
    length_s = _length_s(duration_s, times_s)
    step_s = length_s / twin_frames
    if not _takes_starts(family, variant) and twin_frames > 1:
        # The last frame is among those taken, however short it is on show.
        last_s = max(float(times_s[-1] - times_s[0]), length_s - step_s)
        step_s = last_s / (twin_frames - 1)
    return shown(times_s, times_s[0] + _indices(twin_frames, count, family, variant) * step_s)


def _linspace_float32(last: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """``0 .. last`` in 32-bit floats, built from both ends as the published code's library does."""
    if count == 1:
        return np.zeros(1, dtype=np.float32)
    # Products in 64 bits and one rounding to 32 are what fused multiply-add gives.
    step = float(np.float32(last) / np.float32(count - 1))
    ordinals = np.arange(count, dtype=np.float64)
    ascending = (step * ordinals).astype(np.float32)
    descending = (last - step * (count - 1 - ordinals)).astype(np.float32)
    return np.where(ordinals < count // 2, ascending, descending).astype(np.float32)


def _arange_float32(stop: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """``0, stop / count, ...`` in 32-bit floats, rounded as the published code's library does.

    It computes eight values at a time from a first one already rounded to 32 bits, two such blocks per turn, and what is
    left over one by one; truncated, that decides between two frames in one video out of ten.
    """
    step = stop / count
    ordinals = np.arange(count)
    in_blocks = ordinals < count // 16 * 16
    first = np.where(in_blocks, ordinals // 8 * 8, ordinals)
    return ((step * first).astype(np.float32).astype(np.float64) + (ordinals - first) * step).astype(
        np.float32
    )


def frame_size_px(
    width_px: int,
    height_px: int,
    frames: int,
    factor_px: int = 28,
    total_tokens: float = 0.9 * MODEL_TOKENS,
    *,
    min_tokens: int = MIN_TOKENS,
) -> tuple[int, int]:
    """Size ``(width, height)`` of each frame so that a video of so many frames keeps within its token budget.

    Every frame may have 128 to 768 tokens of ``factor_px`` squared pixels, and all together (two frames share a token)
    ``total_tokens``; the minimum wins by 5 % where the budget asks for less.

    Args:
        width_px: Width of the picture.
        height_px: Height of the picture.
        frames: Frames taken.
        factor_px: Side of a merged token: 28 for Qwen2-VL and Qwen2.5-VL, 32 for Qwen3-VL.
        total_tokens: The video's budget, 90 % of the model's 128,000 tokens.
        min_tokens: Fewest tokens of a picture; the published evaluation of Qwen2.5-VL (768 pictures within 24,576
            tokens) needs fewer than 128.

    Source: qwen-vl-utils 0.0.14, fetch_video.
    """
    token_px = factor_px**2
    least_px = min_tokens * token_px
    most_px = max(min(MAX_TOKENS * token_px, total_tokens * token_px / frames * PAIR), int(least_px * 1.05))
    return fit_px(width_px, height_px, factor_px, least_px, most_px)


def fit_px(width_px: int, height_px: int, factor_px: int, min_px: float, max_px: float) -> tuple[int, int]:
    """The size nearest to the picture's whose sides are multiples of ``factor_px`` and whose area lies within bounds.

    Source: qwen-vl-utils 0.0.14, smart_resize (Qwen2-VL, arXiv 2409.12191, section 2.1: dynamic resolution).

    Raises:
        UsageError: If one side is more than 200 times the other.
    """
    if max(width_px, height_px) > MAX_ASPECT * min(width_px, height_px):
        raise UsageError(f"size a {width_px}x{height_px} picture", found="sides of more than 200 to 1")
    width = max(factor_px, round(width_px / factor_px) * factor_px)
    height = max(factor_px, round(height_px / factor_px) * factor_px)
    if width * height > max_px:
        shrink = math.sqrt(width_px * height_px / max_px)
        width, height = (math.floor(side / shrink / factor_px) * factor_px for side in (width_px, height_px))
        # A sliver of a picture can round down to nothing; the published code then fails.
        return max(width, factor_px), max(height, factor_px)
    if width * height < min_px:
        grow = math.sqrt(min_px / (width_px * height_px))
        width, height = (math.ceil(side * grow / factor_px) * factor_px for side in (width_px, height_px))
    return width, height


def video_size_px(
    width_px: int,
    height_px: int,
    frames: int,
    min_px: int = 128 * 32**2,
    max_px: int = 768 * 32**2,
    *,
    cap_per_frame: bool = False,
) -> tuple[int, int]:
    """Size of each frame where the bounds count the pixels of the whole video, frames included.

    Args:
        width_px: Width of the picture.
        height_px: Height of the picture.
        frames: Frames taken.
        min_px: Fewest pixels of the whole video (the class default; checkpoints set their own).
        max_px: Most pixels of the whole video.
        cap_per_frame: Hold each frame to 768 tokens as well, as qwen-vl-utils does.

    Source: transformers 5.23, Qwen3VLVideoProcessor.
    """
    factor = 32
    if cap_per_frame:
        max_px = max(min(MAX_TOKENS * factor**2, max_px // frames), int(min_px * 1.05)) * frames
    if width_px < factor or height_px < factor:
        scale = max(factor / width_px, factor / height_px)
        width_px, height_px = int(width_px * scale), int(height_px * scale)
    width, height = round(width_px / factor) * factor, round(height_px / factor) * factor
    volume = round(frames / PAIR) * PAIR * width * height
    if volume > max_px:
        shrink = math.sqrt(frames * width_px * height_px / max_px)
        sides = (max(factor, math.floor(side / shrink / factor) * factor) for side in (width_px, height_px))
        width, height = sides
    elif volume < min_px:
        grow = math.sqrt(min_px / (frames * width_px * height_px))
        width, height = (math.ceil(side * grow / factor) * factor for side in (width_px, height_px))
    return width, height
