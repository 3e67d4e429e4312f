"""A strip of small pictures over a stretch of a video, as JPEG, each with its presentation time.

Axes: H row, W column, C colour channel.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Final

import numpy as np

from playhead.media.clip import Pixels, Video
from playhead.media.glance import glance
from playhead.media.probe import opened
from playhead.media.window import resolve_window

PICTURES: Final = 8
_WIDTH_PX: Final = 168
_QUALITY: Final = 62


@dataclass(frozen=True, slots=True)
class Strip:
    """Pictures at even distances over a stretch of a video.

    Attributes:
        start_s: Where the stretch begins, in seconds.
        end_s: Where it ends.
        pictures: Presentation time and ``data:`` address of each.
    """

    start_s: float
    end_s: float
    pictures: tuple[tuple[float, str], ...]


def strip(video: Video, *, pictures: int = PICTURES) -> Strip:
    """The pictures on show in the middle of so many equal parts of a window.

    Raises:
        MediaError: If the file cannot give pictures.
        WindowError: If the window lies outside of it.
    """
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        index = media.index
        times_s = index.times_s if index is not None else np.zeros(0)
        middles_s = window.start_s + (np.arange(pictures) + 0.5) * window.duration_s / pictures
        rows = np.maximum(np.searchsorted(times_s, middles_s, side="right") - 1, 0)
        frames, _, _ = glance(media, np.unique(rows), range(len(np.unique(rows))), _small)
    found = {
        float(at_s): _address(pixels) for at_s, pixels in zip(frames.pts_s, frames.pixels_FHWC, strict=True)
    }
    shown = [max((at_s for at_s in found if at_s <= middle_s), default=min(found)) for middle_s in middles_s]
    return Strip(window.start_s, window.end_s, tuple((at_s, found[at_s]) for at_s in shown))


def _small(pixels_HWC: Pixels, number: int) -> Pixels:
    from PIL import Image

    del number
    height_px, width_px = pixels_HWC.shape[:2]
    size = (_WIDTH_PX, max(1, round(_WIDTH_PX * height_px / width_px)))
    return np.asarray(Image.fromarray(pixels_HWC).resize(size, Image.Resampling.BILINEAR))


def _address(pixels_HWC: Pixels) -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels_HWC).save(out, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
