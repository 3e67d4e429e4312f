"""Which pictures of a window are taken, at which size each, and what each stands for.

Axes: S picture, T group of pictures that shares tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.media.clip import MediaInfo, Times, Video
from playhead.media.probe import Opened, no_pictures
from playhead.media.sampling import Policy, Selection, policy, sample_video
from playhead.media.sampling.seed_vl import size_for_tokens
from playhead.media.window import pictures_end_s
from playhead.models.pictures.settings import KEYE, Wanted
from playhead.models.pictures.similar import grant, read_keye
from playhead.models.pictures.tell import Moment
from playhead.sequence.timestamps import group_means_s, group_starts_s
from playhead.timeline import Span

SizeRule = Callable[[int, int, int], tuple[int, int]]
"""A family's rule: width and height of the video's pictures and how many there are, to width and height of each."""

_GROUPED: Final = "seed1.5-vl"  # the policy that counts tokens of whole groups


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pictures that are taken of a window.

    Attributes:
        selection: Which they are.
        window: The part that is looked at, in seconds.
        end_s: When its pictures end.
        sizes_T2: Width and height in pixels of each group's pictures, int64 of shape (T, 2).
        group: How many pictures share their tokens.
    """

    selection: Selection
    window: Span
    end_s: float
    sizes_T2: npt.NDArray[np.int64]
    group: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the largest of them; of all where they have one size."""
        width_px, height_px = self.sizes_T2[int(self.sizes_T2.prod(axis=1).argmax())].tolist()
        return width_px, height_px

    @property
    def mixed(self) -> bool:
        """Whether they have several sizes."""
        return bool((self.sizes_T2 != self.sizes_T2[0]).any())

    def size_of(self, number: int) -> tuple[int, int]:
        """Width and height of a picture by its number among the chosen ones."""
        width_px, height_px = self.sizes_T2[number // self.group].tolist()
        return width_px, height_px

    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        notes = list(self.selection.notes)
        if len(self.selection) > 1 and len(np.unique(self.selection.indices)) < len(self.selection):
            notes.append("pictures that are shown for long are taken more than once")
        if self.mixed:
            large = int((self.sizes_T2 == np.array(self.size_px)).all(axis=1).sum())
            notes.append(
                f"{large} of {len(self.sizes_T2)} groups of pictures are given large, the others small"
                if self.group > 1
                else f"{large} of {len(self.sizes_T2)} pictures are given large, the others small"
            )
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Told:
    """What pictures stand for, and when their groups are said to be.

    Attributes:
        stretches_S2: The stretch of each picture's group in seconds on the video's clock, shape (S, 2).
        starts_T: When each group begins, in seconds from the start of the window.
        means_T: The time each group is named by, in seconds from the start of the window.
    """

    stretches_S2: Times
    starts_T: Times
    means_T: Times


def choose(
    media: Opened,
    video: Video,
    window: Span,
    *,
    own: Policy,
    size_rule: SizeRule,
    wanted: Wanted,
    token_px: int,
    group: int = 1,
) -> Chosen:
    """The pictures of a window that are taken, over the time there are pictures.

    Args:
        media: The file.
        video: What the caller named: instants, perhaps.
        window: The part that is looked at.
        own: The family's own sampling policy.
        size_rule: The family's own sizes.
        wanted: Mechanisms that replace the one or the other.
        token_px: Side of a token in pixels, for sizes that are granted in tokens.
        group: Pictures that share tokens.

    Raises:
        EmptyMediaError: There are no pictures.
        UsageError: A budget too small for them, or a picture more than 200 times as long as it is wide.
        WindowError: An instant outside the window.
    """
    index = media.index
    width_px, height_px = upright_px(media.info)
    if index is None:
        raise no_pictures(media.info)
    end_s = pictures_end_s(index, window)
    selection = sample_video(video, _policy(wanted, own, group), index.times_s, window.start_s, end_s)
    if wanted.frames is not None and wanted.frames.partition(":")[0].strip() == KEYE:
        selection = grant(media, selection, read_keye(wanted.frames))
    groups = -(-len(selection) // group)
    tokens_S = selection.tokens_per_frame
    if tokens_S is None:
        sizes = [size_rule(width_px, height_px, len(selection))] * groups
    elif (tokens_S == tokens_S[0]).all():
        sizes = [size_for_tokens(width_px, height_px, int(tokens_S[0]) * group, token_px)] * groups
    else:
        tokens_T = np.add.reduceat(tokens_S, np.arange(0, len(tokens_S), group))
        sizes = [size_for_tokens(width_px, height_px, int(tokens), token_px) for tokens in tokens_T]
    return Chosen(selection, window, end_s, np.array(sizes, np.int64).reshape(groups, 2), group)


def _policy(wanted: Wanted, own: Policy, group: int) -> Policy:
    if wanted.frames is None:
        return own
    name, _, rest = wanted.frames.strip().partition(":")
    if name == KEYE:
        return policy(read_keye(wanted.frames).base)
    if name == _GROUPED and group > 1 and "group=" not in rest:
        return policy(f"{name}:{rest},group={group}")
    return policy(wanted.frames)


def upright_px(info: MediaInfo) -> tuple[int, int]:
    """Width and height of the pictures as they are shown, in pixels.

    Raises:
        EmptyMediaError: There are none.
    """
    stream = info.video
    if stream is None or not stream.width_px or not stream.height_px:
        raise no_pictures(info)
    if stream.rotation_deg % 180:
        return stream.height_px, stream.width_px
    return stream.width_px, stream.height_px


def told_times(times_s: Times, chosen: Chosen) -> Told:
    """What pictures of these times stand for, and how their groups are told.

    A picture that was there before the window began counts from its start.

    Args:
        times_s: True presentation times of those that decoded, float64 of shape (S,).
        chosen: The window and its end.
    """
    window, group = chosen.window, chosen.group
    shown_s = np.maximum(times_s, window.start_s)
    starts_s = group_starts_s(shown_s, group)
    ends_s = np.maximum(np.append(starts_s[1:], chosen.end_s), starts_s)
    stretches_S2 = np.stack([starts_s, ends_s], axis=1).repeat(group, axis=0)[: len(times_s)]
    return Told(stretches_S2, starts_s - window.start_s, group_means_s(shown_s - window.start_s, group))


def moments(times_s: Times, chosen: Chosen) -> list[Moment]:
    """Every group of pictures as it can be named; with groups of one, every picture.

    Args:
        times_s: True presentation times of the pictures, float64 of shape (S,).
        chosen: The window and its end.
    """
    return moments_of(told_times(times_s, chosen), chosen.window, chosen.group)


def moments_of(told: Told, window: Span, group: int) -> list[Moment]:
    """Every group of pictures as it can be named, from what they stand for."""
    stretches_T2 = told.stretches_S2[::group] - window.start_s
    return [
        Moment(float(time_s), float(first_s), float(last_s), number, window.duration_s)
        for number, (time_s, (first_s, last_s)) in enumerate(zip(told.means_T, stretches_T2, strict=True))
    ]
