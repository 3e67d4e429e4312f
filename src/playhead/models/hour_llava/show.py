"""What Hour-LLaVA sees of a video, as pictures: squashed to a square, and which of them the language model is shown.

Axes: F picture, H row, W column, C channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from playhead.errors import UsageError
from playhead.media.clip import Pixels, Video
from playhead.media.glance import evenly, glance
from playhead.media.probe import no_pictures, opened
from playhead.media.sampling.base import sample
from playhead.media.sampling.hour_llava import hour_llava
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.hour_llava.forget import plan_memory, repeat_index
from playhead.models.hour_llava.layout import what_is_shown
from playhead.models.hour_llava.settings import Settings, read_settings
from playhead.models.hour_llava.vision import preprocess

if TYPE_CHECKING:
    from playhead.models.hour_llava.config import HourLlavaConfig


def make_show(
    preset: Preset, config: HourLlavaConfig, video: Video, options: EngineOptions, *, most: int
) -> Shown:
    """The pictures the vision tower is given of a video, and what becomes of each in the memory.

    Args:
        preset: Which size.
        config: Its configuration.
        video: The file and the window.
        options: Settings.
        most: Pictures to show; an even choice of these.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
        UsageError: Stored features are to stand for the pictures.
    """
    settings = read_settings(options.family)
    if settings.features is not None:
        raise UsageError(
            f"show what {preset.name} sees of {video.source}",
            found="features=, so that no picture is looked at",
            todo="leave features out",
        )
    side_px = config.image_side_px
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        if media.index is None:
            raise no_pictures(media.info)
        window = resolve_window(video, media.info)
        chosen = sample(hour_llava(), media.index.times_s, window.start_s, window.end_s)
        count = len(chosen)
        frames, numbers, lost = glance(
            media, chosen.indices, evenly(count, most), lambda pixels_HWC, _: _as_given(pixels_HWC, side_px)
        )
    kept = _kept(count, settings)
    captions = [
        _caption(number, count, kept, time_s - window.start_s if settings.timestamps else None)
        for number, time_s in zip(numbers, frames.pts_s.tolist(), strict=True)
    ]
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(captions),
        total=count,
        notes=(*media.info.notes, *lost, *what_is_shown(count, settings), *_notes(settings)),
    )


def _as_given(pixels_HWC: Pixels, side_px: int) -> Pixels:
    """A picture as SigLIP is given it, its colours put back to 0 to 255."""
    values_CHW = preprocess(pixels_HWC[None], side_px)[0]
    made_HWC: Pixels = ((values_CHW * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return made_HWC


def _kept(count: int, settings: Settings) -> set[int] | None:
    """Numbers of the pictures that the language model is shown; None where that hangs on what is in them."""
    if settings.temporal != "uniform":
        return None
    memory = plan_memory(count, spatial="uniform")
    return set(repeat_index(count)[memory.frames_K].tolist())


def _caption(number: int, count: int, kept: set[int] | None, told_s: float | None) -> str:
    words = f"{number + 1} of {count}"
    if told_s is not None:
        words += f", told {told_s:.2f}s"
    if kept is None:
        return words
    return f"{words}, {'kept' if number in kept else 'in memory only'}"


def _notes(settings: Settings) -> tuple[str, ...]:
    notes = (
        [] if settings.timestamps else ["the model is told the length and the number of pictures, no times"]
    )
    if settings.temporal != "uniform":
        on = "the pictures' features" if settings.temporal == "keyframe" else "the question"
        notes.append(f"which pictures are kept hangs on {on}: they are not marked here")
    return tuple(notes)
