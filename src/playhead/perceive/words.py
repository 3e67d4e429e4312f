"""Words into sentences, and telling heard words from invented ones; pure functions.

Whisper writes fluent text even over music or noise. What it writes is believed when the network is sure of the words,
the text does not loop, and the rate is one that people speak at (Radford et al. 2022, section 4.5, uses the first two).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Final

from playhead.timeline import Segment, Span, Word

_PAUSE_S: Final = 0.6  # a pause this long ends a sentence whatever the punctuation says
_CLAUSE_S: Final = 12.0  # past this a comma or a short pause ends one too
_CLAUSE_PAUSE_S: Final = 0.25
_LONGEST_S: Final = 24.0
_ENDS: Final = ".?!。?!…।؟"
_ABBREVIATIONS: Final = frozenset(
    ("mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "etc.", "e.g.", "i.e.", "no.", "jr.", "sr.", "mt.")
)
_LOOP_RATIO: Final = 2.4
_FASTEST_WORDS_HZ: Final = 9.0
_STOCK_PHRASES: Final = (
    r"thank(s| you)( so much| very much)?( for (watching|listening|your attention))?",
    r"(please )?(like and )?subscribe.*",
    r"see you (in the )?next (time|video).*",
    r"(subtitles|captions?|transcri\w+)( by| provided by)? .*",
    r"(you|bye|bye bye|so|oh|uh|um|hmm+|mm+|ah+)",
    r"\W*(music|applause|laughter|silence|blank audio|foreign)\W*",
    r"amara ?org.*",
)
_STOCK: Final = re.compile("|".join(f"(?:{phrase})" for phrase in _STOCK_PHRASES))


def to_segments(words: Sequence[Word]) -> tuple[Segment, ...]:
    """Group words into sentences with the true bounds of their first and last words.

    A sentence ends at its punctuation, at a pause of 0.6 s, or, past 12 s, at a comma or a short pause; so no segment
    covers a silence between sentences.

    Args:
        words: Ascending; each text keeps its own leading space where the language writes one.
    """
    segments: list[Segment] = []
    open_words: list[Word] = []
    for number, word in enumerate(words):
        open_words.append(word)
        following = words[number + 1] if number + 1 < len(words) else None
        if following is None or _ends_here(open_words, following):
            segments.append(_segment(open_words))
            open_words = []
    return tuple(segments)


def _ends_here(sentence: Sequence[Word], following: Word) -> bool:
    word = sentence[-1]
    pause_s = following.span.start_s - word.span.end_s
    length_s = word.span.end_s - sentence[0].span.start_s
    text = word.text.strip().rstrip("\"'”’»)")
    if pause_s >= _PAUSE_S or length_s >= _LONGEST_S:
        return True
    if text[-1:] in _ENDS and text:
        upper = following.text.strip()[:1]
        return text.lower() not in _ABBREVIATIONS and not upper.islower()
    return length_s >= _CLAUSE_S and (text[-1:] in ",;:、,;" or pause_s >= _CLAUSE_PAUSE_S)


def _segment(words: Sequence[Word]) -> Segment:
    known = [word.confidence for word in words if word.confidence is not None]
    stripped = tuple(Word(word.span, word.text.strip(), word.confidence) for word in words)
    return Segment(
        Span(words[0].span.start_s, max(word.span.end_s for word in words)),
        "".join(word.text for word in words).strip(),
        stripped,
        sum(known) / len(known) if known else None,
    )


def believable(
    text: str, words: Sequence[Word], *, logprob: float, silence: float, voice: float, spoken_s: float
) -> bool:
    """Whether a stretch of recognised text was heard, not invented.

    Args:
        text: The text.
        words: Its words, with confidences.
        logprob: Mean log probability of its tokens.
        silence: The recogniser's own probability that there is no speech, 0 to 1.
        voice: Mean voice probability over the sound it was written from, 0 to 1.
        spoken_s: Seconds with a voice in the sound it was written from.
    """
    if not any(unicodedata.category(letter)[0] in "LN" for letter in text) or not words:
        return False
    if loops(text) or len(words) > max(3.0, _FASTEST_WORDS_HZ * spoken_s):
        return False
    sure = sum(word.confidence or 0.0 for word in words) / len(words)
    if logprob < -1.5 or sure < 0.2 or (silence > 0.6 and logprob < -0.8) or (voice < 0.6 and logprob < -1.0):
        return False
    bare = re.sub(r"[^\w\s]", "", text.lower()).strip()
    unsure = logprob < -0.6 or silence > 0.4 or voice < 0.7 or sure < 0.5
    return not (unsure and _STOCK.fullmatch(bare))


def loops(text: str) -> bool:
    """Whether a text repeats itself so much that it compresses as no speech does."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) > _LOOP_RATIO
