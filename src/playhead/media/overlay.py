"""Text burnt into frames: ARC's clock, frame numbers, and styles of your own.

A model that never sees presentation times can still read them off the picture. Everything is drawn on the frame at its
own resolution, before any resize. The font is Arimo cut down to ASCII (``fonts/``, SIL Open Font License), which has
Arial's widths; glyphs are placed here one by one from its design widths, so a picture is the same on every machine,
whatever text layout library Pillow was built with.

Axes: F frame, H row, W column, C colour channel; S segment, 2 start and end.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from playhead.errors import UsageError
from playhead.media.clip import Frames, Pixels, Times

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
LabelRule = Literal["training", "fork"]

_UNITS_PER_EM = 2048
_ARC_SIZE, _ARC_INSET_PX, _ARC_PAD_PX = 0.05, 20, 10
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is drawn into a corner.

    Attributes:
        corner: Which corner of the picture.
        colour: Red, green, blue of the text.
        background: Red, green, blue of the box behind it, or None for no box.
        size_fraction: Height of the font as a fraction of the frame's height.
        size_px: Height of the font in pixels, instead of the fraction.
        margin_px: Distance of the text from the frame's sides.
        padding_px: How far the box reaches beyond the text.
        font_file: A TrueType or OpenType file for characters beyond ASCII, or None for the built-in font.
    """

    corner: Corner = "top-right"
    colour: Colour = _WHITE
    background: Colour | None = _BLACK
    size_fraction: float = 0.05
    size_px: int | None = None
    margin_px: int = 20
    padding_px: int = 10
    font_file: str | None = None


_ARC_STYLE = Style(colour=_WHITE, background=_BLACK)
NUMPRO = Style(
    corner="bottom-right", colour=(255, 0, 0), background=None, size_px=40, margin_px=10, padding_px=0
)
"""NumPro's frame numbers (arXiv 2411.10332): red, bottom right, size 40, no box.

Corner, colour and size are the paper's choice; the resolution that size is meant for and the margin are not certain
from what we could read, so ``replace(NUMPRO, size_px=None, size_fraction=...)`` where frames are much larger or smaller.
"""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a text is drawn, in pixels of the frame.

    Attributes:
        size_px: Font size.
        text_box: Left, top, right, bottom of the text if it were drawn at the origin.
        text_origin: Left end of the ascender line, where the text is drawn.
        rectangle: Left, top, right, bottom of the box behind it, all included.
    """

    size_px: int
    text_box: Box
    text_origin: tuple[float, float]
    rectangle: Box


# --- ARC-Hunyuan-Video ------------------------------------------------------------------------------------------


def hms(seconds: float) -> str:
    """Seconds as ``HH:MM:SS``, rounded to the nearest second, half to even as in ARC's training labels."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def arc_label_seconds(intervals_S2: Times, rule: LabelRule = "training") -> list[tuple[int, int]]:
    """The whole seconds ARC prints for each stretch of a video.

    Args:
        intervals_S2: Start and end of each stretch in seconds, as
            :attr:`playhead.media.sampling.Selection.intervals_S2` of the ``arc`` policy gives them.
        rule: ``training`` rounds, half to even, as the training and vLLM code do; use it with the released model.
            ``fork`` truncates multiples of ``1 / (1 / length)``, float error included, as the transformers fork does;
            above 150 s it prints other labels than the model was trained with.

    Source: released training code (``training``) and transformers fork (``fork``) of ARC-Hunyuan-Video.
    """
    if rule == "training":
        return [(round(start_s), round(end_s)) for start_s, end_s in intervals_S2.tolist()]
    if rule != "fork":
        raise UsageError("clock labels", found=f"rule={rule!r}", allowed="training or fork")
    if intervals_S2.shape[0] == 0:
        return []
    offset_s = float(intervals_S2[0, 0])
    length_s = 1.0 / (1.0 / float(intervals_S2[0, 1] - offset_s))
    ordinals = range(intervals_S2.shape[0])
    return [(int(offset_s + i * length_s), int(offset_s + (i + 1) * length_s)) for i in ordinals]


