"""The pictures of a script: backgrounds, things, words.

Axes: H row, W column, C channel.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

from playhead.evaluate.synthetic.forms import mask
from playhead.evaluate.synthetic.palette import BACKDROPS, COLOURS, FAINT, over
from playhead.evaluate.synthetic.script import Script, Thing
from playhead.media.clip import Pixels

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Placed = tuple[Thing, float, float]
TEXT_Y: Final = 0.88  # middle of the band that words are written in
_TEXT_SIZE: Final = 0.1
_SHADE: Final = 0.08  # how much lighter the top of a background is, and darker its foot
_WHITE, _BLACK = (250, 250, 250), (10, 10, 10)


class Painter:
    """Draws the pictures of one script at one size; equal pictures are drawn once.

    Args:
        script: What is in the clip.
        size_px: Width and height.
    """

    def __init__(self, script: Script, size_px: tuple[int, int]) -> None:
        self.script = script
        self.size_px = size_px
        self.side_px = max(6, round(script.side * size_px[1]))

    def all(self) -> Iterator[Pixels]:
        """Every picture, in order."""
        before: tuple[object, ...] | None = None
        picture = np.empty(0, np.uint8)
        for time_s in self.script.edges_s[:-1]:
            now = self.contents(time_s)
            if now != before:
                picture, before = self.draw(*now), now
            yield picture

    def contents(self, time_s: float) -> tuple[str, tuple[Placed, ...], str]:
        """What a picture holds: background, things with the middle of each in fractions, words."""
        script = self.script
        painted = [each.colour for each in script.painted if each.span.contains(time_s)]
        things = [(each.thing, each.x, each.y) for each in script.shown if each.span.contains(time_s)]
        things += [(each.thing, each.x_at(time_s), each.y) for each in script.movers]
        words = [each.text for each in script.written if each.span.contains(time_s)]
        return painted[0] if painted else script.backdrop, tuple(things), words[0] if words else ""

    def draw(self, backdrop: str, things: tuple[Placed, ...], words: str) -> Pixels:
        """One picture."""
        picture = _ground(backdrop, self.size_px).copy()
        for thing, x, y in things:
            self._lay(picture, thing, x, y, backdrop)
        return picture if not words else _write(picture, words)

    def hidden(self) -> Pixels:
        """A picture that no player shows: black, with the hidden word in its middle."""
        picture = np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8)
        return _write(picture, self.script.hidden_word, y=0.5)

    def place(self, x: float, y: float) -> tuple[int, int, float]:
        """Top and left of a thing's box around its middle, and the part of a pixel it lies further right."""
        width_px, height_px = self.size_px
        top = min(max(round(y * height_px - self.side_px / 2), 0), height_px - self.side_px)
        left_px = min(max(x * width_px - self.side_px / 2, 0.0), width_px - self.side_px - 1.0)
        return top, int(left_px), left_px - int(left_px)

    def _lay(self, picture: Pixels, thing: Thing, x: float, y: float, backdrop: str) -> None:
        colour = COLOURS[thing.colour]
        if thing.faint:
            colour = over(colour, BACKDROPS[backdrop], FAINT)
        top, left, further = self.place(x, y)
        rows, columns = slice(top, top + self.side_px), slice(left, left + self.side_px + 1)
        form = mask(
            thing.form, self.side_px
        )  # between two pixels: a mixture, so that no movement is too slow to see
        share = ((1 - further) * np.pad(form, ((0, 0), (0, 1))) + further * np.pad(form, ((0, 0), (1, 0))))[
            :, :, None
        ]
        behind = picture[rows, columns].astype(np.float32)
        picture[rows, columns] = np.round(behind + (np.array(colour, np.float32) - behind) * share).astype(
            np.uint8
        )


@lru_cache(maxsize=16)
def _ground(colour: str, size_px: tuple[int, int]) -> Pixels:
    """A background that is a little lighter above than below."""
    width_px, height_px = size_px
    light = 1 + _SHADE * (0.5 - (np.arange(height_px) + 0.5) / height_px)
    rows = np.clip(np.round(light[:, None] * np.array(BACKDROPS[colour])), 0, 255).astype(np.uint8)
    return np.repeat(rows[:, None, :], width_px, axis=1)


def _write(picture: Pixels, words: str, y: float = TEXT_Y) -> Pixels:
    """Words in white on a black box, in the middle of the width."""
    from PIL import Image, ImageDraw

    height_px, width_px = picture.shape[:2]
    image = Image.fromarray(picture)
    font = _font(max(6, round(_TEXT_SIZE * height_px)))
    pen = ImageDraw.Draw(image)
    length_px, pad_px = font.getlength(words), 0.035 * height_px
    top_px, foot_px = y * height_px - font.size * 0.62, y * height_px + font.size * 0.62
    left_px = (width_px - length_px) / 2
    pen.rectangle((left_px - pad_px, top_px, left_px + length_px + pad_px, foot_px), fill=_BLACK)
    pen.text((round(left_px), round(y * height_px)), words, font=font, fill=_WHITE, anchor="lm")
    return np.asarray(image)


@lru_cache(maxsize=8)
def _font(size_px: int) -> FreeTypeFont:
    from PIL import ImageFont

    data = files("playhead.media").joinpath("fonts", "playhead-clock.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size_px, layout_engine=ImageFont.Layout.BASIC)
