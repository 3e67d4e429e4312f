"""The clips: a constant rate, a variable one, pictures that begin after the sound, and windows.

Axes: F frame of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from playhead.clockcheck.code import draw_number
from playhead.media.clip import Pixels, Times, Video

_TICK_S: Final = Fraction(1, 25)
_SOUND_HZ: Final = 48_000


@dataclass(frozen=True, slots=True)
class DrawnClip:
    """A drawn file, the part of it that is asked for, and what is true of it.

    Attributes:
        name: ``constant``, ``variable``, ``late``, ``window``, ``variable window``.
        video: The file and the window.
        starts_F: When picture F of the file, which says the number F, is first shown: seconds, 0 where a player begins.
        ends_F: When it stops being shown.
    """

    name: str
    video: Video
    starts_F: Times
    ends_F: Times

    @property
    def start_s(self) -> float:
        """Where the part that is asked for begins."""
        return self.video.start_s or 0.0

    @property
    def end_s(self) -> float:
        """Where it ends."""
        return float(self.ends_F[-1]) if self.video.end_s is None else self.video.end_s


def draw_clips(folder: Path) -> list[DrawnClip]:
    """Draw all clips into a folder, with H.264 at 144 x 144 in three MP4 files.

    Every file steps in 25ths of a second. ``variable`` shows 25 pictures a second for 6 s, then one a second for
    12 s; the pictures of ``late`` begin 1.2 s after its sound.
    """
    even, uneven = [1] * 300, [1] * 150 + [25] * 12
    constant = draw_file(folder / "constant.mp4", even)
    variable = draw_file(folder / "variable.mp4", uneven)
    late = draw_file(folder / "late.mp4", [1] * 250, first=30)
    return [
        _clip("constant", constant, even),
        _clip("variable", variable, uneven),
        _clip("late", late, [1] * 250, first=30),
        _clip("window", constant, even, window_s=(3.5, 9.1)),
        _clip("variable window", variable, uneven, window_s=(4.5, 13.1)),
    ]


def _clip(
    name: str,
    path: Path,
    lasting: list[int],
    *,
    first: int = 0,
    window_s: tuple[float | None, float | None] = (None, None),
) -> DrawnClip:
    edges = (np.cumsum([first, *lasting]) * float(_TICK_S)).astype(np.float64)
    return DrawnClip(name, Video(str(path), *window_s), edges[:-1], edges[1:])


def draw_file(
    path: Path, lasting: list[int], *, first: int = 0, picture: Callable[[int], Pixels] = draw_number
) -> Path:
    """A file of pictures by their number, each shown for so many 25ths of a second.

    Args:
        path: Where to write it.
        lasting: How long each picture is shown.
        first: When the first one is; there is sound from 0 where they begin later.
        picture: Draws one, square and of the same size always.
    """
    from playhead.media.write import Picture, Sound, Writing, write_media

    side_px = len(picture(0))
    starts = np.cumsum([first, *lasting[:-1]]).tolist()
    pictures = (
        Picture(tick, duration, picture(number))
        for number, (tick, duration) in enumerate(zip(starts, lasting, strict=True))
    )
    end_s = float((starts[-1] + lasting[-1]) * _TICK_S)
    silence = Sound(np.zeros(round(end_s * _SOUND_HZ), np.float32), _SOUND_HZ, codec="aac") if first else None
    how = Writing(size_px=(side_px, side_px), tick_s=_TICK_S, encoder={"crf": "20"})
    write_media(path, pictures, how, silence)
    return path
