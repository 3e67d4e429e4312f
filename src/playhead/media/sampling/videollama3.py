"""VideoLLaMA 3's sampling: one frame per second through FFmpeg's rate filter, at most 180."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, pick, shown
from playhead.media.sampling.uniform import at_least

_SOURCE = "VideoLLaMA 3 (arXiv 2501.13106), released video loader"


def videollama3(
    *, rate_hz: float = 1.0, max_frames: int = 180, reader: Literal["filter", "middles"] = "filter"
) -> Policy:
    """One frame per second, at most 180 spread evenly over those.

    ``filter`` is the loader's FFmpeg ``fps`` filter rounding down: slot k shows the *last* frame that begins before
    ``(k + 1) / rate`` seconds, so almost a whole second later than the slot's own time; the true times are kept here.
    A slot without a frame repeats the one before, and a last slot that the video does not fill is left out, so up to a
    second at the end is never seen (a video of less than one slot gives its last frame; the filter gives none). ``middles`` is its other reader: with segments of ``int(f) // rate``
    frames, the middle frame of each. More than ``max_frames`` are thinned by ``linspace(0, n - 1, max)`` truncated.

    On variable frame rates ``filter`` holds as it stands, since the filter works on times; ``middles`` then takes the
    frame shown at the middle of each interval.

    Source: arXiv 2501.13106, section 3 (1 frame per second, 180 frames); rules from the released video loader.
    """
    if not rate_hz > 0:
        raise UsageError(
            "sampling policy 'videollama3'", found=f"rate_hz={rate_hz}", allowed="a rate above 0"
        )
    if reader not in ("filter", "middles"):
        raise UsageError(
            "sampling policy 'videollama3'", found=f"reader={reader!r}", allowed="filter or middles"
        )
    at_least("videollama3", max_frames=max_frames)
    name = f"videollama3:rate_hz={rate_hz:g},max_frames={max_frames}" + (
        "" if reader == "filter" else ",reader=middles"
    )

    def choose(duration_s: float, times_s: Times) -> Selection:
        indices = (_slots if reader == "filter" else _middles)(duration_s, times_s, rate_hz)
        if indices.shape[0] > max_frames:
            indices = indices[np.linspace(0, indices.shape[0] - 1, max_frames).astype(np.int64)]
        return pick(times_s, indices, name, _SOURCE)

    return choose


def _slots(duration_s: float, times_s: Times, rate_hz: float) -> Indices:
    rate = index_rate(duration_s, times_s)
    end_s = duration_s if rate is None else times_s.shape[0] / rate
    slot_of_frame = np.floor(times_s * rate_hz + 1e-9).astype(np.int64)
    first, stop = int(slot_of_frame[0]), math.floor(end_s * rate_hz + 1e-9)
    slots = np.arange(first, max(stop, first + 1))
    return np.searchsorted(slot_of_frame, slots, side="right").astype(np.int64) - 1


def _middles(duration_s: float, times_s: Times, rate_hz: float) -> Indices:
    rate = index_rate(duration_s, times_s)
    frames = int(times_s.shape[0])
    if rate is None:
        count = max(1, math.ceil(duration_s * rate_hz - 1e-9))
        return shown(times_s, (np.arange(count) + 0.5) / rate_hz)
    segment = max(1, int(int(rate) // rate_hz))
    return np.minimum(np.arange(segment // 2, max(frames, segment // 2 + 1), segment), frames - 1).astype(
        np.int64
    )