def arc_labels(intervals_S2: Times, rule: LabelRule = "training") -> list[str]:
    """ARC's clock texts, ``HH:MM:SS-HH:MM:SS``, one per stretch; see :func:`arc_label_seconds`."""
    return [f"{hms(start_s)}-{hms(end_s)}" for start_s, end_s in arc_label_seconds(intervals_S2, rule)]


def arc_geometry(width_px: int, height_px: int, text: str) -> Geometry:
    """Where ARC draws its clock on a frame of this size.

    Font size ``int(0.05 * height)``; text 20 px from the right and the top; box 10 px around. The text's own height is
    measured without the gap above the digits, and the gap is not added back, so the digits sit low in the box and below
    it on tall frames: kept, since the model was trained on it.

    Source: released code of ARC-Hunyuan-Video (the paper, arXiv 2507.20939, says only top right).

    Raises:
        UsageError: If the frame is under 20 px high and leaves no font size.
    """
    size_px = int(_ARC_SIZE * height_px)
    box = text_box(text, size_px)
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = width_px - width - _ARC_INSET_PX, float(_ARC_INSET_PX)
    pad = _ARC_PAD_PX
    return Geometry(size_px, box, (x, y), (x - pad, y - pad, x + width + pad, y + height + pad))


def draw_arc_clock(frames: Frames, intervals_S2: Times, rule: LabelRule = "training") -> Frames:
    """Draw ARC's clock on every frame: the stretch it stands for, white on black, top right.

    Args:
        frames: Pictures at their own resolution.
        intervals_S2: Start and end in seconds of the stretch each frame stands for, one row per frame.
        rule: See :func:`arc_label_seconds`.

    Returns:
        New frames; the given ones are left as they are.

    Raises:
        UsageError: If the counts differ, or frames are under 20 px high.
    """
    labels = arc_labels(intervals_S2, rule)
    _same_count(frames, labels)
    height_px, width_px = frames.pixels_FHWC.shape[1:3]
    drawn = [
        _draw(pixels_HWC, text, arc_geometry(width_px, height_px, text), _ARC_STYLE)
        for pixels_HWC, text in zip(frames.pixels_FHWC, labels, strict=True)
    ]
    return replace(frames, pixels_FHWC=np.stack(drawn) if drawn else frames.pixels_FHWC.copy())


# --- frame numbers and free styles ------------------------------------------------------------------------------


def draw_numbers(frames: Frames, first: int = 0, style: Style = NUMPRO) -> Frames:
    """Draw each frame's ordinal into a corner, so that an answer can name frames.

    Args:
        frames: Pictures at the resolution the number is meant for.
        first: Number of the first frame.
        style: How to draw; NumPro's by default.

    Source: NumPro, arXiv 2411.10332, section 3.
    """
    return draw_texts(frames, [str(first + i) for i in range(len(frames))], style)


def draw_texts(frames: Frames, texts: Sequence[str], style: Style | None = None) -> Frames:
    """Draw one text per frame into a corner; an empty text leaves its frame alone.

    Returns:
        New frames; the given ones are left as they are.

    Raises:
        UsageError: If the counts differ, a character is missing from the font, or the style asks for no size.
    """
    _same_count(frames, texts)
    chosen = style or Style()
    drawn = [
        draw_text(pixels_HWC, text, chosen)
        for pixels_HWC, text in zip(frames.pixels_FHWC, texts, strict=True)
    ]
    return replace(frames, pixels_FHWC=np.stack(drawn) if drawn else frames.pixels_FHWC.copy())


def draw_text(pixels_HWC: Pixels, text: str, style: Style) -> Pixels:
    """Draw a text into a corner of one picture and return the new picture."""
    if not text:
        return pixels_HWC.copy()
    height_px, width_px = pixels_HWC.shape[:2]
    where = geometry(width_px, height_px, text, style)
    return _draw(pixels_HWC, text, where, style)


