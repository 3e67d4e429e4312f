"""Which pictures of a video are taken, at which size, and what becomes of each on the way to the encoder.

Pictures are decoded at their own size and shrunk by torch's bicubic filter, as the video processors of transformers do (or
by Pillow's, as its image processors without torchvision do), a group at a time: never more than one group of decoded pictures is
held at its own size. At their final size they are held as bytes (:mod:`playhead.models.qwen_vl.held`), or given to the
encoder a part at a time while the next are decoded, and then not held at all.

Axes: P square, D value of a square, T group, S picture seen, K token of a group, M token, G grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from playhead.errors import CorruptMediaError
from playhead.media.clip import Times, Video
from playhead.media.damage import Damage
from playhead.media.probe import Opened
from playhead.media.sampling.qwen import fit_px, frame_size_px, qwen2_vl, qwen3_vl, video_size_px
from playhead.models.pictures import choose as pictures
from playhead.models.pictures.choose import Chosen, SizeRule, Told, moments, told_times
from playhead.models.pictures.read import Resize, read_groups
from playhead.models.pictures.settings import Wanted
from playhead.models.pictures.tell import Moment
from playhead.models.qwen_vl.encode import Encoder
from playhead.models.qwen_vl.held import ENCODE_ROWS, Held, alike
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.settings import Settings
from playhead.progress import Progress
from playhead.sequence.drop import Mask, Values, changed
from playhead.sequence.layout import Ids
from playhead.sequence.patches import Cut, cut_frames
from playhead.timeline import Span

_MIN_TOKENS: Final = 128  # of a picture of Qwen2-VL under transformers' own rule
_MAX_TOKENS: Final = 768


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a window as the model is given them.

    Attributes:
        held: The pictures themselves; None where there are only their features.
        grids_T2: Rows and columns of squares of each group.
        times_s: True presentation times, float64 of shape (S,).
        told: What they stand for, and when their groups are said to be.
        moments: Every group as it can be named.
        kept_M: Of all tokens in their order those that are given, or None for all of them.
        features: Of those tokens, as the model makes them; None where the pictures are held.
    """

    held: Held | None
    grids_T2: Ids
    times_s: Times
    told: Told
    moments: tuple[Moment, ...]
    kept_M: Mask | None = None
    features: Any = None

    @property
    def rows_PD(self) -> torch.Tensor:  # noqa: N802 - axes, as in other names
        """What the encoder reads: all squares of all groups, made anew each time.

        Raises:
            ValueError: The pictures are not held.
        """
        return self.pictures().rows(0, len(self.grids_T2))

    def pictures(self) -> Held:
        """The pictures themselves.

        Raises:
            ValueError: They are not held.
        """
        if self.held is None:
            raise ValueError("there are only features of these pictures")
        return self.held

    @property
    def grid(self) -> tuple[int, int, int]:
        """Groups, rows and columns of squares where all groups have one grid.

        Raises:
            ValueError: They have several.
        """
        if not alike(self.grids_T2):
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
    encoder: Encoder | None = None,
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
        encoder: Is given them a part of :data:`ENCODE_ROWS` squares at a time as they are decoded; they are then not held.

    Raises:
        MediaError: None of them decodes.
    """
    squares_T = (chosen.sizes_T2 // cut.patch_px).prod(axis=1)
    at_once = max(int(squares_T.max()), min(int(squares_T.sum()), ENCODE_ROWS))
    held = Held(int(squares_T.sum()) if encoder is None else at_once, cut, dtype)
    room_PD = None if encoder is None else held.room(at_once)

    def hand_on() -> None:
        if encoder is not None and held.squares:
            encoder.add(held.rows(0, len(held.grids_T2), room_PD), held.grids_T2)
            held.clear()

    times_s: list[float] = []
    grids: list[tuple[int, int]] = []
    kept: list[Mask] = []
    before_KD: Values | None = None
    for group in read_groups(media, chosen, damage, burnt=wanted.burnt, resize=resize):
        _, rows, columns = cut.grid(len(group.pictures), *group.pictures[0].shape[:2])
        if wanted.drop is not None:
            now_KD = cut_frames(np.stack(group.pictures), cut).reshape(rows * columns // cut.merge**2, -1)
            kept.append(changed(now_KD, before_KD, wanted.drop))
            before_KD = now_KD
        if held.squares + rows * columns > ENCODE_ROWS:
            hand_on()
        held.add(group.pictures)
        grids.append((rows, columns))
        times_s += group.times_s
        progress("looking", len(times_s), len(chosen.selection))
    hand_on()
    if not times_s:
        raise CorruptMediaError(f"pictures of {media.info.source!r}", found="none of those wanted decodes")
    times = np.array(times_s, np.float64)
    told = told_times(times, chosen)
    kept_M = np.concatenate(kept) if kept else None
    return Seen(
        held=held if encoder is None else None,
        grids_T2=np.array(grids, np.int64),
        times_s=times,
        told=told,
        moments=tuple(moments(times, chosen)),
        kept_M=kept_M,
        features=None if encoder is None else encoder.features(kept_M),
    )
