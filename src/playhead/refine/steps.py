"""What was looked at on the way to an answer: steps of a trace, and the sampling of several looks as one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from playhead.media.clip import Video
from playhead.models.base import Engine
from playhead.progress import Progress
from playhead.tasks.base import Task
from playhead.timeline import Answer, Event, Sampling, Span, Step


class _Counts(Protocol):
    """An engine that knows how many positions its last look fills."""

    def video_tokens(self, video: Video, task: Task) -> int | None: ...


def look(
    engine: Engine, video: Video, task: Task, progress: Progress, *, name: str, text: str = ""
) -> Answer:
    """An engine's answer with its looks in the trace under a name.

    Args:
        engine: Who is asked; its own steps, where it has any, come after ``name``.
        video: The part of the video.
        task: The question.
        progress: Told how far the engine is.
        name: What this look is called in the trace.
        text: Why it is made, in words.
    """
    answer = engine.answer(video, task, progress=progress)
    if answer.trace:
        return replace(
            answer, trace=tuple(replace(each, name=f"{name}: {each.name}") for each in answer.trace)
        )
    count = getattr(engine, "video_tokens", None)
    tokens = None if count is None else count(video, task)
    return replace(answer, trace=(step_of(answer, name, text, tokens),))


def step_of(answer: Answer, name: str, text: str = "", tokens: int | None = None) -> Step:
    """The step that one look is."""
    told = answer.failure.reason if answer.failure is not None else ""
    words = "; ".join(
        each for each in (text, f"the answer could not be read: {told}" if told else "") if each
    )
    seen = answer.sampling
    return Step(name, seen.window, len(seen.times_s), tokens, answer.spans, words)


def pooled(answers: Sequence[Answer], window: Span) -> Sampling:
    """What several looks saw together; the notes of each once, in their order.

    Args:
        answers: The looks, at least one.
        window: The part of the video the whole answer is about.
    """
    seen = [each.sampling for each in answers]
    notes = dict.fromkeys(note for each in seen for note in each.notes)
    policies = dict.fromkeys(each.policy for each in seen)
    return replace(
        seen[-1],
        policy=" + ".join(policies),
        window=window,
        times_s=tuple(sorted({time_s for each in seen for time_s in each.times_s})),
        audio_s=max(each.audio_s for each in seen),
        notes=tuple(notes),
    )


def step_s(sampling: Sampling) -> float:
    """The usual distance between the pictures of a look, in seconds: how finely a boundary can have been seen."""
    gaps = [b - a for a, b in zip(sampling.times_s, sampling.times_s[1:], strict=False) if b > a]
    if gaps:
        return statistics.median(gaps)
    return sampling.window.duration_s / max(1, len(sampling.times_s))


def joined(events: Sequence[Event]) -> tuple[Event, ...]:
    """Events in the order of time; those of which spans overlap or touch are one, as sure as the surest."""
    out: list[Event] = []
    for event in sorted(events, key=lambda each: each.span):
        if out and event.span.start_s <= out[-1].span.end_s:
            last = out[-1]
            known = [each.confidence for each in (last, event) if each.confidence is not None]
            out[-1] = replace(
                last,
                span=last.span.hull(event.span),
                confidence=max(known, default=None),
                evidence=tuple(dict.fromkeys((*last.evidence, *event.evidence))),
                flags=tuple(dict.fromkeys((*last.flags, *event.flags))),
            )
        else:
            out.append(event)
    return tuple(out)


def surest(events: Sequence[Event]) -> float | None:
    """How sure the surest event is, or None where none says."""
    return max((each.confidence for each in events if each.confidence is not None), default=None)


def seconds(span: Span) -> str:
    """A span in words: ``12.0-18.5 s``."""
    return f"{span.start_s:.1f}-{span.end_s:.1f} s"


def spans_text(spans: Sequence[Span]) -> str:
    """Spans in words, or ``nothing``."""
    return ", ".join(seconds(each) for each in spans) or "nothing"
