"""Evidence as notes a language model can read: words only, never seconds.

A note is one thing said, read, heard or seen, with the marks behind it. Notes are what retrieval searches and what
every answer cites; their times come from the marks, so no time ever passes through the language model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playhead.perceive.evidence import Evidence
from playhead.timeline import Mark, Span, Word

LANE_WORDS = {"speech": "Said", "text": "On screen", "sounds": "Heard", "objects": "Seen", "motion": "Seen"}
OVERVIEW = "about"  # notes made from an earlier composition rather than from a lane

LONG_S = 7.0
LEAST_WORDS = 3

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
    """All notes of a video in order of time: sentences, lines on screen, sounds, objects, movement in a still view.

    Running clocks on screen and how much all of the picture moves are no notes. A sentence of more than ``LONG_S`` seconds is several notes, cut where the speaker pauses, so that what is found in it
    has times of its own.
    """
    words = (
        {segment.span: segment.words for segment in evidence.transcript.segments}
        if evidence.transcript
        else {}
    )
    notes = []
    for lane in LANE_WORDS:
        for mark in evidence.lanes.get(lane, ()):
            if not mark.text.strip() or (lane == "text" and is_clock(mark.text)):
                continue
            if lane == "motion" and mark.box is None:  # how much all of the picture moves is a fact, no thing
                continue
            if lane == "speech" and mark.span.duration_s > LONG_S and words.get(mark.span):
                notes += [_said(piece, mark) for piece in _pieces(words[mark.span])]
            else:
                notes.append(Note(mark.span, lane, mark.text.strip(), (mark,)))
    return tuple(sorted(notes, key=lambda note: (note.span.start_s, note.span.end_s, note.lane)))


def _said(words: Sequence[Word], mark: Mark) -> Note:
    span = Span(words[0].span.start_s, max(word.span.end_s for word in words))
    glue = "" if all(_has_no_spaces(word.text) for word in words) else " "
    return Note(span, "speech", glue.join(word.text.strip() for word in words), (mark,))


def _has_no_spaces(text: str) -> bool:
    """Whether a word is of a script written without spaces (Chinese, Japanese)."""
    return any("\u3040" <= char <= "\u9fff" for char in text)


def _pieces(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Words of a long sentence in pieces of at most ``LONG_S``, halved at the best pause until each is short enough."""
    if len(words) < 2 * LEAST_WORDS or words[-1].span.end_s - words[0].span.start_s <= LONG_S:
        return [words]
    middle_s = (words[0].span.start_s + words[-1].span.end_s) / 2

    def worth(i: int) -> float:
        pause_s = words[i].span.start_s - words[i - 1].span.end_s
        off = abs(words[i].span.start_s - middle_s) / (words[-1].span.end_s - words[0].span.start_s)
        return min(pause_s, 1.0) + (0.5 if words[i - 1].text.rstrip()[-1:] in ",;:，、；" else 0.0) - off

    cut = max(range(LEAST_WORDS, len(words) - LEAST_WORDS + 1), key=worth)
    return [*_pieces(words[:cut]), *_pieces(words[cut:])]


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
