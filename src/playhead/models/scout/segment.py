"""Where one part of a video ends and the next begins: computed from measured edges, never asked of a language model.

Candidate boundaries are edges that were measured: shot cuts, the starts and ends of speech, of sounds, of text and of
motion. Each gets a strength (change of topic, cut, pause, new title on screen); a dynamic programme then chooses the
set of boundaries with the greatest strength for parts of about the wanted length. The topic measure compares the mean
sentence embedding of a few sentences on each side of a gap (TextTiling: Hearst, Computational Linguistics 23(1),
1997, with embeddings in place of word counts).

Axes: S sentence, D embedding dimension.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from playhead.models.scout.notes import is_clock
from playhead.perceive.evidence import Evidence
from playhead.timeline import Mark, Span

Vectors = npt.NDArray[np.float32]

SILENCE_S = 4.0  # a pause this long can be a part of its own
CUT_NEAR_PAUSE_S = 0.35  # a cut this close to a pause belongs to it
TITLE_NEAR_S = 0.6  # text that appears this close to a cut came with it
CARD_SPEECH_SHARE = 0.2
TOPIC_SENTENCES = 3
MIN_PART_S = 2.0
SLACK_S = 0.75  # emptiness left standing at the ends of an event

TOPIC_WEIGHT = 1.0
CUT_WEIGHT = 0.6
PAUSE_WEIGHT = 0.5
TITLE_WEIGHT = 0.7
CARD_WEIGHT = 0.5  # more for text on a shot in which nobody speaks: a title card
MEASURED_WEIGHT = 0.3
VISIT_WEIGHT = 1.2  # something comes into a still view, or goes
LENGTH_WEIGHT = 0.8
PART_COST = 1.0  # what one more part must be worth


@dataclass(frozen=True, slots=True)
class Edge:
    """A measured moment at which a part may begin, and how strongly it asks to."""

    time_s: float
    strength: float


def event_length_s(duration_s: float) -> float:
    """Wanted length of an event: a twelfth of the video, between 8 and 45 seconds."""
    return min(45.0, max(8.0, duration_s / 12))


def chapter_length_s(duration_s: float) -> float:
    """Wanted length of a chapter: a fifth of the video, between 12 seconds and 5 minutes."""
    return min(300.0, max(12.0, duration_s / 5))


def topic_shift(vectors_SD: Vectors, sentences: int = TOPIC_SENTENCES) -> npt.NDArray[np.float64]:
    """How much the topic changes before each sentence, 0 to 1.

    Args:
        vectors_SD: Unit-length sentence embeddings in order of time, shape (S, D).
        sentences: Number of sentences compared on each side.

    Returns:
        Shape (S,): cosine distance between the means on both sides, scaled to 0..1 over the video; 0 for the first.
    """
    count = vectors_SD.shape[0]
    shift = np.zeros(count)
    for i in range(1, count):
        before = vectors_SD[max(0, i - sentences) : i].mean(axis=0)
        after = vectors_SD[i : i + sentences].mean(axis=0)
        norm = float(np.linalg.norm(before) * np.linalg.norm(after))
        shift[i] = 1.0 - float(before @ after) / norm if norm > 0 else 0.0
    if count < 3:
        return shift
    low, high = float(shift[1:].min()), float(shift[1:].max())
    if high - low > 1e-6:
        shift[1:] = (shift[1:] - low) / (high - low)
    return shift


def edges(evidence: Evidence, topic: npt.NDArray[np.float64]) -> tuple[Edge, ...]:
    """All measured moments at which a part may begin, ascending, with their strengths.

    Args:
        evidence: The video.
        topic: Change of topic before each sentence of the ``speech`` lane, shape (S,).
    """
    window, lanes = evidence.window, evidence.lanes
    cuts = [shot.span.start_s for shot in lanes.get("shots", ()) if shot.span.start_s > window.start_s]
    titles = [m.span.start_s for m in lanes.get("text", ()) if not is_clock(m.text)]
    speech = lanes.get("speech", ())
    found: dict[float, float] = {}

    def add(time_s: float, strength: float) -> None:
        if window.start_s < time_s < window.end_s:
            key = round(time_s, 6)
            found[key] = max(found.get(key, 0.0), strength)

    silent_shots = {
        shot.span.start_s
        for shot in lanes.get("shots", ())
        if sum(shot.span.overlap_s(m.span) for m in speech) <= CARD_SPEECH_SHARE * shot.span.duration_s
    }

    def title_at(time_s: float) -> float:
        if not any(abs(start_s - time_s) <= TITLE_NEAR_S for start_s in titles):
            return 0.0
        return TITLE_WEIGHT + (CARD_WEIGHT if time_s in silent_shots else 0.0)

    for gap, shift in _gaps(window, speech, topic):
        near = Span(gap.start_s - CUT_NEAR_PAUSE_S, gap.end_s + CUT_NEAR_PAUSE_S)
        inside = [cut for cut in cuts if near.contains(cut)]
        strength = TOPIC_WEIGHT * shift + PAUSE_WEIGHT * min(gap.duration_s, 3.0) / 3.0
        for cut in inside:
            add(cut, strength + CUT_WEIGHT + title_at(cut))
        if gap.duration_s < SILENCE_S:
            if not inside:
                add(gap.end_s, strength + title_at(gap.end_s))
            continue
        add(gap.start_s, strength)
        add(gap.end_s, strength)
        for mark in (*lanes.get("sounds", ()), *lanes.get("motion", ())):
            for time_s in (mark.span.start_s, mark.span.end_s):
                if gap.contains(time_s):
                    add(time_s, MEASURED_WEIGHT if mark.box is None else VISIT_WEIGHT)
        for time_s in titles:
            if gap.contains(time_s):
                add(time_s, TITLE_WEIGHT)
    return tuple(Edge(time_s, found[time_s]) for time_s in sorted(found))


def _gaps(window: Span, speech: Sequence[Mark], topic: npt.NDArray[np.float64]) -> list[tuple[Span, float]]:
    """The stretches without speech, each with the change of topic across it (1 at the ends of the video)."""
    gaps: list[tuple[Span, float]] = []
    last_s = window.start_s
    for i, sentence in enumerate(speech):
        gap = Span(min(last_s, sentence.span.start_s), sentence.span.start_s)
        if i > 0 or gap.duration_s >= SILENCE_S:
            gaps.append((gap, float(topic[i]) if i > 0 else 1.0))
        last_s = max(last_s, sentence.span.end_s)
    if window.end_s - last_s >= SILENCE_S:
        gaps.append((Span(last_s, window.end_s), 1.0))
    return gaps


def partition(window: Span, candidates: Sequence[Edge], length_s: float) -> tuple[Span, ...]:
    """Cut a window into parts at the strongest edges, with parts of about ``length_s``.

    The chosen set has the greatest sum of edge strengths less ``PART_COST + LENGTH_WEIGHT * log2(part / length_s) **
    2`` for each part. Linear in the number of edges times the number within the longest part considered.

    Args:
        window: What to cut, in seconds.
        candidates: Edges inside the window, ascending.
        length_s: Wanted length of a part in seconds.
    """
    times = [window.start_s, *(e.time_s for e in candidates), window.end_s]
    strengths = [0.0, *(e.strength for e in candidates), 0.0]
    best = [-math.inf] * len(times)
    best[0] = 0.0
    back = [0] * len(times)
    for j in range(1, len(times)):
        for i in range(j - 1, -1, -1):
            part_s = times[j] - times[i]
            only = i == 0 and j == len(times) - 1
            if part_s > 8 * length_s and best[j] > -math.inf:
                break
            if best[i] == -math.inf or (part_s < MIN_PART_S and not only):
                continue
            length = math.log2(max(part_s, 0.1) / length_s)
            score = best[i] + strengths[j] - PART_COST - LENGTH_WEIGHT * length**2
            if score > best[j]:
                best[j], back[j] = score, i
    if best[-1] == -math.inf:
        return (window,)
    cuts = [len(times) - 1]
    while cuts[-1] > 0:
        cuts.append(back[cuts[-1]])
    cuts.reverse()
    return tuple(Span(times[i], times[j]) for i, j in pairwise(cuts))


def tighten(part: Span, marks: Sequence[Mark], slack_s: float = SLACK_S) -> Span:
    """Draw a part's ends in to what was measured in it, where more than ``slack_s`` at an end is empty.

    Args:
        part: A part of the video.
        marks: Speech, text, sound and object marks that touch it.
        slack_s: Emptiness that is left standing, in seconds.
    """
    clipped = [span for span in (mark.span.clip(part) for mark in marks) if span is not None]
    if not clipped:
        return part
    first, last = min(s.start_s for s in clipped), max(s.end_s for s in clipped)
    start = first if first - part.start_s > slack_s else part.start_s
    end = last if part.end_s - last > slack_s else part.end_s
    return Span(start, end) if end > start else part
