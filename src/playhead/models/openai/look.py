"""What an endpoint is sent of a window: pictures as JPEG, each after its true time in words, or the file itself.

Pictures are decoded one at a time and kept only as JPEG. Axes: H row, W column, C channel.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any, Final

from playhead.media.clip import MediaInfo, Pixels, Video
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import no_pictures, opened
from playhead.media.sampling import policy, sample_video
from playhead.media.window import pictures_end_s, resolve_window
from playhead.models.openai.config import OpenAIConfig
from playhead.progress import Progress
from playhead.timecode import format_time
from playhead.timeline import Sampling, Span

UNHEARD: Final = "sound is not sent"


@dataclass(frozen=True, slots=True)
class Look:
    """What is sent of a window of a video.

    Attributes:
        info: The container's facts.
        window: The part that is looked at, in seconds on the video's clock.
        sampling: What was sent.
        content: Parts of the user's turn in the protocol's form, before the question.
    """

    info: MediaInfo
    window: Span
    sampling: Sampling
    content: tuple[dict[str, Any], ...]


def look_at(video: Video, config: OpenAIConfig, progress: Progress) -> Look:
    """What is sent of a window.

    Raises:
        MediaError: The file cannot give pictures.
        WindowError: The window lies outside the video.
        UnsupportedError: A window or a stream of a file that is sent whole, or a file too large for that.
    """
    if config.send == "frames":
        return _frames(video, config, progress)
    from playhead.models.openai.whole import as_it_is, at_a_steady_rate

    sent = (
        as_it_is(video, config) if config.send == "video_url" else at_a_steady_rate(video, config, progress)
    )
    return Look(*sent)


def time_text(time_s: float, times: str) -> str:
    """A time from the start of the window in words: ``[12.5 second]`` or ``[00:00:12.500]``, to the millisecond.

    Source: the form of Seed1.5-VL (arXiv 2505.07062), which has one decimal; a rounded time would be another one.
    """
    if times == "clock":
        return f"[{format_time(time_s, style='vtt')}]"
    return f"[{format_time(time_s, style='seconds')} second]"


def _frames(video: Video, config: OpenAIConfig, progress: Progress) -> Look:
    choose, damage = policy(config.sampling), Damage()
    parts: list[dict[str, Any]] = []
    times_s: list[float] = []
    size_px: tuple[int, int] | None = None
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        if media.index is None or media.table is None:
            raise no_pictures(media.info)
        end_s = pictures_end_s(media.index, window)
        chosen = sample_video(video, choose, media.index.times_s, window.start_s, end_s)
        size = chosen.frame_size_px or within(config.frame_px)
        for frame in read_rows(media, media.table, chosen.indices, size, damage):
            # A picture that was there before the window began counts from its start.
            told_s = max(frame.pts_s, window.start_s) - window.start_s
            parts += [_text(time_text(told_s, config.times)), _picture(frame.pixels_HWC, config.jpeg_quality)]
            times_s.append(frame.pts_s)
            size_px = (frame.pixels_HWC.shape[1], frame.pixels_HWC.shape[0])
            progress("looking", len(times_s), len(chosen))
        info = media.info
    length = time_text(window.duration_s, config.times)
    intro = f"A video that ends at {length}, in {len(times_s)} pictures, each after its time from the start:"
    unheard = () if info.audio is None else (UNHEARD,)
    sampling = Sampling(
        policy=chosen.policy,
        window=window,
        times_s=tuple(times_s),
        frame_size_px=size_px,
        notes=tuple(dict.fromkeys((*info.notes, *chosen.notes, *damage.notes(), *unheard))),
    )
    return Look(info, window, sampling, (_text(intro), *parts))


def within(longest_px: int) -> Any:  # noqa: ANN401 - a function from a size to a size
    """Makes a size fit into a square, proportions kept, never larger than it was."""

    def size(width_px: int, height_px: int) -> tuple[int, int]:
        scale = min(1.0, longest_px / max(width_px, height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))

    return size


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _picture(pixels_HWC: Pixels, quality: int) -> dict[str, Any]:
    from PIL import Image

    made = io.BytesIO()
    Image.fromarray(pixels_HWC).save(made, "JPEG", quality=quality)
    address = f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": address}}
