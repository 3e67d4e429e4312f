"""From evidence to events, chapters and a summary, bottom up: parts, chapters, the whole.

Every boundary is a measured edge (see ``segment.py``); the language model only puts words to what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from playhead.models.scout.notes import is_clock, notes_of, touching, within
from playhead.models.scout.segment import (
    Edge,
    Vectors,
    chapter_length_s,
    edges,
    event_length_s,
    partition,
    tighten,
    topic_shift,
)
from playhead.models.scout.write import Part, Words, Writer
from playhead.perceive.evidence import Evidence
from playhead.timeline import Event, Mark, Span

TIGHT_LANES = ("speech", "text", "sounds", "motion")  # objects stand about before and after what happens
EVIDENCE_LANES = ("speech", "text", "sounds", "objects", "motion")


@dataclass(frozen=True, slots=True)
class Composition:
    """What scout says of a video as a whole."""

    title: str
    summary: str
    events: tuple[Event, ...]
    chapters: tuple[Event, ...]
    notes: tuple[str, ...]


def compose(
    evidence: Evidence,
    embed: Callable[[Sequence[str]], Vectors],
    writer: Writer,
    *,
    event_s: float | None = None,
    chapter_s: float | None = None,
) -> Composition:
    """Cut a video into events and chapters and put words to them.

    Args:
        evidence: The video.
        embed: Sentence embedder: texts to unit-length vectors of shape (texts, D).
        writer: Puts words to parts.
        event_s: Wanted length of an event in seconds, or None to choose by the video's length.
        chapter_s: Wanted length of a chapter in seconds, or None to choose by the video's length.
    """
    window = evidence.window
    speech = evidence.lanes.get("speech", ())
    topic = topic_shift(embed([m.text for m in speech])) if speech else np.zeros(0)
    found = edges(evidence, topic)
    spans = partition(window, found, event_s or event_length_s(window.duration_s))
    notes = notes_of(evidence)
    parts = [
        Part(span, within(notes, span) or touching(notes, span), facts(evidence, span)) for span in spans
    ]
    words = writer.parts(parts)
    chapter_spans = _chapter_spans(window, spans, found, chapter_s or chapter_length_s(window.duration_s))
    chapters, chapter_words = [], []
    for span in chapter_spans:
        inside = [i for i, part in enumerate(parts) if span.contains(part.span.middle_s)]
        whole = Part(span, within(notes, span), facts(evidence, span))
        said = writer.group("chapter", [words[i] for i in inside], whole)
        chapter_words.append(said)
        chapters.append(_event(evidence, whole, said, tight=False))
    everything = Part(window, notes, facts(evidence, window))
    members = words if len(words) <= 12 else chapter_words
    video = writer.group("whole", members, everything)
    told = any(part.notes for part in parts)
    events = [
        _event(evidence, part, said, tight=True)
        for part, said in zip(parts, words, strict=True)
        if part.notes or not told
    ]
    cuts_s = {shot.span.start_s for shot in evidence.lanes.get("shots", ())}
    return Composition(
        video.title, video.summary, _joined(events, cuts_s), _joined(chapters, cuts_s), _remarks(writer)
    )


def facts(evidence: Evidence, span: Span) -> str:
    """What was measured in a span and can be said without words: sound, shots, motion, a running clock."""
    said = []
    if evidence.transcript is None:
        said.append("No sound")
    elif not any(span.overlap_s(m.span) > 0 for m in evidence.lanes.get("speech", ())):
        said.append("No speech")
    shots = [m for m in evidence.lanes.get("shots", ()) if span.overlap_s(m.span) > 0.2]
    if len(shots) == 1:
        said.append("one continuous shot")
    elif shots:
        said.append(f"{len(shots)} shots")
    moving = [
        m
        for m in evidence.lanes.get("motion", ())
        if m.box is None and span.overlap_s(m.span) > 0.5 * min(span.duration_s, m.span.duration_s)
    ]
    said.extend(dict.fromkeys(m.text for m in moving))
    clocks = [m for m in evidence.lanes.get("text", ()) if is_clock(m.text) and span.overlap_s(m.span) > 0]
    if len(clocks) > 1:
        said.append(f"a clock on screen runs from {clocks[0].text} to {clocks[-1].text}")
    return "; ".join(said) + "." if said else "Nothing was measured here."


def _chapter_spans(
    window: Span, spans: Sequence[Span], found: Sequence[Edge], length_s: float
) -> tuple[Span, ...]:
    strength = {edge.time_s: edge.strength for edge in found}
    starts = [
        Edge(s.start_s, strength.get(s.start_s, strength.get(round(s.start_s, 6), 0.0))) for s in spans[1:]
    ]
    return partition(window, starts, length_s)


def _event(evidence: Evidence, part: Part, words: Words, *, tight: bool) -> Event:
    marks = _marks_in(evidence, part.span)
    solid = [
        m for m in marks if m.lane in TIGHT_LANES and not is_clock(m.text) and (m.lane != "motion" or m.box)
    ]
    one_shot = sum(part.span.overlap_s(m.span) > 0.2 for m in evidence.lanes.get("shots", ())) <= 1
    span = tighten(part.span, solid) if tight and one_shot else part.span
    confidences = [m.confidence for m in solid if m.confidence is not None]
    confidence = round(float(np.mean(confidences)), 3) if confidences else None
    support = tuple(mark for note in part.notes for mark in note.marks) or tuple(marks)
    return Event(
        span,
        words.summary,
        words.title,
        confidence,
        support,
        () if words.source == "written" else (words.source,),
    )


def _joined(events: Sequence[Event], cuts_s: Set[float]) -> tuple[Event, ...]:
    """Neighbours within a shot of which the same was measured, and no more, as one event."""
    out: list[Event] = []
    for event in events:
        last = out[-1] if out else None
        if (
            last is not None
            and last.flags == event.flags == ("measured",)
            and last.text == event.text
            and event.span.start_s <= last.span.end_s
            and event.span.start_s not in cuts_s
        ):
            marks = tuple(dict.fromkeys((*last.evidence, *event.evidence)))
            out[-1] = replace(last, span=last.span.hull(event.span), evidence=marks)
        else:
            out.append(event)
    return tuple(out)


def _marks_in(evidence: Evidence, span: Span) -> list[Mark]:
    return [m for lane in EVIDENCE_LANES for m in evidence.lanes.get(lane, ()) if span.overlap_s(m.span) > 0]


def _remarks(writer: Writer) -> tuple[str, ...]:
    said = []
    if writer.tally.unreadable:
        said.append(
            f"{writer.tally.unreadable} replies of the language model could not be read; the evidence is quoted there"
        )
    if writer.tally.unsupported:
        said.append(
            f"{writer.tally.unsupported} texts named something the evidence does not hold; it is quoted there"
        )
    return tuple(said)
