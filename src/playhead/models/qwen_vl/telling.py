"""How a model of the line is told the time: its own way, or one the caller wants."""

from __future__ import annotations

from playhead.models.pictures.tell import TELLERS
from playhead.models.pictures.telling import Telling
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.settings import Settings


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
