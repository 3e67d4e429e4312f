"""Text as lines that fit a subtitle: broken between words, as equal in width as can be.

A width is counted in Latin letters, of which a line holds 42; a Chinese, Japanese or Korean letter is as wide as 42/16
of them, so that 16 fill a line (the customary limits of subtitlers for both). What is put on top of a letter, such as
an accent, takes no room.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_WIDE: Final = 42 / 16
_WORDS: Final = re.compile(r"\S+")
# Small kana belong to the letter before them (JIS X 4051); the length and repeat marks are letters of category Lm.
_SMALL_KANA: Final = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ")
_CLOSES: Final = frozenset(("Pe", "Pf", "Po", "Lm", "Mn", "Mc", "Me", "Sk"))
_OPENS: Final = frozenset(("Ps", "Pi"))
_HANGUL: Final = (("\u1100", "\u11ff"), ("\ua960", "\ua97f"), ("\uac00", "\ud7ff"))
_SOUTH_EAST_ASIAN: Final = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
)  # Thai to Lao, Myanmar, Khmer


@functools.lru_cache(4096)
def width_of(text: str) -> float:
    """Room a text takes on one line, in Latin letters."""
    return sum(_letter_width(letter) for letter in text)


def lines_of(text: str, limit: float) -> tuple[str, ...]:
    """Break a text into as few lines as fit, of widths as equal as its words allow.

    Args:
        text: One paragraph; its words are kept and white space between them becomes one space.
        limit: Width of a line in Latin letters; a word wider than that stands on a line of its own.
    """
    if width_of(text) <= limit:
        return (plain,) if (plain := " ".join(text.split())) else ()
    return wrapped(pieces_of(text), limit)


def wrapped(pieces: Sequence[str], limit: float) -> tuple[str, ...]:
    """Put pieces that may not be broken onto lines, as ``lines_of`` does.

    Args:
        pieces: In order, each with the white space after it, if any.
        limit: Width of a line in Latin letters.
    """
    # Best ways to lay out the first n pieces: lines used, sum of their squared widths (least when equal), last start.
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]
    for end in range(1, len(pieces) + 1):
        ways, width = [], 0.0
        for start in range(end - 1, -1, -1):
            width = width_of(pieces[start].rstrip()) if start == end - 1 else width + width_of(pieces[start])
            if width > limit and start < end - 1:
                break
            ways.append((best[start][0] + 1, best[start][1] + width**2, start))
        best.append(min(ways))
    lines: list[str] = []
    end = len(pieces)
    while end:
        start = best[end][2]
        lines.append("".join(pieces[start:end]).strip())
        end = start
    return tuple(reversed(lines))


def pieces_of(text: str) -> list[str]:
    """Cut a text wherever a line may be broken: after white space, and between letters that are written without any."""
    pieces: list[str] = []
    for match in _WORDS.finditer(text):
        word, start = match.group(), 0
        for at in range(1, len(word)):
            if (
                _is_ideographic(word[at - 1])
                and _is_ideographic(word[at])
                and may_part(word[at - 1], word[at])
            ):
                pieces.append(word[start:at])
                start = at
        pieces.append(word[start:] + " ")
    return pieces


def line_counts(pieces: Iterable[str], limit: float) -> Iterator[int]:
    """How many lines the first piece needs, the first two, the first three and so on."""
    lines, width = 0, 0.0
    for piece in pieces:
        if not lines or width + width_of(piece.rstrip()) > limit:
            lines, width = lines + 1, 0.0
        width += width_of(piece)
        yield lines


def is_unspaced(letter: str) -> bool:
    """Whether a letter belongs to a script that writes no spaces between words: Chinese, Japanese, Thai and its like."""
    return _is_ideographic(letter) or any(first <= letter <= last for first, last in _SOUTH_EAST_ASIAN)


def may_part(before: str, after: str) -> bool:
    """Whether two letters of a script without spaces may stand on two lines.

    No line begins with a closing sign or ends with an opening one (JIS X 4051).
    """
    if after in _SMALL_KANA or unicodedata.category(after) in _CLOSES:
        return False
    return unicodedata.category(before) not in _OPENS


def _is_ideographic(letter: str) -> bool:
    """Chinese, Japanese and signs as wide, but not Korean, which is written with spaces."""
    return _is_wide(letter) and not any(first <= letter <= last for first, last in _HANGUL)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def _letter_width(letter: str) -> float:
    if _is_wide(letter):
        return _WIDE
    return 0.0 if unicodedata.category(letter) in {"Mn", "Me", "Cf"} else 1.0
