"""How sure an answer is on a scale that was measured, and no answer where that is too little.

A number between 0 and 1 says nothing until it is held against the truth. Where that was done for an engine, the raw number
(agreement of its votes, times its own where it gives one) is put on the scale of :mod:`playhead.refine.calibration`; an
engine without one keeps its raw number, and the trace says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playhead.errors import UnsupportedError
from playhead.media.clip import Video
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.calibration import Calibration, measured
from playhead.tasks.base import Task
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, Step


@dataclass(slots=True)
class Sureness(Around):
    """An engine that says how sure it is on a measured scale, and says nothing where it is unsure."""

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """The spans that are sure enough; other tasks as they are.

        Raises:
            UnsupportedError: A threshold for an engine that does not say how sure it is and does not vote.
            MediaError: The file cannot give what the task needs.
        """
        answer = self.engine.answer(video, task, progress=progress)
        wanted = self.settings.unsure > 0 or self.settings.votes > 1 or self.settings.calibration is not None
        if not wanted or not isinstance(task, Ground) or answer.failure is not None:
            return answer
        curve = self.settings.calibration or measured().get(self.name)
        least = self.settings.unsure
        if least > 0 and any(event.confidence is None for event in answer.events):
            raise UnsupportedError(
                f"leave out what {self.name} is less than {least:g} sure of",
                found="an engine that does not say how sure it is",
                todo="let looks vote (votes=5, --votes 5): their agreement is how sure they are",
            )
        events = tuple(_on_scale(event, curve) for event in answer.events)
        kept = tuple(event for event in events if (event.confidence or 0.0) >= least or not least)
        if events == answer.events == kept:
            return answer
        return _told(answer, events, kept, curve, least)


def _told(
    answer: Answer, events: Sequence[Event], kept: tuple[Event, ...], curve: Calibration | None, least: float
) -> Answer:
    """The answer with what is left of it, and why."""
    sure = [event.confidence for event in kept if event.confidence is not None]
    scale = (
        "as they agree, on no measured scale"
        if curve is None
        else f"on a scale measured on {curve.count} answers"
    )
    numbers = ", ".join(f"{event.confidence or 0.0:.2f}" for event in events)
    dropped = len(events) - len(kept)
    text = f"sure {numbers}, {scale}" + (f"; {dropped} below {least:g} left out" if dropped else "")
    reason = answer.reason
    if dropped and not kept:
        reason = f"unsure: {numbers} is below {least:g}"
    return replace(
        answer,
        events=kept,
        evidence=answer.evidence if kept else (),
        confidence=max(sure, default=None)
        if kept
        else max((each.confidence or 0.0 for each in events), default=None),
        reason=reason,
        trace=(
            *answer.trace,
            Step("sureness", answer.sampling.window, spans=tuple(each.span for each in kept), text=text),
        ),
    )


def _on_scale(event: Event, curve: Calibration | None) -> Event:
    if curve is None or event.confidence is None:
        return event
    return replace(event, confidence=round(curve(event.confidence), 6))
