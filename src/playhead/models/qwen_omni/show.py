"""What the Omni systems see of a video: pictures shrunk whole, in pairs, with the step each pair stands at.

Axes: S picture seen, T group of pictures.
"""

from __future__ import annotations

from typing import Any

from playhead.media.clip import Video
from playhead.media.glance import evenly
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.mechanisms import seams_of
from playhead.models.pictures.choose import Chosen, told_times
from playhead.models.pictures.read import FILTERS, burnt_texts, glance_at
from playhead.models.pictures.telling import Telling
from playhead.models.qwen_omni.kinds import omni_of
from playhead.models.qwen_omni.settings import read_settings
from playhead.models.qwen_omni.sound import is_heard
from playhead.models.qwen_vl.kinds import cut_of
from playhead.models.qwen_vl.pictures import choose
from playhead.models.qwen_vl.telling import telling_of
from playhead.sequence.mrope import by_time


def make_show(preset: Preset, config: Any, video: Video, options: EngineOptions, *, most: int) -> Shown:  # noqa: ANN401 - a configuration of a thinker
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
    omni = omni_of(config)
    settings = read_settings(options.family, seams_of(config.model_type), preset.name)
    pictures = settings.pictures
    telling, cut = telling_of(omni.kind, pictures), cut_of(config, omni.kind)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, kind=omni.kind, cut=cut, settings=pictures)
        numbers = evenly(len(chosen.selection), most)
        frames, numbers, lost = glance_at(
            media, chosen, numbers, burnt=pictures.wanted.burnt, resize=FILTERS[pictures.resize]
        )
    told = _told(telling, chosen, config)
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(f"{number + 1} of {len(chosen.selection)}, {told[number]}" for number in numbers),
        total=len(chosen.selection),
        notes=tuple(
            dict.fromkeys(
                (
                    *info.notes,
                    *chosen.notes(),
                    *lost,
                    _note(config, heard=is_heard(info, wanted=settings.sound)),
                )
            )
        ),
    )


def _told(telling: Telling, chosen: Chosen, config: Any) -> list[str]:  # noqa: ANN401 - a configuration of a thinker
    """How the model is told the time of each picture."""
    times_s = chosen.selection.times_s
    if telling.burnt and telling.teller is not None:
        return [f"burnt in: {text}" for text in burnt_texts(chosen, telling.teller)]
    steps = by_time(told_times(times_s, chosen).starts_T, float(config.position_id_per_seconds)).tolist()
    return [f"step {steps[number // chosen.group]}" for number in range(len(times_s))]


def _note(config: Any, *, heard: bool) -> str:  # noqa: ANN401 - a configuration of a thinker
    steps = f"steps of a {config.position_id_per_seconds}th of a second"
    return f"pictures and sound stand on one clock, in {steps}" if heard else f"pictures stand in {steps}"
