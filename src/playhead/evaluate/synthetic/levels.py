"""Levels, from one event by itself to many at once, short ones, and things that are easily taken for each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Lane:
    """Happenings that follow one another without overlapping.

    Attributes:
        kinds: What they are, each a kind of :data:`playhead.evaluate.synthetic.script.KINDS` or ``any``.
        shortest_s: How long each lasts at least; sentences last as long as they take.
        longest_s: How long at most.
    """

    kinds: tuple[str, ...]
    shortest_s: float
    longest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How hard a clip is.

    Attributes:
        about: In a sentence.
        length_s: Length of its clips.
        lanes: What happens, lane beside lane.
        again: How likely a happening is one that was there before.
        side: Side of a shape's box as a fraction of the picture's height.
        alike: Whether colours, words and sounds are near-duplicates, and things faint.
        two_speeds: Whether movements change from slow to quick.
    """

    about: str
    length_s: float
    lanes: tuple[Lane, ...]
    again: float = 0.0
    side: float = 0.22
    alike: bool = False
    two_speeds: bool = False


LEVELS: Final[dict[str, Level]] = {
    "single": Level(about="one event by itself", length_s=12, lanes=(Lane(("any",), 1.5, 4.0),), side=0.4),
    "several": Level(
        about="six events of every kind, one after the other",
        length_s=30,
        lanes=(Lane(("shape", "sound", "any", "any", "shape", "any"), 1.2, 3.0),),
        again=0.4,
        side=0.3,
    ),
    "overlapping": Level(
        about="some twenty events, several of them at any time",
        length_s=30,
        lanes=(
            *(Lane(("shape",) * 3, 1.0, 4.0),) * 3,
            Lane(("motion",) * 3, 2.0, 4.5),
            Lane(("text",) * 2, 2.0, 5.0),
            Lane(("backdrop",) * 2, 2.0, 4.0),
            Lane(("sound",) * 4, 0.6, 1.5),
            Lane(("speech",) * 2, 0.0, 0.0),
        ),
        again=0.4,
        two_speeds=True,
    ),
    "brief": Level(
        about="events of a tenth to half a second, some at the same time",
        length_s=24,
        lanes=(
            Lane(("shape",) * 6, 0.1, 0.4),
            Lane(("text",) * 3, 0.3, 0.6),
            Lane(("backdrop",) * 2, 0.1, 0.3),
            Lane(("sound",) * 6, 0.08, 0.2),
        ),
        again=0.5,
        side=0.3,
    ),
    "alike": Level(
        about="as overlapping, with near-duplicates of colours, words and sounds, and faint things",
        length_s=30,
        lanes=(
            *(Lane(("shape",) * 3, 1.0, 3.0),) * 4,
            Lane(("motion",) * 2, 2.0, 4.5),
            Lane(("text",) * 3, 1.5, 4.0),
            Lane(("sound",) * 5, 0.5, 1.2),
            Lane(("speech",) * 2, 0.0, 0.0),
        ),
        again=0.4,
        alike=True,
        two_speeds=True,
    ),
}
