"""From a raw number between 0 and 1 to the share of answers with it that are right.

The curve is a logistic one that never falls (Platt, Probabilistic Outputs for Support Vector Machines, 1999), which some
dozens of answers determine. Curves that were measured stand in ``calibration.json`` with the command that made them.

Axes: N answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np

from playhead.errors import UsageError

_ROUNDS: Final = 100
_PULL: Final = 1e-3  # keeps the slope finite where right and wrong can be told apart completely


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve from a raw number to the share of answers that are right: ``1 / (1 + exp(-(slope * raw + offset)))``.

    Attributes:
        slope: Not below 0, so that surer never becomes less sure.
        offset: Any number.
        count: Answers it was fitted on.
    """

    slope: float
    offset: float
    count: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.offset) and self.slope >= 0):
            raise UsageError(
                "a calibration",
                found=f"slope {self.slope}, offset {self.offset}",
                allowed="finite numbers, slope 0 or more",
            )

    def __call__(self, raw: float) -> float:
        """The share of answers with this raw number that are right."""
        return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, self.slope * raw + self.offset))))


def fit(raw: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The curve that fits answers of which it is known whether they are right.

    Targets are drawn in by Platt's prior, (right + 1) / (right + 2) and 1 / (wrong + 2), so that a handful of answers
    makes nobody certain. Where a surer answer was right less often, the curve is level.

    Args:
        raw: Their raw numbers.
        right: Whether each is right.

    Raises:
        UsageError: No answers, or counts that differ.
    """
    if not raw or len(raw) != len(right):
        raise UsageError(
            "fit a calibration",
            found=f"{len(raw)} numbers for {len(right)} answers",
            allowed="as many, 1 or more",
        )
    x_N = np.asarray(raw, dtype=np.float64)
    rights = sum(right)
    wrongs = len(right) - rights
    yes, no = (rights + 1) / (rights + 2), 1 / (wrongs + 2)
    y_N = np.where(np.asarray(right, dtype=bool), yes, no)
    level = math.log(float(y_N.mean()) / (1 - float(y_N.mean())))
    weights_2 = np.array([0.0, level])
    columns_N2 = np.stack([x_N, np.ones_like(x_N)], axis=1)
    for _ in range(_ROUNDS):
        p_N = 1 / (1 + np.exp(-np.clip(columns_N2 @ weights_2, -500, 500)))
        gradient_2 = columns_N2.T @ (p_N - y_N) + _PULL * weights_2 * np.array([1.0, 0.0])
        curve_22 = (columns_N2 * (p_N * (1 - p_N))[:, None]).T @ columns_N2 + _PULL * np.eye(2)
        move_2 = np.linalg.solve(curve_22, gradient_2)
        weights_2 = weights_2 - move_2
        if float(np.abs(move_2).max()) < 1e-10:
            break
    slope, offset = (float(each) for each in weights_2)
    return Calibration(slope, offset, len(raw)) if slope > 0 else Calibration(0.0, level, len(raw))


def expected_error(sure: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: the mean distance of sureness and share of right answers, over equal bins.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 3.
    """
    if not sure:
        return 0.0
    at_N = np.minimum((np.asarray(sure) * bins).astype(int), bins - 1)
    right_N, sure_N = np.asarray(right, dtype=np.float64), np.asarray(sure, dtype=np.float64)
    off = [abs(float(right_N[at_N == b].sum() - sure_N[at_N == b].sum())) for b in range(bins)]
    return sum(off) / len(sure)


@cache
def measured() -> dict[str, Calibration]:
    """The curves that were measured, by the name of the engine."""
    text = (resources.files("playhead.refine") / "calibration.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)["engines"]
    return {name: Calibration(each["slope"], each["offset"], each["count"]) for name, each in table.items()}
