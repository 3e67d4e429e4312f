"""Chosen pictures decoded, drawn on and shrunk, a group at a time: never more than one group is held at its own size.

Axes: H row, W column, C colour channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from playhead.media.clip import Frames, Pixels
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.glance import glance
from playhead.media.probe import Opened, no_pictures
from playhead.models.pictures.choose import Chosen, moments
from playhead.models.pictures.tell import Teller
from playhead.sequence.layout import Ids

Resize = Callable[[Pixels, tuple[int, int]], Pixels]


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that share their tokens, all of one size.

    Attributes:
        pictures: At their final size.
        times_s: Their true presentation times.
    """

    pictures: list[Pixels]
    times_s: list[float]


def bicubic(pixels_HWC: Pixels, size_px: tuple[int, int]) -> Pixels:
    """A picture at a size, with Pillow's bicubic filter, which widens as it shrinks."""
    if (pixels_HWC.shape[1], pixels_HWC.shape[0]) == size_px:
        return pixels_HWC
    from PIL import Image

    made: Pixels = np.asarray(Image.fromarray(pixels_HWC).resize(size_px, Image.Resampling.BICUBIC))
    return made


def tensor_bicubic(pixels_HWC: Pixels, size_px: tuple[int, int]) -> Pixels:
    """A picture at a size by torch's bicubic for bytes, at a fifth of the time of Pillow's; its colours lie in planes.

    It is the filter of torchvision, by which qwen-vl-utils and transformers' video processors shrink; of Pillow's it
    is at most one level of 255 apart, in fewer than one value of a hundred.
    """
    if (pixels_HWC.shape[1], pixels_HWC.shape[0]) == size_px:
        return pixels_HWC
    import torch

    # As it lies in memory, colours last, which is what the fast kernel reads.
    given_1CHW = torch.from_numpy(np.ascontiguousarray(pixels_HWC)).permute(2, 0, 1)[None]
    made_1CHW = torch.nn.functional.interpolate(
        given_1CHW, size=size_px[::-1], mode="bicubic", antialias=True, align_corners=False
    )
    made: Pixels = made_1CHW[0].numpy().transpose(1, 2, 0)  # colours in planes, as they are cut
    return made


FILTERS: Final[Mapping[str, Resize]] = {"torch": tensor_bicubic, "pillow": bicubic}
"""How pictures are shrunk, by name."""


def read_groups(
    media: Opened,
    chosen: Chosen,
    damage: Damage,
    *,
    burnt: Teller | None = None,
    resize: Resize = bicubic,
) -> Iterator[Group]:
    """The chosen pictures in groups; those that do not decode are left out, and nothing stands in for them.

    Args:
        media: The file.
        chosen: Which pictures, at which sizes.
        damage: Counts what is lost.
        burnt: What is drawn into each, at its own size.
        resize: The family's own filter.

    Raises:
        MediaError: None of them decodes.
    """
    if media.table is None or media.index is None:
        raise no_pictures(media.info)
    make = maker(chosen, burnt, resize)
    size_px = chosen.size_px
    held = Group([], [])
    numbers = iter(range(len(chosen.selection)))
    for frame in read_rows(media, media.table, chosen.selection.indices, None, damage):
        number = next(n for n in numbers if chosen.selection.times_s[n] == frame.pts_s)  # others were lost
        if not held.pictures:
            size_px = chosen.size_of(number)
        held.pictures.append(make(frame.pixels_HWC, number, size_px))
        held.times_s.append(frame.pts_s)
        if len(held.pictures) == chosen.group:
            yield held
            held = Group([], [])
    if held.pictures:
        yield held


def maker(
    chosen: Chosen, burnt: Teller | None, resize: Resize
) -> Callable[[Pixels, int, tuple[int, int]], Pixels]:
    """What becomes of a picture: drawn on, then shrunk; called with its number among the chosen ones and a size."""
    if burnt is None:
        return lambda pixels_HWC, _, size_px: resize(pixels_HWC, size_px)
    texts = burnt_texts(chosen, burnt)
    return lambda pixels_HWC, number, size_px: resize(burnt.burn(pixels_HWC, texts[number]), size_px)


def burnt_texts(chosen: Chosen, burnt: Teller) -> list[str]:
    """What is drawn into each picture: of its own time, whichever group it is in."""
    return [burnt.text(each) for each in moments(chosen.selection.times_s, replace(chosen, group=1))]


def glance_at(
    media: Opened,
    chosen: Chosen,
    numbers: list[int],
    *,
    burnt: Teller | None = None,
    resize: Resize = bicubic,
) -> tuple[Frames, list[int], tuple[str, ...]]:
    """Some of the chosen pictures as the model is given them, to be shown: all at the largest size of any.

    Args:
        media: The file.
        chosen: Which pictures, at which sizes.
        numbers: Which of them, ascending.
        burnt: What is drawn into each.
        resize: The family's own filter.

    Returns:
        The pictures, their numbers (fewer where the file is damaged), and sentences on any damage.

    Raises:
        MediaError: None of them decodes.
    """
    make = maker(chosen, burnt, resize)
    largest_px = chosen.size_px

    def made(pixels_HWC: Pixels, number: int) -> Pixels:
        return resize(make(pixels_HWC, number, chosen.size_of(number)), largest_px)

    return glance(media, chosen.selection.indices, numbers, made)


def ranges(squares_T: Ids, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of groups with at most so many squares together, one group at least: what is encoded at once."""
    first = 0
    while first < len(squares_T):
        count = int(np.searchsorted(np.cumsum(squares_T[first:]), most, side="right"))
        last = min(first + max(1, count), len(squares_T))
        yield first, last
        first = last
