"""How a model of the line is told the time: its own way, or one the caller wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playhead.models.pictures.tell import TELLERS, Teller
from playhead.models.qwen_vl.kinds import Kind, Told
from playhead.models.qwen_vl.settings import Settings
from playhead.tasks.base import Clock

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


def telling_of(kind: Kind, settings: Settings) -> Telling:
    """How a generation is told the time under these settings."""
    wanted = settings.wanted.tell
    told, teller = kind.told, TELLERS["qwen3-vl"] if kind.told == "text" else None
    if wanted is not None:
        teller = wanted if wanted.where != "nowhere" else None
        told = "text" if wanted.where == "words" else "positions" if kind.told == "positions" else "order"
    if settings.axis is not None:
        told = "positions" if settings.axis == "time" else "order"
        teller = teller if teller is not None and teller.where == "burnt" else None
    asked = teller.times if teller is not None and teller.times is not None else "seconds"
    return Telling(told, teller, settings.times or asked)
