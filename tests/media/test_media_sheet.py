"""The contact sheet shows every picture, in order, with its time and its caption."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from playhead.errors import UsageError
from playhead.media.clip import Frames
from playhead.media.sheet import SheetStyle, contact_sheet, encode_sheet

STYLE = SheetStyle(columns=3, width_px=60, gap_px=10, text_px=12)


def _frames(count: int) -> Frames:
    pixels = np.zeros((count, 30, 40, 3), np.uint8)
    pixels[..., 0] = (40 * np.arange(count) + 20)[:, None, None]
    return Frames(pixels, np.arange(count) * 1.5)


def test_every_picture_has_its_place_in_reading_order():
    sheet = contact_sheet(_frames(5), ["a", "b", "", "d", "e"], style=STYLE)
    row_px = 45 + 2 * 16 + 10
    assert sheet.shape == (10 + 2 * row_px, 10 + 3 * 70, 3)
    for number in range(5):
        middle = sheet[10 + number // 3 * row_px + 22, 10 + number % 3 * 70 + 30]
        assert middle.tolist() == [40 * number + 20, 0, 0]


def test_times_and_captions_are_written_beneath():
    plain, told = (contact_sheet(_frames(2), words, style=STYLE) for words in (["", ""], ["", "00:00:01"]))
    under = slice(10 + 45, None)
    assert (plain[under, :70] < 200).any()  # the time
    changed = np.argwhere((plain != told).any(axis=2))
    assert changed[:, 1].min() >= 80  # the second picture's caption alone
    assert changed[:, 0].min() > 10 + 45 + 12


def test_a_long_caption_is_cut_and_foreign_letters_do_not_fail():
    sheet = contact_sheet(_frames(1), ["很长 " + "W" * 80], heading="视频", style=STYLE)
    assert sheet.shape[1] == 80


def test_counts_must_agree():
    with pytest.raises(UsageError, match="1 captions for 2 pictures"):
        contact_sheet(_frames(2), ["a"])


def test_a_heading_takes_the_lines_it_needs():
    words = "The pictures of a film. " * 3
    bare, told, more = (
        contact_sheet(_frames(3), [""] * 3, heading=heading, style=STYLE)
        for heading in ("", words, f"{words}\nAnd a second sentence.")
    )
    line_px = 16
    assert (told.shape[0] - bare.shape[0]) % line_px == 0
    assert told.shape[0] >= bare.shape[0] + 3 * line_px  # two lines and the space beneath
    assert more.shape[0] > told.shape[0]
    above = told[: told.shape[0] - bare.shape[0] + 10]
    assert (above[:, -8:] > 200).all()  # nothing runs over the edge
    assert np.array_equal(told[-bare.shape[0] + 10 :], bare[10:])


@pytest.mark.parametrize(("ending", "kind"), [(".png", "PNG"), (".JPG", "JPEG"), (".webp", "WEBP")])
def test_a_sheet_becomes_a_picture_file(ending, kind):
    sheet = contact_sheet(_frames(2), ["a", "b"], style=STYLE)
    read = Image.open(io.BytesIO(encode_sheet(sheet, ending)))
    assert read.format == kind
    away = np.abs(np.asarray(read.convert("RGB")).astype(int) - sheet).mean()
    assert away == 0 if kind == "PNG" else away < 6


def test_another_ending_is_refused():
    with pytest.raises(UsageError, match=r"\.png, \.jpg"):
        encode_sheet(contact_sheet(_frames(1), [""]), ".gif")
