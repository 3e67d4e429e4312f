"""Two-digit time bins: the video's length cut into 100 equal parts (VTimeLLM, section 3; AVicuna, LongVALE-LLM)."""

from __future__ import annotations

import re
from typing import Final

_PUBLISHED: Final = re.compile(r"(\d{2}) (?:to|and) (\d{2})")


def bin_text(time_s: float, duration_s: float, bins: int = 100) -> str:
    """The two digits that name a time: its hundredth of the duration, rounded to even, at most 99.

    Args:
        time_s: Seconds from the start.
        duration_s: Length of the clip in seconds, above 0.
        bins: Number of parts.

    Raises:
        ValueError: If the duration is not above 0 or the time is below 0.
    """
    if duration_s <= 0 or time_s < 0:
        raise ValueError(f"no bin for {time_s} s of {duration_s} s")
    return f"{min(round(time_s / duration_s * bins), bins - 1):0{len(str(bins - 1))}d}"


def published_bin_range(text: str) -> tuple[int, int] | None:
    """The first range as VTimeLLM's released evaluation finds it, odd readings included; None when there is none.

    It is two digits, one blank, ``to`` or ``and``, one blank, two digits, anywhere, in lower case: ``From 100 to 200``
    reads as 00 to 20 and ``5 to 10`` not at all. Use it to reproduce published numbers, never to read an answer well.
    """
    match = _PUBLISHED.search(text)
    return None if match is None else (int(match[1]), int(match[2]))
