"""Which streams a file has, which of them are chosen, and what the container says of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, cast

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from playhead.errors import UsageError
from playhead.media.clip import StreamInfo, StreamKind

_MATRIX_BYTES: Final = 36


@dataclass(frozen=True, slots=True)
class Chosen:
    """The streams that make the clip."""

    video: VideoStream | None
    audio: AudioStream | None

    @property
    def both(self) -> tuple[Stream, ...]:
        """Those that exist."""
        return tuple(stream for stream in (self.video, self.audio) if stream is not None)


def choose(container: InputContainer, video: int | None, audio: int | str | None, name: str) -> Chosen:
    """Pick the streams by index or language, else those that the container marks as default, else the first.

    Raises:
        UsageError: No stream of that index, kind or language.
    """
    videos = [stream for stream in container.streams.video if video is not None or not _is_cover(stream)]
    return Chosen(
        cast("VideoStream | None", _pick(list(videos), video, "video", name)),
        cast("AudioStream | None", _pick(list(container.streams.audio), audio, "audio", name)),
    )


def _pick(streams: list[Stream], wanted: int | str | None, kind: str, name: str) -> Stream | None:
    if wanted is not None:
        for stream in streams:
            if wanted in {stream.index, stream.language}:
                return stream
        known = ", ".join(f"{stream.index} ({stream.language or 'no language'})" for stream in streams)
        raise UsageError(
            f"{kind} stream {wanted!r} of {name!r}",
            found="no such stream",
            allowed=known or f"no {kind} at all",
        )
    usable = [stream for stream in streams if has_decoder(stream)] or streams
    marked = [stream for stream in usable if stream.disposition & Disposition.default]
    return next(iter(marked or usable), None)


def has_decoder(stream: Stream) -> bool:
    """Whether this build of FFmpeg can decode the stream."""
    return getattr(stream, "codec_context", None) is not None


def _is_cover(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def describe(stream: Stream, zero_s: float, rotation_deg: int = 0, *, interlaced: bool = False) -> StreamInfo:
    """What the container says of a stream, with times moved to the clip's clock."""
    tick_s = stream.time_base
    start = (
        None if stream.start_time is None or tick_s is None else float(stream.start_time * tick_s) - zero_s
    )
    length = None if stream.duration is None or tick_s is None else float(stream.duration * tick_s)
    kind: StreamKind = stream.type if stream.type in {"video", "audio", "subtitle"} else "data"
    codec = stream.codec_context.name if has_decoder(stream) else "unknown"
    shape: dict[str, object] = {}
    if isinstance(stream, VideoStream) and has_decoder(stream):
        rate = stream.average_rate
        shape = {
            "width_px": stream.width,
            "height_px": stream.height,
            "pixel_format": stream.pix_fmt,
            "rotation_deg": rotation_deg,
            "interlaced": interlaced,
            "stated_rate_hz": float(rate) if rate else None,
        }
    elif isinstance(stream, AudioStream) and has_decoder(stream):
        shape = {"sample_rate_hz": stream.rate, "channels": stream.channels}
    return StreamInfo(
        index=stream.index,
        kind=kind,
        codec=codec,
        start_s=start,
        duration_s=length,
        language=stream.language,
        title=stream.metadata.get("title"),
        default=bool(stream.disposition & Disposition.default),
        **shape,  # type: ignore[arg-type]  # a dict of mixed values; its keys are set just above
    )


def nearest_right_angle(angle_deg: float) -> int:
    """An angle as whole quarter turns counter-clockwise, in -90, 0, 90, 180 degrees."""
    quarter = round(angle_deg / 90) % 4 if math.isfinite(angle_deg) else 0
    return (0, 90, 180, -90)[quarter]
