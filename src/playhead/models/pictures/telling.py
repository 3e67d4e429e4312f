"""How a model is told the time of what it sees: a family's own way, or one the caller wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from playhead.models.pictures.tell import Moment, Teller
from playhead.tasks.base import Clock

Told = Literal["order", "positions", "text"]
Times = Literal["seconds", "clock", "minutes", "bins", "frames"]


@dataclass(frozen=True, slots=True)
class Telling:
    """How times are told, and how they are asked for.

    Attributes:
        told: By order, by positions, or in words before the pictures.
        teller: Who writes the words, or draws into the pictures; None where neither is done.
        times: How times are to be written in answers.
    """

    told: Told
    teller: Teller | None
    times: Times

    @property
    def burnt(self) -> bool:
        """Whether something is drawn into the pictures."""
        return self.teller is not None and self.teller.where == "burnt"

    def clock(self, clock: Clock, starts_s: tuple[float, ...]) -> Clock:
        """What the numbers of an answer mean, for pictures that begin at these seconds."""
        if self.teller is None or self.times != self.teller.times:
            return clock
        return self.teller.clock(clock, starts_s)

    def labels(self, moments: Sequence[Moment]) -> list[str]:
        """What is written beside each group of pictures: its time, or nothing where it is told otherwise."""
        if self.told != "text" or self.teller is None:
            return [""] * len(moments)
        return [self.teller.text(each) for each in moments]
