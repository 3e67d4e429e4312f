"""True presentation times as text beside the pictures, and the times of pictures that share a token.

Axes: F frame, T group of frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError

Times = npt.NDArray[np.float64]


def group_starts_s(times_s: Times, group: int = 2) -> Times:
    """When each group of pictures begins: the time of its first one, float64 of shape (T,)."""
    return _groups(times_s, group)[:, 0]


def group_means_s(times_s: Times, group: int = 2) -> Times:
    """The time a group of pictures is named by: the mean of its first and its last one, float64 of shape (T,).

    A group that is not full counts its last picture again.

    Source: transformers 5.23, Qwen3VLProcessor; there from frame numbers and an average rate, here from true times.
    """
    groups_TG = _groups(times_s, group)
    return (groups_TG[:, 0] + groups_TG[:, -1]) / 2


def seconds_text(time_s: float) -> str:
    """A time as Qwen3-VL reads it: ``<12.5 seconds>``, rounded to the nearest tenth.

    Raises:
        UsageError: A time before 0, or none at all.
    """
    if not 0 <= time_s < np.inf:
        raise UsageError("write a time", found=f"{time_s} s", allowed="0 s or later")
    return f"<{time_s:.1f} seconds>"


def _groups(times_s: Times, group: int) -> npt.NDArray[np.float64]:
    """Times of shape (T, group); the last one is repeated to fill its group."""
    if group < 1 or times_s.ndim != 1 or not len(times_s):
        raise UsageError("group the times of pictures", found=f"{times_s.shape} in groups of {group}")
    missing = -len(times_s) % group
    return np.concatenate([times_s, np.repeat(times_s[-1:], missing)]).reshape(-1, group)
