"""Which frames are looked at, and which stretch of the video the hundredths of an answer are hundredths of.

The model knows only a frame's place among the others, and its frames go from the first picture to the last. So hundredths
count the time in which there are pictures: for a stream that begins late, or sound that goes on after the last picture,
that is less than the window.

Axes: F frame, 2 start and end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from playhead.media.clip import FrameIndex, Times
from playhead.media.probe import Opened, no_pictures
from playhead.media.sampling import Selection, sample
from playhead.media.sampling.base import Indices
from playhead.media.sampling.vtimellm import vtimellm
from playhead.models.vtimellm.layout import spread_rows
from playhead.timeline import Span

_TOLD_FRACTION: Final = 0.005
"""Half a hundredth: a smaller difference between pictures and window changes no time by more than rounding does."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The frames a model is shown.

    Attributes:
        selection: On true times.
        extent: The part of the window in which there are pictures; what an answer's hundredths are hundredths of.
    """

    selection: Selection
    extent: Span

    @property
    def intervals(self) -> Times:
        """The stretch each frame stands for: an equal part of the extent, since its place is all that is told."""
        edges_s = np.linspace(self.extent.start_s, self.extent.end_s, len(self.selection) + 1)
        return np.stack([edges_s[:-1], edges_s[1:]], axis=1)

    def of(self, rows: Indices) -> Chosen:
        """The same places filled by other frames of this choice, each with its own true time."""
        held = self.selection
        return replace(self, selection=replace(held, times_s=held.times_s[rows], indices=held.indices[rows]))

    @property
    def distinct(self) -> int:
        """How many different frames there are; the others repeat one."""
        return len(np.unique(self.selection.indices))

    def notes(self, window: Span) -> list[str]:
        """What a reader should know of the choice."""
        notes = list(self.selection.notes)
        places = len(self.selection)
        there = int(np.ptp(self.selection.indices)) + 1  # the first and the last are always taken
        if self.distinct == there < places:
            told = "1 frame; it is" if there == 1 else f"{there} frames; they are"
            notes.append(f"the window has {told} repeated to {places}")
        elif self.distinct < places:
            notes.append(
                f"{self.distinct} of the window's {there} frames take {places} places by how long they last"
            )
        start_s, end_s = self.extent.start_s, self.extent.end_s
        if max(start_s - window.start_s, window.end_s - end_s) > _TOLD_FRACTION * self.extent.duration_s:
            notes.append(
                f"there are pictures from {start_s:.3f} s to {end_s:.3f} s; times are hundredths of that"
            )
        return notes


def choose_frames(media: Opened, window: Span, count: int, *, stored: int | None = None) -> Chosen:
    """The frames a model is shown of a window.

    Args:
        media: The opened file; its packets are enough.
        window: The part that is looked at, in seconds.
        count: How many frames the model takes.
        stored: How many frames features were made of before, where they were; a larger count is thinned as AVicuna's
            training thins it.

    Raises:
        MediaError: There are no pictures.
    """
    index = media.index
    if media.table is None or index is None:
        raise no_pictures(media.info)
    extent = _extent(index, window)
    wanted = count if stored is None else stored
    selection = sample(vtimellm(n=wanted), index.times_s, extent.start_s, extent.end_s)
    if wanted != count:
        kept = spread_rows(wanted, count)
        selection = replace(
            selection,
            times_s=selection.times_s[kept],
            indices=selection.indices[kept],
            policy=f"{selection.policy}, {count} of them",
        )
    return Chosen(selection, extent)


def _extent(index: FrameIndex, window: Span) -> Span:
    """The part of a window in which there are pictures; the window itself where it lies outside of all."""
    return Span(float(index.times_s[0]), max(index.end_s, float(index.times_s[-1]))).clip(window) or window


def nearest_rows(wanted_s: Times, decoded: Indices) -> Indices:
    """For each wanted time the row of ``decoded`` that is nearest to it, the earlier of two.

    Args:
        wanted_s: Ascending times, in seconds.
        decoded: Which of them there are pictures of, ascending, at least one.
    """
    there_s = wanted_s[decoded]
    after = np.searchsorted(there_s, wanted_s).clip(max=len(decoded) - 1)
    before = (after - 1).clip(min=0)
    apart_s = np.abs(np.stack([there_s[before], there_s[after]]) - wanted_s)
    return np.where(apart_s[0] <= apart_s[1], before, after)
