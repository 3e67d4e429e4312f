"""What is asked of anything whose clock is tested, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from playhead.clockcheck.clips import DrawnClip

Telling = Literal["text", "burnt", "positions", "order", "answers"]


@dataclass(frozen=True, slots=True)
class Told:
    """A time a model is told, and the pictures it is told of.

    Attributes:
        first: Number of the first of these pictures among those given, from 0.
        last: Number of the last.
        start_s: Earliest second of the video that the model can take it for, on the video's own clock.
        end_s: Latest; later than ``start_s`` by what the way of telling leaves open (``<1.5 seconds>`` leaves 0.1 s).
    """

    first: int
    last: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Given:
    """What a model is given of a clip.

    Attributes:
        numbers: The number each picture says, None where it says none.
        times_s: When each picture is said to be presented, in seconds on the video's own clock.
        told: What the model is told of their times.
        telling: How: in words, burnt into the pictures, by rotary positions, or by order alone; then ``told`` are the
            stretches the pictures are taken to stand for.
        faults: What does not fit together, in plain sentences.
        ids_right: Whether the prompt's token ids and positions are; None where there is no prompt of tokens here.
    """

    numbers: tuple[int | None, ...]
    times_s: tuple[float, ...]
    told: tuple[Told, ...]
    telling: Telling
    faults: tuple[str, ...] = ()
    ids_right: bool | None = None


class Subject(Protocol):
    """Anything that makes inputs of a model from a video."""

    name: str

    def given(self, clip: DrawnClip) -> Given:
        """What a model would be given of a clip."""
        ...
