"""How wrong answers are: overlaps, errors of boundaries in seconds, and the samples that went worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playhead.evaluate.base import Highlights, Moments, Outcome, Story
from playhead.evaluate.scoring import (
    Pairs,
    is_read,
    predicted_captions,
    predicted_spans,
    quick_value,
    true_spans,
)
from playhead.metrics.spans import best_matching, iou_matrix


@dataclass(frozen=True, slots=True)
class BoundaryErrors:
    """Seconds by which matched boundaries are late (above 0) or early (below 0).

    Attributes:
        starts_s: Of the starts.
        ends_s: Of the ends, of the same pairs.
        unmatched: True spans that no predicted one meets.
        invented: Predicted spans that meet no true one.
    """

    starts_s: tuple[float, ...]
    ends_s: tuple[float, ...]
    unmatched: int
    invented: int


def both_sides(outcome: Outcome) -> tuple[Pairs, Pairs] | None:
    """Predicted and true spans of a sample that is about spans; None for others."""
    truth = outcome.sample.truth
    if isinstance(truth, (Moments, Highlights)):
        return predicted_spans(outcome) or [], true_spans(truth)
    if isinstance(truth, Story):
        found = [(each.start_s, each.end_s) for each in predicted_captions(outcome)]
        return found, [(each.start_s, each.end_s) for each in truth.told[0]]
    return None


def overlaps(outcomes: Sequence[Outcome]) -> list[float]:
    """The quick score of every sample that is about spans: overlap of the first span, or F1 of a story's."""
    about = [outcome for outcome in outcomes if both_sides(outcome) is not None]
    return [value[1] for value in map(quick_value, about) if value is not None]


def boundary_errors(outcomes: Sequence[Outcome]) -> BoundaryErrors:
    """Errors of boundaries of spans that meet, matched one to one for the greatest total overlap."""
    starts, ends, unmatched, invented = [], [], 0, 0
    for outcome in outcomes:
        sides = both_sides(outcome)
        if sides is None:
            continue
        found, true = sides
        matrix_PT = iou_matrix(found, true)
        met = [(row, column) for row, column in best_matching(matrix_PT) if matrix_PT[row, column] > 0]
        starts += [found[row][0] - true[column][0] for row, column in met]
        ends += [found[row][1] - true[column][1] for row, column in met]
        unmatched += len(true) - len(met)
        invented += len(found) - len(met)
    return BoundaryErrors(tuple(starts), tuple(ends), unmatched, invented)


def worst(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """The samples that were answered, could be read and went worst; of equals, one of each video first."""
    scored = [(outcome, quick_value(outcome)) for outcome in outcomes if is_read(outcome)]
    wrong = [(outcome, value[1]) for outcome, value in scored if value is not None and value[1] < 1]
    taken: dict[tuple[float, str], int] = {}
    order = []
    for at, (outcome, value) in enumerate(wrong):
        key = (value, outcome.sample.video_id)
        taken[key] = taken.get(key, 0) + 1
        order.append((value, taken[key], at))
    return [wrong[at][0] for _, _, at in sorted(order)[:most]]
