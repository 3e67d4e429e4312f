"""Which pictures of a video are taken, and what becomes of each on the way to the encoder.

Pictures are decoded at their own size, shrunk with Pillow's bicubic filter as transformers' image processors do, and
prepared one at a time: never more than one decoded picture is held.

Axes: F picture, K token of a picture, D value, M token of any picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from playhead.errors import CorruptMediaError
from playhead.media.clip import Pixels, Times, Video
from playhead.media.damage import Damage
from playhead.media.probe import Opened
from playhead.models.interleaved.kinds import Colours, Kind
from playhead.models.interleaved.rates import halved
from playhead.models.interleaved.settings import Settings
from playhead.models.pictures import choose as pictures
from playhead.models.pictures.choose import Chosen, Told, moments, told_times
from playhead.models.pictures.read import read_groups
from playhead.models.pictures.similar import similarity
from playhead.models.pictures.tell import Moment
from playhead.progress import Progress
from playhead.sequence.drop import Mask, Values, changed
from playhead.sequence.layout import Ids
from playhead.timeline import Span

_GLANCE = 64  # about the most pixels along a side at which pictures are compared with each other


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a window as the model is given them.

    Attributes:
        prepared: What the encoder reads, of all pictures; None where there are only their features.
        grids_F2: Rows and columns of tokens of each, before any are left out.
        times_s: True presentation times, float64 of shape (F,).
        told: What they stand for.
        moments: Every picture as it can be named.
        kept_M: Of all tokens in their order those that are given, or None for all of them.
        alike_F: How alike each is to the one before, 0 to 1; the first is like nothing.
        small_F: Which pictures are given as a quarter of their tokens, or None for none.
        features_MD: Of the tokens that are given; None where the pictures are held.
    """

    prepared: torch.Tensor | None
    grids_F2: Ids
    times_s: Times
    told: Told
    moments: tuple[Moment, ...]
    kept_M: Mask | None = None
    alike_F: npt.NDArray[np.float64] | None = None
    small_F: Mask | None = None
    features_MD: torch.Tensor | None = None

    def pictures(self) -> torch.Tensor:
        """What the encoder reads, of all pictures.

        Raises:
            ValueError: They are not held.
        """
        if self.prepared is None:
            raise ValueError("there are only features of these pictures")
        return self.prepared

    @property
    def given(self) -> Ids:
        """Rows and columns of tokens of each picture as they are given, shape (F, 2), before any are left out."""
        return halved(self.grids_F2, self.small_F)

    def notes(self) -> tuple[str, ...]:
        """What a reader should know of what was left out."""
        if self.kept_M is not None and not self.kept_M.all():
            said = f"{int(self.kept_M.sum())} of {len(self.kept_M)} tokens are given, the others change too little"
            return (said,)
        if self.small_F is not None:
            given, whole = int(self.given.prod(axis=1).sum()), int(self.grids_F2.prod(axis=1).sum())
            said = f"{int(self.small_F.sum())} of {len(self.small_F)} pictures are given as a quarter of their tokens"
            return (f"{said}, {given} of {whole} tokens in all",)
        return ()


def choose(
    media: Opened,
    video: Video,
    window: Span,
    *,
    kind: Kind,
    config: Any,  # noqa: ANN401 - a configuration of transformers
    settings: Settings,
) -> Chosen:
    """The pictures of a window that are taken, over the time there are pictures.

    Raises:
        EmptyMediaError: There are none.
        UsageError: A budget too small for one.
        WindowError: An instant the caller named lies outside the window.
    """
    return pictures.choose(
        media,
        video,
        window,
        own=kind.policy(settings.max_frames, settings.rate_hz),
        size_rule=kind.size_rule(config, settings.video_tokens),
        wanted=settings.wanted,
        token_px=kind.token_px(config),
    )


def read(
    media: Opened,
    chosen: Chosen,
    *,
    kind: Kind,
    config: Any,  # noqa: ANN401 - a configuration of transformers
    settings: Settings,
    colours: Colours,
    dtype: torch.dtype,
    damage: Damage,
    progress: Progress,
) -> Seen:
    """Decode the chosen pictures and prepare them; those that do not decode are left out, and nothing stands in for them.

    Raises:
        MediaError: None of them decodes.
    """
    wanted = settings.wanted
    prepared: list[torch.Tensor] = []
    times_s: list[float] = []
    grids: list[tuple[int, int]] = []
    kept: list[Mask] = []
    alike: list[float] = []
    cells_KD: Values | None = None
    glimpse: Pixels | None = None
    for group in read_groups(media, chosen, damage, burnt=wanted.burnt):
        picture = group.pictures[0]
        made = kind.prepare(config, picture, colours)
        if wanted.drop is not None:
            now_KD = kind.cells(config, made)
            kept.append(changed(now_KD, cells_KD, wanted.drop))
            cells_KD = now_KD
        if settings.flash and not kind.routed:
            step = max(1, min(picture.shape[:2]) // _GLANCE)
            now = picture[::step, ::step]
            alike.append(0.0 if glimpse is None else similarity(glimpse, now))
            glimpse = now
        prepared.append(torch.from_numpy(made).to(dtype))
        grids.append(kind.grid(config, (picture.shape[1], picture.shape[0])))
        times_s += group.times_s
        progress("looking", len(times_s), len(chosen.selection))
    if not times_s:
        raise CorruptMediaError(f"pictures of {media.info.source!r}", found="none of those wanted decodes")
    times = np.array(times_s, np.float64)
    return Seen(
        prepared=torch.stack(prepared) if prepared[0].ndim == 3 else torch.cat(prepared),
        grids_F2=np.array(grids, np.int64),
        times_s=times,
        told=told_times(times, chosen),
        moments=tuple(moments(times, chosen)),
        kept_M=np.concatenate(kept) if kept else None,
        alike_F=np.array(alike) if alike else None,
    )
