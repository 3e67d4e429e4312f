"""Something comes into a still view and goes again: found against the usual picture of a shot, without any network.

A camera that stands still shows the same picture most of the time. Its usual picture is the median of small brightness
pictures half a second apart; where enough of a picture differs from it, something is there that usually is not: a hand, a
passer-by, a thing taken away. A view in which most pictures differ (a moving camera, a time-lapse) has no usual picture, and
nothing is said of it. What it is that comes, no one here can tell.

Axes: T picture, H row, W column.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.perceive.shrink import Floats
from playhead.timeline import Mark, Span

_COLUMNS: Final = 32
_ROWS: Final = 18
_WINDOW: Final = 240  # pictures that share one usual picture: two minutes
_LEAST: Final = 12  # and the fewest that can have one
_DIFFERENT: Final = 25.0  # of 255
_VISITED: Final = 0.035  # share of the picture that must differ
_RESTLESS: Final = 0.03  # more than this in the median picture: the view is not still
_LEAST_PICTURES: Final = 2
_GAP: Final = 2  # pictures between two visits that are one
_MOST: Final = 0.6  # of the time: what is there longer is no visit
_SPREAD: Final = 0.3  # of a visit's pictures in which a cell must differ to count to its place
_SUDDEN: Final = 0.03  # what a visit at an end of the view adds to the share at once
_TEXT_START_S: Final = 1.0


class Visits:
    """Collects small brightness pictures, half a second apart, and tells what came and went."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._pictures: list[npt.NDArray[np.uint8]] = []

    def look(self, time_s: float, luma_HW: Floats) -> None:
        """Take the picture shown at a clip time; at least 18 rows and 32 columns, whole multiples of both."""
        rows, columns = luma_HW.shape[0] // _ROWS, luma_HW.shape[1] // _COLUMNS
        cells = luma_HW.reshape(_ROWS, rows, _COLUMNS, columns).mean(axis=(1, 3))
        self._times_s.append(time_s)
        self._pictures.append(np.rint(cells).astype(np.uint8))

    def finish(self, end_s: float, cuts_s: Sequence[float], texts: Sequence[Mark] = ()) -> tuple[Mark, ...]:
        """Marks of the lane ``motion`` for everything that came and went, ascending, each with its place as box.

        Args:
            end_s: End of the window in seconds.
            cuts_s: Times of hard cuts: every shot has its own usual picture.
            texts: Marks of text on screen: a caption that comes and goes is no visit.
        """
        times_s = np.asarray(self._times_s)
        marks: list[Mark] = []
        bounds = [0, *np.searchsorted(times_s, sorted(cuts_s)).tolist(), len(times_s)]
        for first, last in pairwise(bounds):
            for start in range(first, last, _WINDOW):
                stop = min(last, start + _WINDOW)
                if last - stop < _LEAST:  # a short rest joins the window before it
                    stop = last
                marks += self._in_view(start, stop, end_s)
                if stop == last:
                    break
        return tuple(mark for mark in marks if not any(_is_caption(mark, text) for text in texts))

    def _in_view(self, first: int, last: int, end_s: float) -> list[Mark]:
        if last - first < _LEAST:
            return []
        pictures_THW = np.stack(self._pictures[first:last]).astype(np.float32)
        differs_THW = np.abs(pictures_THW - np.median(pictures_THW, axis=0)) > _DIFFERENT
        share_T = differs_THW.mean(axis=(1, 2))
        visited_T = share_T >= _VISITED
        if float(np.median(share_T)) > _RESTLESS or float(visited_T.mean()) > _MOST:
            return []
        marks = []
        for start, stop in _runs(visited_T):
            if stop - start < _LEAST_PICTURES or _creeps(share_T, start, stop):
                continue
            span = Span(self._between(first + start, first), self._between(first + stop, first, end_s))
            box, place = _place(differs_THW[start:stop])
            marks.append(Mark(span, "motion", f"something moves {place}", box=box))
        return marks

    def _between(self, number: int, first: int, end_s: float = 0.0) -> float:
        """The moment between a picture and the one before it: somewhere there it changed."""
        if number >= len(self._times_s):
            return end_s
        if number == first:
            return self._times_s[number]
        return (self._times_s[number - 1] + self._times_s[number]) / 2


def _creeps(share_T: npt.NDArray[Any], start: int, stop: int) -> bool:
    """Whether a visit at the beginning or end of a view grows out of nothing: a slow move of the camera or the light."""
    if start == 0:
        return float(share_T[stop - 1] - share_T[stop]) < _SUDDEN
    return stop == len(share_T) and float(share_T[start] - share_T[start - 1]) < _SUDDEN


def _runs(visited_T: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of visited pictures as (first, after the last), joined over short gaps."""
    runs: list[tuple[int, int]] = []
    for number in np.flatnonzero(visited_T).tolist():
        if runs and number - runs[-1][1] < _GAP:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _place(differs_THW: npt.NDArray[np.bool_]) -> tuple[tuple[float, float, float, float], str]:
    """Box of the cells that differ, as fractions of the picture, and its place in words."""
    often_HW = differs_THW.mean(axis=0)
    cells = often_HW >= min(_SPREAD, float(often_HW.max()))
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    box = (
        float(columns[0]) / _COLUMNS,
        float(rows[0]) / _ROWS,
        float(columns[-1] + 1) / _COLUMNS,
        float(rows[-1] + 1) / _ROWS,
    )
    if box[2] - box[0] > 2 / 3:
        return box, "across the picture"
    weights: npt.NDArray[Any] = often_HW.sum(axis=0)
    centre = float((weights * (np.arange(_COLUMNS) + 0.5)).sum() / weights.sum()) / _COLUMNS
    return box, "on the left" if centre < 1 / 3 else "on the right" if centre > 2 / 3 else "in the middle"


def _is_caption(mark: Mark, text: Mark) -> bool:
    return (
        abs(text.span.start_s - mark.span.start_s) <= _TEXT_START_S
        and text.span.overlap_s(mark.span) >= 0.5 * mark.span.duration_s
    )
