"""QVHighlights: moment retrieval and highlight detection, as the benchmark defines them (Lei et al. 2021, section 5).

Moment retrieval: the mean over queries of average precision at overlaps 0.5 to 0.95, and recall of the first window, over
all queries and by the length of the true windows. Highlights: every two-second clip has three ratings from 0 to 4; a clip
is a highlight from a rating on (Fair 2, Good 3, VeryGood 4), seen by each of the three raters on their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playhead.metrics.interval import Scores, fractions
from playhead.metrics.spans import iou_matrix

Floats = NDArray[np.float64]

OVERLAPS: Final = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
# Windows longer than the first and at most as long as the second number of seconds; None is all of them.
LENGTHS_S: Final[Mapping[str, tuple[float, float] | None]] = {
    "full": None,
    "long": (30, 150),
    "middle": (10, 30),
    "short": (0, 10),
}
RATINGS: Final[Mapping[str, int]] = {"Fair": 2, "Good": 3, "VeryGood": 4}
RATERS: Final = 3
CLIP_S: Final = 2.0
MOST_WINDOWS: Final = 10


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was predicted for a query.

    Attributes:
        windows: ``(start_s, end_s, confidence)``, best first; None when only clips were rated.
        clip_scores: One score for every two-second clip from the start; None when only windows were given.
    """

    windows: Sequence[Sequence[float]] | None = None
    clip_scores: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Highlighted:
    """What is true of a query.

    Attributes:
        video: The video's name.
        duration_s: Its length in seconds.
        windows: ``(start_s, end_s)`` of every relevant stretch.
        clips: Numbers of the relevant two-second clips.
        ratings: Three ratings, 0 to 4, of each of these clips.
    """

    video: str
    duration_s: float
    windows: Sequence[Sequence[float]]
    clips: Sequence[int]
    ratings: Sequence[Sequence[int]]


def average_precision(
    windows: Sequence[Sequence[float]], true: ArrayLike, overlaps: Sequence[float] = OVERLAPS
) -> Floats:
    """Average precision of ranked windows against the true ones, one value an overlap.

    Windows are taken by falling confidence (equal ones in the order given); each takes the true window it overlaps most
    among those not yet taken, when that is enough. Precision is made monotone and summed over the steps of recall.

    Args:
        windows: ``(start_s, end_s, confidence)``.
        true: ``(start_s, end_s)`` of the true windows, at least one.
        overlaps: Least overlaps.
    """
    ranked = sorted(windows, key=lambda window: -window[2])
    if not ranked:
        return np.zeros(len(overlaps))
    overlaps_PT = iou_matrix([window[:2] for window in ranked], true)
    order_PT = overlaps_PT.argsort(axis=1)[:, ::-1]
    return np.array([_precision_at(overlaps_PT, order_PT, least) for least in overlaps])


