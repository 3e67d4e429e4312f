"""Pictures into an H.264 file in memory whose pictures come at a steady rate: for readers who count instead of looking at times.

Axes: H row, W column, C channel.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Final

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Pixels, Times
from playhead.media.write import Picture, Writing, write_media

MOST_BYTES: Final = 64 * 2**20
_NOISE: Final = 1e-6
_QUALITY: Final = "20"  # constant rate factor of x264; 18 is called visually lossless


def steady_times(start_s: float, end_s: float, rate_hz: Fraction) -> Times:
    """Seconds from a start on, so many a second, before an end; at least the start itself."""
    count = max(1, math.ceil((end_s - start_s) * rate_hz - _NOISE))
    return start_s + np.arange(count) / float(rate_hz)


def even(width_px: int, height_px: int) -> tuple[int, int]:
    """The size made a multiple of two, as 4:2:0 colours need."""
    return max(2, width_px - width_px % 2), max(2, height_px - height_px % 2)


def encode_steady(pictures: Iterable[Pixels], rate_hz: Fraction, *, most_bytes: int = MOST_BYTES) -> bytes:
    """An MP4 file of pictures, the first at 0 and each ``1 / rate_hz`` seconds after the one before.

    Args:
        pictures: uint8 RGB of shape (H, W, 3), all of one size with even sides; taken one at a time.
        rate_hz: How many a second.
        most_bytes: A larger file is refused while it is made.

    Raises:
        UsageError: No pictures, or the file grows too large.
    """
    waiting = iter(pictures)
    first = next(waiting, None)
    if first is None:
        raise UsageError("encode a video to send", found="no pictures")
    held = io.BytesIO()
    how = Writing(
        size_px=(first.shape[1], first.shape[0]),
        tick_s=1 / rate_hz,
        encoder={"crf": _QUALITY, "preset": "veryfast"},
        gop=max(1, round(2 * rate_hz)),
    )

    def numbered() -> Iterator[Picture]:
        for number, pixels_HWC in enumerate(chain([first], waiting)):
            if held.tell() > most_bytes:
                raise UsageError(
                    "encode a video to send",
                    found=f"more than {most_bytes / 2**20:.0f} MiB",
                    todo="use a shorter window, a lower rate or smaller pictures",
                )
            yield Picture(number, 1, pixels_HWC)

    write_media(held, numbered(), how)
    return held.getvalue()
