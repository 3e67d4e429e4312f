"""Transcript segments as cues that can be read while they are shown: short, of two lines, parted where speech parts.

A cue begins with its first word and ends with its last, so a segment whose words carry no times stays whole: times are
measured or not there at all. Limits are the customary ones of subtitlers: 7 seconds, two lines of 42 letters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from playhead.export.lines import is_unspaced, line_counts, lines_of, may_part, pieces_of, width_of, wrapped
from playhead.timeline import Segment

LINES: Final = 2  # of one cue

_SENTENCE_ENDS: Final = ".?!…。？！।؟"
_CLAUSE_ENDS: Final = ",;:،、，；：–—"
_CLOSING: Final = "\"'”’»)]」』）"
# What parting costs there, beside 1 for every cue: a pause makes up for the lack of a sign, the longer the more.
_SENTENCE_COST: Final = 0.0
_CLAUSE_COST: Final = 0.45
_WORD_COST: Final = 1.0
_PAUSE_MS: Final = 500  # a pause this long is as good as a comma
# A cue shorter than this can hardly be read.
_SHORTEST_MS: Final = 1200
_SHORT_COST: Final = 1.5
_UNEVEN_COST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one cue may show: milliseconds, and the width of each of its lines in Latin letters."""

    cue_ms: float
    line: float


@dataclass(frozen=True, slots=True)
class _Atom:
    """Words that cannot be parted, with the white space after them; milliseconds."""

    start_ms: int
    end_ms: int
    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def readable(segment: Segment, text: str, limits: Limits) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """Part a segment into cues within the limits; one that lies within them, or has no word times, stays whole.

    Args:
        segment: The segment; its words' times are used where they ascend, lie inside it and spell its text.
        text: Its text on one line.
        limits: What one cue may hold; only a word that cannot be parted may exceed them.

    Returns:
        Start and end in milliseconds and the lines of every cue, ascending and without overlap; empty for a segment
        that stays whole.
    """
    lines = lines_of(text, limits.line)
    fits = len(lines) <= LINES and all(width_of(line) <= limits.line for line in lines)
    if fits and _ms(segment.span.end_s) - _ms(segment.span.start_s) <= limits.cue_ms:
        return ()
    atoms = _atoms(segment, text, limits.line)
    if len(atoms) < 2:
        return ()
    cues = []
    for first, end in itertools.pairwise(_parting(atoms, limits)):
        pieces = [piece for atom in atoms[first:end] for piece in atom.pieces]
        cues.append((atoms[first].start_ms, _end_ms(atoms, first, end), wrapped(pieces, limits.line)))
    return tuple(cues)


def _atoms(segment: Segment, text: str, line: float) -> list[_Atom]:
    """Words with their places in the text, joined where nothing may part them; empty where the times cannot be used."""
    starts = _places(segment, text)
    if not starts:
        return []
    spans = [(_ms(word.span.start_s), _ms(word.span.end_s)) for word in segment.words]
    inside = all(_ms(segment.span.start_s) <= a and b <= _ms(segment.span.end_s) for a, b in spans)
    if not inside or any(later[0] < earlier[0] for earlier, later in itertools.pairwise(spans)):
        return []
    joined: list[tuple[int, int, str]] = []
    for (start_ms, end_ms), (begin, end) in zip(
        spans, itertools.pairwise([0, *starts[1:], len(text)]), strict=True
    ):
        whole = text[begin:end]
        if joined and (start_ms == joined[-1][0] or not _parts(joined[-1][2], whole)):
            last = joined.pop()
            joined.append((last[0], max(last[1], end_ms), last[2] + whole))
        else:
            joined.append((start_ms, end_ms, whole))
    return [_Atom(start_ms, end_ms, _unbroken(whole, line)) for start_ms, end_ms, whole in joined]


def _places(segment: Segment, text: str) -> list[int]:
    """Where each word begins in the text; empty where the words do not spell it."""
    starts, at = [], 0
    for word in segment.words:
        bare = " ".join(word.text.split())
        found = text.find(bare, at) if bare else -1
        if found < 0 or any(letter.isalnum() for letter in text[at:found]):
            return []
        starts.append(found)
        at = found + len(bare)
    return [] if any(letter.isalnum() for letter in text[at:]) else starts


def _parts(before: str, after: str) -> bool:
    """Whether a cue may end between two stretches of text: at white space, or where a script writes none."""
    if before[-1:].isspace():
        return True
    return is_unspaced(before[-1]) and is_unspaced(after[0]) and may_part(before[-1], after[0])


def _unbroken(whole: str, line: float) -> tuple[str, ...]:
    """A word as one piece, or as the pieces a line may be broken between where it is wider than one."""
    return (whole,) if width_of(whole.rstrip()) <= line else tuple(pieces_of(whole))


def _parting(atoms: Sequence[_Atom], limits: Limits) -> list[int]:
    """Where cues begin, and the end of the last: the cheapest parting within the limits."""
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(atoms)
    for first in range(len(atoms)):
        for end in _reach(atoms, first, limits):
            cost = best[first][0] + _cost(atoms, first, end, limits)
            best[end] = min(best[end], (cost, first))
    places = [len(atoms)]
    while places[-1]:
        places.append(best[places[-1]][1])
    return places[::-1]


def _reach(atoms: Sequence[_Atom], first: int, limits: Limits) -> Iterator[int]:
    """Every end that keeps a cue beginning with ``first`` within the limits; always the one of a single word."""
    counts = line_counts((piece for atom in atoms[first:] for piece in atom.pieces), limits.line)
    for end in range(first + 1, len(atoms) + 1):
        pieces = atoms[end - 1].pieces
        lines = [next(counts) for _ in pieces][-1]
        wide = any(width_of(piece.rstrip()) > limits.line for piece in pieces)
        long = _end_ms(atoms, first, end) - atoms[first].start_ms > limits.cue_ms
        if end - first > 1 and (lines > LINES or wide or long):
            return
        yield end
        if wide or lines > LINES:
            return


def _cost(atoms: Sequence[_Atom], first: int, end: int, limits: Limits) -> float:
    """What a cue costs: itself, being too short to read, standing for more than its share, and where it ends."""
    shown_ms = _end_ms(atoms, first, end) - atoms[first].start_ms
    short = max(0.0, 1 - shown_ms / _SHORTEST_MS)
    full = sum(width_of(atom.text) for atom in atoms[first:end]) / (LINES * limits.line)
    cost = 1 + _SHORT_COST * short + _UNEVEN_COST * full**2
    return cost if end == len(atoms) else cost + _parting_cost(atoms[end - 1], atoms[end])


def _parting_cost(before: _Atom, after: _Atom) -> float:
    sign = before.text.rstrip().rstrip(_CLOSING)[-1:]
    if sign and sign in _SENTENCE_ENDS:
        return _SENTENCE_COST
    pause = min(1.0, max(0, after.start_ms - before.end_ms) / _PAUSE_MS)
    base = _CLAUSE_COST if sign and sign in _CLAUSE_ENDS else _WORD_COST
    return base - (_WORD_COST - _CLAUSE_COST) * pause


def _end_ms(atoms: Sequence[_Atom], first: int, end: int) -> int:
    """When a cue ends: with its last word, or where the next cue begins if a word is heard longer than that."""
    last_ms = max(atom.end_ms for atom in atoms[first:end])
    if end < len(atoms):
        last_ms = min(last_ms, atoms[end].start_ms)
    return max(last_ms, atoms[first].start_ms + 1)


def _ms(time_s: float) -> int:
    return round(time_s * 1000)
