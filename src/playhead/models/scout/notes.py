"""Evidence as notes a language model can read: words only, never seconds.

A note is one thing said, read, heard or seen, with the marks behind it. Notes are what retrieval searches and what
every answer cites; their times come from the marks, so no time ever passes through the language model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playhead.perceive.evidence import Evidence
from playhead.timeline import Mark, Span

LANE_WORDS = {"speech": "Said", "text": "On screen", "sounds": "Heard", "objects": "Seen"}
OVERVIEW = "about"  # notes made from an earlier composition rather than from a lane

# A running clock or frame counter on screen: digits with colons (semicolons before drop-frame counts).
_CLOCK = re.compile(r"^\W*\d{1,2}(?:[:;.]\d{2}){1,3}(?:[:;.,]\d{1,3})?\W*$")


@dataclass(frozen=True, slots=True)
class Note:
    """One piece of evidence in words.

    Attributes:
        span: When, in seconds; the hull of its marks.
        lane: Lane its marks are on.
        text: What was said, read, heard or seen.
        marks: The marks behind it.
    """

    span: Span
    lane: str
    text: str
    marks: tuple[Mark, ...]

    @property
    def line(self) -> str:
        """The note as a line for a prompt, ``Said: ...``."""
        return f"{LANE_WORDS.get(self.lane, 'About this part')}: {self.text}"


def is_clock(text: str) -> bool:
    """Whether a line read on screen is a running clock rather than words."""
    return bool(_CLOCK.match(text))


def notes_of(evidence: Evidence) -> tuple[Note, ...]:
    """All notes of a video in order of time: sentences, lines on screen (clocks left out), sounds, objects."""
    notes = [
        Note(mark.span, lane, mark.text.strip(), (mark,))
        for lane in LANE_WORDS
        for mark in evidence.lanes.get(lane, ())
        if mark.text.strip() and not (lane == "text" and is_clock(mark.text))
    ]
    return tuple(sorted(notes, key=lambda note: (note.span.start_s, note.span.end_s, note.lane)))


def within(notes: Iterable[Note], span: Span, share: float = 0.5) -> tuple[Note, ...]:
    """The notes that lie in a span with at least ``share`` of their own length (points by their time)."""
    return tuple(
        note
        for note in notes
        if (
            span.overlap_s(note.span) >= share * note.span.duration_s
            if note.span.duration_s > 0
            else span.contains(note.span.start_s)
        )
    )


def touching(notes: Iterable[Note], span: Span) -> tuple[Note, ...]:
    """The notes that share any time with a span."""
    return tuple(n for n in notes if span.overlap_s(n.span) > 0 or span.contains(n.span.start_s))


def as_text(notes: Sequence[Note], limit_chars: int = 1200) -> str:
    """Notes of one part as a few lines, lane by lane, each text once, cut at whole texts.

    Args:
        notes: Notes in order of time.
        limit_chars: Upper bound of the result's length in characters; a longer first text is cut at a word.
    """
    lines: list[str] = []
    left = limit_chars
    for lane, word in LANE_WORDS.items():
        texts = list(dict.fromkeys(note.text for note in notes if note.lane == lane))
        kept: list[str] = []
        for text in texts:
            piece = (
                text
                if len(text) <= left
                else (text[:left].rsplit(" ", 1)[0] + " ..." if not lines + kept else "")
            )
            if not piece:
                break
            kept.append(piece)
            left -= len(piece) + 2
        if kept:
            lines.append(f"{word}: " + (" " if lane == "speech" else "; ").join(kept))
    return "\n".join(lines)
