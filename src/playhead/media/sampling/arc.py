"""ARC-Hunyuan-Video's sampling: one frame per second, at most 150, each standing for a labelled stretch.

Axes: S segment (one frame each), 2 start and end.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, pick, shown
from playhead.media.sampling.uniform import at_least

MAX_FRAMES = 150
_SOURCE = "ARC-Hunyuan-Video (arXiv 2507.20939), frame index rule of the released inference and training code"


def arc(
    *, max_frames: int = MAX_FRAMES, pick_by: Literal["middle", "random"] = "middle", seed: int | None = None
) -> Policy:
    """One frame per second of video, or 150 equal stretches of a longer one, with the stretch each frame stands for.

    On evenly spaced frames, with rate f, n frames and T = n / f seconds: ``ceil(T)`` stretches of s = 1 s when T is at
    most 150, else 150 stretches of s = T / 150; stretch i holds the frames from ``int(i*s*f)`` up to ``int((i+1)*s*f)``,
    clipped to n. Inference takes ``(start + end) // 2``, training a frame of the stretch at random. On any other list of
    times T is the duration, and the frame shown at the stretch's middle (or at a random instant of it) is taken.

    ``Selection.intervals_S2`` holds ``[i*s, (i+1)*s]`` unclipped: the label of the last second of a video of 59.97 s
    ends at 60, as in training.

    Args:
        max_frames: The limit, 150 in the published model.
        pick_by: ``middle`` as in inference, ``random`` as in training.
        seed: Where the random choice starts; needed for ``random``, so that a run can be repeated.

    Source: arXiv 2507.20939, and the released code's rule (its paper says only one frame per second, at most 150).

    Raises:
        UsageError: On ``random`` without a seed.
    """
    at_least("arc", max_frames=max_frames)
    if pick_by not in ("middle", "random"):
        raise UsageError("sampling policy 'arc'", found=f"pick_by={pick_by!r}", allowed="middle or random")
    if pick_by == "random" and seed is None:
        raise UsageError("sampling policy 'arc'", found="pick_by=random without seed", todo="add seed=0")
    name = f"arc:max_frames={max_frames}" + (f",pick_by=random,seed={seed}" if pick_by == "random" else "")

    def choose(duration_s: float, times_s: Times) -> Selection:
        chance = np.random.default_rng(seed) if pick_by == "random" else None
        rate = index_rate(duration_s, times_s)
        length_s = duration_s if rate is None else times_s.shape[0] / rate
        count, step_s = segments(length_s, max_frames)
        edges_s = np.arange(count + 1, dtype=np.float64) * step_s
        intervals_S2 = np.stack([edges_s[:-1], edges_s[1:]], axis=1)
        if rate is None:
            indices = _by_time(times_s, intervals_S2, chance)
        else:
            indices = _by_index(int(times_s.shape[0]), rate, edges_s, chance)
        return pick(times_s, indices, name, _SOURCE, intervals_S2=intervals_S2)

    return choose


def segments(duration_s: float, max_frames: int = MAX_FRAMES) -> tuple[int, float]:
    """How many stretches a video is cut into, and the length of each in seconds."""
    if duration_s <= max_frames:
        return max(1, math.ceil(duration_s)), 1.0
    return max_frames, duration_s / max_frames


def _by_index(frames: int, rate: float, edges_s: Times, chance: np.random.Generator | None) -> Indices:
    bounds = np.minimum((edges_s * rate).astype(np.int64), frames)
    starts, ends = bounds[:-1], bounds[1:]
    if chance is None:
        return np.asarray(np.minimum((starts + ends) // 2, frames - 1), dtype=np.int64)
    # Below one frame per second a stretch may hold none: training raises there; the frame shown at its start is used.
    picked = chance.integers(starts, np.maximum(ends, starts + 1))
    return np.asarray(np.minimum(picked, frames - 1), dtype=np.int64)


def _by_time(times_s: Times, intervals_S2: Times, chance: np.random.Generator | None) -> Indices:
    ends_s = np.minimum(intervals_S2[:, 1], max(float(times_s[-1]), float(intervals_S2[-1, 0])))
    if chance is None:
        return shown(times_s, intervals_S2.mean(axis=1))
    return shown(times_s, chance.uniform(intervals_S2[:, 0], np.maximum(ends_s, intervals_S2[:, 0])))
