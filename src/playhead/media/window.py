"""The part of a video that is asked for, checked against what there is."""

from __future__ import annotations

import math

import numpy as np

from playhead.errors import WindowError
from playhead.media.clip import FrameIndex, MediaInfo, Video
from playhead.timeline import Span


def resolve_window(video: Video, info: MediaInfo) -> Span:
    """The window in seconds on the clip's clock; an end past the video's is cut to it.

    Raises:
        WindowError: It ends before it starts, or begins before 0 or past the end.
    """
    start_s = 0.0 if video.start_s is None else float(video.start_s)
    end_s = info.duration_s if video.end_s is None else float(video.end_s)
    to = "the end" if video.end_s is None else f"{end_s:g} s"
    asked = f"cannot look at {start_s:g} s to {to} of {info.source!r}"
    there = f"0 to {info.duration_s:.3f} s"
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        raise WindowError(asked, found="a bound that is no number", allowed=there)
    if video.end_s is not None and end_s <= start_s:
        raise WindowError(asked, found="an end that is not after the start", allowed=there, todo="swap them")
    if start_s < 0 or (start_s > 0 and start_s >= info.duration_s):
        raise WindowError(asked, found=f"a video of {info.duration_s:.3f} s", allowed=there)
    return Span(start_s, max(start_s, min(end_s, info.duration_s)))


def pictures_end_s(index: FrameIndex, window: Span) -> float:
    """When the pictures of a window end, in seconds: with the window, or before it where only sound goes on.

    A lone picture stands for as long as the window does.
    """
    if len(index.times_s) == 1:
        return window.end_s
    return max(window.start_s, min(window.end_s, max(index.end_s, float(index.times_s[-1]))))


def frames_in(index: FrameIndex, window: Span) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the frames that are first shown inside a window.

    A window inside one long-shown frame gives that frame, whose own time lies before the window.
    """
    first, stop = np.searchsorted(index.times_s, (window.start_s - 1e-9, window.end_s - 1e-9))
    if window.end_s >= index.times_s[-1] and window.end_s >= index.end_s - 1e-9:
        stop = len(index.times_s)
    if stop <= first:
        return np.arange(max(0, first - 1), max(1, first))
    return np.arange(first, stop)
