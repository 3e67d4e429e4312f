"""What a sampling policy is: a pure function from true frame times to the frames that are looked at.

    policy(duration_s, times_s) -> Selection

``times_s`` are the true presentation times of all frames, ascending, on a clock whose 0 is the start of what is
sampled and whose end is ``duration_s``. Most published policies count frames and divide by a frame rate. Here they are
reproduced index for index where the frames really are evenly spaced from 0 (:func:`index_rate` says so), and are
defined on true times everywhere else: an instant is answered by the frame that is being shown then.

Axes: F frame chosen, S segment (one per chosen frame), 2 start and end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from playhead.errors import EmptyMediaError, WindowError
from playhead.media.clip import Times

Indices = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.int64]

_CLOCK_NOISE_S = 1e-9
_MAX_JITTER_S = 0.002
_MAX_JITTER_FRACTION = 0.1
_LONG_WAIT_S = 0.5  # a window that opens this long before its next frame begins with the one still on screen


@dataclass(frozen=True, slots=True)
class Selection:
    """The frames a policy chose, and what each of them stands for.

    Attributes:
        times_s: True presentation times of the chosen frames, float64 of shape (frames,), never descending. A frame
            may come twice where the policy's count is fixed and the video has fewer frames.
        indices: Positions of those frames in the list of true frame times, int64 of shape (frames,).
        policy: Name of the policy with its parameters, as :attr:`playhead.timeline.Sampling.policy` wants it.
        source: Where the rule is published.
        intervals_S2: Start and end in seconds of the stretch each frame stands for, float64 of shape (frames, 2), or
            None where the policy has no segments. The last end may lie past the end of the video.
        tokens_per_frame: Visual tokens granted to each frame, int64 of shape (frames,), or None.
        frame_size_px: ``(width, height)`` every frame is to be given, or None where the policy leaves it open.
        notes: Plain sentences about anything limited or repaired.
    """

    times_s: Times
    indices: Indices
    policy: str
    source: str
    intervals_S2: Times | None = None
    tokens_per_frame: Tokens | None = None
    frame_size_px: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = self.indices.shape[0]
        if self.times_s.shape != (count,):
            raise ValueError(f"{count} indices but times of shape {self.times_s.shape}")
        if self.intervals_S2 is not None and self.intervals_S2.shape != (count, 2):
            raise ValueError(f"{count} frames but intervals of shape {self.intervals_S2.shape}")
        if self.tokens_per_frame is not None and self.tokens_per_frame.shape != (count,):
            raise ValueError(f"{count} frames but token counts of shape {self.tokens_per_frame.shape}")

    def __len__(self) -> int:
        return int(self.indices.shape[0])


Policy = Callable[[float, Times], Selection]


def sample(policy: Policy, times_s: Times, start_s: float, end_s: float) -> Selection:
    """Apply a policy to a window of a video; the answer is on the video's own clock and numbering.

    Args:
        policy: The policy.
        times_s: True presentation times of all frames of the video, ascending.
        start_s: Start of the window in seconds.
        end_s: End of the window in seconds.

    Returns:
        A selection whose times, indices and intervals refer to the whole video. When no frame begins inside the
        window, or not within its first half second (slides, time lapses), the one that is being shown at its start is
        among those sampled.

    Raises:
        WindowError: If the window ends before it starts.
        EmptyMediaError: If there are no frames.
    """
    if end_s < start_s:
        raise WindowError(f"cannot sample {start_s} s to {end_s} s", found="an end before the start")
    if times_s.shape[0] == 0:
        raise EmptyMediaError("cannot sample frames", found="a video stream without frames")
    first, stop = (int(i) for i in np.searchsorted(times_s, [start_s, end_s], side="left"))
    if stop <= first or (first > 0 and times_s[first] - start_s > _LONG_WAIT_S):
        first = int(shown(times_s, np.array([start_s]))[0])
        stop = max(stop, first + 1)
    inside = np.maximum(times_s[first:stop] - start_s, 0.0)
    chosen = policy(end_s - start_s, inside)
    indices = chosen.indices + first
    intervals = None if chosen.intervals_S2 is None else chosen.intervals_S2 + start_s
    return replace(chosen, indices=indices, times_s=times_s[indices], intervals_S2=intervals)


def pick(
    times_s: Times,
    indices: npt.ArrayLike,
    policy: str,
    source: str,
    *,
    intervals_S2: Times | None = None,
    tokens_per_frame: int | Tokens | None = None,
    frame_size_px: tuple[int, int] | None = None,
    notes: tuple[str, ...] = (),
) -> Selection:
    """Make a selection from indices; a single token count is granted to every frame."""
    chosen = np.asarray(indices, dtype=np.int64)
    tokens = tokens_per_frame
    if isinstance(tokens, int):
        tokens = np.full(chosen.shape, tokens, dtype=np.int64)
    return Selection(times_s[chosen], chosen, policy, source, intervals_S2, tokens, frame_size_px, notes)


def shown(times_s: Times, instants_s: npt.ArrayLike) -> Indices:
    """Index of the frame being shown at each instant: the last that has begun, or the first before any has.

    Instants within a nanosecond before a frame's time count as having reached it.
    """
    at = np.asarray(instants_s, dtype=np.float64) + _CLOCK_NOISE_S
    found = np.searchsorted(times_s, at, side="right") - 1
    return np.asarray(np.clip(found, 0, times_s.shape[0] - 1), dtype=np.int64)


def nearest_frame(times_s: Times, instants_s: npt.ArrayLike) -> Indices:
    """Index of the frame whose presentation time is closest to each instant; the earlier of two equals."""
    at = np.asarray(instants_s, dtype=np.float64)
    right = np.clip(np.searchsorted(times_s, at, side="left"), 0, times_s.shape[0] - 1)
    left = np.maximum(right - 1, 0)
    take_left = np.abs(at - times_s[left]) <= np.abs(times_s[right] - at) + _CLOCK_NOISE_S
    return np.asarray(np.where(take_left, left, right), dtype=np.int64)


def constant_rate(times_s: Times) -> float | None:
    """Frames per second of an evenly spaced list of times, or None where the spacing varies.

    Containers round times (Matroska to 1 ms, MPEG-TS to 1/90000 s), so times may stray from the even grid by 2 ms and a
    tenth of an interval at most. Published index rules multiply by the nominal rate and truncate, where the last bit
    counts: the plainest rate that explains the times as well as the best fit does is returned (a whole number, a
    whole number over 1.001, then one to three decimals).
    """
    count = int(times_s.shape[0])
    if count < 2:
        return None
    ordinals = np.arange(count, dtype=np.float64)
    centred = ordinals - ordinals.mean()
    interval_s = float(np.dot(centred, times_s - times_s.mean()) / np.dot(centred, centred))
    if interval_s <= 0:
        return None
    jitter_s = _jitter_s(times_s, ordinals, interval_s)
    if jitter_s > min(_MAX_JITTER_S, _MAX_JITTER_FRACTION * interval_s):
        return None
    rate = 1.0 / interval_s
    allowed_s = jitter_s * 1.02 + _CLOCK_NOISE_S
    if bool(np.all(np.abs(times_s * 1000 - np.round(times_s * 1000)) < 1e-6)):
        allowed_s = max(allowed_s, 0.0005)  # whole milliseconds: each may be half a one off
    plain = (round(rate), round(rate * 1.001) * 1000 / 1001, round(rate, 1), round(rate, 2), round(rate, 3))
    for candidate in plain:
        if (
            candidate > 0
            and _jitter_s(times_s, ordinals, 1.0 / candidate) <= jitter_s * 1.02 + _CLOCK_NOISE_S
        ):
            return float(candidate)
    return rate


def _jitter_s(times_s: Times, ordinals: Times, interval_s: float) -> float:
    strays = times_s - ordinals * interval_s
    return float(strays.max() - strays.min()) / 2


def index_rate(duration_s: float, times_s: Times) -> float | None:
    """The rate published index rules may use here: even spacing from second 0, else None.

    A single frame has no spacing; it counts as evenly spaced over the duration.
    """
    if times_s.shape[0] == 0:
        raise EmptyMediaError("cannot sample frames", found="a video stream without frames")
    if times_s.shape[0] == 1:
        return 1.0 / duration_s if duration_s > 0 and times_s[0] < duration_s / 2 else None
    rate = constant_rate(times_s)
    if rate is None or abs(float(times_s[0])) * rate > 0.5:
        return None
    return rate


def spread(times_s: Times, count: int) -> Indices:
    """Indices of ``count`` frames evenly spaced in time from the first to the last, each nearest to its instant."""
    last = times_s.shape[0] - 1
    if count <= 1:
        return nearest_frame(times_s, [(times_s[0] + times_s[-1]) / 2])
    if constant_rate(times_s) is not None:
        return np.asarray(np.linspace(0, last, count).round(), dtype=np.int64)
    return nearest_frame(times_s, np.linspace(times_s[0], times_s[-1], count))
