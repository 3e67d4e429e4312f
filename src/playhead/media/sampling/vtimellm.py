"""VTimeLLM's sampling: always 100 frames, the first and the last included."""

from __future__ import annotations

import numpy as np

from playhead.errors import WindowError
from playhead.media.clip import Times
from playhead.media.sampling.base import Policy, Selection, index_rate, pick, shown
from playhead.media.sampling.uniform import at_least

_SOURCE = "VTimeLLM (arXiv 2311.18445), section 3.1 and released code"


def vtimellm(*, n: int = 100, start_s: float | None = None, end_s: float | None = None) -> Policy:
    """100 frames evenly from the first to the last, rounded down; frames repeat where the video has fewer.

    On evenly spaced frames with rate f and T frames: ``linspace(0, T - 1, 100)`` truncated to whole numbers; a split
    begins at ``max(int(f * start_s), 0)`` and ends at ``min(int(f * end_s), T - 1)``. On any other list of times: 100
    instants evenly from the time of the first frame to the end less the shortest interval (where the last frame of an
    evenly spaced copy would begin), each answered by the frame shown then.

    Args:
        n: Number of frames, 100 in the published model.
        start_s: Start of the split in seconds, None for the beginning.
        end_s: End of the split in seconds, None for the end.

    Source: arXiv 2311.18445, section 3.1; truncation as in the released code.

    Raises:
        WindowError: On use, if the split lies past the last frame or ends before it starts (the released code then
            reads frames that do not exist, or a list that runs backwards).
    """
    at_least("vtimellm", n=n)
    split = "" if start_s is None else f",start_s={start_s:g}"
    split += "" if end_s is None else f",end_s={end_s:g}"

    def choose(duration_s: float, times_s: Times) -> Selection:
        rate = index_rate(duration_s, times_s)
        last = int(times_s.shape[0]) - 1
        first = 0 if start_s is None else _frame(times_s, rate, start_s)
        final = last if end_s is None else min(_frame(times_s, rate, end_s), last)
        past_end = start_s is not None and start_s > max(duration_s, float(times_s[-1]))
        if past_end or first > last or final < first:
            raise WindowError(
                f"cannot sample the split {start_s} s to {end_s} s",
                found=f"a video of {duration_s:.3f} s",
                allowed="0 <= start <= end <= duration",
            )
        if rate is None:
            last_s = _last_instant_s(duration_s, times_s, final, end_s)
            indices = shown(times_s, np.linspace(times_s[first], last_s, n))
        else:
            indices = np.linspace(first, final, n).astype(np.int64)
        return pick(times_s, indices, f"vtimellm:n={n}{split}", _SOURCE)

    return choose


def _last_instant_s(duration_s: float, times_s: Times, final: int, end_s: float | None) -> float:
    """When the last picture is looked at: a frame that is shown long is shown at its end, too."""
    shortest_s = float(np.diff(times_s).min()) if times_s.shape[0] > 1 else 0.0
    last_s = duration_s - shortest_s if end_s is None else min(end_s, duration_s - shortest_s)
    return max(float(times_s[final]), last_s)


def _frame(times_s: Times, rate: float | None, at_s: float) -> int:
    if rate is None:
        return int(shown(times_s, [at_s])[0])
    return max(int(rate * at_s), 0)
