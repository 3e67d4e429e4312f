"""From answers to scores: what each kind of truth is compared with, and the functions of playhead.metrics that do it.

Where an engine gave no answer (it failed on the video) the sample is scored as wrong, like an answer that cannot be read,
and both are counted apart: leaving them out would raise the score of an engine that fails on what is hard. Samples whose
video is not there are never scored; the loader counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from playhead.evaluate.base import Facts, Highlights, Moments, Option, Outcome, Scorer, Story
from playhead.metrics import java
from playhead.metrics.atoms import Judge, score_atoms
from playhead.metrics.captions import score_activitynet, score_vtimellm, score_youcook2
from playhead.metrics.choice import score_choice
from playhead.metrics.grounding import THRESHOLDS, score_grounding, span_f1, top_iou
from playhead.metrics.highlights import Retrieved, score_highlights
from playhead.metrics.interval import Floats, Scores
from playhead.metrics.told import Caption
from playhead.timeline import Answer, Event, Span

Pairs = list[tuple[float, float]]
StoryScore = Callable[[Mapping[str, list[Caption]], Sequence[Mapping[str, Sequence[Caption]]]], Scores]

GROUNDING_FIRST: Final = ("mIoU", "R1@0.3", "R1@0.5", "R1@0.7")


# --- what an answer says ----------------------------------------------------------------------------------------------


def is_read(outcome: Outcome) -> bool:
    """Whether there is an answer and it could be read as one to its task."""
    answer = outcome.answer
    if answer is None or answer.failure is not None:
        return False
    return answer.choice is not None if isinstance(outcome.sample.truth, Option) else True


def pairs(spans: Iterable[Span]) -> Pairs:
    """Spans as pairs of seconds."""
    return [(span.start_s, span.end_s) for span in spans]


def ranked(answer: Answer) -> tuple[Event, ...]:
    """The events of an answer, best first: by confidence where all have one, else as they were written."""
    if any(event.confidence is None for event in answer.events):
        return answer.events
    return tuple(sorted(answer.events, key=lambda event: -(event.confidence or 0.0)))


def predicted_spans(outcome: Outcome) -> Pairs | None:
    """Spans of an answer, best first; None where it could not be read."""
    if outcome.answer is None or not is_read(outcome):
        return None
    return pairs(event.span for event in ranked(outcome.answer))


def predicted_captions(outcome: Outcome) -> list[Caption]:
    """Timed sentences of an answer; none where it could not be read."""
    if outcome.answer is None or not is_read(outcome):
        return []
    return [
        Caption(event.span.start_s, event.span.end_s, event.text or event.title)
        for event in outcome.answer.events
    ]


def quick_value(outcome: Outcome) -> tuple[str, float] | None:
    """A score of one sample that costs nothing, for the running score; None where there is none without a judge."""
    truth = outcome.sample.truth
    if isinstance(truth, Option):
        return "accuracy", float(outcome.answer is not None and outcome.answer.choice == truth.label)
    if isinstance(truth, Story):
        found = pairs(Span(each.start_s, each.end_s) for each in predicted_captions(outcome))
        told = [[(each.start_s, each.end_s) for each in one] for one in truth.told]
        best = max(float(np.mean([span_f1(found, one, least) for least in THRESHOLDS])) for one in told)
        return "tF1", best
    if isinstance(truth, (Moments, Highlights)):
        spans = predicted_spans(outcome)
        return "mIoU", 0.0 if spans is None else top_iou(spans, true_spans(truth))
    return None


def true_spans(truth: Moments | Highlights) -> Pairs:
    """True spans as pairs of seconds."""
    if isinstance(truth, Moments):
        return pairs(truth.spans)
    return [(float(window[0]), float(window[1])) for window in truth.true.windows]


# --- scorers ----------------------------------------------------------------------------------------------------------


def grounding(
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    depths: Sequence[int] = (1, 5),
    first: Sequence[str] = GROUNDING_FIRST,
) -> Scorer:
    """Spans against :class:`Moments`: mIoU, R@k, sets of spans, nothing to find."""

    def score(outcomes: Sequence[Outcome]) -> Scores:
        found = score_grounding(
            {each.sample.id: predicted_spans(each) for each in outcomes},
            {each.sample.id: pairs(_moments(each).spans) for each in outcomes},
            _videos(outcomes),
            thresholds=thresholds,
            depths=depths,
        )
        return by_groups(counted(found, outcomes), outcomes, first)

    return Scorer(name="grounding", truth=Moments, score=score, first=tuple(first))


def multiple_choice() -> Scorer:
    """Letters against :class:`Option`: accuracy overall and by every group."""

    def score(outcomes: Sequence[Outcome]) -> Scores:
        groups: dict[str, dict[str, str]] = {}
        for each in outcomes:
            for kind, name in each.sample.groups.items():
                groups.setdefault(kind, {})[each.sample.id] = name
        found = score_choice(
            {each.sample.id: each.answer.choice if each.answer else None for each in outcomes},
            {each.sample.id: _option(each).label for each in outcomes},
            _videos(outcomes),
            groups,
        )
        return counted(found, outcomes)

    return Scorer(name="multiple choice", truth=Option, score=score, first=("overall",))


def event_spans(*, thresholds: Sequence[float] = THRESHOLDS) -> Scorer:
    """When the events of a :class:`Story` happen, whatever is said of them: both as sets of spans; needs no Java."""
    first = ("tF1", *(f"tF1@{least:g}" for least in thresholds), "set IoU")

    def score(outcomes: Sequence[Outcome]) -> Scores:
        found = score_grounding(
            {each.sample.id: predicted_spans(each) for each in outcomes},
            {each.sample.id: [(one.start_s, one.end_s) for one in _story(each).told[0]] for each in outcomes},
            _videos(outcomes),
            thresholds=thresholds,
        )
        kept = replace(found, what="videos", values={name: found.values[name] for name in first})
        return by_groups(counted(kept, outcomes), outcomes, first[:1])

    return Scorer(name="spans of events", truth=Story, score=score, first=first)


def dense_captions(variant: str, *, optional: bool = False) -> Scorer:
    """Timed sentences against :class:`Story`, as one of the published evaluations does it; needs Java.

    Args:
        variant: ``activitynet``, ``vtimellm`` or ``youcook2``: see :mod:`playhead.metrics.captions`.
        optional: Whether a run goes on without it where there is no Java.
    """
    method, first = _STORIES[variant]

    def score(outcomes: Sequence[Outcome]) -> Scores:
        most = max(len(_story(each).told) for each in outcomes)
        references = [
            {each.sample.id: _story(each).told[n] for each in outcomes if n < len(_story(each).told)}
            for n in range(most)
        ]
        found = method({each.sample.id: predicted_captions(each) for each in outcomes}, references)
        videos = _videos(outcomes)
        placed = replace(found, videos=tuple(videos[item] for item in found.items))
        return by_groups(counted(placed, outcomes), outcomes, first)

    return Scorer(
        name=f"dense captions ({variant})",
        truth=Story,
        score=score,
        first=first,
        require=java.require_java,
        optional=optional,
    )


def highlights() -> Scorer:
    """Ranked windows against :class:`Highlights`, as QVHighlights scores them; clips are not rated by engines here."""
    first = ("MR-full-R1@0.5", "MR-full-R1@0.7", "MR-full-mAP", "MR-full-mAP@0.5", "MR-full-mAP@0.75")

    def score(outcomes: Sequence[Outcome]) -> Scores:
        found = score_highlights(
            {each.sample.id: Retrieved(windows=_windows(each)) for each in outcomes},
            {each.sample.id: _highlights(each).true for each in outcomes},
        )
        return by_groups(counted(found, outcomes), outcomes, first)

    return Scorer(name="moments and highlights", truth=Highlights, score=score, first=first)


def facts(judge: Judge, judge_name: str) -> Scorer:
    """Texts against the atoms of :class:`Facts`, by a judge that is named with the score; others are passed over."""
    first = ("recall", "precision", "F1")

    def score(outcomes: Sequence[Outcome]) -> Scores:
        judged = [each for each in outcomes if _facts(each).atoms]
        found = score_atoms(
            {each.sample.id: each.answer.text if each.answer and is_read(each) else "" for each in judged},
            {each.sample.id: _facts(each).atoms for each in judged},
            judge,
        )
        videos = _videos(judged)
        placed = replace(found, what="texts", videos=tuple(videos[item] for item in found.items))
        noted = replace(placed, notes=(*placed.notes, f"judge: {judge_name}"))
        return by_groups(counted(noted, judged), judged, first)

    return Scorer(name="facts told", truth=Facts, score=score, first=first)


# --- counts and groups ------------------------------------------------------------------------------------------------


def counted(scores: Scores, outcomes: Sequence[Outcome]) -> Scores:
    """Scores with what could not be read and what was not answered counted apart."""
    failed = sum(each.answer is None for each in outcomes)
    unread = sum(not is_read(each) for each in outcomes) - failed
    notes = (f"{failed} samples without an answer (the engine failed), scored as wrong",) if failed else ()
    return replace(scores, unparsable=unread, notes=(*scores.notes, *notes))


def by_groups(scores: Scores, outcomes: Sequence[Outcome], metrics: Sequence[str]) -> Scores:
    """Scores with some metrics once more within every group, as ``mIoU, short``; a kind all share is left out."""
    of = {each.sample.id: each.sample.groups for each in outcomes}
    values: dict[str, Floats] = dict(scores.values)
    for kind in dict.fromkeys(kind for groups in of.values() for kind in groups):
        names = {groups.get(kind) for groups in of.values()}
        for group in sorted(name for name in names if name is not None and len(names) > 1):
            inside = np.array([of[item].get(kind) == group for item in scores.items])
            for metric in metrics:
                if metric in scores.values:
                    name = f"{metric}, {group}"
                    name = name if name not in values else f"{metric}, {kind}: {group}"
                    values[name] = np.where(inside, scores.values[metric], np.nan)
    return replace(scores, values=values)


# --- parts ------------------------------------------------------------------------------------------------------------


def _activitynet(
    predicted: Mapping[str, list[Caption]], references: Sequence[Mapping[str, Sequence[Caption]]]
) -> Scores:
    return score_activitynet(predicted, references)


def _one_reference(
    score: Callable[[Mapping[str, list[Caption]], Mapping[str, Sequence[Caption]]], Scores],
    predicted: Mapping[str, list[Caption]],
    references: Sequence[Mapping[str, Sequence[Caption]]],
) -> Scores:
    return score(predicted, references[0])


_STORIES: Final[Mapping[str, tuple[StoryScore, tuple[str, ...]]]] = {
    "activitynet": (_activitynet, ("METEOR", "CIDEr", "Recall", "Precision")),
    "vtimellm": (partial(_one_reference, score_vtimellm), ("SODA_c", "METEOR", "CIDEr")),
    "youcook2": (partial(_one_reference, score_youcook2), ("SODA_c", "CIDEr", "F1_Score")),
}


def _videos(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {each.sample.id: each.sample.video_id for each in outcomes}


def _windows(outcome: Outcome) -> list[tuple[float, float, float]]:
    """Ranked windows with a confidence; where the engine gives none, by their rank."""
    if outcome.answer is None or not is_read(outcome):
        return []
    events = ranked(outcome.answer)
    return [
        (
            event.span.start_s,
            event.span.end_s,
            event.confidence if event.confidence is not None else 1.0 - rank / len(events),
        )
        for rank, event in enumerate(events)
    ]


def _moments(outcome: Outcome) -> Moments:
    assert isinstance(outcome.sample.truth, Moments)  # the runner hands over what the scorer is about
    return outcome.sample.truth


def _option(outcome: Outcome) -> Option:
    assert isinstance(outcome.sample.truth, Option)
    return outcome.sample.truth


def _story(outcome: Outcome) -> Story:
    assert isinstance(outcome.sample.truth, Story)
    return outcome.sample.truth


def _highlights(outcome: Outcome) -> Highlights:
    assert isinstance(outcome.sample.truth, Highlights)
    return outcome.sample.truth


def _facts(outcome: Outcome) -> Facts:
    assert isinstance(outcome.sample.truth, Facts)
    return outcome.sample.truth
