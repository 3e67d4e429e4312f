"""Sampling that looks where something is: every shot gets frames, or chosen spans get more of them.

Cuts and spans are seconds on the clock of the times the policy is given: with :func:`playhead.media.sampling.sample` on a
window, second 0 is the window's start.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError, WindowError
from playhead.media.clip import Times
from playhead.media.sampling.base import Indices, Policy, Selection, index_rate, nearest_frame, pick, shown
from playhead.media.sampling.uniform import at_least
from playhead.timeline import Span, merge_spans

RATIO = 1.5
_SHOTS_SOURCE = "content-aware: shots first, then length"
_FOCUS_SOURCE = "VideoChat-R1.5 (arXiv 2509.21100), iterative perception"


def content(cuts_s: Iterable[float], n: int) -> Policy:
    """``n`` frames over the shots of a video: one from every shot, the rest by length, none on a cut.

    Each shot's frames are those shown at the middles of its equal parts. With more shots than frames the longest shots
    get one each, and the notes say how many went unseen.

    Args:
        cuts_s: Times in seconds of the first frame of every new shot (:mod:`playhead.media.shots`); those outside the
            video are ignored.
        n: Number of frames; fewer come back where shots are shorter than their share of frames.

    Source: ours; shot-wise key frames as in video summarisation.
    """
    at_least("content", n=n)
    cuts = tuple(sorted(float(cut) for cut in cuts_s))

    def choose(duration_s: float, times_s: Times) -> Selection:
        inner_s = [cut for cut in cuts if 0.0 < cut < duration_s]
        edges_s = np.array([0.0, *inner_s, duration_s])
        lengths_s = np.diff(edges_s)
        share = _allot(lengths_s, n)
        intervals = [
            (start_s + k * length_s / count, start_s + (k + 1) * length_s / count)
            for start_s, length_s, count in zip(edges_s[:-1], lengths_s, share, strict=True)
            for k in range(int(count))
        ]
        intervals_S2 = np.array(intervals, dtype=np.float64).reshape(-1, 2)
        indices, first = np.unique(shown(times_s, intervals_S2.mean(axis=1)), return_index=True)
        unseen = int((share == 0).sum())
        notes = (f"{unseen} of {lengths_s.shape[0]} shots got no frame",) if unseen else ()
        return pick(
            times_s, indices, f"content:n={n}", _SHOTS_SOURCE, intervals_S2=intervals_S2[first], notes=notes
        )

    return choose


def _allot(lengths_s: Times, n: int) -> Indices:
    """Frames per shot: one each (the longest where there are too few), the rest by length, largest remainder first."""
    shots = lengths_s.shape[0]
    share = np.zeros(shots, dtype=np.int64)
    if n <= shots:
        share[np.argsort(-lengths_s, kind="stable")[:n]] = 1
        return share
    total_s = float(lengths_s.sum())
    extra = (n - shots) * (lengths_s / total_s if total_s > 0 else np.full(shots, 1 / shots))
    whole = np.floor(extra).astype(np.int64)
    left = n - shots - int(whole.sum())
    whole[np.argsort(whole - extra, kind="stable")[:left]] += 1
    return np.asarray(whole + 1, dtype=np.int64)


def densify(
    spans_s: Iterable[tuple[float, float]],
    *,
    n: int | None = None,
    rate_hz: float = 2.0,
    ratio: float = RATIO,
    min_frames: int = 4,
    max_frames: int = 512,
) -> Policy:
    """A soft zoom: about as many frames as usual, but ``ratio`` times denser inside the spans that matter.

    With n frames in all, K frames of the video inside the spans and O outside, the spans get
    ``round(n * K * ratio / (K * ratio + O))`` (half to even) of them, each span by its share of K and at least one,
    evenly from its first to its last frame; the rest go evenly over the frames outside. Frames chosen twice count once.
    On unevenly spaced frames K and O are seconds, and instants evenly spaced in time are answered by the nearest frame.

    Args:
        spans_s: Start and end in seconds of what matters, from an earlier round; overlapping ones are joined.
        n: Frames in all; None takes ``rate_hz`` per second between the limits, an even number.
        rate_hz: Frames per second where n is None.
        ratio: How much denser the spans are.
        min_frames: Fewest frames where n is None.
        max_frames: Most frames where n is None.

    Source: arXiv 2509.21100 and its released code. Which frames bound a span, and rounding to the nearest frame, are our
    reading: a frame belongs to a span when ``start <= time <= end``.

    Raises:
        WindowError: If a span ends before it starts; on use, if no span holds a frame.
        UsageError: If there is no span or the ratio is not above 0.
    """
    spans = _spans(spans_s)
    at_least("densify", n=n, min_frames=min_frames, max_frames=max_frames)
    if not ratio > 0 or not rate_hz > 0:
        raise UsageError(
            "sampling policy 'densify'", found=f"ratio={ratio}, rate_hz={rate_hz}", allowed="above 0"
        )
    name = f"densify:ratio={ratio:g},spans=" + "+".join(f"{s.start_s:g}-{s.end_s:g}" for s in spans)

    def choose(duration_s: float, times_s: Times) -> Selection:
        rate = index_rate(duration_s, times_s)
        ideal = duration_s * rate_hz
        wanted = n if n is not None else max(1, int(min(max(ideal, min_frames), max_frames)) // 2 * 2)
        inside = np.zeros(times_s.shape[0], dtype=np.bool_)
        bounds = [np.flatnonzero((times_s >= s.start_s - 1e-9) & (times_s <= s.end_s + 1e-9)) for s in spans]
        ranges = [(int(b[0]), int(b[-1])) for b in bounds if b.shape[0]]
        if not ranges:
            raise WindowError(
                "densify sampling", found="no frame inside the spans", todo="give spans in the video"
            )
        for first, last in ranges:
            inside[first : last + 1] = True
        weights = _weights(times_s, duration_s, even=rate is not None)
        count = min(wanted, int(times_s.shape[0]))
        indices = _zoom(times_s, inside, ranges, weights, n=count, ratio=ratio, even=rate is not None)
        return pick(times_s, indices, f"{name},n={wanted}", _FOCUS_SOURCE)

    return choose


def _spans(spans_s: Iterable[tuple[float, float]]) -> tuple[Span, ...]:
    """Join the spans, refusing what is none."""
    spans = []
    for start_s, end_s in spans_s:
        if end_s < start_s:
            raise WindowError(f"cannot densify {start_s} s to {end_s} s", found="an end before the start")
        spans.append(Span(float(start_s), float(end_s)))
    if not spans:
        raise UsageError(
            "sampling policy 'densify'", found="no spans", allowed="at least one (start, end) in seconds"
        )
    return merge_spans(spans)


def _weights(times_s: Times, duration_s: float, *, even: bool) -> Times:
    """What each frame counts for: one where frames are evenly spaced, else the seconds it is shown."""
    if even:
        return np.ones(times_s.shape[0])
    ends_s = np.append(times_s[1:], max(duration_s, float(times_s[-1])))
    return np.maximum(ends_s - times_s, 1e-9)


def _zoom(
    times_s: Times,
    inside: npt.NDArray[np.bool_],
    ranges: list[tuple[int, int]],
    weights: Times,
    *,
    n: int,
    ratio: float,
    even: bool,
) -> Indices:
    key, other = float(weights[inside].sum()), float(weights[~inside].sum())
    n_key = round(n * key * ratio / (key * ratio + other))
    taken: list[Indices] = []
    for first, last in ranges:
        count = max(1, round(n_key * float(weights[first : last + 1].sum()) / key))
        taken.append(_even(times_s, np.arange(first, last + 1), count, even=even))
    outside = np.flatnonzero(~inside)
    if outside.shape[0] and n > n_key:
        taken.append(_even(times_s, outside, n - n_key, even=even))
    return np.unique(np.concatenate(taken)).astype(np.int64)


def _even(times_s: Times, among: Indices, count: int, *, even: bool) -> Indices:
    """``count`` of the given frames, evenly from the first to the last of them."""
    if even:
        return among[np.linspace(0, among.shape[0] - 1, count).round().astype(np.int64)]
    candidates_s = times_s[among]
    return among[nearest_frame(candidates_s, np.linspace(candidates_s[0], candidates_s[-1], count))]
