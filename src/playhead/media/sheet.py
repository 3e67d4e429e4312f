"""A contact sheet: pictures side by side, each with a line of text beneath, so that one can see what a model sees.

Axes: F frame, H row, W column, C colour channel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from playhead.errors import UsageError
from playhead.media.clip import Frames, Pixels
from playhead.media.overlay import clock_font, text_box

_PAPER = (250, 250, 248)
_INK = (24, 24, 24)
_FAINT = (110, 110, 110)


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """How a sheet is laid out, in pixels.

    Attributes:
        columns: Pictures in a row.
        width_px: Width of each picture; its height keeps the shape the model is given.
        gap_px: Space between pictures.
        text_px: Size of the text.
    """

    columns: int = 6
    width_px: int = 240
    gap_px: int = 10
    text_px: int = 15


def contact_sheet(
    frames: Frames, captions: Sequence[str], *, heading: str = "", style: SheetStyle | None = None
) -> Pixels:
    """Draw pictures in rows, the true presentation time and a caption beneath each.

    Args:
        frames: The pictures with their times.
        captions: One line for each picture; an empty one leaves its line empty.
        heading: A line above all.
        style: Sizes.

    Returns:
        uint8 RGB of shape (height, width, 3).

    Raises:
        UsageError: If the counts differ or there is no picture.
    """
    if len(frames) == 0 or len(frames) != len(captions):
        raise UsageError(
            "draw a contact sheet",
            found=f"{len(captions)} captions for {len(frames)} pictures",
            allowed="one each",
        )
    chosen = style or SheetStyle()
    height_px, width_px = frames.pixels_FHWC.shape[1:3]
    picture = (chosen.width_px, max(1, round(height_px * chosen.width_px / width_px)))
    line_px = round(chosen.text_px * 1.35)
    cell = (picture[0] + chosen.gap_px, picture[1] + 2 * line_px + chosen.gap_px)
    columns = min(chosen.columns, len(frames))
    top_px = chosen.gap_px + (2 * line_px if heading else 0)
    size = (chosen.gap_px + columns * cell[0], top_px + math.ceil(len(frames) / columns) * cell[1])
    sheet = Image.new("RGB", size, _PAPER)
    canvas, font = ImageDraw.Draw(sheet), clock_font(chosen.text_px)
    canvas.text((chosen.gap_px, chosen.gap_px), _fitting(heading, size[0], chosen.text_px), _INK, font)
    for number, (pixels_HWC, pts_s) in enumerate(zip(frames.pixels_FHWC, frames.pts_s.tolist(), strict=True)):
        left = chosen.gap_px + number % columns * cell[0]
        top = top_px + number // columns * cell[1]
        sheet.paste(Image.fromarray(pixels_HWC).resize(picture, Image.Resampling.BICUBIC), (left, top))
        below = top + picture[1] + 2
        canvas.text((left, below), f"{pts_s:.3f} s", _FAINT, font)
        caption = _fitting(captions[number], picture[0], chosen.text_px)
        canvas.text((left, below + line_px), caption, _INK, font)
    return np.asarray(sheet).copy()


def _fitting(text: str, width_px: int, size_px: int) -> str:
    """The text, its end cut off where it would not fit; characters the built-in font lacks become question marks."""
    shown = "".join(each if " " <= each <= "~" else "?" for each in text)
    while shown and text_box(shown, size_px)[2] > width_px:
        shown = shown[:-1]
    return shown
