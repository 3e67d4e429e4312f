"""What VTimeLLM and its successors see of a video, as pictures: shrunk, the middle square cut out, told by order alone.

Axes: F frame, H row, W column, C channel.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch

from playhead.errors import UsageError
from playhead.media.clip import Frames, MediaInfo, Pixels, Video
from playhead.media.glance import evenly, glance
from playhead.media.overlay import Style, draw_text
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.vtimellm.config import Variant, VTimeLLMConfig
from playhead.models.vtimellm.dialect import BINS
from playhead.models.vtimellm.frames import Chosen, choose_frames
from playhead.models.vtimellm.layout import Filling, frame_fillings, interleaved, row_fillings, spread_rows
from playhead.models.vtimellm.settings import Settings, settings_of
from playhead.models.vtimellm.sound import CLAP_S
from playhead.models.vtimellm.vision import MEAN_RGB, SIDE_PX, STD_RGB, frame_pixels
from playhead.tasks.bins import bin_text
from playhead.timeline import Span

_TILE: Final = (64, 72, 84)
_WORD: Final = Style(corner="top-left", background=None, size_px=36, margin_px=20, padding_px=0)


def make_show(
    preset: Preset,
    config: VTimeLLMConfig,
    variant: Variant,
    video: Video,
    options: EngineOptions,
    *,
    most: int,
) -> Shown:
    """The pictures the model is given of a video, each with its place and the hundredth it stands for.

    AVicuna's rows of sound stand among the pictures as plain tiles, at the places where the model has them.

    Args:
        preset: Which size.
        config: Its configuration.
        variant: Which of the three systems.
        video: The file and the window.
        options: Settings.
        most: Places to show; an even choice of these.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
        UsageError: Stored features are to stand for the pictures.
    """
    settings = settings_of(options.family, variant)
    if settings.features is not None:
        raise UsageError(
            f"show what {preset.name} sees of {video.source}",
            found="features=, so that no picture is looked at",
            todo="leave features out",
        )
    antialias = bool(config.antialias if settings.antialias is None else settings.antialias)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        chosen = choose_frames(media, window, config.frames)
        places = _places(config, settings, media.info, window, chosen)
        shown = evenly(len(places), most)
        order = np.cumsum([each.kind == "frame" for each in places]) - 1  # which frame stands at a place
        wanted = [int(order[at]) for at in shown if places[at].kind == "frame"]
        frames, numbers, lost = glance(
            media,
            chosen.selection.indices,
            wanted or [0],
            lambda pixels_HWC, _: _as_given(pixels_HWC, antialias=antialias),
        )
    pictures = dict(zip(numbers, frames.pixels_FHWC, strict=True))
    told = [at for at in shown if places[at].kind != "frame" or int(order[at]) in pictures]
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=Frames(
            np.stack([pictures[int(order[at])] if places[at].kind == "frame" else _tile() for at in told]),
            np.array([_time_s(places[at]) for at in told], np.float64),
        ),
        captions=tuple(_caption(places[at], at, len(places), chosen.extent) for at in told),
        total=len(places),
        notes=(*media.info.notes, *chosen.notes(window), *lost, *_notes(config)),
    )


def _places(
    config: VTimeLLMConfig, settings: Settings, info: MediaInfo, window: Span, chosen: Chosen
) -> tuple[Filling, ...]:
    """What stands at the positions of pictures and of the sound among them."""
    fillings = frame_fillings(chosen.selection.times_s, chosen.intervals)
    if config.arrangement != "interleaved":
        return fillings
    places = config.sounds or 0
    rows = min(places, math.ceil(window.duration_s / CLAP_S))
    if info.audio is None or settings.sound_features is not None or rows < 1:
        rows = 1  # nothing is heard, or what was stored: which row is whose is not known here
    heard = row_fillings("sound", rows, window, window.duration_s / rows)
    return interleaved(fillings, tuple(heard[at] for at in spread_rows(rows, places)))


def _as_given(pixels_HWC: Pixels, *, antialias: bool) -> Pixels:
    """A picture as CLIP is given it, its colours put back to 0 to 255; what lies beyond is cut off to be shown."""
    values_CHW = frame_pixels(pixels_HWC[None], antialias=antialias)[0]
    colours_HWC = values_CHW.permute(1, 2, 0) * torch.tensor(STD_RGB) + torch.tensor(MEAN_RGB)
    made_HWC: Pixels = (colours_HWC * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    return made_HWC


def _tile() -> Pixels:
    """What stands for a row of sound."""
    return draw_text(np.full((SIDE_PX, SIDE_PX, 3), _TILE, np.uint8), "sound", _WORD)


def _time_s(place: Filling) -> float:
    return place.span.start_s if place.pts_s is None else place.pts_s


def _caption(place: Filling, at: int, count: int, extent: Span) -> str:
    """The place among all, which is all that the model is told, and the hundredth that an answer names it by."""
    if place.kind != "frame":
        return f"{at + 1} of {count}, heard to {place.span.end_s:.1f} s"
    after_s = max(0.0, _time_s(place) - extent.start_s)
    name = bin_text(after_s, extent.duration_s, BINS) if extent.duration_s > 0 else f"{0:02d}"
    return f"{at + 1} of {count}, answered as {name}"


def _notes(config: VTimeLLMConfig) -> tuple[str, ...]:
    notes = ["the model knows a picture's place only; its answers are hundredths, 00 to 99"]
    if config.arrangement != "interleaved" and config.modalities and "sound" in config.modalities:
        notes.append("rows of sound and of speech follow after the pictures")
    return tuple(notes)
