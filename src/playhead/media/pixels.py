"""Turning decoded pictures into upright RGB of the asked size, one at a time.

Scaling and colour conversion are one swscale step: bilinear with a support that grows with the reduction (so it does
not alias), the colour matrix and range that the stream states. Streams that state no matrix get BT.709 from 720 rows
on and BT.601 below, as players do. HDR is not tone-mapped. Sample aspect ratio is not applied: pixels are the stored
ones. Axes: H row, W column, C channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from playhead.errors import UsageError
from playhead.media.clip import Pixels

Size = int | tuple[int, int] | Callable[[int, int], tuple[int, int]] | None

_UNSTATED: Final = 2  # AVCOL_SPC_UNSPECIFIED
_HD_ROWS: Final = 720
_ONE: Final = 1 << 16  # 1.0 in a display matrix's 16.16 fixed point


def fit_size(size: Size, width_px: int, height_px: int) -> tuple[int, int]:
    """The size to make of a picture of this size.

    Args:
        size: None keeps it; a number is the shorter side, proportions kept; a pair is ``(width, height)`` exactly;
            a function gets ``(width, height)`` and returns such a pair.
        width_px: Width of the upright picture.
        height_px: Its height.

    Raises:
        UsageError: A side below one pixel.
    """
    if size is None:
        made = (width_px, height_px)
    elif isinstance(size, int):
        scale = size / min(width_px, height_px)
        made = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
        made = made if size > 0 else (size, size)
    elif callable(size):
        made = size(width_px, height_px)
    else:
        made = size
    if len(made) != 2 or min(made) < 1:
        raise UsageError(f"size {size!r}", found=f"{made}", allowed="sides of at least 1 pixel")
    return int(made[0]), int(made[1])


class PixelReader:
    """Makes RGB arrays of one size out of decoded frames.

    Args:
        size: See :func:`fit_size`; it is resolved on the first frame, and later frames of other sizes follow it.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self.made_px: tuple[int, int] | None = None
        self._pose: tuple[float, int, bool] | None = None
        self._reformatter = VideoReformatter()  # one for all pictures: it is set up once

    def read(self, frame: VideoFrame) -> Pixels:
        """One picture as uint8 RGB, axes H W C, upright."""
        turns, mirrored = self._upright(frame)
        sideways = turns % 2 == 1
        if self.made_px is None:
            shown = (frame.height, frame.width) if sideways else (frame.width, frame.height)
            self.made_px = fit_size(self._size, *shown)
        width, height = self.made_px[::-1] if sideways else self.made_px
        matrix = Colorspace.ITU709 if frame.colorspace == _UNSTATED and frame.height >= _HD_ROWS else None
        made = self._reformatter.reformat(
            frame,
            format="rgb24",
            width=width,
            height=height,
            src_colorspace=matrix,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        pixels_HWC = made.to_ndarray()
        if mirrored:
            pixels_HWC = pixels_HWC[:, ::-1]
        if turns:
            pixels_HWC = np.rot90(pixels_HWC, turns)
        return np.ascontiguousarray(pixels_HWC)

    def _upright(self, frame: VideoFrame) -> tuple[int, bool]:
        """The pose of a frame, its matrix read once: looking at side data ties a frame into a reference cycle.

        Frames kept alive until the garbage collector comes would make memory grow with the video.
        """
        if self._pose is None or self._pose[0] != frame.rotation:
            self._pose = (frame.rotation, *upright(frame))
        return self._pose[1:]


def upright(frame: VideoFrame) -> tuple[int, bool]:
    """What makes a picture upright: mirror left-right first if true, then so many quarter turns counter-clockwise."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return 0, False
    a, b, _, c, d = np.frombuffer(cast("bytes", data), np.int32)[:5] / _ONE
    mirrored = bool(a * d - b * c < 0)
    if mirrored:
        a, b = -a, -b
    angle_deg = -np.degrees(np.arctan2(b, a)) if a or b else 0.0
    return int(np.round(angle_deg / 90)) % 4, mirrored
