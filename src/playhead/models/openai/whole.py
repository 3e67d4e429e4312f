"""A video as a file, for endpoints that decode it: as it is, or its window encoded anew with pictures at a steady rate.

An endpoint that decodes video takes times as a picture's number over an average rate. Of a file whose pictures come at a
steady rate from 0 on that is right, and so it is of what :func:`at_a_steady_rate` sends, whatever the source's rate was.
"""

from __future__ import annotations

import base64
import mimetypes
import urllib.parse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.errors import SourceError, UnsupportedError
from playhead.media.clip import MediaInfo, Pixels, Times, Video
from playhead.media.damage import Damage
from playhead.media.decode import read_rows, rows_on_show
from playhead.media.encode import encode_steady, even, steady_times
from playhead.media.pixels import Size, fit_size
from playhead.media.probe import Opened, no_pictures, opened
from playhead.media.window import resolve_window
from playhead.models.openai.config import OpenAIConfig
from playhead.models.openai.look import UNHEARD, within
from playhead.progress import Progress
from playhead.timeline import Sampling, Span

MOST_FILE_BYTES: Final = 64 * 2**20
UNTIMED: Final = "the endpoint chose the pictures and their times itself: what it looked at, and by which clock, is not known here"
CHOSEN: Final = "the endpoint chose among the pictures that were sent; they came at a steady rate, so that counting them gives their times"

_Sent = tuple[MediaInfo, Span, Sampling, tuple[dict[str, Any], ...]]


def as_it_is(video: Video, config: OpenAIConfig) -> _Sent:
    """The file itself, or its address.

    Raises:
        MediaError: It has no pictures or cannot be read.
        UnsupportedError: A window or a stream of its own, or a file too large to be sent.
    """
    if (video.start_s or 0, video.end_s, video.video_stream, video.audio_stream) != (0, None, None, None):
        raise UnsupportedError(
            f"send {video.source} as it is",
            found="a window or a stream of its own",
            todo="use send='video', which encodes the window, or send='frames'",
        )
    with opened(video.source) as media:
        info = media.info
        if info.video is None:
            raise no_pictures(info)
    window = resolve_window(video, info)
    sampling = Sampling(policy="video_url", window=window, notes=(*info.notes, UNTIMED))
    return info, window, sampling, (_part(_address_of(video.source), config),)


def at_a_steady_rate(video: Video, config: OpenAIConfig, progress: Progress) -> _Sent:
    """The window as a file of its own: at every step the picture that is on show then, black where there is none yet.

    Pictures are decoded and encoded one at a time; a picture that is lost stays the one before it, as a player shows it.

    Raises:
        MediaError: The file cannot give pictures.
        WindowError: The window lies outside the video.
        UsageError: What is made grows too large.
    """
    damage, rate_hz = Damage(), Fraction(config.rate_hz).limit_denominator(1000)
    sent_s: list[float] = []
    size_px: list[tuple[int, int]] = []

    def size(width_px: int, height_px: int) -> tuple[int, int]:
        size_px[:] = [even(*fit_size(within(config.frame_px), width_px, height_px))]
        return size_px[0]

    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        window = resolve_window(video, media.info)
        steps_s = steady_times(window.start_s, window.end_s, rate_hz)
        pictures = _on_show(media, steps_s, size, damage, sent_s)
        data = encode_steady(_told(pictures, len(steps_s), progress), rate_hz, most_bytes=MOST_FILE_BYTES)
        info = media.info
    unheard = () if info.audio is None else (UNHEARD,)
    sampling = Sampling(
        policy=f"video:rate_hz={float(rate_hz):g}",
        window=window,
        times_s=tuple(sent_s),
        frame_size_px=size_px[0],
        notes=tuple(dict.fromkeys((*info.notes, *damage.notes(), CHOSEN, *unheard))),
    )
    return info, window, sampling, (_part(_data_address(data, "video/mp4"), config),)


def _on_show(
    media: Opened, steps_s: Times, size: Size, damage: Damage, sent_s: list[float]
) -> Iterator[Pixels]:
    """For each step the picture on show; the times of those given are added to ``sent_s``."""
    if media.index is None or media.table is None:
        raise no_pictures(media.info)
    early = int(np.searchsorted(steps_s, float(media.index.times_s[0]) - 1e-6))
    rows = rows_on_show(media.index, steps_s[early:])
    unique, counts = np.unique(rows, return_counts=True)
    lasting = dict(zip(media.index.times_s[unique].tolist(), counts.tolist(), strict=True))
    waiting = early  # steps that nothing was given for yet
    last: Pixels | None = None
    if not len(unique):  # it ends before its first picture: that picture only says how large a black one is
        unique = np.array([0], np.intp)
    frames = read_rows(media, media.table, unique, size, damage)
    for frame in frames:
        passed_s = [time_s for time_s in lasting if time_s < frame.pts_s]
        waiting += sum(lasting.pop(time_s) for time_s in passed_s)  # lost ones
        filling = np.zeros_like(frame.pixels_HWC) if last is None else last
        for _ in range(waiting):
            yield filling
        waiting, last = 0, frame.pixels_HWC
        for _ in range(lasting.pop(frame.pts_s, 0)):
            yield last
        sent_s.append(frame.pts_s)
    for _ in range(sum(lasting.values())):
        if last is not None:
            yield last


def _told(pictures: Iterator[Pixels], total: int, progress: Progress) -> Iterator[Pixels]:
    for number, picture in enumerate(pictures, start=1):
        yield picture
        progress("looking", number, total)


def _part(address: str, config: OpenAIConfig) -> dict[str, Any]:
    """The file in the protocol's form; where the endpoint is told a rate beside it, with that.

    Sources: Volcano Engine's Ark, ``video_url`` with ``fps`` within it; DashScope, ``fps`` beside it.
    """
    part: dict[str, Any] = {"type": "video_url", "video_url": {"url": address}}
    if config.sample_hz is not None and config.dialect == "ark":
        part["video_url"]["fps"] = config.sample_hz
    if config.sample_hz is not None and config.dialect == "dashscope":
        part["fps"] = config.sample_hz
    return part


def _address_of(source: str) -> str:
    """The video's own address, or the file's bytes as one."""
    if urllib.parse.urlsplit(source).scheme in ("http", "https"):
        return source
    path = Path(source)
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MOST_FILE_BYTES:
            raise UnsupportedError(
                f"send {source} as it is",
                found=f"{size_bytes / 2**20:.0f} MiB",
                allowed=f"{MOST_FILE_BYTES / 2**20:.0f} MiB",
                todo="use send='video', which makes it smaller, or send='frames', or name an http address",
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"send {source} as it is", found=error.strerror or str(error)) from error
    return _data_address(data, mimetypes.guess_type(path.name)[0] or "video/mp4")


def _data_address(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
