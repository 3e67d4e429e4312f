"""Colours by the names they are asked for, and which can be told apart."""

from __future__ import annotations

from typing import Final

Rgb = tuple[int, int, int]

PLAIN: Final[dict[str, Rgb]] = {
    "red": (214, 40, 40),
    "orange": (245, 130, 32),
    "yellow": (252, 214, 48),
    "green": (46, 155, 72),
    "blue": (40, 90, 210),
    "purple": (128, 60, 170),
    "pink": (242, 140, 190),
    "white": (246, 246, 246),
    "black": (22, 22, 24),
}
# Two of each kind that one glance takes for the other; never in one clip with the plain ones.
ALIKE: Final[dict[str, Rgb]] = {
    "light red": (238, 120, 112),
    "dark red": (150, 22, 30),
    "light green": (128, 205, 130),
    "dark green": (18, 96, 50),
    "light blue": (116, 176, 240),
    "dark blue": (22, 50, 140),
    "light purple": (186, 140, 222),
    "dark purple": (88, 30, 128),
}
COLOURS: Final[dict[str, Rgb]] = PLAIN | ALIKE
BACKDROPS: Final[dict[str, Rgb]] = {
    "grey": (158, 160, 164),
    "cream": (238, 228, 204),
    "teal": (16, 106, 112),
    "brown": (96, 64, 44),
}
FAINT: Final = 0.5  # how much of a faint thing's own colour is left over the background
LEAST_DISTANCE: Final = 90.0  # of a thing's colour from every background of its clip


def distance(one: Rgb, other: Rgb) -> float:
    """How far apart two colours are, as points of the RGB cube."""
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def stands_out(colour: str, backdrops: tuple[str, ...]) -> bool:
    """Whether a thing of that colour can be seen on all of the backgrounds."""
    return all(distance(COLOURS[colour], BACKDROPS[each]) >= LEAST_DISTANCE for each in backdrops)


def over(colour: Rgb, behind: Rgb, share: float) -> Rgb:
    """A colour laid over another one, with so much of itself."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(colour, behind, strict=True))
    return red, green, blue
