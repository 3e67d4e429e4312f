"""VTimeLLM's own evaluation of dense captions: what it reads of an answer, to reproduce published numbers.

The tasks read more forms and say what was wrong; this reads exactly what the published evaluation does.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playhead.timeline import Event, Span

_LIST: Final = re.compile(r"\[.*\]")
_START, _END = slice(5, 7), slice(-2, None)  # of "from SS to EE"
BINS: Final = 100
_ALIKE: Final = 0.98
_GAP_BINS: Final = 1


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence with its first and last hundredth of the video."""

    text: str
    start_bin: int
    end_bin: int


def published_events(answer: str, duration_s: float, start_s: float = 0.0) -> tuple[Event, ...]:
    """The dense captions of an answer as the published evaluation reads them; none when any of it cannot be read.

    A caption ends where its last hundredth ends. Captions that end before they start are kept out.

    Args:
        answer: The model's text.
        duration_s: Length of what was looked at, in seconds.
        start_s: Where that begins on the video's clock.
    """
    found = merge_similar(published_captions(answer))
    return tuple(
        Event(
            Span(each.start_bin / BINS * duration_s, (each.end_bin + 1) / BINS * duration_s).shift(start_s),
            each.text,
        )
        for each in found
        if each.end_bin + 1 >= each.start_bin
    )


def published_captions(answer: str) -> list[Caption]:
    """What is written between the first and the last bracket of one line, as JSON; empty on any fault.

    The times are the sixth and seventh, and the last two characters of ``timestamps``, whatever they are.
    """
    match = _LIST.search(answer)
    if match is None:
        return []
    try:
        items = json.loads(match[0])
        return [
            Caption(str(item["event"]), int(item["timestamps"][_START]), int(item["timestamps"][_END]))
            for item in items
        ]
    except (ValueError, KeyError, TypeError):
        return []


def merge_similar(captions: Sequence[Caption]) -> list[Caption]:
    """Join neighbours that say (almost) the same and lie at most one hundredth apart."""
    merged: list[Caption] = []
    for each in captions:
        last = merged[-1] if merged else None
        if (
            last is not None
            and difflib.SequenceMatcher(None, last.text, each.text).ratio() > _ALIKE
            and abs(each.start_bin - last.end_bin) <= _GAP_BINS
        ):
            merged[-1] = Caption(last.text, last.start_bin, each.end_bin)
        else:
            merged.append(each)
    return merged
