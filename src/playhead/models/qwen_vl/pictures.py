"""Which pictures of a video are taken, at which size, and what becomes of each on the way to the encoder.

Pictures are decoded at their own size, shrunk with Pillow's bicubic filter as the image processors of transformers do,
and cut a group at a time: never more than one group of decoded pictures is held.

Axes: F frame, H row, W column, C channel, P square, D value of a square, T group, S picture seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from playhead.errors import CorruptMediaError
from playhead.media.clip import MediaInfo, Pixels, Times
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import Opened, no_pictures
from playhead.media.sampling.base import Selection, sample
from playhead.media.sampling.qwen import fit_px, frame_size_px, qwen2_vl, qwen3_vl, video_size_px
from playhead.media.window import pictures_end_s
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.settings import Settings
from playhead.progress import Progress
from playhead.sequence.patches import Cut, cut_frames
from playhead.sequence.timestamps import group_means_s, group_starts_s
from playhead.timeline import Span

ENCODE_ROWS: Final = 16_384
"""Squares that are encoded at once; a group of pictures is looked at by itself, so they need not all be together."""

_MIN_TOKENS: Final = 128  # of a picture of Qwen2-VL under transformers' own rule
_MAX_TOKENS: Final = 768


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pictures that are taken of a window.

    Attributes:
        selection: Which they are.
        window: The part that is looked at, in seconds.
        end_s: When its pictures end.
        size_px: Width and height each is given.
    """

    selection: Selection
    window: Span
    end_s: float
    size_px: tuple[int, int]

    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        notes = list(self.selection.notes)
        if len(self.selection) > 1 and len(np.unique(self.selection.indices)) < len(self.selection):
            notes.append("pictures that are shown for long are taken more than once")
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a window as the model is given them.

    Attributes:
        rows_PD: What the encoder reads.
        grid_THW: Groups, rows and columns of squares.
        times_s: True presentation times, float64 of shape (S,).
        stretches_S2: The stretch each picture's group stands for, in seconds on the video's clock.
        starts_T: When each group begins, in seconds from the start of the window.
        means_T: The time each group is named by, in seconds from the start of the window.
    """

    rows_PD: torch.Tensor
    grid_THW: tuple[int, int, int]
    times_s: Times
    stretches_S2: Times
    starts_T: Times
    means_T: Times


def choose(media: Opened, window: Span, kind: Kind, cut: Cut, settings: Settings) -> Chosen:
    """The pictures of a window that are taken, over the time there are pictures.

    Raises:
        EmptyMediaError: There are none.
        UsageError: A picture more than 200 times as long as it is wide.
    """
    index, stream = media.index, media.info.video
    if index is None or stream is None:
        raise no_pictures(media.info)
    make = qwen3_vl if kind.policy == "qwen3-vl" else qwen2_vl
    policy = make(rate_hz=settings.rate_hz, max_frames=settings.max_frames, variant=settings.sampling)
    end_s = pictures_end_s(index, window)
    selection = sample(policy, index.times_s, window.start_s, end_s)
    size_px = _size(media.info, len(selection), kind, cut, settings)
    return Chosen(selection, window, end_s, size_px)


def _size(info: MediaInfo, frames: int, kind: Kind, cut: Cut, settings: Settings) -> tuple[int, int]:
    """Width and height of every picture by the rule that is wished."""
    stream = info.video
    if stream is None or not stream.width_px or not stream.height_px:
        raise no_pictures(info)
    width_px, height_px = stream.width_px, stream.height_px
    if stream.rotation_deg % 180:
        width_px, height_px = height_px, width_px
    if settings.sampling == "utils":
        return frame_size_px(width_px, height_px, frames, cut.token_px, settings.video_tokens)
    if kind.told == "text":
        return video_size_px(width_px, height_px, max(frames, cut.group))
    area = cut.token_px**2
    return fit_px(width_px, height_px, cut.token_px, _MIN_TOKENS * area, _MAX_TOKENS * area)


def resize(pixels_HWC: Pixels, size_px: tuple[int, int]) -> Pixels:
    """A picture at a size, with Pillow's bicubic filter, which widens as it shrinks."""
    if (pixels_HWC.shape[1], pixels_HWC.shape[0]) == size_px:
        return pixels_HWC
    from PIL import Image

    made: Pixels = np.asarray(Image.fromarray(pixels_HWC).resize(size_px, Image.Resampling.BICUBIC))
    return made


def read(
    media: Opened, chosen: Chosen, cut: Cut, *, dtype: torch.dtype, damage: Damage, progress: Progress
) -> Seen:
    """Decode the chosen pictures and cut them; those that do not decode are left out, and nothing stands in for them.

    Args:
        media: The file.
        chosen: Which pictures, at which size.
        cut: How they are cut.
        dtype: Precision of the rows.
        damage: Counts what is lost.
        progress: Called with ("looking", pictures read, pictures in all).

    Raises:
        MediaError: None of them decodes.
    """
    width_px, height_px = chosen.size_px
    wanted = len(chosen.selection)
    groups, rows, columns = cut.grid(wanted, height_px, width_px)
    made_PD = torch.empty((groups * rows * columns, cut.values), dtype=dtype)
    times_s: list[float] = []
    filled = 0
    for group in _groups(media, chosen, cut.group, damage, times_s):
        rows_PD = torch.from_numpy(cut_frames(np.stack(group), cut))
        made_PD[filled : filled + len(rows_PD)] = rows_PD.to(dtype)
        filled += len(rows_PD)
        progress("looking", len(times_s), wanted)
    if not times_s:
        raise CorruptMediaError(f"pictures of {media.info.source!r}", found="none of those wanted decodes")
    times = np.array(times_s, np.float64)
    stretches_S2, starts_T, means_T = told_times(times, chosen, cut.group)
    return Seen(made_PD[:filled], (len(starts_T), rows, columns), times, stretches_S2, starts_T, means_T)


def _groups(
    media: Opened, chosen: Chosen, size: int, damage: Damage, times_s: list[float]
) -> Iterator[list[Pixels]]:
    """Groups of pictures at their size; the times of those given so far are in ``times_s``."""
    if media.table is None:
        return
    held: list[Pixels] = []
    for frame in read_rows(media, media.table, chosen.selection.indices, None, damage):
        held.append(resize(frame.pixels_HWC, chosen.size_px))
        times_s.append(frame.pts_s)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


def told_times(times_s: Times, chosen: Chosen, group: int) -> tuple[Times, Times, Times]:
    """What pictures of these times stand for, and how their groups are told.

    Args:
        times_s: True presentation times, float64 of shape (S,).
        chosen: The window and its end.
        group: Pictures in a group.

    Returns:
        The stretch of each picture's group (S, 2) on the video's clock; when each group begins and the time it is named
        by, both from the start of the window. A picture that was there before the window began counts from its start.
    """
    window = chosen.window
    shown_s = np.maximum(times_s, window.start_s)
    starts_s = group_starts_s(shown_s, group)
    ends_s = np.maximum(np.append(starts_s[1:], chosen.end_s), starts_s)
    stretches_S2 = np.stack([starts_s, ends_s], axis=1).repeat(group, axis=0)[: len(times_s)]
    return stretches_S2, starts_s - window.start_s, group_means_s(shown_s - window.start_s, group)
