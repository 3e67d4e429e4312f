"""Inverse transform sampling: pictures drawn by how well they fit a query, none of them at random.

Axes: N candidate picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.media.sampling.base import Indices
from playhead.media.sampling.uniform import at_least


def inverse_transform(scores_N: npt.ArrayLike, n: int, *, alpha: float = 3.0) -> Indices:
    """Rows of about ``n`` candidates, denser where their scores are higher.

    Scores are moved to 0..1, raised to ``alpha`` and summed up to a distribution; the candidates at its even quantiles
    ``(k + 1/2) / n`` are taken. A candidate that holds several quantiles is taken once, so fewer than ``n`` may come
    back. With equal scores, or ``alpha`` 0, this is even spacing; the lowest score of all is never taken otherwise.

    Args:
        scores_N: How well each candidate fits, in the order of time; any scale.
        n: How many to take.
        alpha: Sharpness.

    Returns:
        Ascending rows, int64 of shape (n or fewer,).

    Source: BOLT, arXiv 2503.21483 (normalising, sharpening, inverse of the cumulative distribution). There the quantiles
    are drawn evenly too; that no chance has a part in it, and the alpha, are ours.

    Raises:
        UsageError: No candidates, a score that is no number, or an alpha below 0.
    """
    scores = np.asarray(scores_N, dtype=np.float64)
    at_least("inverse transform", n=n)
    if scores.ndim != 1 or scores.shape[0] == 0 or not np.isfinite(scores).all():
        raise UsageError(
            "choose pictures by score",
            found=f"scores of shape {scores.shape}",
            allowed="one finite number a picture",
        )
    if not (np.isfinite(alpha) and alpha >= 0):
        raise UsageError("choose pictures by score", found=f"alpha={alpha}", allowed="0 or more")
    reach = float(scores.max() - scores.min())
    weights = np.ones_like(scores) if reach == 0 else ((scores - scores.min()) / reach) ** alpha
    reached = np.cumsum(weights) / weights.sum()
    quantiles = (np.arange(n) + 0.5) / n
    rows = np.searchsorted(reached, quantiles, side="left")
    return np.asarray(np.unique(np.minimum(rows, scores.shape[0] - 1)), dtype=np.int64)
