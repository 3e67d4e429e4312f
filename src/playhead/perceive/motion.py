"""How much moves: stretches of still picture and of strong motion, from small pictures half a second apart.

What can be said of a silent clip without any trained network. Axes: H row, W column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from playhead.perceive.shrink import Floats
from playhead.timeline import Mark, Span

STEP_S: Final = 0.5
_STILL: Final = 0.8  # mean absolute luma difference over half a second, of 255
_STILL_CELL: Final = 8.0  # and no part of the picture may differ more than this
_STRONG: Final = 14.0
_SHORTEST_STILL_S: Final = 2.0
_SHORTEST_STRONG_S: Final = 1.0


class Motion:
    """Measures motion from small brightness pictures of one size, half a second apart."""

    def __init__(self) -> None:
        self._before: tuple[float, Floats] | None = None
        self._steps: list[tuple[float, float, float, float]] = []  # from_s, to_s, mean and largest difference

    def look(self, time_s: float, luma_HW: Floats) -> None:
        """Take the picture shown at a clip time."""
        if self._before is not None:
            difference_HW = np.abs(luma_HW - self._before[1])
            self._steps.append(
                (self._before[0], time_s, float(difference_HW.mean()), float(difference_HW.max()))
            )
        self._before = (time_s, luma_HW)

    def finish(self, end_s: float, cuts_s: Sequence[float] = ()) -> tuple[Mark, ...]:
        """Marks for still and for strongly moving stretches, ascending.

        Args:
            end_s: End of the window in seconds; the last picture is shown until then.
            cuts_s: Times of hard cuts: a difference across one is no motion.
        """
        kinds: list[tuple[float, float, str]] = []
        for from_s, to_s, mean, largest in self._steps:
            cut = any(from_s < cut_s <= to_s for cut_s in cuts_s)
            if cut:
                kind = ""
            elif mean < _STILL and largest < _STILL_CELL:
                kind = "still picture"
            else:
                kind = "strong motion" if mean > _STRONG else ""
            kinds.append((from_s, to_s, kind))
        if self._before is not None and end_s > self._before[0]:  # the last picture stays until the end
            alone = end_s - self._before[0] > STEP_S or not kinds
            kinds.append((self._before[0], end_s, "still picture" if alone else kinds[-1][2]))
        return _runs(kinds)


def _runs(kinds: Sequence[tuple[float, float, str]]) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    shortest_s = {"still picture": _SHORTEST_STILL_S, "strong motion": _SHORTEST_STRONG_S}
    number = 0
    while number < len(kinds):
        start_s, end_s, kind = kinds[number]
        number += 1
        while number < len(kinds) and kinds[number][2] == kind:
            end_s = kinds[number][1]
            number += 1
        if kind and end_s - start_s >= shortest_s[kind] - 1e-6:
            marks.append(Mark(Span(start_s, end_s), "motion", kind))
    return tuple(marks)
