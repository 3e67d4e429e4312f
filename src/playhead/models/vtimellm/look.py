"""From a video to what fills its positions: frames at their true times through CLIP, sound through its encoders.

Pictures are decoded at their full size, as the released models were trained on; one at a time is held at that size.
A picture that cannot be decoded is never replaced by zeros, as upstream does: its nearest neighbour is seen twice, and told so.

Axes: F frame, H row, W column, C channel, K row of features, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch

from playhead.errors import WeightsError, WeightsUnavailableError
from playhead.media.audio import read_sound
from playhead.media.clip import MediaInfo, Pixels, Samples, Video
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import Opened, opened
from playhead.media.window import resolve_window
from playhead.models.vtimellm.frames import Chosen, choose_frames, nearest_rows
from playhead.models.vtimellm.layout import (
    Filling,
    frame_fillings,
    interleaved,
    row_fillings,
    spread_rows,
)
from playhead.models.vtimellm.model import VTimeLLMModel
from playhead.models.vtimellm.settings import Settings
from playhead.models.vtimellm.sound import (
    CLAP_RATE_HZ,
    RATE_HZ,
    beats_rows,
    clap_rows,
    fill_sounds,
    speech_rows,
)
from playhead.models.vtimellm.vision import frame_features, load_features
from playhead.progress import Progress
from playhead.sequence.layout import Kind
from playhead.timeline import Span

STORED_FRAMES: Final = 100
"""Frames of a stored feature file, whatever the variant."""

Heard = Literal["sound", "speech"]
_HEARD: Final[tuple[Heard, ...]] = ("sound", "speech")

_BLOCK_S: Final = 30.0
_SAME_S: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Seen:
    """What was taken from a window of a video.

    Attributes:
        fillings: What fills the video's positions, in their order.
        features: Kind to rows of features in that order.
        extent: What an answer's hundredths are hundredths of, in seconds on the video's clock.
    """

    fillings: tuple[Filling, ...]
    features: dict[Kind, torch.Tensor]
    extent: Span


@dataclass(slots=True)
class Taken:
    """A look while it is being taken.

    Attributes:
        info: The container's facts.
        window: The part that is looked at.
        chosen: The frames, on true times.
        frame_size_px: ``(width, height)`` of the decoded pictures, None where none was decoded.
        audio_s: Seconds of sound that were heard.
        notes: What a reader should know.
    """

    info: MediaInfo
    window: Span
    chosen: Chosen
    frame_size_px: tuple[int, int] | None = None
    audio_s: float = 0.0
    notes: list[str] = field(default_factory=list)


def take(video: Video, model: VTimeLLMModel, settings: Settings, progress: Progress) -> tuple[Taken, Seen]:
    """Look at a window of a video.

    Raises:
        MediaError: Of the kind that fits; a frame that cannot be decoded is one.
        WeightsError: Stored features of another shape, or a missing encoder for pictures.
        WindowError: The window lies outside the video.
    """
    damage = Damage()
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        stored = _stored(settings.features, video, model, "frame")
        chosen = choose_frames(
            media, window, model.config.frames, stored=None if stored is None else len(stored)
        )
        taken = Taken(media.info, window, chosen)
        taken.notes += [*media.info.notes, *chosen.notes(window)]
        work = _Work(media, video, taken, model, settings, damage, progress)
        if stored is None:
            frames_FD = _encoded(work)
        else:
            frames_FD = stored[spread_rows(len(stored), model.config.frames)]
            taken.notes.append(f"frame features were read from {settings.features}, not from the video")
        seen = _with_sound(work, frames_FD)
    taken.notes += damage.notes()
    return taken, seen


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step of a look needs."""

    media: Opened
    video: Video
    taken: Taken
    model: VTimeLLMModel
    settings: Settings
    damage: Damage
    progress: Progress

    def note(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.taken.notes:
            self.taken.notes.append(sentence)


# --- pictures --------------------------------------------------------------------------------------------------------


def _encoded(work: _Work) -> torch.Tensor:
    """Features of the chosen frames, each decoded and encoded once; a neighbour's where one cannot be decoded.

    Raises:
        CorruptMediaError: None of them decodes.
    """
    model, taken = work.model, work.taken
    tower = model.vision_tower
    if tower is None:
        raise WeightsUnavailableError(
            f"look at {taken.info.source!r}",
            found="a model without CLIP's tower",
            todo="assemble it with vision_tower= (openai/clip-vit-large-patch14), or give features=",
        )
    selection = taken.chosen.selection
    indices, firsts = np.unique(selection.indices, return_index=True)
    asked = work.settings.antialias
    antialias = bool(model.config.antialias if asked is None else asked)
    shown_s: list[float] = []
    features_FD = frame_features(tower, _pictures(work, indices, shown_s), antialias=antialias)
    wanted_s = selection.times_s[firsts]
    decoded = np.searchsorted(wanted_s, np.array(shown_s) - _SAME_S)
    rows = nearest_rows(wanted_s, decoded)[np.searchsorted(indices, selection.indices)]
    if len(decoded) < len(indices):
        taken.chosen = taken.chosen.of(firsts[decoded][rows])
        work.note(
            f"{len(indices) - len(decoded)} of {len(indices)} wanted frames cannot be decoded: the nearest stands in"
        )
    return features_FD[torch.from_numpy(rows)]


def _pictures(work: _Work, indices: np.ndarray, shown_s: list[float]) -> Iterator[Pixels]:
    """Pictures at their full size, one after another; their times are added to ``shown_s``."""
    media = work.media
    if media.table is None:
        return
    for done, frame in enumerate(read_rows(media, media.table, indices, None, work.damage), 1):
        height_px, width_px = frame.pixels_HWC.shape[:2]
        work.taken.frame_size_px = (width_px, height_px)
        work.progress("looking", done, len(indices))
        shown_s.append(frame.pts_s)
        yield frame.pixels_HWC


# --- sound -----------------------------------------------------------------------------------------------------------


def _with_sound(work: _Work, frames_FD: torch.Tensor) -> Seen:
    """What fills the positions, by the variant's arrangement."""
    config, taken = work.model.config, work.taken
    modalities = config.modalities or {}
    fillings = frame_fillings(taken.chosen.selection.times_s, taken.chosen.intervals)
    features: dict[Kind, torch.Tensor] = {"frame": frames_FD}
    if config.arrangement == "interleaved":
        rows_KD, places = _rows(work, "sound"), config.sounds or 0
        if rows_KD is None:
            work.note("the places of sound hold zeros, as in training for videos without sound")
        features["sound"] = fill_sounds(rows_KD, places, modalities["sound"])
        return Seen(
            interleaved(fillings, _spread(taken.window, rows_KD, places)), features, taken.chosen.extent
        )
    for kind in _HEARD:
        if kind in modalities and (rows_KD := _rows(work, kind)) is not None:
            features[kind] = rows_KD
            fillings += row_fillings(kind, len(rows_KD), taken.window)
    return Seen(fillings, features, taken.chosen.extent)


def _spread(window: Span, rows_KD: torch.Tensor | None, places: int) -> tuple[Filling, ...]:
    """Positions of sound that repeats rows: each has the stretch of its row, an equal part of the window."""
    count = 1 if rows_KD is None else len(rows_KD)
    rows = row_fillings("sound", count, window, window.duration_s / count)
    return tuple(rows[at] for at in spread_rows(count, places))


def _rows(work: _Work, kind: Heard) -> torch.Tensor | None:
    """Rows of one kind of sound, or None with a note that says why there are none."""
    taken, settings = work.taken, work.settings
    path = settings.sound_features if kind == "sound" else settings.speech_features
    stored = _stored(path, work.video, work.model, kind)
    if stored is not None:
        work.note(f"{kind} features were read from {path}, not from the video")
        taken.audio_s = taken.window.duration_s
        return stored
    if taken.info.audio is None:
        work.note("there is no sound")
        return None
    encode, rate_hz = _encoder(work, kind)
    if encode is None:
        work.note(_UNHEARD[kind if kind == "speech" else str(work.model.config.sound_encoder)])
        return None
    work.progress("listening", 0, None)
    blocks = read_sound(work.media, taken.window, rate_hz, _BLOCK_S, work.damage)
    rows_KD = encode(np.concatenate([block.samples_N for block in blocks]))
    if not len(rows_KD):
        work.note(f"the sound is too short for one row of {kind}")
        return None
    taken.audio_s = taken.window.duration_s
    return rows_KD


def _encoder(work: _Work, kind: Heard) -> tuple[Callable[[Samples], torch.Tensor] | None, int]:
    """What encodes a kind of sound, and at which rate it hears; None where there is nothing that does."""
    speech, clap, beats = work.model.speech_tower, work.model.sound_tower, work.settings.beats
    if kind == "speech":
        return (None if speech is None else lambda samples_N: speech_rows(samples_N, speech)), RATE_HZ
    if clap is not None:
        most = work.model.config.sounds or 1
        return (lambda samples_N: clap_rows(samples_N, clap, most=most)), CLAP_RATE_HZ
    return (None if beats is None else lambda samples_N: beats_rows(samples_N, beats)), RATE_HZ


_UNHEARD: Final = {
    "beats": "sounds were not heard: BEATs is no part of transformers; give sound_features= or beats=",
    "clap": "sounds were not heard: the model has no CLAP tower; assemble it with sound_tower=, or give sound_features=",
    "speech": "speech was not heard: the model has no Whisper tower; assemble it with speech_tower=, or give "
    "speech_features=",
}


def _stored(path: Path | None, video: Video, model: VTimeLLMModel, kind: Kind) -> torch.Tensor | None:
    """Rows of features that were made before: of one file, or of the file in a folder that has the video's name.

    Raises:
        WeightsError: The folder has none of that name, or the rows are not what the model takes.
    """
    if path is None:
        return None
    file = path / f"{Path(video.source).stem}.npy" if path.is_dir() else path
    if not file.is_file():
        raise WeightsError(
            f"{kind} features of {video.source!r}", found=f"no {file.name} in {path}", todo="make them first"
        )
    config = model.config
    rows_KD = torch.from_numpy(load_features(file, width=(config.modalities or {})[kind])).float()
    allowed = {config.frames, STORED_FRAMES} if config.arrangement == "interleaved" else {config.frames}
    if kind == "frame" and len(rows_KD) not in allowed:
        raise WeightsError(
            f"frame features from {file}",
            found=f"{len(rows_KD)} rows",
            allowed=" or ".join(map(str, sorted(allowed))),
        )
    return rows_KD
