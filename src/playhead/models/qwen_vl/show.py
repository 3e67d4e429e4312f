"""What the Qwen-VL line sees of a video: pictures shrunk whole, in groups, with how each group's time is told.

Axes: S picture seen, T group of pictures.
"""

from __future__ import annotations

from typing import Any, Final

from playhead.media.clip import Video
from playhead.media.glance import evenly
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.mechanisms import seams_of
from playhead.models.pictures.choose import Chosen, moments, told_times
from playhead.models.pictures.read import FILTERS, burnt_texts, glance_at
from playhead.models.pictures.telling import Telling
from playhead.models.qwen_vl.kinds import cut_of, kind_of
from playhead.models.qwen_vl.layout import steps_of
from playhead.models.qwen_vl.pictures import choose
from playhead.models.qwen_vl.settings import read_settings
from playhead.models.qwen_vl.telling import telling_of

_NOTES: Final = {
    "order": "the model knows the order of the pairs of pictures, no times",
    "positions": "the model knows the time of a pair of pictures by its position, in whole steps",
    "text": "the model reads the time of a pair of pictures before it: the mean of the two",
}


def make_show(preset: Preset, config: Any, video: Video, options: EngineOptions, *, most: int) -> Shown:  # noqa: ANN401 - a configuration of the line
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
    kind, cut = kind_of(config), cut_of(config)
    settings = read_settings(options.family, seams_of(config.model_type), preset.name)
    telling = telling_of(kind, settings)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=kind, cut=cut, settings=settings)
        numbers = evenly(len(chosen.selection), most)
        frames, numbers, lost = glance_at(
            media, chosen, numbers, burnt=settings.wanted.burnt, resize=FILTERS[settings.resize]
        )
        info = media.info
    told = _told(telling, chosen, config)
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(f"{number + 1} of {len(chosen.selection)}, {told[number]}" for number in numbers),
        total=len(chosen.selection),
        notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *lost, *_note(telling)))),
    )


def _told(telling: Telling, chosen: Chosen, config: Any) -> list[str]:  # noqa: ANN401 - a configuration of the line
    """How the model is told the time of each picture."""
    times_s, group = chosen.selection.times_s, chosen.group
    if telling.burnt and telling.teller is not None:
        return [f"burnt in: {text}" for text in burnt_texts(chosen, telling.teller)]
    if telling.told == "text":
        labels = telling.labels(moments(times_s, chosen))
        return [f"told {labels[number // group]}" for number in range(len(times_s))]
    steps = steps_of(telling, told_times(times_s, chosen).starts_T, config).tolist()
    word = "step" if telling.told == "positions" else "pair"
    return [f"{word} {steps[number // group]}" for number in range(len(times_s))]


def _note(telling: Telling) -> tuple[str, ...]:
    return ("the model reads the time in the picture itself",) if telling.burnt else (_NOTES[telling.told],)
