"""Draws the clip's frames: photographs under a moving camera, lower thirds, title cards."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from demo_clip.programme import (
    HEIGHT_PX,
    LABEL_DELAY_S,
    LABEL_FADE_S,
    LABEL_TAIL_S,
    RATE_HZ,
    SHOTS,
    WIDTH_PX,
    Shot,
    View,
)

INK, QUIET, ACCENT, GROUND = (245, 243, 238), (205, 208, 214), (244, 162, 97), (22, 28, 40)
DARK_INK, DARK_QUIET = (22, 28, 40), (70, 74, 84)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The free font that Pillow carries (Aileron, CC0), so that no machine's own fonts are needed."""
    return ImageFont.load_default(size_px)


@cache
def photograph(name: str) -> Image.Image:
    """One of scikit-image's pictures, RGB, twice its size so that slow moves stay smooth."""
    import skimage.data

    picture = Image.open(Path(skimage.data.__file__).parent / name).convert("RGB")
    return picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.LANCZOS)


def _eased(share: float) -> float:
    return share * share * (3 - 2 * share)


def _box(view: View, picture: Image.Image) -> tuple[float, float, float, float]:
    """The part of the photograph a view shows, in its pixels, pushed inside the picture."""
    width = min(view[2] * picture.width, picture.width, picture.height * WIDTH_PX / HEIGHT_PX)
    height = width * HEIGHT_PX / WIDTH_PX
    left = min(max(view[0] * picture.width - width / 2, 0.0), picture.width - width)
    top = min(max(view[1] * picture.height - height / 2, 0.0), picture.height - height)
    return left, top, left + width, top + height


def label_opacity(shot: Shot, at_s: float) -> float:
    """How visible the lower third is at a second of its shot, 0 to 1; half at the ends of its true span."""
    rise = (at_s - LABEL_DELAY_S) / LABEL_FADE_S + 0.5
    fall = (shot.duration_s - LABEL_TAIL_S - at_s) / LABEL_FADE_S + 0.5
    return min(max(min(rise, fall), 0.0), 1.0)


def _draw_photograph(shot: Shot, at_s: float) -> Image.Image:
    share = _eased(at_s / shot.duration_s)
    first, last = shot.views
    view = (
        first[0] + (last[0] - first[0]) * share,
        first[1] + (last[1] - first[1]) * share,
        first[2] + (last[2] - first[2]) * share,
    )
    picture = photograph(shot.photograph)
    frame = picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC, box=_box(view, picture))
    opacity = label_opacity(shot, at_s)
    return _label(frame, shot.label, opacity) if shot.label and opacity > 0 else frame


def _label(frame: Image.Image, text: str, opacity: float) -> Image.Image:
    labelled = frame.copy()
    draw = ImageDraw.Draw(labelled)
    font = _font(30)
    right = 36 + 22 + draw.textlength(text, font=font) + 20
    draw.rectangle((36, HEIGHT_PX - 92, right, HEIGHT_PX - 40), fill=GROUND)
    draw.rectangle((36, HEIGHT_PX - 92, 43, HEIGHT_PX - 40), fill=ACCENT)
    draw.text((58, HEIGHT_PX - 66), text, font=font, fill=INK, anchor="lm")
    return Image.blend(frame, labelled, opacity)


def _draw_card(shot: Shot, at_s: float) -> Image.Image:
    frame = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), shot.ground)
    ink, quiet = (DARK_INK, DARK_QUIET) if sum(shot.ground) > 384 else (INK, QUIET)
    draw = ImageDraw.Draw(frame)
    middle = WIDTH_PX / 2
    reach = 60 + 80 * _eased(min(at_s / 1.2, 1.0))
    draw.text((middle, 200), shot.lines[0], font=_font(68), fill=ink, anchor="mm")
    draw.line((middle - reach, 262, middle + reach, 262), fill=ACCENT, width=4)
    draw.text((middle, 304), shot.lines[1], font=_font(28), fill=quiet, anchor="mm")
    return frame


def frames() -> Iterator[Image.Image]:
    """Every frame of the clip in order, 25 a second, 854x480 RGB."""
    for shot in SHOTS:
        for index in range(round(shot.duration_s * RATE_HZ)):
            at_s = index / RATE_HZ
            yield _draw_photograph(shot, at_s) if shot.photograph else _draw_card(shot, at_s)
