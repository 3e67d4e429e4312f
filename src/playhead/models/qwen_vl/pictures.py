"""Which pictures of a video are taken, at which size, and what becomes of each on the way to the encoder.

Pictures are decoded at their own size and shrunk by torch's bicubic filter, as the video processors of transformers do (or
by Pillow's, as its image processors without torchvision do), a group at a time: never more than one group of decoded pictures is
held at its own size. At their final size they are kept as bytes, and cut into rows of floats only where those are asked
for, which would take four times the memory (two times as bfloat16).

Axes: P square, D value of a square, V value of all pictures, T group, S picture seen, K token of a group, M token, G grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from playhead.errors import CorruptMediaError
from playhead.media.clip import Times, Video
from playhead.media.damage import Damage
from playhead.media.probe import Opened
from playhead.media.sampling.qwen import fit_px, frame_size_px, qwen2_vl, qwen3_vl, video_size_px
from playhead.models.pictures import choose as pictures
from playhead.models.pictures.choose import Chosen, SizeRule, Told, moments, told_times
from playhead.models.pictures.read import Resize, ranges, read_groups
from playhead.models.pictures.settings import Wanted
from playhead.models.pictures.tell import Moment
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.settings import Settings
from playhead.progress import Progress
from playhead.sequence.drop import Mask, Values, changed
from playhead.sequence.layout import Ids
from playhead.sequence.patches import Cut, Pixels, cut_frames
from playhead.timeline import Span

ENCODE_ROWS: Final = 16_384
"""Squares that are encoded at once; a group of pictures is looked at by itself, so they need not all be together."""

_MIN_TOKENS: Final = 128  # of a picture of Qwen2-VL under transformers' own rule
_MAX_TOKENS: Final = 768


@dataclass(frozen=True, slots=True)
class Held:
    """Pictures at their final size, not cut yet.

    Attributes:
        bytes_V: Group after group, in each picture, colour, row, column; an odd picture is there twice.
        cut: How they are cut.
        dtype: Precision of the rows.
    """

    bytes_V: Pixels
    cut: Cut
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a window as the model is given them.

    Attributes:
        held: The pictures themselves; None where their features were kept.
        grids_T2: Rows and columns of squares of each group.
        times_s: True presentation times, float64 of shape (S,).
        told: What they stand for, and when their groups are said to be.
        moments: Every group as it can be named.
        kept_M: Of all tokens in their order those that are given, or None for all of them.
    """

    held: Held | None
    grids_T2: Ids
    times_s: Times
    told: Told
    moments: tuple[Moment, ...]
    kept_M: Mask | None = None

    @property
    def rows_PD(self) -> torch.Tensor:  # noqa: N802 - axes, as in other names
        """What the encoder reads: all squares of all groups, made anew each time."""
        return self.rows(0, len(self.grids_T2))

    def parts(self, most: int) -> Iterator[tuple[int, int, torch.Tensor]]:
        """What the encoder reads, some groups at a time: the first, the one behind the last, and their rows.

        Each is good until the next is asked for, which is written over it: fresh memory costs more than the cutting.

        Args:
            most: Squares of a part; one group at least.

        Raises:
            ValueError: The pictures are not held.
        """
        squares_T = self.grids_T2.prod(axis=1)
        parts = list(ranges(squares_T, most))
        memory_PD = self._memory(max(int(squares_T[first:last].sum()) for first, last in parts))
        for first, last in parts:
            yield first, last, self._cut(first, last, memory_PD)

    def rows(self, first: int, last: int) -> torch.Tensor:
        """What the encoder reads of some groups, of shape (P, D).

        Args:
            first: The first of them.
            last: The one behind the last of them.

        Raises:
            ValueError: The pictures are not held.
        """
        return self._cut(first, last, self._memory(int(self.grids_T2[first:last].prod(axis=1).sum())))

    def _cut(self, first: int, last: int, memory_PD: torch.Tensor) -> torch.Tensor:
        """The rows of some groups, written to the beginning of some memory."""
        held = self._held()
        squares_T = self.grids_T2.prod(axis=1)
        made_PD = memory_PD[: int(squares_T[first:last].sum())]
        start, filled = int(squares_T[:first].sum()) * held.cut.values, 0
        for rows, columns in self.grids_T2[first:last].tolist():
            squares = rows * columns
            values = held.bytes_V[start : start + squares * held.cut.values]
            planes_FCHW = values.reshape(
                held.cut.group, 3, rows * held.cut.patch_px, columns * held.cut.patch_px
            )
            pictures_FHWC = planes_FCHW.transpose(0, 2, 3, 1)
            place_PD = made_PD[filled : filled + squares]
            if held.dtype == torch.float32:
                cut_frames(pictures_FHWC, held.cut, place_PD.numpy())
            else:
                place_PD[:] = torch.from_numpy(cut_frames(pictures_FHWC, held.cut))
            start, filled = start + len(values), filled + squares
        return made_PD

    def _memory(self, rows: int) -> torch.Tensor:
        """Room for so many rows; of numpy where it has the type, since it asks for huge pages."""
        held = self._held()
        if held.dtype == torch.float32:
            return torch.from_numpy(np.empty((rows, held.cut.values), np.float32))
        return torch.empty((rows, held.cut.values), dtype=held.dtype)

    def _held(self) -> Held:
        if self.held is None:
            raise ValueError("features of these pictures were kept, not the pictures")
        return self.held

    @property
    def mixed(self) -> bool:
        """Whether groups have grids of several sizes."""
        return bool((self.grids_T2 != self.grids_T2[0]).any())

    @property
    def grid(self) -> tuple[int, int, int]:
        """Groups, rows and columns of squares where all groups have one grid.

        Raises:
            ValueError: They have several.
        """
        if self.mixed:
            raise ValueError(f"{len(self.grids_T2)} groups of several grids")
        rows, columns = self.grids_T2[0].tolist()
        return len(self.grids_T2), rows, columns

    def notes(self) -> tuple[str, ...]:
        """What a reader should know of what was left out."""
        if self.kept_M is None:
            return ()
        return (
            f"{int(self.kept_M.sum())} of {len(self.kept_M)} tokens are given, the others change too little",
        )

    def grids(self) -> torch.Tensor:
        """Grids as transformers takes them: one for the video, or one for each group where they differ."""
        if not self.mixed:
            return torch.tensor([self.grid])
        return torch.from_numpy(np.insert(self.grids_T2, 0, 1, axis=1))