def geometry(width_px: int, height_px: int, text: str, style: Style) -> Geometry:
    """Where a style draws a text on a frame of this size; the visible glyphs keep the margin, whatever the font's gaps."""
    size_px = style.size_px if style.size_px is not None else int(style.size_fraction * height_px)
    box = text_box(text, size_px, style.font_file)
    vertical, _, horizontal = style.corner.partition("-")
    if vertical not in ("top", "bottom") or horizontal not in ("left", "right"):
        allowed = "top-left, top-right, bottom-left or bottom-right"
        raise UsageError("overlay style", found=f"corner={style.corner!r}", allowed=allowed)
    left = style.margin_px if horizontal == "left" else width_px - style.margin_px - box[2]
    top = style.margin_px if vertical == "top" else height_px - style.margin_px - (box[3] - box[1])
    right, bottom, pad = left + box[2], top + box[3] - box[1], style.padding_px
    return Geometry(
        size_px, box, (float(left), float(top - box[1])), (left - pad, top - pad, right + pad, bottom + pad)
    )


# --- text -------------------------------------------------------------------------------------------------------


def text_box(text: str, size_px: int, font_file: str | None = None) -> Box:
    """Left, top, right, bottom in pixels of a text drawn at the origin: its advance width, its visible height.

    Raises:
        UsageError: If the size is below 1 px, the font file cannot be read or a character is not in the built-in font.
    """
    font = _font(size_px, font_file)
    _check_characters(text, font_file)
    if not text:
        return (0.0, 0.0, 0.0, 0.0)
    boxes = [font.getbbox(character) for character in text if character != " "] or [(0.0, 0.0, 0.0, 0.0)]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    width = math.floor(sum(_advances_px(text, size_px, font_file)) + 0.5)
    return (0.0, float(top), float(width), float(bottom))


def _draw(pixels_HWC: Pixels, text: str, where: Geometry, style: Style) -> Pixels:
    """Draw the box, then glyph by glyph, each at its design advance rounded to whole pixels."""
    image = Image.fromarray(np.ascontiguousarray(pixels_HWC))
    canvas = ImageDraw.Draw(image)
    if style.background is not None:
        canvas.rectangle(where.rectangle, fill=style.background)
    font = _font(where.size_px, style.font_file)
    x, y = where.text_origin
    pen_px = 0.0
    for character, advance_px in zip(text, _advances_px(text, where.size_px, style.font_file), strict=True):
        canvas.text((x + math.floor(pen_px + 0.5), y), character, font=font, fill=style.colour)
        pen_px += advance_px
    return np.asarray(image).copy()


def _advances_px(text: str, size_px: int, font_file: str | None) -> list[float]:
    """How far each character moves the pen: its design width, unhinted, rounded to 1/64 px as FreeType's layout does."""
    font = _font(_UNITS_PER_EM, font_file)  # at 2048 px per em hinting has nothing left to round
    return [math.floor(font.getlength(c) * size_px * 64 / _UNITS_PER_EM + 0.5) / 64 for c in text]


@lru_cache(maxsize=64)
def _font(size_px: int, font_file: str | None) -> ImageFont.FreeTypeFont:
    if size_px < 1:
        raise UsageError(
            "draw text", found=f"a font of {size_px} px", allowed="1 px and more", todo="use larger frames"
        )
    if font_file is None:
        data = files("playhead.media").joinpath("fonts", "playhead-clock.ttf").read_bytes()
        return ImageFont.truetype(io.BytesIO(data), size_px, layout_engine=ImageFont.Layout.BASIC)
    try:
        return ImageFont.truetype(
            io.BytesIO(Path(font_file).read_bytes()), size_px, layout_engine=ImageFont.Layout.BASIC
        )
    except OSError as error:
        raise UsageError(
            "draw text", found=f"font {font_file}: {error}", allowed="a TrueType or OpenType file"
        ) from error


def clock_font(size_px: int) -> ImageFont.FreeTypeFont:
    """The built-in font (printable ASCII) at a size, for pictures that need no pixel equal to a published one."""
    return _font(size_px, None)


def _check_characters(text: str, font_file: str | None) -> None:
    missing = sorted({character for character in text if not " " <= character <= "~"})
    if font_file is None and missing:
        raise UsageError(
            f"draw the text {text!r}",
            found=f"{''.join(missing)!r}, not in the built-in font",
            allowed="printable ASCII",
            todo="name a font file in Style.font_file",
        )


def _same_count(frames: Frames, texts: Sequence[str]) -> None:
    if len(frames) != len(texts):
        raise UsageError(
            "draw on frames", found=f"{len(texts)} texts for {len(frames)} frames", allowed="one per frame"
        )
