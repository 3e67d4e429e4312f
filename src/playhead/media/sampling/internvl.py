"""InternVL's sampling: a fixed number of segments at inference, random or middle frames of intervals in training.

Axes: S segment (one frame each), 2 start and end.
"""

from __future__ import annotations

import re

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, nearest_frame, pick, shown
from playhead.media.sampling.uniform import at_least

_SOURCE = "InternVL 3.5 (arXiv 2508.18265), evaluation settings and released sampler"
_TRAIN_SOURCE = "InternVL 3.5 (arXiv 2508.18265), released training data loader"


def internvl(n: int = 32) -> Policy:
    """``n`` frames, each near the middle of an equal segment (the paper evaluates 16, 32, 48 and 64).

    On evenly spaced frames, with the last index L and seg = L / n: ``int(seg / 2 + round(seg * k))``, half to even. The
    rounding before adding half a segment is part of the rule. On any other list of times, with the last frame's time E:
    the frame shown at ``(k + 1/2) * E / n`` seconds after the first. Frames repeat where the video has fewer than n.

    Source: sampler of the model cards and evaluation code.
    """
    at_least("internvl", n=n)

    def choose(duration_s: float, times_s: Times) -> Selection:
        ordinals = np.arange(n)
        if index_rate(duration_s, times_s) is None:
            first_s, step_s = float(times_s[0]), float(times_s[-1] - times_s[0]) / n
            indices = shown(times_s, first_s + (ordinals + 0.5) * step_s)
        else:
            segment = float(times_s.shape[0] - 1) / n
            indices = (segment / 2 + np.round(segment * ordinals)).astype(np.int64)
        return pick(times_s, indices, f"internvl:n={n}", _SOURCE)

    return choose


def internvl_train(
    *,
    mode: str = "rand",
    n: int | None = None,
    seed: int | None = None,
    min_frames: int = 8,
    max_frames: int = 32,
) -> Policy:
    """Frames of a training sample: one per interval at random (``rand``) or in the middle, or ``fpsX``.

    On T evenly spaced frames: ``linspace(0, T, n + 1)`` truncated bounds the intervals (n at most T); ``rand`` takes one
    frame of each, ``middle`` takes ``(first + last) // 2``; the last frame is repeated up to n on short videos. ``fpsX``
    takes the frames nearest (k + 1/2) / X seconds and cuts off whatever exceeds ``max_frames``. On any other list of
    times the intervals are equal in seconds and the frame shown at the instant is taken.

    Args:
        mode: ``rand``, ``middle`` or ``fps`` followed by a rate, as ``fps2``.
        n: Number of frames; None draws it evenly from ``min_frames`` to ``max_frames``, as training does.
        seed: Where random choices start; needed for ``rand`` and for drawing n.
        min_frames: Smallest n to draw.
        max_frames: Largest n to draw, and the limit of ``fpsX``.

    Source: released training data loader.

    Raises:
        UsageError: On an unknown mode or a missing seed.
    """
    at_least("internvl-train", n=n, min_frames=min_frames, max_frames=max_frames)
    rate_match = re.fullmatch(r"fps(\d+(?:\.\d+)?)", mode)
    if mode not in ("rand", "middle") and not (rate_match and float(rate_match[1]) > 0):
        raise UsageError(
            "sampling policy 'internvl-train'", found=f"mode={mode!r}", allowed="rand, middle or fpsX"
        )
    if seed is None and (mode == "rand" or (n is None and not rate_match)):
        raise UsageError(
            "sampling policy 'internvl-train'", found="a random choice without seed", todo="add seed=0"
        )
    name = f"internvl-train:mode={mode}" + ("" if seed is None else f",seed={seed}")

    def choose(duration_s: float, times_s: Times) -> Selection:
        rate = index_rate(duration_s, times_s)
        if rate_match:
            indices = _per_second(duration_s, times_s, rate, float(rate_match[1]))
            notes = (f"{len(indices) - max_frames} frames past the first {max_frames} were cut off",)
            kept = indices[:max_frames]
            return pick(times_s, kept, name, _TRAIN_SOURCE, notes=notes if len(indices) > max_frames else ())
        chance = np.random.default_rng(seed)
        count = n if n is not None else int(chance.integers(min_frames, max_frames + 1))
        indices = _of_intervals(duration_s, times_s, rate, count, chance if mode == "rand" else None)
        padded = np.concatenate([indices, np.repeat(indices[-1:], count - indices.shape[0])])
        return pick(times_s, padded, f"{name},n={count}", _TRAIN_SOURCE)

    return choose


def _per_second(duration_s: float, times_s: Times, rate: float | None, wanted_hz: float) -> Indices:
    frames = int(times_s.shape[0])
    length_s = duration_s if rate is None else frames / rate
    step_s = 1.0 / wanted_hz
    instants_s = np.arange(step_s / 2, length_s + step_s / 2, step_s)
    if rate is None:
        return nearest_frame(times_s, instants_s[instants_s < max(length_s, step_s)])
    indices = np.around(instants_s * rate).astype(np.int64)
    inside = indices[indices < frames]
    return inside if inside.shape[0] else np.zeros(1, dtype=np.int64)


def _of_intervals(
    duration_s: float, times_s: Times, rate: float | None, count: int, chance: np.random.Generator | None
) -> Indices:
    frames = int(times_s.shape[0])
    count = min(count, frames)
    if rate is not None:
        bounds = np.linspace(0, frames, count + 1).astype(np.int64)
        starts, ends = bounds[:-1], bounds[1:]
        return (starts + ends - 1) // 2 if chance is None else chance.integers(starts, ends)
    edges_s = np.linspace(0.0, duration_s, count + 1)
    instants_s = (edges_s[:-1] + edges_s[1:]) / 2
    return shown(times_s, instants_s if chance is None else chance.uniform(edges_s[:-1], edges_s[1:]))
