"""A few of many chosen pictures, each made into what is wanted of it as it is decoded: memory for these few only.

Axes: F frame, H row, W column, C colour channel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.media.clip import Frames, Pixels
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import Opened, no_pictures

Make = Callable[[Pixels, int], Pixels]
"""What is made of a picture, given it at its own size and its number among the chosen ones; always of one size."""


def evenly(count: int, most: int) -> list[int]:
    """Numbers of an even choice of ``most`` things out of ``count``, the first and the last among them.

    Raises:
        UsageError: If nothing may be chosen.
    """
    if most < 1:
        raise UsageError("choose pictures to show", found=f"at most {most}", allowed="1 or more")
    if count <= most:
        return list(range(count))
    return [int(each) for each in np.linspace(0, count - 1, most).round()]


def glance(
    media: Opened, rows: npt.NDArray[np.int64], wanted: Sequence[int], make: Make
) -> tuple[Frames, list[int], tuple[str, ...]]:
    """Decode some of the chosen pictures of an open file.

    Args:
        media: The file.
        rows: The chosen pictures as rows of its table of frames, never descending.
        wanted: Which of these are decoded, as ascending numbers.
        make: What is made of each.

    Returns:
        The pictures, their numbers among the chosen ones (fewer than wanted where the file is damaged), and sentences
        on any damage.

    Raises:
        MediaError: There are no pictures, or none of those wanted decodes.
    """
    index = media.index
    if media.table is None or index is None:
        raise no_pictures(media.info)
    damage = Damage()
    made: list[Pixels] = []
    times_s: list[float] = []
    numbers: list[int] = []
    left = iter(wanted)
    for frame in read_rows(media, media.table, rows[list(wanted)], None, damage):
        number = next(each for each in left if index.times_s[rows[each]] == frame.pts_s)  # others were lost
        made.append(make(frame.pixels_HWC, number))
        times_s.append(frame.pts_s)
        numbers.append(number)
    return Frames(np.stack(made), np.array(times_s, np.float64)), numbers, damage.notes()
