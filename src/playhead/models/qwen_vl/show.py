"""What the Qwen-VL line sees of a video: pictures shrunk whole, in groups, with how each group's time is told.

Axes: S picture seen, T group of pictures.
"""

from __future__ import annotations

from typing import Any, Final

from playhead.media.clip import Video
from playhead.media.glance import evenly, glance
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.qwen_vl.kinds import Kind, cut_of, kind_of
from playhead.models.qwen_vl.layout import labels_of, steps_of
from playhead.models.qwen_vl.pictures import choose, resize, told_times
from playhead.models.qwen_vl.settings import read_settings

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
    kind, cut, settings = kind_of(config), cut_of(config), read_settings(options.family)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        chosen = choose(media, window, kind, cut, settings)
        frames, numbers, lost = glance(
            media,
            chosen.selection.indices,
            evenly(len(chosen.selection), most),
            lambda pixels_HWC, _: resize(pixels_HWC, chosen.size_px),
        )
        info = media.info
    _, starts_T, means_T = told_times(chosen.selection.times_s, chosen, cut.group)
    told = _told(kind, starts_T, means_T, config)
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(
            f"{number + 1} of {len(chosen.selection)}, {told[number // cut.group]}" for number in numbers
        ),
        total=len(chosen.selection),
        notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *lost, _NOTES[kind.told]))),
    )


def _told(kind: Kind, starts_T: Any, means_T: Any, config: Any) -> list[str]:  # noqa: ANN401 - a configuration of the line
    """How the model is told the time of each group."""
    if kind.told == "text":
        return [f"told {label}" for label in labels_of(kind, means_T)]
    steps_T = steps_of(kind, starts_T, config)
    word = "step" if kind.told == "positions" else "pair"
    return [f"{word} {step}" for step in steps_T.tolist()]
