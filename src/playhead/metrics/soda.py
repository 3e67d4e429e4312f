"""SODA_c: dense captions scored as a story, each true event told at most once and in order (Fujita et al. 2020).

Predictions and true events are matched in order of time for the greatest sum of overlap times METEOR; precision is that
sum over the number of predictions, recall over the number of events, and a video's score is their F1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from playhead.metrics import java
from playhead.metrics.told import Caption, Captions, published_iou


def ordered_matching(gains: ArrayLike) -> tuple[float, list[tuple[int, int]]]:
    """The greatest sum of gains of a matching that keeps the order of rows and of columns, and its pairs.

    Args:
        gains: A matrix of gains of 0 or more.
    """
    matrix = np.asarray(gains, dtype=np.float64)
    rows, columns = matrix.shape
    best = np.zeros((rows + 1, columns + 1))
    for row in range(rows):
        for column in range(columns):
            best[row + 1, column + 1] = max(
                best[row, column + 1], best[row + 1, column], best[row, column] + matrix[row, column]
            )
    pairs, row, column = [], rows, columns
    while row and column:
        if best[row, column] == best[row - 1, column]:
            row -= 1
        elif best[row, column] == best[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return float(best[rows, columns]), pairs[::-1]


def score_soda(
    predicted: Sequence[Captions],
    true: Sequence[Captions],
    meteor: java.Meteor,
    *,
    in_order: bool = True,
    swap_roles: bool = True,
    timechat_columns: bool = False,
) -> list[float]:
    """SODA_c of every video, 0 to 1; 0 where nothing is predicted.

    Args:
        predicted: Captions of every video.
        true: True captions of the same videos.
        meteor: A running METEOR.
        in_order: Sort both by their start first.
        swap_roles: Give METEOR the true sentence as the hypothesis, as the published scores do. METEOR is not symmetric.
        timechat_columns: Give prediction number n the METEOR of the one that comes n-th when numbers are sorted as text
            (0, 1, 10, 2, ...), as TimeChat's released evaluation does; the same for up to ten predictions a video.

    Raises:
        MissingExtraError: If Java or the extra ``metrics`` is missing.
    """
    if in_order:
        predicted, true = ([sorted(each, key=_start) for each in side] for side in (predicted, true))
    words = java.tokenize(each.text for side in (predicted, true) for video in side for each in video)
    grids = [
        [
            (words[event.text], words[said.text])
            for event in events
            for said in (_by_text(told) if timechat_columns else told)
        ]
        for told, events in zip(predicted, true, strict=True)
    ]
    if not swap_roles:
        grids = [[(said, event) for event, said in grid] for grid in grids]
    found = []
    for told, events, (_, scores) in zip(predicted, true, meteor.score(grids), strict=True):
        if not told or not events:
            found.append(0.0)
            continue
        overlaps = [[published_iou((s.start_s, s.end_s), (e.start_s, e.end_s)) for s in told] for e in events]
        total, _ = ordered_matching(np.array(overlaps) * np.reshape(scores, (len(events), len(told))))
        precision, recall = total / len(told), total / len(events)
        found.append(2 * precision * recall / (precision + recall) if total else 0.0)
    return found


def _by_text(told: Captions) -> list[Caption]:
    """Captions in the order of their numbers as text."""
    return [told[number] for number in sorted(range(len(told)), key=str)]


def _start(caption: Caption) -> float:
    return caption.start_s
