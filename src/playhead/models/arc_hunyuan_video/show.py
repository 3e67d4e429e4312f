"""What ARC-Hunyuan-Video sees of a video, as pictures: its clock burnt in, then squashed to a square.

Axes: S stretch, one for each picture; 2 start and end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playhead.media.clip import FrameIndex, Pixels, Times, Video
from playhead.media.glance import evenly, glance
from playhead.media.overlay import arc_labels
from playhead.media.probe import no_pictures, opened
from playhead.media.sampling.arc import arc
from playhead.media.sampling.base import Indices, sample
from playhead.media.window import pictures_end_s, resolve_window
from playhead.models.arc_hunyuan_video.pictures import keeper
from playhead.models.arc_hunyuan_video.plan import sizes_of
from playhead.models.arc_hunyuan_video.settings import EngineSettings, settings_of
from playhead.models.family import EngineOptions, Preset, Shown
from playhead.models.parts import parts_of
from playhead.timeline import Span

_CLOCK_DIGITS = 9  # as when the video is opened to be answered about


@dataclass(frozen=True, slots=True)
class _Part:
    """The pictures of one part of a long video, or of all of a short one.

    Attributes:
        rows: Rows of the file's table of frames.
        told_S2: The stretch each stands for, in seconds from the start of the part.
    """

    rows: Indices
    told_S2: Times


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """The pictures the model is given of a video, with the clock that is burnt into each as its caption.

    Args:
        preset: Which size.
        video: The file and the window.
        options: Settings; labels, number of pictures and parts follow them.
        most: Pictures to show; an even choice of these.

    Raises:
        MediaError: The video has no pictures or cannot be opened.
        WindowError: The window lies outside of it.
        UsageError: An option has a value it may not have.
    """
    settings = settings_of(options.family)
    side_px = sizes_of(preset).side_px
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        if media.index is None:
            raise no_pictures(media.info)
        window = resolve_window(video, media.info)
        spans = [part.span for part in parts_of(video, window, settings.segment_s)]
        parts = [_part(media.index, span, settings) for span in spans]
        places = [(at, row) for at, part in enumerate(parts) for row in range(len(part.rows))]
        keep = keeper(side_px, settings.labels)

        def make(pixels_HWC: Pixels, number: int) -> Pixels:
            at, row = places[number]
            return keep(pixels_HWC, row, parts[at].told_S2)

        rows = np.concatenate([part.rows for part in parts])
        frames, numbers, lost = glance(media, rows, evenly(len(rows), most), make)
    labels = [arc_labels(part.told_S2, settings.labels) for part in parts]
    told = [(at, labels[at][row]) for at, row in (places[number] for number in numbers)]
    return Shown(
        engine=preset.name,
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(f"part {at + 1}: {label}" if len(parts) > 1 else label for at, label in told),
        total=len(rows),
        notes=(*media.info.notes, *lost, *_notes(parts, settings)),
    )


def _part(index: FrameIndex, span: Span, settings: EngineSettings) -> _Part:
    """The pictures of a part, chosen as when it is answered about."""
    chosen = sample(
        arc(max_frames=settings.max_frames), index.times_s, span.start_s, pictures_end_s(index, span)
    )
    assert chosen.intervals_S2 is not None  # this policy always has them
    return _Part(chosen.indices, np.round(chosen.intervals_S2 - span.start_s, _CLOCK_DIGITS))


def _notes(parts: list[_Part], settings: EngineSettings) -> tuple[str, ...]:
    notes = ["the clock in a picture counts from the start of what is looked at"]
    if len(parts) > 1:
        notes = [f"answered in {len(parts)} parts; the clock in a picture counts from the start of its part"]
    if settings.alignment in ("vllm", "transformers"):
        notes.append(
            f"alignment={settings.alignment!r} drops pictures that lie past the sound; they are shown here"
        )
    return tuple(notes)
