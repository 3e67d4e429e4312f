"""Keye-VL-1.5's sampling: frames that look like the one before get 30 % of the tokens of those that change.

Axes: F frame of the base selection.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Policy, Selection, Tokens
from playhead.media.sampling.uniform import at_least, per_second

SAME_ABOVE = 0.95
FAST_SHARE = 0.30
_SOURCE = "Keye-VL-1.5 (arXiv 2509.01563), slow-fast video encoding"


def keye(
    similarity_F: npt.ArrayLike,
    budget_tokens: int,
    *,
    rate_hz: float = 2.0,
    max_frames: int | None = 1024,
    min_tokens: int = 32,
    max_tokens: int = 768,
) -> Policy:
    """Frames at a steady rate, split into slow ones with many tokens and fast ones with 30 % of that.

    The base is :func:`playhead.media.sampling.uniform.per_second`; measure how similar each of its frames is to the one
    before, then ask again with those values. :func:`slow_fast` does the second step on a selection you already have.

    Args:
        similarity_F: For each frame of the base selection, how similar it is to the frame before, 0 to 1, as a mean over
            patches; the first value is not read.
        budget_tokens: Visual tokens for the whole video.
        rate_hz: Frames per second of the base.
        max_frames: Most frames of the base.
        min_tokens: Fewest tokens a slow frame may get.
        max_tokens: Most tokens a slow frame may get.

    Source: arXiv 2509.01563 (threshold 95 %, share 30 %, binary search). Whether similarity is to the previous frame or
    to the last slow one is not certain from what we could read; the caller decides by what is measured. The limits on
    tokens per frame and the base rate are not published constants.
    """
    values = np.asarray(similarity_F, dtype=np.float64)
    base = per_second(rate_hz=rate_hz, max_frames=max_frames)
    at_least("keye1.5", budget_tokens=budget_tokens, min_tokens=min_tokens, max_tokens=max_tokens)

    def choose(duration_s: float, times_s: Times) -> Selection:
        return slow_fast(
            base(duration_s, times_s), values, budget_tokens, min_tokens=min_tokens, max_tokens=max_tokens
        )

    return choose


def slow_fast(
    chosen: Selection,
    similarity_F: npt.ArrayLike,
    budget_tokens: int,
    *,
    min_tokens: int = 32,
    max_tokens: int = 768,
) -> Selection:
    """Grant tokens to the frames of a selection: the most per slow frame that fits, found by binary search.

    Raises:
        UsageError: If there is not one similarity per frame, or not even ``min_tokens`` per slow frame fit.
    """
    values = np.asarray(similarity_F, dtype=np.float64)
    if values.shape != (len(chosen),):
        raise UsageError(
            "sampling policy 'keye1.5'",
            found=f"similarities of shape {values.shape} for {len(chosen)} frames",
            allowed="one per frame of the base selection",
        )
    slow = ~(values > SAME_ABOVE)
    slow[:1] = True
    if int(_grant(slow, min_tokens).sum()) > budget_tokens:
        raise UsageError(
            "sampling policy 'keye1.5'",
            found=f"{len(chosen)} frames, {int(slow.sum())} slow, for {budget_tokens} tokens",
            allowed=f"at least {min_tokens} tokens per slow frame",
            todo="lower the rate or max_frames, or raise the budget",
        )
    low, high = min_tokens, max(max_tokens, min_tokens)
    while low < high:
        middle = (low + high + 1) // 2
        if int(_grant(slow, middle).sum()) <= budget_tokens:
            low = middle
        else:
            high = middle - 1
    name = f"keye1.5:budget_tokens={budget_tokens} over {chosen.policy}"
    return replace(chosen, policy=name, source=_SOURCE, tokens_per_frame=_grant(slow, low))


def _grant(slow_F: npt.NDArray[np.bool_], slow_tokens: int) -> Tokens:
    fast_tokens = max(1, int(slow_tokens * FAST_SHARE))
    return np.where(slow_F, slow_tokens, fast_tokens).astype(np.int64)
