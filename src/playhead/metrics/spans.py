"""Overlap of spans of time: intersection over union of two, of many with many, of whole sets, and exact matching.

A span here is a pair ``(start_s, end_s)`` in seconds on the video's own clock; arrays of them are ``spans_N2``.
Everything is computed at full precision: nothing is rounded before it is compared with a threshold.

    _N2   N spans, start and end
    _PT   one row a predicted span, one column a true one
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pair = Sequence[float]
Floats = NDArray[np.float64]


def iou(predicted: Pair, true: Pair) -> float:
    """Intersection over union of two spans, 0 to 1.

    Two equal points give 1, a span turned round (its end before its start) gives 0 with everything.

    Args:
        predicted: Start and end in seconds.
        true: Start and end in seconds.
    """
    return float(iou_matrix([predicted], [true])[0, 0])


def iou_matrix(predicted: ArrayLike, true: ArrayLike) -> Floats:
    """Intersection over union of every predicted span with every true one, ``iou_PT``; may have no rows or columns."""
    first_N2, second_N2 = as_spans(predicted), as_spans(true)
    lengths_P, lengths_T = first_N2[:, 1] - first_N2[:, 0], second_N2[:, 1] - second_N2[:, 0]
    starts_PT = np.maximum(first_N2[:, None, 0], second_N2[None, :, 0])
    ends_PT = np.minimum(first_N2[:, None, 1], second_N2[None, :, 1])
    shared_PT = np.clip(ends_PT - starts_PT, 0.0, None)
    union_PT = lengths_P[:, None] + lengths_T[None, :] - shared_PT
    found_PT = np.divide(shared_PT, union_PT, out=np.zeros_like(shared_PT), where=union_PT > 0)
    same_PT = (first_N2[:, None, :] == second_N2[None, :, :]).all(axis=2)
    found_PT[same_PT & (union_PT == 0)] = 1.0
    found_PT[(lengths_P < 0)[:, None] | (lengths_T < 0)[None, :]] = 0.0
    return np.asarray(found_PT, dtype=np.float64)


def set_iou(predicted: ArrayLike, true: ArrayLike) -> float:
    """Intersection over union of two sets of spans taken as stretches of the timeline, 0 to 1.

    Overlapping spans of one set count once. Two empty sets agree (1); an empty and a filled one do not (0). Spans
    turned round are left out.

    Args:
        predicted: Any number of ``(start_s, end_s)``.
        true: The same for the truth.
    """
    first, second = _joined(as_spans(predicted)), _joined(as_spans(true))
    if not first and not second:
        return 1.0
    shared_s = sum(
        max(0.0, min(one[1], other[1]) - max(one[0], other[0])) for one in first for other in second
    )
    union_s = _length_s(first) + _length_s(second) - shared_s
    if union_s == 0:
        return 1.0 if first == second else 0.0
    return shared_s / union_s


def as_spans(spans: ArrayLike) -> Floats:
    """Pairs as an array ``spans_N2``; nothing gives an array of no rows.

    Raises:
        ValueError: If a span is not a pair of finite numbers.
    """
    spans_N2 = np.asarray(spans, dtype=np.float64)
    if spans_N2.size == 0:
        return np.zeros((0, 2))
    if spans_N2.ndim != 2 or spans_N2.shape[1] != 2 or not np.isfinite(spans_N2).all():
        raise ValueError(f"spans are pairs of finite seconds, found an array of shape {spans_N2.shape}")
    return spans_N2


def _joined(spans_N2: Floats) -> list[tuple[float, float]]:
    """Spans in order, those that touch made one, those turned round left out."""
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted((float(start), float(end)) for start, end in spans_N2 if end >= start):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_s))
        else:
            joined.append((start_s, end_s))
    return joined


def _length_s(spans: Iterable[tuple[float, float]]) -> float:
    return sum(end_s - start_s for start_s, end_s in spans)


def best_matching(gains: ArrayLike) -> list[tuple[int, int]]:
    """The one-to-one matching of rows to columns with the greatest total gain, exactly (Hungarian method).

    Every row of the shorter side is matched. Kuhn's method with potentials, cubic in the number of spans.

    Args:
        gains: A matrix of finite gains, for instance ``iou_PT``.

    Returns:
        Pairs of row and column, by row.
    """
    matrix = np.asarray(gains, dtype=np.float64)
    if matrix.size == 0:
        return []
    turned = matrix.shape[0] > matrix.shape[1]
    columns = _assign(-(matrix.T if turned else matrix))
    return sorted((column, row) if turned else (row, column) for row, column in enumerate(columns))


def _assign(costs: Floats) -> list[int]:
    """The column of every row at least total cost; rows are at most as many as columns."""
    rows, columns = costs.shape
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    owner = [0] * (columns + 1)  # row of a column, 1 first; 0 is nobody
    for row in range(1, rows + 1):
        owner[0], at = row, 0
        least, came_from, seen = [math.inf] * (columns + 1), [0] * (columns + 1), [False] * (columns + 1)
        while owner[at] != 0:
            seen[at] = True
            step, following = math.inf, 0
            for column in range(1, columns + 1):
                if seen[column]:
                    continue
                cost = float(costs[owner[at] - 1, column - 1]) - row_price[owner[at]] - column_price[column]
                if cost < least[column]:
                    least[column], came_from[column] = cost, at
                if least[column] < step:
                    step, following = least[column], column
            for column in range(columns + 1):
                if seen[column]:
                    row_price[owner[column]] += step
                    column_price[column] -= step
                else:
                    least[column] -= step
            at = following
        while at:
            owner[at], at = owner[came_from[at]], came_from[at]
    found = [0] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            found[owner[column] - 1] = column - 1
    return found
