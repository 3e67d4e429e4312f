"""Pictures at instants a caller names: what zooming, query-aware choice and shifted votes look at."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from playhead.errors import EmptyMediaError, UsageError, WindowError
from playhead.media.clip import Times, Video
from playhead.media.sampling.base import Policy, Selection, pick, sample, shown

_SOURCE: Final = "the caller's own choice"
_NOISE_S: Final = 1e-6


def at(instants_s: Sequence[float]) -> Policy:
    """The picture on show at each instant, however often it then comes.

    Args:
        instants_s: Seconds on the clock the policy is used with, ascending.

    Raises:
        UsageError: None at all, one that is no number, or some that descend.
    """
    instants = [float(each) for each in instants_s]
    good = all(math.isfinite(each) for each in instants)
    if not instants or not good or any(b < a for a, b in itertools.pairwise(instants)):
        raise UsageError(
            "pictures at instants", found=f"{instants[:4]} of {len(instants)}", allowed="ascending seconds"
        )

    def choose(_duration_s: float, times_s: Times) -> Selection:
        return pick(times_s, shown(times_s, instants), f"instants:n={len(instants)}", _SOURCE)

    return choose


def sample_video(video: Video, policy: Policy, times_s: Times, start_s: float, end_s: float) -> Selection:
    """The pictures of a window: those at the instants the caller named, else those of the engine's own policy.

    Args:
        video: May name instants on the video's clock.
        policy: The engine's own.
        times_s: True presentation times of all frames, ascending.
        start_s: Start of the window in seconds.
        end_s: End of its pictures in seconds.

    Raises:
        WindowError: An instant outside the window.
        EmptyMediaError: No frames.
    """
    if video.instants_s is None:
        return sample(policy, times_s, start_s, end_s)
    if not times_s.shape[0]:
        raise EmptyMediaError("cannot sample frames", found="a video stream without frames")
    chosen = at(video.instants_s)(end_s, times_s)
    outside = [each for each in video.instants_s if not start_s - _NOISE_S <= each <= end_s + _NOISE_S]
    if outside:
        raise WindowError(
            f"look at {outside[0]:g} s",
            found="an instant outside the window",
            allowed=f"{start_s:g} to {end_s:g} s",
        )
    return chosen
