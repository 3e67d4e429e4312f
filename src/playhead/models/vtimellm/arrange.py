"""What fills a video's positions and in which order: frames alone, blocks one after another, or sound among frames.

    VTimeLLM       100 frames
    LongVALE-LLM   100 frames, then a row of sound for every 5.12 s, then a row of speech for every 5.12 s
    AVicuna        75 frames with 25 rows of sound among them: sound, three frames, sound, three frames, ...

Every position keeps the true seconds it stands for. Axes: F frame, 2 start and end.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.models.vtimellm.layout import Filling
from playhead.sequence.layout import Ids
from playhead.timeline import Span

SOUND_ROW_S: Final = 5.12
"""Seconds of one row of LongVALE-LLM's sound and speech: 512 steps of 10 ms, 256 states of 20 ms."""


def frame_fillings(times_s: Times, intervals_F2: Times) -> tuple[Filling, ...]:
    """One position per frame, each with its own true time."""
    return tuple(
        Filling("frame", Span(float(start_s), float(end_s)), float(pts_s))
        for pts_s, (start_s, end_s) in zip(times_s, intervals_F2, strict=True)
    )


def row_fillings(
    kind: Literal["sound", "speech"], rows: int, heard: Span, row_s: float = SOUND_ROW_S
) -> tuple[Filling, ...]:
    """One position per row of features, each with the stretch it was made from.

    Args:
        kind: ``sound`` or ``speech``.
        rows: Number of rows.
        heard: The stretch of the video that was heard, in seconds on its clock.
        row_s: Seconds of one row. What lies past the end is the encoder's padding: an empty stretch at the end.
    """
    edges_s = np.minimum(heard.start_s + row_s * np.arange(rows + 1), heard.end_s)
    return tuple(Filling(kind, Span(a, b)) for a, b in pairwise(edges_s.tolist()))


def interleave(frames: int, sounds: int) -> Ids:
    """Where the sound rows stand among frames: positions of shape (sounds,), ascending (AVicuna).

    Before every ``round(frames / (sounds + 1))`` frames stands one row of sound: with 75 and 25 at 0, 4, 8, ..., 96.

    Raises:
        UsageError: If there are too few frames for so many rows.
    """
    apart = round(frames / (sounds + 1))
    positions = np.arange(sounds, dtype=np.int64) * (apart + 1)
    if sounds and int(positions[-1]) >= frames + sounds:
        raise UsageError(
            "set rows of sound among frames", found=f"{sounds} rows for {frames} frames", allowed="fewer rows"
        )
    return positions


def interleaved(frames: Sequence[Filling], sounds: Sequence[Filling]) -> tuple[Filling, ...]:
    """Frames and rows of sound in AVicuna's order."""
    at = set(interleave(len(frames), len(sounds)).tolist())
    left, heard = iter(frames), iter(sounds)
    return tuple(
        next(heard) if position in at else next(left) for position in range(len(frames) + len(sounds))
    )


def spread_rows(rows: int, wanted: int) -> Ids:
    """Which of so many rows stands at each of ``wanted`` places, in the order of time: ``j * rows // wanted``.

    AVicuna's training takes 75 of 100 stored frame features this way. Its 25 places of sound repeat fewer rows; the
    same rule then gives each row neighbouring places.
    """
    return np.arange(wanted, dtype=np.int64) * rows // wanted
