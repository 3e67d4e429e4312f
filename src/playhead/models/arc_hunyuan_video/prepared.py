"""What a prepared video is, and the settings it was prepared with.

Axes: F frame, H row, W column, C colour channel, K sound chunk, M mel band, T spectrogram frame, S slot of a frame; 2
start and end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError, WeightsError, nearest
from playhead.media.clip import Clip, Pixels, Times
from playhead.media.overlay import LabelRule
from playhead.media.sampling.arc import MAX_FRAMES
from playhead.models.arc_hunyuan_video import pictures
from playhead.models.arc_hunyuan_video.layout import FrameTime, PositionRule, rows_of
from playhead.models.arc_hunyuan_video.reconcile import SoundRule
from playhead.models.arc_hunyuan_video.sound import MissingSound
from playhead.sequence.layout import Ids
from playhead.timeline import Sampling, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How videos are made ready; the defaults are the published ones, or better where those fail.

    Attributes:
        side_px: Side of the square every frame is squashed to, a multiple of 64.
        max_frames: Most frames of a window; 150 as trained.
        labels: Rule of the burnt-in times: ``training`` rounds, ``fork`` cuts them down as the released transformers
            path does; they differ above 150 s.
        sound: Which sound goes with which frame; see :mod:`playhead.models.arc_hunyuan_video.reconcile`.
        missing_sound: What a video without sound means: silence, as released, or an error.
        positions: Rule of the rotary positions; see :func:`playhead.models.arc_hunyuan_video.layout.positions_of`.
    """

    side_px: int = pictures.SIDE_PX
    max_frames: int = MAX_FRAMES
    labels: LabelRule = "training"
    sound: SoundRule = "auto"
    missing_sound: MissingSound = "silence"
    positions: PositionRule = "inference"

    def __post_init__(self) -> None:
        rows_of(self.side_px)
        choices = (
            ("labels", LabelRule),
            ("sound", SoundRule),
            ("missing_sound", MissingSound),
            ("positions", PositionRule),
        )
        for name, kind in choices:
            if getattr(self, name) not in get_args(kind):
                found, allowed = f"{name}={getattr(self, name)!r}", ", ".join(get_args(kind))
                raise UsageError("settings of ARC-Hunyuan-Video's processor", found=found, allowed=allowed)
        if not 1 <= self.max_frames <= MAX_FRAMES:
            found = f"max_frames={self.max_frames}"
            raise UsageError(
                "settings of ARC-Hunyuan-Video's processor", found=found, allowed=f"1 to {MAX_FRAMES}"
            )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A window of a video, ready for the model but for the question.

    Attributes:
        pictures_FHWC: uint8 squares with their times burnt in; :attr:`pixel_values` is what the model takes.
        input_features_KMT: float32 log-mel spectrograms of 30 s chunks of sound, (chunks, 128, 3000).
        audio_index_FS: int64: for each slot the vector of the chunks' flattened stream (1500 a chunk) that is added
            to it, -1 for none.
        times_s: True presentation times of the pictures on the video's clock, float64 of shape (frames,).
        intervals_S2: The stretch each picture stands for on the video's clock, within the window, (frames, 2).
        labels: What is burnt into each picture, on the window's clock.
        window: The part of the video that was looked at, on its clock.
        sound_rule: The rule that sound was aligned by.
        notes: Plain sentences about what was left out, repaired or limited.
    """

    pictures_FHWC: Pixels
    input_features_KMT: npt.NDArray[np.float32]
    audio_index_FS: Ids
    times_s: Times
    intervals_S2: Times
    labels: tuple[str, ...]
    window: Span
    sound_rule: SoundRule
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = self.pictures_FHWC.shape[0]
        found = (len(self.audio_index_FS), len(self.times_s), len(self.intervals_S2), len(self.labels))
        if set(found) != {count}:
            raise ValueError(f"{count} pictures but {found} rows of sound, times, stretches and labels")

    def __len__(self) -> int:
        return int(self.pictures_FHWC.shape[0])

    @property
    def pixel_values(self) -> pictures.PixelValues:
        """The pictures in CLIP's colours, float32 of shape (frames, 3, side, side); made anew each time."""
        return pictures.normalise(self.pictures_FHWC)

    @property
    def frames(self) -> tuple[FrameTime, ...]:
        """When each picture is, and what is burnt into it."""
        rows = zip(self.intervals_S2.tolist(), self.times_s.tolist(), self.labels, strict=True)
        return tuple(FrameTime(Span(*stretch), time_s, label) for stretch, time_s, label in rows)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was opened of a video.

    Attributes:
        clip: The clip's facts, its sound, and its pictures as squares with their times burnt in.
        prepared: The same, ready for the model.
        sampling: What was seen and heard, with the notes of both.
    """

    clip: Clip
    prepared: Prepared
    sampling: Sampling


def read_settings(path: Path) -> Settings:
    """Settings from a ``processor_config.json``; the published ones where there is no such file.

    Raises:
        WeightsError: If the file cannot be read, or holds a setting that is not known or allowed.
    """
    if not path.is_file():
        return Settings()
    asked = f"read {path}"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        given = {
            name: value for name, value in dict(data).items() if name not in ("processor_class", "auto_map")
        }
    except (OSError, TypeError, ValueError) as error:
        raise WeightsError(asked, found=str(error), todo="write it again with save_pretrained") from error
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            raise WeightsError(asked, found=f"unknown setting {name!r}", todo=nearest(name, known))
    try:
        return Settings(**given)
    except (TypeError, UsageError) as error:
        raise WeightsError(asked, found=str(error)) from error
