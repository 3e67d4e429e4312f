"""Which pictures there are and when: constant and variable rates, late starts, stills, edit lists, far-off clocks.

A schedule counts in ticks of the container. Second 0 of the clip is the earliest sample that is presented, as everywhere
in playhead, which is where a player's clock begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from playhead.evaluate.synthetic.chance import Chance
from playhead.media.write import Codec
from playhead.timeline import Span

_LATE_S: Final = Fraction(6, 5)
_LATE_SOUND_S: Final = 0.9
_HIDDEN: Final = 10  # pictures before the start of an edit list
_FAR_S: Final = 10  # where the clock of a transport stream begins
_STEPS_MS: Final = (40, 17, 33, 100, 250, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The pictures of a file.

    Attributes:
        tick_s: Seconds of one tick.
        ticks: When each picture begins, hidden ones too, and when the last one ends.
        hidden: How many pictures at the beginning lie before what is presented.
        zero: The tick that is second 0 of the clip.
        sound_start_s: When the sound begins on the clip's clock.
        codec: Codec of the sound.
        container: FFmpeg's name of the format; the ending of the file too where that is ``mp4``.
        encoder: Options of libx264.
        muxer: Options of the container.
        sparse: Whether only pictures that differ from the one before are kept.
    """

    tick_s: Fraction
    ticks: tuple[int, ...]
    hidden: int = 0
    zero: int = 0
    sound_start_s: float = 0.0
    codec: Codec = "flac"
    container: str = "mp4"
    encoder: dict[str, str] = field(default_factory=dict)
    muxer: dict[str, str] = field(default_factory=dict)
    sparse: bool = False

    @property
    def edges_s(self) -> tuple[float, ...]:
        """Edges of the pictures that are presented, in seconds of the clip."""
        return tuple(float((tick - self.zero) * self.tick_s) for tick in self.ticks[self.hidden :])

    @property
    def suffix(self) -> str:
        """Ending of the file."""
        return ".mp4" if self.container == "mp4" else ".ts"

    def without_repeats(self, seen: Sequence[Span], moving: Sequence[Span]) -> Schedule:
        """Only the pictures in which something begins, ends or moves, and the first; for a sparse schedule."""
        edges = self.edges_s
        wanted = {edges[0], edges[-1]} | {side for span in seen for side in (span.start_s, span.end_s)}
        wanted |= {edge for span in moving for edge in edges if span.contains(edge)}
        kept = [tick for tick, edge in zip(self.ticks, edges, strict=True) if edge in wanted]
        return replace(self, ticks=tuple(kept))


def _even(rate_hz: Fraction, length_s: float, *, first: int = 0) -> Schedule:
    count = round(length_s * rate_hz)
    return Schedule(tick_s=1 / rate_hz, ticks=tuple(range(first, first + count + 1)), encoder={"bf": "2"})


def _constant(length_s: float, chance: Chance) -> Schedule:
    del chance
    return _even(Fraction(25), length_s)


def _ntsc(length_s: float, chance: Chance) -> Schedule:
    del chance
    return _even(Fraction(30_000, 1001), length_s)


def _variable(length_s: float, chance: Chance) -> Schedule:
    """Stretches of one to three seconds, each with a step of its own; milliseconds."""
    ticks, step_ms, until_ms = [0], 40, 0
    while ticks[-1] < length_s * 1000:
        if ticks[-1] >= until_ms:
            step_ms, until_ms = chance.one(_STEPS_MS), ticks[-1] + round(1000 * chance.between(1, 3))
        ticks.append(ticks[-1] + step_ms)
    return Schedule(tick_s=Fraction(1, 1000), ticks=tuple(ticks), encoder={"bf": "0"})


def _stills(length_s: float, chance: Chance) -> Schedule:
    return replace(_constant(length_s, chance), encoder={"bf": "0"}, sparse=True)


def _late(length_s: float, chance: Chance) -> Schedule:
    del chance
    first = int(_LATE_S * 25)
    return _even(Fraction(25), length_s - float(_LATE_S), first=first)


def _late_sound(length_s: float, chance: Chance) -> Schedule:
    return replace(_constant(length_s, chance), sound_start_s=_LATE_SOUND_S)


def _edited(length_s: float, chance: Chance) -> Schedule:
    del chance
    return replace(
        _even(Fraction(25), length_s + _HIDDEN / 25, first=-_HIDDEN),
        hidden=_HIDDEN,
        encoder={"bf": "0"},
        muxer={"avoid_negative_ts": "disabled"},
    )


def _transport(length_s: float, chance: Chance) -> Schedule:
    del chance
    first = _FAR_S * 25
    return replace(
        _even(Fraction(25), length_s, first=first),
        zero=first,
        sound_start_s=0.4,
        codec="aac",
        container="mpegts",
    )


TIMINGS: Final[dict[str, tuple[str, Callable[[float, Chance], Schedule]]]] = {
    "constant": ("25 pictures a second, MP4", _constant),
    "variable": ("10 to 250 ms a picture, changing every few seconds, MP4", _variable),
    "late": ("pictures begin 1.2 s after the sound, MP4", _late),
    "stills": ("a picture only where something changes, held for seconds, MP4", _stills),
    "ntsc": ("30000/1001 pictures a second, MP4", _ntsc),
    "edited": ("an edit list hides the first ten pictures, MP4", _edited),
    "late-sound": ("the sound begins 0.9 s after the pictures, MP4", _late_sound),
    "transport": ("MPEG transport stream whose clock begins at 10 s; AAC", _transport),
}


def schedule(timing: str, length_s: float, chance: Chance) -> Schedule:
    """The schedule of a timing by its name."""
    return TIMINGS[timing][1](length_s, chance)
