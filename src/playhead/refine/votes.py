"""Self-consistency over shifts: several looks, each a little later, and what most of them agree on.

A model that really saw something names the same seconds when its pictures are taken a fraction of their distance later;
one that guessed does not. Looks k = 0..K-1 are shifted by k/K of the distance between pictures: by the pictures' instants
where the engine can be told them, by the window's start elsewhere. Stretches that more than half of the votes cover are
found; their ends are the weighted medians of the ends of the spans that voted for them; agreement, the mean overlap of
the looks with what was found, is how sure it is.

Source: ours; self-consistency (arXiv 2203.11171) carried over to intervals. No published figure was found.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playhead.media.clip import Video
from playhead.metrics.spans import set_iou
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.mechanisms import seams_of
from playhead.refine.steps import look, pooled, step_s, surest
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, Span, Step, merge_spans


@dataclass(slots=True)
class Votes(Around):
    """An engine whose looks vote."""

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """What most looks agree on; tasks without spans or options are answered by one look.

        Raises:
            MediaError: The file cannot give what the task needs.
        """
        count = self.settings.votes
        if count < 2 or not isinstance(task, (Ground, Choose)):
            return self.engine.answer(video, task, progress=progress)
        first = look(self.engine, video, task, progress, name=f"vote 1 of {count}")
        videos = self._shifted(video, first, count)
        if not videos:
            why = Step(
                "votes",
                first.sampling.window,
                text="a single picture cannot be taken a little later: no vote",
            )
            return replace(first, trace=(*first.trace, why))
        answers = [first]
        for number, (shifted, text) in enumerate(videos, 2):
            progress("votes", number - 1, count)
            answers.append(
                look(self.engine, shifted, task, progress, name=f"vote {number} of {count}", text=text)
            )
        return _elected(answers, task) if isinstance(task, Choose) else _agreed(answers)

    def _shifted(self, video: Video, first: Answer, count: int) -> list[tuple[Video, str]]:
        """The window again, looked at from a little later each time."""
        seen = first.sampling
        if len(seen.times_s) < 2:
            return []
        if "instants" in seams_of(self.engine):
            return [
                (
                    replace(video, instants_s=_later(seen.times_s, seen.window, share)),
                    f"pictures later by {share:.2f} of their distance",
                )
                for share in (number / count for number in range(1, count))
            ]
        start_s, gap_s = seen.window.start_s, min(step_s(seen), seen.window.duration_s / 2)
        shifts_s = [gap_s * number / count for number in range(1, count)]
        return [
            (replace(video, start_s=start_s + shift_s), f"the window begins {shift_s:.3g} s later")
            for shift_s in shifts_s
        ]


def _later(times_s: Sequence[float], window: Span, share: float) -> tuple[float, ...]:
    """Instants a share of the way from each picture to the next; the last stays, for pictures may end before the window does."""
    starts_s = [max(window.start_s, each) for each in times_s]
    moved = [a + share * (b - a) for a, b in itertools.pairwise(starts_s)]
    return tuple(dict.fromkeys((*moved, starts_s[-1])))


def vote(
    sets: Sequence[Sequence[Span]], weights: Sequence[float] | None = None
) -> tuple[tuple[Span, float], ...]:
    """The spans that more than half of the votes cover, and the mean overlap of the votes with each.

    Args:
        sets: What each look found; a look that found nothing votes too.
        weights: What each vote counts; one each if not given.

    Returns:
        Spans in the order of time, none of them overlapping, each with its agreement, 0 to 1.
    """
    counts = list(weights) if weights is not None else [1.0] * len(sets)
    merged = [merge_spans(each) for each in sets]
    edges = sorted({edge for each in merged for span in each for edge in (span.start_s, span.end_s)})
    half = sum(counts) / 2
    covered = [
        Span(a, b)
        for a, b in itertools.pairwise(edges)
        if sum(
            w
            for each, w in zip(merged, counts, strict=True)
            if any(s.start_s <= a and s.end_s >= b for s in each)
        )
        > half
    ]
    settled = merge_spans(_settle(core, merged, counts) for core in merge_spans(covered))
    total = sum(counts)
    return tuple(
        (
            span,
            sum(
                w * max((span.iou(each) for each in one), default=0.0)
                for one, w in zip(merged, counts, strict=True)
            )
            / total,
        )
        for span in settled
    )


def _settle(core: Span, sets: Sequence[Sequence[Span]], weights: Sequence[float]) -> Span:
    """A stretch with the medians of the ends of the spans that voted for it."""
    starts, ends = [], []
    for spans, weight in zip(sets, weights, strict=True):
        voting = [each for each in spans if each.overlap_s(core) > 0]
        if voting:
            starts.append((voting[0].start_s, weight))
            ends.append((voting[-1].end_s, weight))
    start_s, end_s = weighted_median(starts), weighted_median(ends)
    return Span(start_s, end_s) if end_s > start_s else core


def weighted_median(values: Sequence[tuple[float, float]]) -> float:
    """The value at which half of the weight is reached; of two that reach it together, their middle.

    Args:
        values: Pairs of value and weight, at least one; weights above 0.
    """
    ordered = sorted(values)
    half, reached = sum(weight for _, weight in ordered) / 2, 0.0
    for number, (value, weight) in enumerate(ordered):
        reached += weight
        if reached > half or number == len(ordered) - 1:
            return value
        if reached == half:
            return (value + ordered[number + 1][0]) / 2
    raise ValueError("no values")


def _agreed(answers: Sequence[Answer]) -> Answer:
    """One answer from the looks that could be read."""
    read = [each for each in answers if each.failure is None]
    trace = tuple(step for each in answers for step in each.trace)
    if not read:
        return replace(answers[0], trace=trace)
    window = answers[0].sampling.window
    sets = [each.spans for each in read]
    # An engine that says how sure it is votes with that weight; all others with one each.
    weights = [each.confidence if each.confidence is not None and each.spans else 1.0 for each in read]
    found = vote(sets, [max(weight, 1e-6) for weight in weights])
    share = len(read) / len(answers)  # a look that could not be read agrees with nothing
    events = tuple(_event(span, agreement * share, read) for span, agreement in found)
    union = [span for span, _ in found]
    agreement = share * sum(set_iou(_pairs(union), _pairs(each)) for each in sets) / len(sets)
    scattered = any(sets) and not found
    reason = read[0].reason if not scattered else f"unsure: {len(read)} looks agree on no moment"
    told = Step(
        "votes",
        window,
        spans=tuple(union),
        text=f"{len(read)} of {len(answers)} looks read, agreement {agreement:.2f}",
    )
    return replace(
        read[0],
        sampling=pooled(answers, window),
        events=events,
        evidence=tuple(dict.fromkeys(mark for each in events for mark in each.evidence)),
        confidence=surest(events) if events else agreement,
        reason="" if events else reason,
        trace=(*trace, told),
    )


def _pairs(spans: Sequence[Span]) -> list[tuple[float, float]]:
    return [(each.start_s, each.end_s) for each in spans]


def _event(span: Span, agreement: float, answers: Sequence[Answer]) -> Event:
    """What was found, in the words of the event that lies nearest to it, less sure where the engine is not."""
    near = [max(each.events, key=lambda event: event.span.iou(span)) for each in answers if each.events]
    best = max(near, key=lambda event: event.span.iou(span))
    own = [
        event.confidence for event in near if event.confidence is not None and event.span.overlap_s(span) > 0
    ]
    sure = agreement * (sum(own) / len(own) if own else 1.0)
    return replace(best, span=span, confidence=round(min(1.0, sure), 6))


def _elected(answers: Sequence[Answer], task: Choose) -> Answer:
    """The option most looks chose, the earlier letter of equals, as sure as its share."""
    trace = tuple(step for each in answers for step in each.trace)
    chosen = Counter(each.choice for each in answers if each.failure is None and each.choice is not None)
    window = answers[0].sampling.window
    if not chosen:
        return replace(answers[0], trace=trace)
    choice = min(chosen, key=lambda label: (-chosen[label], label))
    told = ", ".join(f"{label} in {chosen[label]}" for label in sorted(chosen))
    best = next(each for each in answers if each.choice == choice)
    step = Step(
        "votes", window, text=f"{told} of {len(answers)} looks; {task.options[task.labels.index(choice)]}"
    )
    return replace(
        best,
        sampling=pooled(answers, window),
        confidence=chosen[choice] / len(answers),
        reason=best.reason if len(chosen) == 1 else f"the looks differ ({told})",
        trace=(*trace, step),
    )
