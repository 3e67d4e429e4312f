"""When something happens: how well predicted spans meet the true ones.

A prediction and a truth are both *sets* of spans, possibly empty: "it does not happen" is an answer. Predicted spans come
best first. All overlap is computed at full precision; ``vtimellm_rounding`` repeats what VTimeLLM's released evaluation
does, which rounds every overlap to two decimals before it is compared with a threshold or averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from playhead.metrics.interval import Scores, fractions
from playhead.metrics.spans import Pair, best_matching, iou_matrix, set_iou

Spans = Sequence[Pair]

THRESHOLDS: Final = (0.3, 0.5, 0.7)


def top_iou(predicted: Spans, true: Spans, *, vtimellm_rounding: bool = False) -> float:
    """Overlap of the first predicted span with the true span it meets best; with nothing on both sides 1.

    Args:
        predicted: Spans in seconds, best first; empty for "it does not happen" or an answer that could not be read.
        true: The true spans.
        vtimellm_rounding: Round to two decimals, as VTimeLLM's released evaluation does.
    """
    found = best_iou_of_first(predicted, true, 1)
    return round(found, 2) if vtimellm_rounding else found


def best_iou_of_first(predicted: Spans, true: Spans, k: int) -> float:
    """The greatest overlap of any of the first ``k`` predicted spans with any true one; two empty sets give 1."""
    if not len(true) or not len(predicted):
        return float(not len(true) and not len(predicted))
    return float(iou_matrix(predicted[:k], true).max())


def span_f1(predicted: Spans, true: Spans, threshold: float) -> float:
    """F1 of a set of spans against the true set: matched one to one for the greatest total overlap (Hungarian).

    A matched pair counts when it overlaps by at least the threshold. Two empty sets give 1, one empty set 0.

    Args:
        predicted: Spans in seconds.
        true: The true spans.
        threshold: Least intersection over union, 0 to 1.
    """
    if not len(predicted) and not len(true):
        return 1.0
    overlaps_PT = iou_matrix(predicted, true)
    hits = sum(overlaps_PT[pair] >= threshold for pair in best_matching(overlaps_PT))
    return float(2 * hits / (len(predicted) + len(true)))


def score_grounding(
    predicted: Mapping[str, Spans | None],
    true: Mapping[str, Spans],
    videos: Mapping[str, str],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    depths: Sequence[int] = (1, 5),
    vtimellm_rounding: bool = False,
) -> Scores:
    """Score spans found for queries.

    Metrics: ``mIoU`` (first span), ``R{k}@{t}`` (any of the first k spans overlaps a true one by at least t),
    ``set IoU`` (all spans as stretches of the timeline), ``tF1@{t}`` and ``tF1`` (their mean), ``no-target accuracy``
    (over queries of which nothing is true: answered with nothing) and ``target found`` (over the others: answered with
    something).

    Args:
        predicted: Spans of every query, best first; None for an answer that could not be read, scored as wrong.
        true: True spans of every query; empty when it does not happen. Queries without a prediction are missing.
        videos: The video of every query.
        thresholds: Least overlaps.
        depths: How many of the first spans may hit.
        vtimellm_rounding: Round the first span's overlap to two decimals before it is used.
    """
    items = tuple(query for query in true if query in predicted)
    found = [predicted[query] for query in items]
    values: dict[str, list[float]] = {}
    for query, spans in zip(items, found, strict=True):
        one = _score_one(spans, true[query], thresholds, depths, vtimellm_rounding=vtimellm_rounding)
        for name, value in one.items():
            values.setdefault(name, []).append(value)
    return Scores(
        "queries",
        items,
        tuple(videos[query] for query in items),
        {name: fractions(each) for name, each in values.items()},
        unparsable=sum(spans is None for spans in found),
        missing=len(true) - len(items),
    )


def _score_one(
    spans: Spans | None,
    true: Spans,
    thresholds: Sequence[float],
    depths: Sequence[int],
    *,
    vtimellm_rounding: bool,
) -> dict[str, float]:
    """All metrics of one query; an unreadable answer is wrong everywhere, also where nothing happens."""
    if spans is None:
        best = dict.fromkeys(depths, 0.0)
        whole, f1 = 0.0, [0.0 for _ in thresholds]
    else:
        best = {k: best_iou_of_first(spans, true, k) for k in depths}
        whole, f1 = set_iou(spans, true), [span_f1(spans, true, each) for each in thresholds]
    first = 0.0 if spans is None else top_iou(spans, true, vtimellm_rounding=vtimellm_rounding)
    if 1 in best:
        best[1] = first
    unknown = float("nan")
    said_nothing, said_something = spans is not None and not len(spans), spans is not None and len(spans) > 0
    return (
        {"mIoU": first}
        | {f"R{k}@{t:g}": float(best[k] >= t) for k in depths for t in thresholds}
        | {"set IoU": whole, "tF1": float(np.mean(f1))}
        | {f"tF1@{t:g}": value for t, value in zip(thresholds, f1, strict=True)}
        | {"no-target accuracy": unknown if len(true) else float(said_nothing)}
        | {"target found": float(said_something) if len(true) else unknown}
    )
