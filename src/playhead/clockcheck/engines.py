"""An end-to-end engine of playhead as a subject: what it chose, and what its prompt says of the times.

Axes: S picture seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any, Final

from playhead.clockcheck.clips import DrawnClip
from playhead.clockcheck.code import is_marked, read_number
from playhead.clockcheck.ids import overlapping, wrong_ids
from playhead.clockcheck.subject import Given, Told
from playhead.errors import UnsupportedError
from playhead.media.clip import Video
from playhead.models.end_to_end import EndToEnd, Look
from playhead.models.family import Shown
from playhead.sequence.layout import Layout
from playhead.tasks.ground import Ground

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:\.(?P<after>\d+))?)")
_NUMBER: Final = re.compile(r"\d+(?:\.(?P<after>\d+))?")


class EngineSubject:
    """An engine, by what it looks at and how it lays out a prompt about it.

    Args:
        engine: The engine.
        show: Gives the pictures of a video as the engine's model sees them.
    """

    def __init__(self, engine: EndToEnd[Any], show: Callable[[Video], Shown]) -> None:
        self.name, self._engine, self._show = engine.name, engine, show

    def given(self, clip: DrawnClip) -> Given:
        """The pictures and times of a prompt about a clip; the model is not run.

        Raises:
            UnsupportedError: A label in a form that is not known here.
        """
        engine = self._engine
        look = engine.look(clip.video)
        request = engine.request(Ground("a square"), look)
        layout = engine.layout(look, request.text)
        numbers, marked = self._pictures(clip.video, look)
        wrong = wrong_ids(engine.tokenizer, layout)
        if layout.positions is not None and layout.slots:
            wrong += overlapping(layout.positions, layout.slots[-1].start + layout.slots[-1].length - 1)
        faults = [*_misplaced(look, layout), *wrong]
        offset_s, times = request.clock.start_s, tuple(look.times_s.tolist())
        if any(look.labels):
            in_words = _is_written(look.labels, str(engine.tokenizer.decode(layout.input_ids_N.tolist())))
            if not in_words and not marked:
                faults.append("the labels stand neither in the prompt, in their order, nor on all pictures")
            told = _labels(look, offset_s)
            return Given(numbers, times, told, "text" if in_words else "burnt", tuple(faults), not wrong)
        vision = getattr(engine.model.config, "vision_config", None)
        rate = getattr(engine, "steps_per_s", None) or getattr(vision, "tokens_per_second", None)
        if rate and layout.positions is not None:
            steps = _steps(look, layout, step_s=1 / rate, offset_s=offset_s)
            return Given(numbers, times, steps, "positions", tuple(faults), not wrong)
        stretches = enumerate(look.intervals_S2.tolist())
        told = tuple(Told(number, number, *stretch) for number, stretch in stretches)
        return Given(numbers, times, told, "order", tuple(faults), not wrong)

    def _pictures(self, video: Video, look: Look[Any]) -> tuple[tuple[int | None, ...], bool]:
        """What the pictures say, and whether something is drawn on each.

        They are taken in their order, or by their time where other pictures stand among them for sound.
        """
        shown = self._show(video)
        said = [read_number(pixels_HWC) for pixels_HWC in shown.frames.pixels_FHWC]
        marked = bool(said) and all(is_marked(pixels_HWC) for pixels_HWC in shown.frames.pixels_FHWC)
        if len(said) == len(look.times_s):
            return tuple(said), marked
        at = {
            time_s: number
            for time_s, number in zip(shown.frames.pts_s.tolist(), said, strict=True)
            if number is not None
        }
        return tuple(at.get(time_s) for time_s in look.times_s.tolist()), marked


def _is_written(labels: tuple[str, ...], words: str) -> bool:
    """Whether each run of equal labels stands in a prompt, one after the other."""
    at = 0
    for label, _ in groupby(labels):
        at = words.find(label, at)
        if at < 0:
            return False
        at += len(label)
    return True


def _misplaced(look: Look[Any], layout: Layout) -> list[str]:
    """Where the prompt's places for pictures disagree with what was looked at."""
    seen: dict[float, set[str]] = {}
    for time_s, label in zip(look.times_s.tolist(), look.labels, strict=True):
        seen.setdefault(time_s, set()).add(label)
    frames = [slot for slot in layout.slots if slot.kind == "frame" and slot.pts_s is not None]
    strays = [slot for slot in frames if slot.pts_s not in seen]
    others = [slot for slot in frames if slot.pts_s in seen and slot.label not in seen[slot.pts_s]]
    told = (
        (strays, "with a time at which no picture was looked at"),
        (others, "labelled otherwise than looked at"),
    )
    return [f"{len(slots)} places of the prompt {what}" for slots, what in told if slots]


def _labels(look: Look[Any], offset_s: float) -> tuple[Told, ...]:
    """Runs of pictures that share a label, with what it says."""
    told = []
    for label, run in groupby(range(len(look.labels)), key=lambda number: look.labels[number]):
        numbers = list(run)
        start_s, end_s = read_label(label)
        told.append(Told(numbers[0], numbers[-1], start_s + offset_s, end_s + offset_s))
    return tuple(told)


def read_label(label: str) -> tuple[float, float]:
    """The earliest and latest second a written time can mean, by the digits it has.

    ``<1.5 seconds>`` is 1.45 to 1.55; ``00:00:03-00:00:04`` is 2.5 to 4.5, each end rounded to a second.

    Raises:
        UnsupportedError: It has no time in a known form.
    """
    clocks = list(_CLOCK.finditer(label))
    if clocks:
        half_s = 0.5 * 10.0 ** -min(len(clock["after"] or "") for clock in clocks)
        seconds = [int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]) for clock in clocks]
        return min(seconds) - half_s, max(seconds) + half_s
    found = _NUMBER.search(label)
    if found is None:
        raise UnsupportedError(f"read the time {label!r}", allowed="seconds (1.5) or clocks (00:01:02)")
    half_s = 0.5 * 10.0 ** -len(found["after"] or "")
    return float(found[0]) - half_s, float(found[0]) + half_s


def _steps(look: Look[Any], layout: Layout, *, step_s: float, offset_s: float) -> tuple[Told, ...]:
    """What the positions of groups of pictures say: the steps since the word before all that is seen or heard."""
    slots = [slot for slot in layout.slots if slot.kind == "frame"]
    if layout.positions is None or not slots:
        return ()
    size = -(-len(look.times_s) // len(slots))
    zero = int(layout.positions[0, layout.slots[0].start - 1]) + 1
    told = []
    for number, slot in enumerate(slots):
        start_s = (int(layout.positions[0, slot.start]) - zero) * step_s + offset_s
        last = min((number + 1) * size, len(look.times_s)) - 1
        told.append(Told(number * size, last, start_s, start_s + step_s))
    return tuple(told)
