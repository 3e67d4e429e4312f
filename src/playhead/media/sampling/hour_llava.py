"""Hour-LLaVA's sampling: about one frame per second without limit, at least 128 where there are as many."""

from __future__ import annotations

from typing import Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, pick, shown
from playhead.media.sampling.uniform import at_least, ticks

MIN_FRAMES = 128
_SOURCE = "Hour-LLaVA (arXiv 2506.05332), released data loader"


def hour_llava(
    *, max_frames: int | None = None, force: bool = False, form: Literal["video", "features"] = "video"
) -> Policy:
    """Every ``round(rate)``-th frame, so about one per second, and at least 128 frames where the video has them.

    On evenly spaced frames with rate f and T frames: indices 0, k, 2k, ... with k = round(f), half to even (12.5 gives
    12); fewer than 128 of these give ``linspace(0, T - 1, min(T, 128))`` truncated. On any other list of times: the
    frame shown at every whole second, or, where that gives fewer than 128, what is taken of the same pictures at the
    constant rate of their shortest interval: the frames shown at those instants, some of them twice or more.

    The released code divides by zero at half a frame per second and below; there k is 1 here, which is every frame.

    Args:
        max_frames: Above this many, so many frames evenly (``linspace`` truncated); None, as in stages 2 and 3, for no
            limit.
        force: Give exactly ``max_frames`` however many seconds there are.
        form: ``video`` for raw video; ``features`` for the rule of the feature extractor:
            ``linspace(0, T - 1, max(int(duration), 128))``, all frames where there are fewer.

    Source: arXiv 2506.05332 (one frame per second); the rest from the released data loader.
    """
    at_least("hour-llava", max_frames=max_frames)
    if force and max_frames is None:
        raise UsageError(
            "sampling policy 'hour-llava'", found="force without max_frames", todo="give max_frames"
        )
    if form not in ("video", "features"):
        raise UsageError("sampling policy 'hour-llava'", found=f"form={form!r}", allowed="video or features")
    name = "hour-llava" + (":form=features" if form == "features" else "")
    name += "" if max_frames is None else f":max_frames={max_frames}" + (",force=true" if force else "")

    def choose(duration_s: float, times_s: Times) -> Selection:
        rate = index_rate(duration_s, times_s)
        frames = int(times_s.shape[0])
        if form == "features":
            length_s = duration_s if rate is None else frames / rate
            wanted = min(max(int(length_s), MIN_FRAMES), frames)
            return pick(times_s, _even(times_s, rate, wanted), name, _SOURCE)
        if rate is None:
            indices = np.unique(ticks(duration_s, times_s, 1.0))
        else:
            indices = np.arange(0, frames, max(1, round(rate)), dtype=np.int64)
        if indices.shape[0] < MIN_FRAMES:
            indices = (
                _few(duration_s, times_s) if rate is None else _even(times_s, rate, min(frames, MIN_FRAMES))
            )
        if max_frames is not None and (force or indices.shape[0] > max_frames):
            indices = _even(times_s, rate, max_frames)
        return pick(times_s, indices, name, _SOURCE)

    return choose


def _few(duration_s: float, times_s: Times) -> Indices:
    """The frames shown when a constant-rate twin with the shortest interval found here would have its frames taken."""
    if times_s.shape[0] == 1:
        return np.zeros(1, np.int64)
    interval_s = float(np.diff(times_s).min())
    length_s = max(duration_s, float(times_s[-1])) - float(times_s[0])
    count = MIN_FRAMES if interval_s * MIN_FRAMES <= length_s else max(1, round(length_s / interval_s))
    last_s = max(float(times_s[-1]), duration_s - interval_s)
    return shown(times_s, np.linspace(times_s[0], last_s, count))


def _even(times_s: Times, rate: float | None, count: int) -> Indices:
    frames = int(times_s.shape[0])
    if rate is None and count < frames:
        return shown(times_s, np.linspace(times_s[0], times_s[-1], count))
    return np.linspace(0, frames - 1, count).astype(np.int64)
