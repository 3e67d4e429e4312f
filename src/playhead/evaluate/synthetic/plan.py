"""From a seed, a level and a timing to a script: what happens in a clip, each span at pictures or samples.

The order of the draws is part of what a seed means: a change here changes every benchmark, and :data:`EDITION` with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from playhead.evaluate.synthetic import palette, sounds
from playhead.evaluate.synthetic.chance import Chance
from playhead.evaluate.synthetic.forms import FORMS
from playhead.evaluate.synthetic.levels import LEVELS, Lane, Level
from playhead.evaluate.synthetic.script import (
    KINDS,
    Heard,
    Move,
    Mover,
    Painted,
    Said,
    Script,
    Shown,
    Thing,
    Written,
)
from playhead.evaluate.synthetic.timing import Schedule, schedule
from playhead.evaluate.synthetic.voice import sentences
from playhead.timeline import Span

EDITION: Final = 1
Timed = TypeVar("Timed", Shown, Written, Painted, Heard, Said)

FIRST_WORDS: Final = ("NORTH", "SOUTH", "WINTER", "RIVER", "STONE", "PAPER", "QUIET", "SECOND")
LAST_WORDS: Final = ("GATE", "TOWER", "STATION", "GARDEN", "MARKET", "BRIDGE", "SCHOOL", "ISLAND")
HIDDEN_WORD: Final = "HIDDEN"
_QUIET_S: Final = 0.8  # nothing begins or ends this near to either end of the clip
_BEFORE_SOUND_S: Final = 0.3  # but sounds may be heard soon after the track begins
_GAP_S: Final = 0.35  # between happenings of a lane, longer than any step between pictures
_ALIKE_FORMS: Final = 4
_FAINT_SHARE: Final = 0.4
_MOVER_Y, _ENDS_X = 0.16, (0.16, 0.84)
_SLOTS: Final = ((0.14, 0.43), (0.62, 0.43), (0.38, 0.66), (0.86, 0.66), (0.38, 0.43), (0.14, 0.66))
_TWO_SPEEDS_LEAST: Final = 8  # pictures
_SLOW_TIME, _SLOW_WAY = 0.6, 0.2  # the slow part of a movement of two speeds: of its time, of its way


@dataclass(frozen=True, slots=True)
class Planned:
    """A script and the pictures it is shown with."""

    script: Script
    schedule: Schedule


def plan(seed: int, number: int, level: str, timing: str) -> Planned:
    """What is in a clip.

    Args:
        seed: The benchmark's seed.
        number: Which clip of the benchmark.
        level: A name of :data:`~playhead.evaluate.synthetic.levels.LEVELS`.
        timing: A name of :data:`~playhead.evaluate.synthetic.timing.TIMINGS`.
    """
    chance = Chance("playhead synthetic", EDITION, seed, number, level, timing)
    how = schedule(timing, LEVELS[level].length_s, chance)
    script = _Planner(LEVELS[level], how, chance).script(hidden=how.hidden > 0)
    if how.sparse:
        moving = [move.span for mover in script.movers for move in mover.moves]
        how = how.without_repeats(script.seen, moving)
        script = replace(script, edges_s=how.edges_s)
    return Planned(script, how)


class _Planner:
    """Collects what happens, lane by lane."""

    def __init__(self, level: Level, how: Schedule, chance: Chance) -> None:
        self.level, self.how, self.chance = level, how, chance
        self.edges_s = how.edges_s
        paints = any({"backdrop", "any"} & {*lane.kinds} for lane in level.lanes)
        self.backdrops = chance.shuffled(tuple(palette.BACKDROPS))[
            : 3 if paints else 1
        ]  # the first is the clip's own
        self.colours = self._colours()
        self.forms = chance.shuffled(FORMS)[: _ALIKE_FORMS if level.alike else len(FORMS)]
        self.cast: list[Thing] = []
        self.slots = chance.shuffled(_SLOTS)
        self.first_word = chance.one(FIRST_WORDS)
        self.shown: list[Shown] = []
        self.moves: list[Move] = []
        self.written: list[Written] = []
        self.painted: list[Painted] = []
        self.heard: list[Heard] = []
        self.said: list[Said] = []
        self.rests_x = chance.one(_ENDS_X)

    def script(self, *, hidden: bool) -> Script:
        """Everything that happens."""
        for number, lane in enumerate(self.level.lanes):
            self._fill(lane, number)
        movers = (Mover(self._new_thing(), _MOVER_Y, self.rests_x, tuple(self.moves)),) if self.moves else ()
        return Script(
            backdrop=self.backdrops[0],
            side=self.level.side,
            edges_s=self.edges_s,
            sound_start_s=self.how.sound_start_s,
            shown=_ascending(self.shown),
            movers=movers,
            written=_ascending(self.written),
            painted=_ascending(self.painted),
            heard=_ascending(self.heard),
            said=_ascending(self.said),
            hidden_word=HIDDEN_WORD if hidden else "",
        )

    def _fill(self, lane: Lane, number: int) -> None:
        kinds = [self.chance.one(KINDS) if kind == "any" else kind for kind in lane.kinds]
        region = self._region(all(kind in ("sound", "speech") for kind in kinds))
        cell_s = region.duration_s / len(kinds)
        lane_things: list[Shown] = []
        for at, kind in enumerate(kinds):
            cell = Span(region.start_s + at * cell_s, region.start_s + (at + 1) * cell_s - _GAP_S)
            if kind == "speech":
                self._say(cell)
                continue
            span = self._somewhere(cell, self.chance.between(lane.shortest_s, lane.longest_s))
            if kind == "shape":
                lane_things.append(self._show(span, lane_things, number))
            else:
                {"motion": self._move, "text": self._write, "backdrop": self._paint, "sound": self._sound}[
                    kind
                ](span)

    def _region(self, heard_only: bool) -> Span:
        """Where a lane's happenings may lie; what is heard may come before the pictures do."""
        pictures_s, sound_s = self.edges_s[0] + _QUIET_S, self.how.sound_start_s + _BEFORE_SOUND_S
        return Span(sound_s if heard_only else max(pictures_s, sound_s), self.edges_s[-1] - _QUIET_S)

    def _somewhere(self, cell: Span, length_s: float) -> Span:
        length_s = min(length_s, cell.duration_s)
        start_s = cell.start_s + self.chance.between(0, cell.duration_s - length_s)
        return Span(start_s, start_s + length_s)

    def _again(self, before: Sequence[object]) -> bool:
        return bool(before) and self.chance.happens(self.level.again)

    # --- what is seen ---------------------------------------------------------------------------------------------

    def _pictures(self, span: Span, least: int = 1) -> tuple[int, int]:
        """The nearest edges of pictures, at least so many pictures apart."""
        first = self._nearest(span.start_s)
        return first, max(first + least, self._nearest(span.end_s))

    def _nearest(self, time_s: float) -> int:
        after = min(bisect_left(self.edges_s, time_s), len(self.edges_s) - 1)
        return min((after, max(0, after - 1)), key=lambda edge: abs(self.edges_s[edge] - time_s))

    def _seen(self, span: Span) -> Span:
        first, end = self._pictures(span)
        return Span(self.edges_s[first], self.edges_s[end])

    def _show(self, span: Span, before: list[Shown], lane: int) -> Shown:
        thing = self.chance.one(before).thing if self._again(before) else self._new_thing()
        alone = len(self.level.lanes) == 1
        x, y = (
            self.chance.one(((0.25, 0.52), (0.5, 0.52), (0.75, 0.52)))
            if alone
            else self.slots[lane % len(self.slots)]
        )
        self.shown.append(Shown(thing, x, y, self._seen(span)))
        return self.shown[-1]

    def _new_thing(self) -> Thing:
        """One that no other of the clip shares colour and form with."""
        taken = {(each.colour, each.form) for each in self.cast}
        free = [
            (colour, form) for colour in self.colours for form in self.forms if (colour, form) not in taken
        ]
        colour, form = self.chance.one(free)
        thing = Thing(colour, form, self.level.alike and self.chance.happens(_FAINT_SHARE))
        self.cast.append(thing)
        return thing

    def _colours(self) -> list[str]:
        names = palette.ALIKE if self.level.alike else palette.PLAIN
        return [each for each in names if palette.stands_out(each, tuple(self.backdrops))]

    def _move(self, span: Span) -> None:
        """From where it is to the other side, at one speed or slowly and then quickly."""
        first, end = self._pictures(span, least=3)
        from_x = self.moves[-1].to_x if self.moves else self.rests_x
        to_x = _ENDS_X[1] if from_x < 0.5 else _ENDS_X[0]
        if not self.level.two_speeds or end - first < _TWO_SPEEDS_LEAST or not self.chance.happens(0.6):
            self.moves.append(self._one_move(first, end, from_x, to_x, None))
            return
        change = self._nearest(self.edges_s[first] + _SLOW_TIME * (self.edges_s[end] - self.edges_s[first]))
        change = min(max(change, first + 2), end - 2)
        middle_x = from_x + _SLOW_WAY * (to_x - from_x)
        self.moves.append(self._one_move(first, change, from_x, middle_x, quick=False))
        self.moves.append(self._one_move(change, end, middle_x, to_x, quick=True))

    def _one_move(self, first: int, end: int, from_x: float, to_x: float, quick: bool | None) -> Move:
        edges_s = self.edges_s
        return Move(
            Span(edges_s[first], edges_s[end]), edges_s[first - 1], edges_s[end - 1], from_x, to_x, quick
        )

    def _write(self, span: Span) -> None:
        if self._again(self.written):
            text = self.chance.one(self.written).text
        else:
            first = self.first_word if self.level.alike else self.chance.one(FIRST_WORDS)
            free = [f"{first} {last}" for last in LAST_WORDS]
            text = self.chance.one([each for each in free if each not in {one.text for one in self.written}])
        self.written.append(Written(text, self._seen(span)))

    def _paint(self, span: Span) -> None:
        self.painted.append(Painted(self.chance.one(self.backdrops[1:]), self._seen(span)))

    # --- what is heard --------------------------------------------------------------------------------------------

    def _samples(self, start_s: float, count: int) -> Span:
        first = round((start_s - self.how.sound_start_s) * sounds.RATE_HZ)
        edges_s = [self.how.sound_start_s + at / sounds.RATE_HZ for at in (first, first + count)]
        return Span(*edges_s)

    def _sound(self, span: Span) -> None:
        names = [*(sounds.ALIKE if self.level.alike else sounds.SOUNDS)]
        if span.duration_s < 0.3:
            names = [each for each in names if each in sounds.SHORT]
        name = self.chance.one(self.heard).sound if self._again(self.heard) else self.chance.one(names)
        count = round(span.duration_s * sounds.RATE_HZ)
        self.heard.append(Heard(name, self._samples(span.start_s, count)))

    def _say(self, cell: Span) -> None:
        """A sentence that was not said before and fits."""
        said = {each.number for each in self.said}
        lengths = {number: each.samples_at(sounds.RATE_HZ) for number, each in enumerate(sentences())}
        fitting = [
            number
            for number, count in lengths.items()
            if number not in said and count <= cell.duration_s * sounds.RATE_HZ
        ]
        number = self.chance.one(fitting)
        span = self._somewhere(cell, lengths[number] / sounds.RATE_HZ)
        sentence = sentences()[number]
        self.said.append(
            Said(number, sentence.text, sentence.about, self._samples(span.start_s, lengths[number]))
        )


def _ascending(items: list[Timed]) -> tuple[Timed, ...]:
    return tuple(sorted(items, key=lambda item: item.span))