def _precision_at(overlaps_PT: Floats, order_PT: NDArray[np.intp], least: float) -> float:
    predicted, true = overlaps_PT.shape
    taken, hits_P = set[int](), np.zeros(predicted)
    for row in range(predicted):
        for column in order_PT[row]:
            if overlaps_PT[row, column] < least:
                break
            if int(column) not in taken:
                taken.add(int(column))
                hits_P[row] = 1
                break
    found_P = np.cumsum(hits_P)
    precision = np.concatenate([[0.0], found_P / np.arange(1, predicted + 1), [0.0]])
    recall = np.concatenate([[0.0], found_P / true, [1.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    return float(((recall[steps] - recall[steps - 1]) * precision[steps]).sum())


def clip_average_precision(scores: ArrayLike, relevant: ArrayLike) -> float:
    """Average precision of rated clips: the mean, over the levels of recall reached, of the best precision from there on.

    Clips with equal scores are taken together. Clips that are all relevant give 1, all irrelevant 0. The mean does not
    weigh the levels by their step of recall: this is how the benchmark defines it.

    Args:
        scores: One a clip, higher is better; cut or filled up with 0 to the number of clips.
        relevant: Whether each clip is a highlight.
    """
    truth = np.asarray(relevant, dtype=bool)
    if truth.all() or not truth.any():
        return float(len(truth) > 0 and truth.all())
    given = np.asarray(scores, dtype=np.float64)[: len(truth)]
    filled = np.zeros(len(truth))
    filled[: len(given)] = given
    order = np.argsort(-filled, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(filled[order]) != 0, True))
    found = np.cumsum(truth[order])[ends]
    precision = np.maximum.accumulate((found / (ends + 1))[::-1])[::-1]
    return float(precision[np.diff(found, prepend=0) > 0].mean())


def clip_ratings(true: Highlighted) -> NDArray[np.int64]:
    """Ratings of every clip of a video by every rater, ``ratings_CR``; clips that are not relevant have 0."""
    ratings_CR = np.zeros((int(true.duration_s / CLIP_S), RATERS), dtype=np.int64)
    if len(true.clips):
        ratings_CR[np.asarray(true.clips)] = np.asarray(true.ratings)
    return ratings_CR


def score_highlights(predicted: Mapping[str, Retrieved], true: Mapping[str, Highlighted]) -> Scores:
    """Score moments and highlights as the benchmark's own evaluation does, under the names it uses.

    Queries only one side has are left out, and counted where they are the truth's. A query answered with an empty
    list of windows or of scores is scored as wrong and counted as unparsable.

    Args:
        predicted: Windows and clip scores of every query.
        true: The truth of every query.
    """
    items = tuple(query for query in true if query in predicted)
    values: dict[str, Floats] = {}
    if any(predicted[query].windows is not None for query in items):
        values |= _retrieval(
            [predicted[query].windows or () for query in items], [true[query].windows for query in items]
        )
    if any(predicted[query].clip_scores is not None for query in items):
        values |= _rating(
            [predicted[query].clip_scores or () for query in items], [true[query] for query in items]
        )
    answers = [(predicted[query].windows, predicted[query].clip_scores) for query in items]
    silent = sum(any(each is not None and not len(each) for each in answer) for answer in answers)
    return Scores(
        "queries",
        items,
        tuple(true[query].video for query in items),
        values,
        unparsable=silent,
        missing=len(true) - len(items),
    )


def _retrieval(
    windows: Sequence[Sequence[Sequence[float]]], true: Sequence[Sequence[Sequence[float]]]
) -> dict[str, Floats]:
    """Metrics of moment retrieval, by length class."""
    values: dict[str, Floats] = {}
    for name, range_s in LENGTHS_S.items():
        precision_NO = np.full((len(windows), len(OVERLAPS)), np.nan)
        first_N = np.full(len(windows), np.nan)
        for row, (said, all_true) in enumerate(zip(windows, true, strict=True)):
            kept = [
                each for each in all_true if range_s is None or range_s[0] < each[1] - each[0] <= range_s[1]
            ]
            if kept:
                precision_NO[row] = average_precision(said[:MOST_WINDOWS], kept)
                first_N[row] = iou_matrix([said[0][:2]], kept).max() if said else 0.0
        values[f"MR-{name}-mAP"] = precision_NO.mean(axis=1)
        for column, least in enumerate(OVERLAPS):
            values[f"MR-{name}-mAP@{least:g}"] = precision_NO[:, column]
        for least in OVERLAPS:
            values[f"MR-{name}-R1@{least:g}"] = np.where(np.isnan(first_N), np.nan, (first_N >= least) * 1.0)
    return values


def _rating(scores: Sequence[Sequence[float]], true: Sequence[Highlighted]) -> dict[str, Floats]:
    """Metrics of highlight detection, by rating."""
    ratings = [clip_ratings(each) for each in true]
    values: dict[str, Floats] = {}
    for name, least in RATINGS.items():
        precision, hits = [], []
        for said, ratings_CR in zip(scores, ratings, strict=True):
            good_CR = ratings_CR >= least
            precision.append(
                float(np.mean([clip_average_precision(said, good_CR[:, rater]) for rater in range(RATERS)]))
                if len(said)
                else 0.0
            )
            best = int(np.argmax(said)) if len(said) else len(good_CR)
            hits.append(float(best < len(good_CR) and good_CR[best].any()))
        values[f"HL-min-{name}-mAP"] = fractions(precision)
        values[f"HL-min-{name}-Hit1"] = fractions(hits)
    return values
