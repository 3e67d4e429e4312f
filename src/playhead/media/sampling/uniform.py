"""Plain policies that belong to no one system: every frame, N evenly, so many per second, middles of segments."""

from __future__ import annotations

import math

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, pick, shown, spread


def every() -> Policy:
    """Every frame of the video."""

    def choose(_duration_s: float, times_s: Times) -> Selection:
        return pick(times_s, np.arange(times_s.shape[0]), "every", "all frames")

    return choose


def uniform(n: int) -> Policy:
    """``n`` frames evenly spaced in time from the first frame to the last; all frames where there are fewer.

    Source: the common baseline, the even spacing of ``linspace(0, frames - 1, n)``.
    """
    at_least("uniform", n=n)

    def choose(_duration_s: float, times_s: Times) -> Selection:
        count = min(n, int(times_s.shape[0]))
        return pick(times_s, spread(times_s, count), f"uniform:n={n}", "even spacing, first to last frame")

    return choose


def per_second(*, rate_hz: float = 1.0, min_frames: int = 1, max_frames: int | None = None) -> Policy:
    """The frame shown at every ``1 / rate_hz`` seconds from 0; a minimum and a maximum spread evenly instead.

    Args:
        rate_hz: Frames per second of video.
        min_frames: Below this many, so many frames are spread evenly (or all, where the video has fewer).
        max_frames: Above this many, so many frames are spread evenly; None for no limit.

    Source: one per second capped at N is the practice of most systems here; minimum and maximum as in Qwen-VL.
    """
    if not rate_hz > 0:
        raise UsageError("per-second sampling", found=f"rate_hz={rate_hz}", allowed="a rate above 0")
    at_least("per-second", min_frames=min_frames, max_frames=max_frames)
    if max_frames is not None and max_frames < min_frames:
        raise UsageError(
            "per-second sampling", found=f"min_frames={min_frames} above max_frames={max_frames}"
        )
    name = f"per-second:rate_hz={rate_hz:g},min_frames={min_frames}" + (
        "" if max_frames is None else f",max_frames={max_frames}"
    )

    def choose(duration_s: float, times_s: Times) -> Selection:
        indices = np.unique(ticks(duration_s, times_s, rate_hz))
        wanted = min(max(indices.shape[0], min_frames), max_frames or math.inf, times_s.shape[0])
        if wanted != indices.shape[0]:
            indices = spread(times_s, int(wanted))
        return pick(times_s, indices, name, "one frame per interval, within limits")

    return choose


def segment_middles(n: int) -> Policy:
    """The frame shown at the middle of each of ``n`` equal stretches of the video.

    Source: segment sampling (Temporal Segment Networks, arXiv 1608.00859, section 3.1), its test-time form.
    """
    at_least("segment-middles", n=n)

    def choose(duration_s: float, times_s: Times) -> Selection:
        edges_s = np.linspace(0.0, duration_s, n + 1)
        intervals_S2 = np.stack([edges_s[:-1], edges_s[1:]], axis=1)
        indices = shown(times_s, intervals_S2.mean(axis=1))
        name, source = f"segment-middles:n={n}", "middles of equal stretches"
        return pick(times_s, indices, name, source, intervals_S2=intervals_S2)

    return choose


def ticks(duration_s: float, times_s: Times, rate_hz: float) -> Indices:
    """Index of the frame shown at 0, 1/rate, 2/rate, ... seconds, for all such instants before the end."""
    count = max(1, math.ceil(duration_s * rate_hz - 1e-9))
    return shown(times_s, np.arange(count) / rate_hz)


def at_least(policy: str, minimum: int = 1, **counts: int | None) -> None:
    """Refuse counts below a minimum, naming the parameter; None passes.

    Raises:
        UsageError: If a count is too small.
    """
    for name, count in counts.items():
        if count is not None and count < minimum:
            raise UsageError(
                f"sampling policy {policy!r}", found=f"{name}={count}", allowed=f"at least {minimum}"
            )
