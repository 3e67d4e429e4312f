"""What these families see of a video: pictures shrunk or squashed whole, with how each one's time is told."""

from __future__ import annotations

from typing import Any

from playhead.media.clip import Video
from playhead.media.glance import evenly
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.interleaved.families import kind_of
from playhead.models.interleaved.kinds import Kind
from playhead.models.interleaved.pictures import choose
from playhead.models.interleaved.settings import Settings, read_settings, telling_of
from playhead.models.mechanisms import seams_of
from playhead.models.pictures.choose import Chosen, moments
from playhead.models.pictures.read import burnt_texts, glance_at
from playhead.models.pictures.telling import Telling


def make_show(preset: Preset, config: Any, video: Video, options: EngineOptions, *, most: int) -> Shown:  # noqa: ANN401
    """The pictures the encoder is given of a video, and what the model is told of the time of each.

    Args:
        preset: Which size.
        config: Its configuration.
        video: The file and the window.
        options: Settings.
        most: Pictures to show; an even choice of these.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    kind = kind_of(config)
    settings = read_settings(options.family, kind, seams_of(config.model_type), preset.name)
    telling = telling_of(kind, settings)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=kind, config=config, settings=settings)
        numbers = evenly(len(chosen.selection), most)
        frames, numbers, lost = glance_at(media, chosen, numbers, burnt=settings.wanted.burnt)
        info = media.info
    told = told_of(kind, telling, chosen, settings)
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(f"{number + 1} of {len(chosen.selection)}, {told[number]}" for number in numbers),
        total=len(chosen.selection),
        notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *lost, _note(telling)))),
    )


def told_of(kind: Kind, telling: Telling, chosen: Chosen, settings: Settings) -> list[str]:
    """How the model is told the time of each picture."""
    if telling.burnt and telling.teller is not None:
        return [f"burnt in: {text}" for text in burnt_texts(chosen, telling.teller)]
    if telling.told == "text":
        return [f"told {label}" for label in telling.labels(moments(chosen.selection.times_s, chosen))]
    numbered = settings.wanted.tell is None
    numbers = (
        kind.number(number).rstrip(": ") if numbered else "" for number in range(len(chosen.selection))
    )
    return [f"told {number}" if number else "by order alone" for number in numbers]


def _note(telling: Telling) -> str:
    if telling.burnt:
        return "the model reads the time in the picture itself"
    if telling.told == "text":
        return "the model reads the time of a picture before it"
    return "the model knows the order of the pictures, no times"
