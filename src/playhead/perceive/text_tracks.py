"""One line of text, seen in many pictures, becomes one mark; a clock that ticks becomes one mark per reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from playhead.timeline import Mark, Span

Box = tuple[float, float, float, float]
Turn = Callable[[Box, float, float], float]

_SCORE: Final = 0.6
_LONE_SCORE: Final = 0.8  # a line seen in one picture only
_SHORT: Final = 3  # fewer letters and digits than this need two sights and a high score
_SHORT_SCORE: Final = 0.95
_BRIEF: Final = 5  # texture is mostly misread as a few letters
_BRIEF_SCORE: Final = 0.85
_ALIKE: Final = 0.75
_NEAR: Final = 0.3
_CUT_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Line:
    """A line read in one picture: text, score 0 to 1, box as fractions (left, top, right, bottom)."""

    text: str
    score: float
    box: Box


@dataclass(slots=True)
class _Track:
    first_s: float
    last_s: float
    line: Line
    votes: dict[str, list[float]] = field(default_factory=dict)
    doubt_s: float | None = None  # since when the picture changed without being read

    def see(self, time_s: float, line: Line) -> None:
        self.last_s, self.line, self.doubt_s = time_s, line, None
        self.votes.setdefault(line.text, []).append(line.score)


class TextTracks:
    """Follows lines of text from picture to picture by their text and their place."""

    def __init__(self) -> None:
        self._open: list[_Track] = []
        self._closed: list[tuple[_Track, float]] = []
        self._look_s = float("-inf")

    @property
    def look_s(self) -> float:
        """Time of the last look."""
        return self._look_s

    @property
    def lines(self) -> tuple[Line, ...]:
        """Lines on show at the last look."""
        return tuple(track.line for track in self._open)

    def read(self, time_s: float, lines: Sequence[Line], turn: Turn | None = None) -> None:
        """The whole picture was read: what is not among the lines is gone.

        Args:
            time_s: Clip time of the picture.
            lines: All lines in it.
            turn: Finds when, between the look before and this one, the picture in a box changed to what it is now; None
                leaves bounds at the looks.
        """
        waiting = list(self._open)
        fresh: list[Line] = []
        for line in lines:
            track = next((track for track in waiting if same_line(track.line, line)), None)
            if track is None:
                fresh.append(line)
            else:
                waiting.remove(track)
                track.see(time_s, line)
        for track in waiting:
            after = any(ticks(track.line, line) for line in fresh)
            gone_s = time_s if turn is None or after else turn(track.line.box, track.last_s, time_s)
            self._close(track, gone_s)
        for line in fresh:
            before = any(ticks(track.line, line) for track in waiting)
            came_s = time_s if turn is None or before else turn(line.box, self._look_s, time_s)
            track = _Track(came_s, time_s, line)
            track.see(time_s, line)
            self._open.append(track)
        self._look_s = time_s

    def unchanged(self, time_s: float) -> None:
        """The picture is as it was at the last look: every line is still there."""
        for track in self._open:
            track.last_s = time_s
        self._look_s = time_s

    def unread(self, time_s: float, touched: Sequence[Line]) -> None:
        """The picture changed but was not read: of the touched lines nothing is known until the next reading."""
        for track in self._open:
            if track.line in touched:
                track.doubt_s = time_s if track.doubt_s is None else track.doubt_s
            elif track.doubt_s is None:
                track.last_s = time_s
        self._look_s = time_s

    def finish(self, end_s: float, cuts_s: Sequence[float] = ()) -> tuple[Mark, ...]:
        """Marks from first to last sight, ascending; a bound within a tenth of a second of a cut moves onto it.

        Args:
            end_s: End of the window in seconds.
            cuts_s: Times at which a new shot begins.
        """
        for track in list(self._open):
            self._close(track, end_s)
        marks = [mark for track, gone_s in self._closed if (mark := _mark(track, gone_s, cuts_s)) is not None]
        return tuple(sorted(marks, key=lambda mark: (mark.span, mark.box or (), mark.text)))

    def _close(self, track: _Track, gone_s: float) -> None:
        self._open.remove(track)
        self._closed.append((track, gone_s if track.doubt_s is None else track.doubt_s))


def same_line(one: Line, two: Line) -> bool:
    """Whether two readings are the same line: alike in text with the same digits, and in about the same place.

    Digits count in full, so a clock that ticks is a new line each time; a long identical text may have moved (credits).
    """
    left, right = _plain(one.text), _plain(two.text)
    if left == right and len(left) >= 6:
        return True
    if re.sub(r"\D", "", left) != re.sub(r"\D", "", right):
        return False
    return overlap(one.box, two.box) >= _NEAR and (
        left == right or SequenceMatcher(None, left, right, autojunk=False).ratio() >= _ALIKE
    )


def ticks(one: Line, two: Line) -> bool:
    """Whether a line is another reading of the same clock or counter: same place, same shape, other digits."""
    left, right = (re.sub(r"\d", "0", _plain(line.text)) for line in (one, two))
    return left == right and "0" in left and overlap(one.box, two.box) >= _NEAR


def overlap(one: Box, two: Box) -> float:
    """Shared area over the smaller box's area."""
    wide = min(one[2], two[2]) - max(one[0], two[0])
    tall = min(one[3], two[3]) - max(one[1], two[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
    return max(0.0, wide) * max(0.0, tall) / smaller if smaller > 0 else 0.0


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _mark(track: _Track, gone_s: float, cuts_s: Sequence[float]) -> Mark | None:
    text, scores = max(track.votes.items(), key=lambda vote: (len(vote[1]), max(vote[1])))
    best, sights = max(scores), sum(len(vote) for vote in track.votes.values())
    letters = len(_plain(text))
    seen_again = sights > 1 or track.last_s > track.first_s
    if best < _SCORE or letters == 0 or (not seen_again and best < _LONE_SCORE):
        return None
    if letters < _SHORT and (best < _SHORT_SCORE or not seen_again or not text.isascii()):
        return None
    if letters < _BRIEF and best < _BRIEF_SCORE:
        return None
    start_s, end_s = (_onto(cuts_s, bound_s) for bound_s in (track.first_s, gone_s))
    return Mark(Span(start_s, max(end_s, start_s)), "text", text, best, track.line.box)


def _onto(cuts_s: Sequence[float], bound_s: float) -> float:
    """The cut a bound belongs to, or the bound itself."""
    return min(
        (cut for cut in cuts_s if abs(cut - bound_s) <= _CUT_S),
        key=lambda cut: abs(cut - bound_s),
        default=bound_s,
    )
