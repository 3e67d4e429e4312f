"""A timed sentence, and how the released evaluations of dense captions measure the overlap of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from playhead.metrics.spans import Pair

_NEARLY_NOTHING: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence about a stretch of time.

    Attributes:
        start_s: Where it begins, in seconds.
        end_s: Where it ends; may lie before the start in a prediction.
        text: The sentence.
    """

    start_s: float
    end_s: float
    text: str


Captions = Sequence[Caption]
Told = Mapping[str, Captions]


def published_iou(first: Pair, second: Pair) -> float:
    """Overlap as the released evaluations of dense captions compute it; a little under 1 for equal spans."""
    shared = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    outer = max(first[1], second[1]) - min(first[0], second[0])
    return shared / (min(outer, second[1] - second[0] + first[1] - first[0]) + _NEARLY_NOTHING)
