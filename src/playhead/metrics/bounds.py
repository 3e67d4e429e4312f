"""Whether spans can be seconds of their video: outside of it they are counted, in another unit they are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from playhead.errors import ParseError

SLACK_S: Final = 0.5  # durations are written to whole seconds by some annotations
_FAR: Final = 5.0  # times the length of the video
_MANY: Final = 0.2  # share of the videos that makes a mistake of the unit likelier than bad answers
_LEAST_SPANS: Final = 10
_SHORTEST_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A span and the video it is said to lie in.

    Attributes:
        start_s: Start, in what should be seconds.
        end_s: End.
        duration_s: Length of the video in seconds.
    """

    start_s: float
    end_s: float
    duration_s: float


def check_bounds(spans: Iterable[Placed], file: str) -> tuple[str, ...]:
    """Count spans that are turned round or reach outside their video; nothing is clipped or dropped.

    Args:
        spans: All predicted spans.
        file: Name for messages.

    Returns:
        Notes for the reader of the scores.

    Raises:
        ParseError: If many spans lie far beyond their video (frames or milliseconds), or most lie within the first
            second of long videos (fractions), while the others do not or all do: the unit is not seconds throughout.
    """
    kept: Sequence[Placed] = tuple(spans)
    far = sum(max(abs(each.start_s), abs(each.end_s)) > _FAR * each.duration_s for each in kept)
    long = [each for each in kept if each.duration_s >= _SHORTEST_S]
    small = sum(0 <= each.start_s < 1 and 0 < each.end_s <= 1 and not _whole(each) for each in long)
    if len(kept) >= _LEAST_SPANS and far > _MANY * len(kept):
        raise _mixed(
            file,
            far,
            len(kept),
            f"beyond {_FAR:g} times the length of their video, as frames or milliseconds",
        )
    if len(long) >= _LEAST_SPANS and small > max(_MANY, 0.5) * len(long):
        raise _mixed(file, small, len(long), "within 0 to 1, as fractions of the video")
    outside = sum(each.start_s < -SLACK_S or each.end_s > each.duration_s + SLACK_S for each in kept)
    turned = sum(each.end_s < each.start_s for each in kept)
    notes = []
    if outside:
        notes.append(
            f"{outside} of {len(kept)} predicted spans reach outside their video; scored as they are"
        )
    if turned:
        notes.append(f"{turned} of {len(kept)} predicted spans end before they start; scored as they are")
    return tuple(notes)


def _whole(span: Placed) -> bool:
    """Whether both ends are whole numbers, as where 0 to 0 or 0 to 1 is written for want of an answer."""
    return span.start_s == int(span.start_s) and span.end_s == int(span.end_s)


def _mixed(file: str, many: int, all_of_them: int, how: str) -> ParseError:
    return ParseError(
        f"{file}: the spans are not in seconds",
        found=f"{many} of {all_of_them} {how}",
        allowed="seconds from the start of the video, in every record",
    )
