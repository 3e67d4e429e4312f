"""Evaluations that one benchmark alone defines: DiDeMo, NExT-GQA, highlights from spans, means over tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from playhead.evaluate.base import Highlights, Moments, Option, Outcome, Scorer
from playhead.evaluate.scoring import counted, multiple_choice, pairs, predicted_spans, true_spans
from playhead.metrics.highlights import CLIP_S, Retrieved, score_highlights
from playhead.metrics.interval import Scores, fractions
from playhead.metrics.spans import Pair, iou

SEGMENT_S: Final = 5.0  # DiDeMo's chunk of time
MOST_SEGMENTS: Final = 6
AGREEING: Final = 3  # of DiDeMo's four annotators, those the answer is nearest to
GQA_LEAST: Final = 0.5


# --- DiDeMo -----------------------------------------------------------------------------------------------------------


def didemo() -> Scorer:
    """Spans against four people's chunks of five seconds, as DiDeMo scores them (Hendricks et al. 2017, section 5).

    The first span is laid on the chunks it fits best. ``Rank@1`` is whether three of the four people marked exactly
    these, ``mIoU`` the mean overlap in chunks with the three it meets best. Rank@5 needs a ranking of all 21 stretches,
    which an answer in words is not.
    """

    def score(outcomes: Sequence[Outcome]) -> Scores:
        hits, overlaps = [], []
        for each in outcomes:
            spans = predicted_spans(each)
            chosen = nearest_chunks(spans[0]) if spans else None
            people = [nearest_chunks(pair) for one in _annotators(each) for pair in one]
            found = sorted((_chunk_iou(chosen, person) if chosen else 0.0 for person in people), reverse=True)
            overlaps.append(float(np.mean(found[:AGREEING])))
            same = sum(person == chosen for person in people)
            hits.append(float(same >= min(AGREEING, len(people))))
        ids = tuple(each.sample.id for each in outcomes)
        videos = tuple(each.sample.video_id for each in outcomes)
        values = {"Rank@1": fractions(hits), "mIoU (chunks)": fractions(overlaps)}
        return counted(Scores("queries", ids, videos, values), outcomes)

    return Scorer(name="DiDeMo", truth=Moments, score=score, first=("Rank@1", "mIoU (chunks)"))


def nearest_chunks(span: Pair) -> tuple[int, int]:
    """First and last chunk, both included, of the stretch of whole chunks that overlaps a span most."""
    stretches = [(first, last) for first in range(MOST_SEGMENTS) for last in range(first, MOST_SEGMENTS)]
    return max(
        stretches,
        key=lambda each: (iou(span, (each[0] * SEGMENT_S, (each[1] + 1) * SEGMENT_S)), each[0] - each[1]),
    )


def _chunk_iou(one: tuple[int, int], other: tuple[int, int]) -> float:
    return iou((one[0], one[1] + 1), (other[0], other[1] + 1))


def _annotators(outcome: Outcome) -> list[list[tuple[float, float]]]:
    truth = outcome.sample.truth
    assert isinstance(truth, Moments)  # the runner hands over what the scorer is about
    return [pairs(each) for each in truth.annotators or (truth.spans,)]


# --- NExT-GQA ---------------------------------------------------------------------------------------------------------


def inside() -> Scorer:
    """The first span against :class:`Moments` by how much of it lies inside a true one (IoP), as NExT-GQA reports it."""

    def score(outcomes: Sequence[Outcome]) -> Scores:
        found = fractions([share_inside(each) for each in outcomes])
        values = {"mIoP": found} | {f"IoP@{t:g}": (found >= t).astype(np.float64) for t in (0.3, 0.5)}
        return counted(
            Scores("queries", _ids(outcomes), tuple(each.sample.video_id for each in outcomes), values),
            outcomes,
        )

    return Scorer(
        name="inside the evidence", truth=Moments, score=score, first=("mIoP", "IoP@0.3", "IoP@0.5")
    )


def share_inside(outcome: Outcome) -> float:
    """The greatest share of the first predicted span that lies inside one true span; a point inside counts whole."""
    spans = predicted_spans(outcome)
    truth = outcome.sample.truth
    if not spans or not isinstance(truth, (Moments, Highlights)):
        return 0.0
    start_s, end_s = spans[0]
    shares = [0.0]
    for true_start_s, true_end_s in true_spans(truth):
        shared_s = min(end_s, true_end_s) - max(start_s, true_start_s)
        shares.append(float(shared_s >= 0) if end_s <= start_s else max(0.0, shared_s) / (end_s - start_s))
    return max(shares)


def grounded_choice() -> Scorer:
    """Right answer *and* half of the span given for it inside the evidence: Acc@GQA (Xiao et al. 2024, section 5).

    The letter is the answer of ``QUESTION/choose``, the span that of ``QUESTION/ground``; a question counts once, as wrong
    where one of the two could not be answered, and is missing where a limit left one of the two out.
    """

    def score(outcomes: Sequence[Outcome]) -> Scores:
        by_id = {each.sample.id: each for each in outcomes}
        spans = {name: by_id.get(f"{name.removesuffix('/choose')}/ground") for name in by_id}
        questions = [name for name, span in spans.items() if name.endswith("/choose") and span is not None]
        right, both = [], []
        for name in questions:
            choice, span = by_id[name], spans[name]
            truth = choice.sample.truth
            chosen = choice.answer.choice if choice.answer is not None else None
            right.append(float(isinstance(truth, Option) and chosen == truth.label))
            met = span is not None and share_inside(span) >= GQA_LEAST
            both.append(float(bool(right[-1]) and met))
        values = {"Acc@GQA": fractions(both), "Acc@QA": fractions(right)}
        videos = tuple(by_id[name].sample.video_id for name in questions)
        plain = tuple(name.removesuffix("/choose") for name in questions)
        return counted(Scores("questions", plain, videos, values), [by_id[name] for name in questions])

    return Scorer(name="grounded answers", truth=(Option, Moments), score=score, first=("Acc@GQA", "Acc@QA"))


# --- QVHighlights -----------------------------------------------------------------------------------------------------


def highlights_of_spans() -> Scorer:
    """Highlights of QVHighlights, its clips rated by the spans of an answer.

    A clip's score is the share of it that an answered span covers, times the span's confidence where there is one; the
    greatest counts. Clips of equal score are ranked in order of time, as the released evaluation does, so that rating all
    the same still scores something; an answer that could not be read scores 0.
    """
    first = ("HL-min-VeryGood-mAP", "HL-min-VeryGood-Hit1")

    def score(outcomes: Sequence[Outcome]) -> Scores:
        true = {each.sample.id: _true(each).true for each in outcomes}
        rated = {each.sample.id: Retrieved(clip_scores=clip_scores(each)) for each in outcomes}
        found = score_highlights(rated, true)
        read = {each.sample.id: predicted_spans(each) is not None for each in outcomes}
        kept = np.array([float(read[item]) for item in found.items])
        return counted(
            replace(found, values={name: each * kept for name, each in found.values.items()}), outcomes
        )

    return Scorer(name="highlights", truth=Highlights, score=score, first=first)


def clip_scores(outcome: Outcome) -> list[float]:
    """One score for every clip of two seconds, from the spans of an answer."""
    count = int(_true(outcome).true.duration_s / CLIP_S)
    scores = [0.0] * count
    answer = outcome.answer
    if answer is None or predicted_spans(outcome) is None:
        return scores
    for event in answer.events:
        sure = 1.0 if event.confidence is None else event.confidence
        for clip in range(count):
            shared_s = min(event.span.end_s, (clip + 1) * CLIP_S) - max(event.span.start_s, clip * CLIP_S)
            scores[clip] = max(scores[clip], sure * max(0.0, shared_s) / CLIP_S)
    return scores


def _true(outcome: Outcome) -> Highlights:
    assert isinstance(outcome.sample.truth, Highlights)  # the runner hands over what the scorer is about
    return outcome.sample.truth


# --- means over tasks -------------------------------------------------------------------------------------------------


def mean_over(kind: str, name: str) -> Scorer:
    """Multiple choice with one more metric: the mean of the accuracies of a way to group, each group counting the same.

    Args:
        kind: The way to group, as in :attr:`Sample.groups`.
        name: The metric's name, as its makers call it.
    """
    plain = multiple_choice()

    def score(outcomes: Sequence[Outcome]) -> Scores:
        found = plain.score(outcomes)
        of = [each.sample.groups.get(kind, "") for each in outcomes]
        sizes = Counter(of)
        weights = np.array([len(of) / (len(sizes) * sizes[group]) for group in of])
        return replace(found, values={**found.values, name: found.values["overall"] * weights})

    return Scorer(name=plain.name, truth=Option, score=score, first=(name, "overall"))


def _ids(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(each.sample.id for each in outcomes)