def choose(media: Opened, video: Video, window: Span, *, kind: Kind, cut: Cut, settings: Settings) -> Chosen:
    """The pictures of a window that are taken, over the time there are pictures.

    Raises:
        EmptyMediaError: There are none.
        UsageError: A picture more than 200 times as long as it is wide, or a budget too small for one.
        WindowError: An instant the caller named lies outside the window.
    """
    make = qwen3_vl if kind.policy == "qwen3-vl" else qwen2_vl
    return pictures.choose(
        media,
        video,
        window,
        own=make(rate_hz=settings.rate_hz, max_frames=settings.max_frames, variant=settings.sampling),
        size_rule=_size_rule(kind, cut, settings),
        wanted=settings.wanted,
        token_px=cut.token_px,
        group=cut.group,
    )


def _size_rule(kind: Kind, cut: Cut, settings: Settings) -> SizeRule:
    """Width and height of every picture by the rule that is wished."""

    def size(width_px: int, height_px: int, frames: int) -> tuple[int, int]:
        if settings.sampling == "utils":
            return frame_size_px(
                width_px,
                height_px,
                frames,
                cut.token_px,
                settings.video_tokens,
                min_tokens=settings.min_tokens,
            )
        if kind.policy == "qwen3-vl":
            return video_size_px(width_px, height_px, max(frames, cut.group))
        area = cut.token_px**2
        return fit_px(width_px, height_px, cut.token_px, _MIN_TOKENS * area, _MAX_TOKENS * area)

    return size


def read(
    media: Opened,
    chosen: Chosen,
    cut: Cut,
    *,
    wanted: Wanted,
    resize: Resize,
    dtype: torch.dtype,
    damage: Damage,
    progress: Progress,
) -> Seen:
    """Decode the chosen pictures; those that do not decode are left out, and nothing stands in for them.

    Args:
        media: The file.
        chosen: Which pictures, at which sizes.
        cut: How they will be cut.
        wanted: What is drawn into them, and from which change on a token is kept.
        resize: How they are shrunk.
        dtype: Precision of the rows.
        damage: Counts what is lost.
        progress: Called with ("looking", pictures read, pictures in all).

    Raises:
        MediaError: None of them decodes.
    """
    bytes_V = np.empty(_squares(chosen, cut) * cut.values, np.uint8)
    times_s: list[float] = []
    grids: list[tuple[int, int]] = []
    kept: list[Mask] = []
    before_KD: Values | None = None
    filled = 0
    for group in read_groups(media, chosen, damage, burnt=wanted.burnt, resize=resize):
        _, rows, columns = cut.grid(len(group.pictures), *group.pictures[0].shape[:2])
        if wanted.drop is not None:
            now_KD = cut_frames(np.stack(group.pictures), cut).reshape(rows * columns // cut.merge**2, -1)
            kept.append(changed(now_KD, before_KD, wanted.drop))
            before_KD = now_KD
        for number in range(cut.group):
            picture_HWC = group.pictures[min(number, len(group.pictures) - 1)]
            place_V = bytes_V[filled : filled + picture_HWC.size]
            place_V.reshape(3, *picture_HWC.shape[:2])[:] = picture_HWC.transpose(2, 0, 1)
            filled += picture_HWC.size
        grids.append((rows, columns))
        times_s += group.times_s
        progress("looking", len(times_s), len(chosen.selection))
    if not times_s:
        raise CorruptMediaError(f"pictures of {media.info.source!r}", found="none of those wanted decodes")
    times = np.array(times_s, np.float64)
    told = told_times(times, chosen)
    return Seen(
        held=Held(bytes_V[:filled], cut, dtype),
        grids_T2=np.array(grids, np.int64),
        times_s=times,
        told=told,
        moments=tuple(moments(times, chosen)),
        kept_M=np.concatenate(kept) if kept else None,
    )


def _squares(chosen: Chosen, cut: Cut) -> int:
    """Squares of all groups of pictures."""
    return int((chosen.sizes_T2 // cut.patch_px).prod(axis=1).sum())
