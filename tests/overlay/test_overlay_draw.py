"""Text burnt into frames: where it lands, that it can be read back, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from playhead.errors import UsageError
from playhead.media import overlay
from playhead.media.clip import Frames
from playhead.media.overlay import (
    NUMPRO,
    Style,
    draw_arc_clock,
    draw_numbers,
    draw_text,
    draw_texts,
    geometry,
    text_box,
)


def black(frames=1, height=360, width=640):
    return Frames(np.zeros((frames, height, width, 3), dtype=np.uint8), np.arange(frames) / 2)


def box_of(mask_HW):
    rows, columns = np.flatnonzero(mask_HW.any(axis=1)), np.flatnonzero(mask_HW.any(axis=0))
    return columns[0], rows[0], columns[-1], rows[-1]


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_the_text_keeps_its_margin_in_every_corner(corner):
    style = Style(corner=corner, background=None, colour=(0, 255, 0), size_px=30, margin_px=12)
    drawn_HWC = draw_text(black().pixels_FHWC[0], "0123", style)
    left, top, right, bottom = box_of(drawn_HWC[..., 1] > 0)
    vertical, horizontal = corner.split("-")
    # A glyph's own side bearing may add up to a tenth of its size.
    assert (left - 12 if horizontal == "left" else 640 - 12 - 1 - right) in range(4)
    assert (top - 12 if vertical == "top" else 360 - 12 - 1 - bottom) in range(2)
    assert drawn_HWC[..., 0].max() == drawn_HWC[..., 2].max() == 0


def test_frame_numbers_are_red_bottom_right_and_all_different():
    numbered = draw_numbers(black(12), first=95)
    assert numbered.pixels_FHWC[..., 1:].max() == 0
    for drawn_HWC in numbered.pixels_FHWC:
        left, top, right, bottom = box_of(drawn_HWC[..., 0] > 0)
        assert left > 320
        assert top > 280
        assert (right, bottom) < (640, 360)
    assert len({drawn_HWC.tobytes() for drawn_HWC in numbered.pixels_FHWC}) == 12
    np.testing.assert_array_equal(numbered.pts_s, black(12).pts_s)


def test_a_drawn_number_can_be_read_back():
    """Match every digit against its template: what is drawn is what was asked for."""
    style = replace(NUMPRO, size_px=24)
    templates = {d: draw_text(black().pixels_FHWC[0], str(d), style) for d in range(10)}
    for digit in range(10):
        drawn = draw_numbers(black(1), first=digit, style=style).pixels_FHWC[0].astype(int)
        errors = {d: np.abs(drawn - t).sum() for d, t in templates.items()}
        assert min(errors, key=errors.get) == digit
        assert sorted(errors.values())[1] > 1000


def test_the_box_lies_behind_the_text():
    where = geometry(640, 360, "12:34", Style())
    drawn_HWC = draw_text(np.full((360, 640, 3), 128, dtype=np.uint8), "12:34", Style())
    left, top, right, bottom = box_of((drawn_HWC == 0).all(axis=2))
    assert (left, top, right, bottom) == tuple(map(int, where.rectangle))


@pytest.mark.parametrize("size_px", range(10, 100, 7))
def test_widths_are_the_fonts_design_widths(size_px):
    text = "00:01:17-00:01:18"
    ems = (12 * 1139 + 4 * 569 + 682) / 2048  # Arial's and Arimo's widths of digits, colons and hyphen
    assert (
        abs(text_box(text, size_px)[2] - ems * size_px) <= 0.5 + 17 / 128
    )  # each of 17 advances is rounded to 1/64 px


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow without raqm")
@pytest.mark.parametrize("size_px", [*range(8, 40), 54, 64, 96])
def test_glyphs_land_where_pillows_own_complex_layout_puts_them(size_px):
    text = "00:01:17-00:18:32"
    path = overlay.files("playhead.media").joinpath("fonts", "playhead-clock.ttf")
    image = Image.new("RGB", (1000, 200))
    font = ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.RAQM)
    ImageDraw.Draw(image).text((20, 20), text, font=font, fill=(255, 255, 255))
    where = overlay.Geometry(size_px, (0, 0, 0, 0), (20, 20), (0, 0, 0, 0))
    ours = overlay._draw(np.zeros((200, 1000, 3), dtype=np.uint8), text, where, Style(background=None))
    np.testing.assert_array_equal(ours, np.asarray(image))


def test_every_printable_character_has_a_glyph_of_its_own():
    pictures = {
        c: draw_text(black().pixels_FHWC[0], c, Style(size_px=40, background=None)).tobytes()
        for c in map(chr, range(33, 127))
    }
    assert len(set(pictures.values())) == len(pictures)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: draw_texts(black(3), ["a"]), "1 texts for 3 frames"),
        (lambda: draw_arc_clock(black(2), np.zeros((1, 2))), "1 texts for 2 frames"),
        (lambda: draw_texts(black(1), ["été"]), "'é', not in the built-in font"),
        (lambda: draw_texts(black(1), ["a\nb"]), "printable ASCII"),
        (lambda: draw_texts(black(1, height=10), ["a"]), "a font of 0 px"),
        (lambda: draw_texts(black(1), ["a"], Style(corner="middle")), "top-left"),
        (lambda: draw_texts(black(1), ["a"], Style(font_file="no/such.ttf")), "no/such.ttf"),
        (lambda: overlay.arc_labels(np.zeros((1, 2)), "trunc"), "training or fork"),
    ],
)
def test_what_cannot_be_drawn_says_why(call, says):
    with pytest.raises(UsageError) as caught:
        call()
    assert says in str(caught.value)


def test_empty_texts_and_no_frames_are_fine():
    frames = black(2)
    np.testing.assert_array_equal(draw_texts(frames, ["", ""]).pixels_FHWC, frames.pixels_FHWC)
    assert len(draw_numbers(black(0))) == 0


def test_the_font_ships_with_its_licence():
    folder = overlay.files("playhead.media").joinpath("fonts")
    assert "SIL OPEN FONT LICENSE Version 1.1" in folder.joinpath("OFL.txt").read_text()
    assert len(folder.joinpath("playhead-clock.ttf").read_bytes()) < 25_000
