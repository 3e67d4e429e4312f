"""A contact sheet: pictures side by side, each with a line of text beneath, so that one can see what a model sees.

Axes: F frame, H row, W column, C colour channel.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from playhead.errors import UsageError
from playhead.media.clip import Frames, Pixels
from playhead.media.overlay import clock_font, text_box

FORMATS: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Endings of files a sheet can be written as."""

_QUALITY: Final = 78  # of JPEG and WebP: letters stay clean
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
        heading: Sentences above all, a line each or as many as they need.
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
    width = chosen.gap_px + columns * cell[0]
    above = _lines(heading, width - 2 * chosen.gap_px, chosen.text_px)
    top_px = chosen.gap_px + (line_px * (len(above) + 1) if above else 0)
    sheet = Image.new("RGB", (width, top_px + math.ceil(len(frames) / columns) * cell[1]), _PAPER)
    canvas, font = ImageDraw.Draw(sheet), clock_font(chosen.text_px)
    for number, line in enumerate(above):
        canvas.text((chosen.gap_px, chosen.gap_px + number * line_px), line, _INK, font)
    for number, (pixels_HWC, pts_s) in enumerate(zip(frames.pixels_FHWC, frames.pts_s.tolist(), strict=True)):
        left = chosen.gap_px + number % columns * cell[0]
        top = top_px + number // columns * cell[1]
        sheet.paste(Image.fromarray(pixels_HWC).resize(picture, Image.Resampling.BICUBIC), (left, top))
        below = top + picture[1] + 2
        canvas.text((left, below), f"{pts_s:.3f} s", _FAINT, font)
        caption = _fitting(captions[number], picture[0], chosen.text_px)
        canvas.text((left, below + line_px), caption, _INK, font)
    return np.asarray(sheet).copy()


def encode_sheet(sheet_HWC: Pixels, ending: str) -> bytes:
    """A sheet as the bytes of a picture file.

    Args:
        sheet_HWC: Of :func:`contact_sheet`.
        ending: One of :data:`FORMATS`.

    Raises:
        UsageError: On another ending.
    """
    made = FORMATS.get(ending.lower())
    if made is None:
        raise UsageError(f"write a contact sheet as {ending!r}", allowed=", ".join(FORMATS))
    held = io.BytesIO()
    Image.fromarray(sheet_HWC).save(held, made, quality=_QUALITY, optimize=True)
    return held.getvalue()


def _lines(text: str, width_px: int, size_px: int) -> list[str]:
    """A text on as many lines as it needs; a word wider than a line is cut."""
    made: list[str] = []
    for paragraph in text.splitlines():
        lines: list[str] = []
        for word in paragraph.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and _fitting(longer, width_px, size_px) == _plain(longer):
                lines[-1] = _plain(longer)
            else:
                lines.append(_fitting(word, width_px, size_px))
        made += lines
    return made


def _plain(text: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in text)


def _fitting(text: str, width_px: int, size_px: int) -> str:
    """The text, its end cut off where it would not fit; characters the built-in font lacks become question marks."""
    shown = _plain(text)
    while shown and text_box(shown, size_px)[2] > width_px:
        shown = shown[:-1]
    return shown
