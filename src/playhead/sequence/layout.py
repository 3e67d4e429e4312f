"""What every position of a model's input stands for, and when.

A layout is planned from a prompt and a clip before any weight is touched: the token ids, the runs of positions that
pictures or sounds will fill, and the true seconds those runs stand for. Positions, labels, padding, packing and
budgets all read the same layout; the model only obeys.

Axes: N position in the sequence, A axis of a rotary position, M filled position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from playhead.timeline import Span

Ids = npt.NDArray[np.int64]

IGNORED: Final = -100
"""Label of a position that is not trained."""

Kind = Literal["frame", "sound", "speech"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A run of positions that stands for one thing seen or heard.

    Attributes:
        start: First position of the run.
        length: How many positions it fills.
        kind: ``frame``, ``sound`` or ``speech``.
        span: The stretch of the video it stands for, in seconds on the video's clock.
        pts_s: True presentation time of the picture, or None for sound.
        label: How the model is told this time: burnt into the picture or written beside it; empty when by order alone.
    """

    start: int
    length: int
    kind: Kind
    span: Span
    pts_s: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One sample as a model reads it.

    Attributes:
        input_ids_N: int64 token ids; positions that will be filled hold the family's placeholder id.
        slots: The runs that will be filled, in the order of their positions.
        labels_N: int64 ids to be predicted, :data:`IGNORED` where nothing is trained, or None for inference.
        positions: Rotary positions of shape (N,) or (A, N), or None where they are plainly 0 to N - 1.

    Raises:
        ValueError: If counts that must agree do not, with both numbers.
    """

    input_ids_N: Ids
    slots: tuple[Slot, ...] = ()
    labels_N: Ids | None = None
    positions: Ids | None = None

    def __post_init__(self) -> None:
        count = len(self)
        if self.labels_N is not None and self.labels_N.shape != (count,):
            raise ValueError(f"{count} ids but labels of shape {self.labels_N.shape}")
        if self.positions is not None and self.positions.shape[-1] != count:
            raise ValueError(f"{count} ids but positions of shape {self.positions.shape}")
        end = 0
        for slot in self.slots:
            if slot.start < end or slot.length < 1:
                raise ValueError(f"slot at {slot.start} of length {slot.length} after one that ends at {end}")
            end = slot.start + slot.length
        if end > count:
            raise ValueError(f"{count} ids but slots up to position {end}")

    def __len__(self) -> int:
        return int(self.input_ids_N.shape[0])

    def filled(self, kind: Kind | None = None) -> Ids:
        """Every position that will be filled, ascending; those of one kind only where it is named."""
        runs = [
            np.arange(slot.start, slot.start + slot.length, dtype=np.int64)
            for slot in self.slots
            if kind is None or slot.kind == kind
        ]
        return np.concatenate(runs) if runs else np.zeros(0, np.int64)
