"""What a file holds: its streams, where its clock starts, how long it is, and whether its frame rate is constant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from playhead.errors import CodecError, CorruptMediaError, EmptyMediaError, MediaError
from playhead.media.clip import FrameIndex, MediaInfo, StreamKind, Video
from playhead.media.damage import Damage
from playhead.media.index import FrameTable, Scan, measured_rate, scan, table_by_decoding
from playhead.media.source import Source, format_name, open_input, source_name
from playhead.media.streams import Chosen, choose, describe, has_decoder, nearest_right_angle

_AV_TIME_BASE_HZ: Final = 1_000_000
_SHORTFALL_S: Final = 0.25  # headers round, and count the padding of the last sound packet
_SHORTFALL_FRACTION: Final = 0.01


@dataclass(slots=True)
class Opened:
    """A container that stands open, its chosen streams, and what has been measured of it.

    Attributes:
        table: Frame times in ticks; None before measuring, or when no picture can be decoded.
    """

    source: Source
    container: InputContainer
    chosen: Chosen
    info: MediaInfo
    table: FrameTable | None

    @property
    def video_stream(self) -> VideoStream:
        """The chosen video stream.

        Raises:
            EmptyMediaError: There is none.
        """
        if self.chosen.video is None:
            raise no_pictures(self.info)
        return self.chosen.video

    @property
    def audio_stream(self) -> AudioStream:
        """The chosen audio stream.

        Raises:
            EmptyMediaError: There is none.
        """
        if self.chosen.audio is None:
            raise no_sound(self.info)
        return self.chosen.audio

    def close(self) -> None:
        """Close the container that stands open now."""
        self.container.close()

    def restart(self) -> None:
        """Open the container anew: the one way back to the first packet that every format has."""
        video = None if self.chosen.video is None else self.chosen.video.index
        audio = None if self.chosen.audio is None else self.chosen.audio.index
        self.container.close()
        self.container = open_input(self.source)
        streams = self.container.streams
        self.chosen = Chosen(
            None if video is None else cast("VideoStream", streams[video]),
            None if audio is None else cast("AudioStream", streams[audio]),
        )

    @property
    def index(self) -> FrameIndex | None:
        """Frame times in seconds."""
        return None if self.table is None else self.table.index(self.info.zero_s)


@contextlib.contextmanager
def opened(
    source: Source,
    *,
    video_stream: int | None = None,
    audio_stream: int | str | None = None,
    audio: bool = True,
    measure: bool = True,
) -> Iterator[Opened]:
    """Open a source, choose its streams and (unless told otherwise) measure them in one pass over the packets.

    Raises:
        MediaError: Of the kind that fits; see :mod:`playhead.errors`.
        UsageError: A stream that does not exist.
    """
    name = source_name(source)
    with contextlib.ExitStack() as stack:
        container = open_input(source)
        stack.callback(container.close)
        chosen = choose(container, video_stream, audio_stream, name)
        if not chosen.both:
            raise EmptyMediaError(
                f"open {name!r}", found=f"a {format_name(container)} file without video or audio streams",
                allowed="at least one of them",
            )  # fmt: skip
        if not audio:
            chosen = Chosen(chosen.video, None)
        found = scan(container, chosen) if measure else Scan()
        media = Opened(
            source, container, chosen, _facts(container, chosen, found, name, measured=measure), None
        )
        stack.callback(media.close)
        if found.untimed:
            media.restart()
            found.table = table_by_decoding(media.container, media.video_stream, found.damage)
            media.info = _facts(media.container, media.chosen, found, name, measured=measure)
        media.table = found.table
        if measure:
            _refuse_nothing(media.chosen, found, name)
        yield media


def probe(
    source: Source,
    *,
    video_stream: int | None = None,
    audio_stream: int | str | None = None,
    measure: bool = True,
) -> MediaInfo:
    """Say what a file holds and when its streams start and end.

    Args:
        source: Path, open binary file, http(s) or fsspec address.
        video_stream: Index of the video stream, or None for the default one.
        audio_stream: Index or language (``eng``) of the audio stream, or None for the default one.
        measure: Read all packets, so that length, start and frame times are true ones. Without it only the header
            is read, and ``frame_count``, ``variable_rate`` and ``frame_interval_s`` stay None.

    Raises:
        MediaError: Of the kind that fits; see :mod:`playhead.errors`.
        UsageError: A stream that does not exist.
    """
    with opened(source, video_stream=video_stream, audio_stream=audio_stream, measure=measure) as media:
        return media.info


def index_frames(source: Source, info: MediaInfo) -> FrameIndex:
    """The true times of all frames of the video stream that ``info`` chose, on the clock of ``info``.

    Packets are read, not decoded, except in containers that carry no times per frame.

    Raises:
        EmptyMediaError: ``info`` has no video stream.
        CorruptMediaError: No picture of it can be decoded.
    """
    if info.video is None:
        raise no_pictures(info)
    with opened(source, video_stream=info.video.index, audio=False) as media:
        if media.table is None:
            raise no_pictures(info)
        return media.table.index(info.zero_s)


def no_pictures(info: MediaInfo) -> MediaError:
    """The error for pictures asked of a file that has none, or none that can be decoded."""
    return _nothing_of("video", "pictures", info)


def no_sound(info: MediaInfo) -> MediaError:
    """The error for sound asked of a file that has none, or none that can be decoded."""
    return _nothing_of("audio", "sound", info)


def _nothing_of(kind: StreamKind, what: str, info: MediaInfo) -> MediaError:
    asked = f"{what} of {info.source!r}"
    streams = [stream for stream in info.streams if stream.kind == kind]
    if not streams:
        other = "audio only" if info.audio is not None else f"no {kind} stream"
        return EmptyMediaError(
            asked, found=other if kind == "video" else "no audio stream", allowed=f"a file with {what}"
        )
    if all(stream.codec == "unknown" for stream in streams):
        return CodecError(
            asked, found="a codec this build of FFmpeg has no decoder for", todo="convert the file"
        )
    return CorruptMediaError(asked, found=f"a {kind} stream of which nothing decodes", todo="copy it again")


def _refuse_nothing(chosen: Chosen, found: Scan, name: str) -> None:
    if found.table is not None or found.audio_start_s is not None:
        return
    if not any(has_decoder(stream) for stream in chosen.both):
        raise CodecError(
            f"decode {name!r}", found="a codec this build of FFmpeg has no decoder for",
            allowed=f"what FFmpeg {av.library_versions['libavcodec'][0]} decodes", todo="convert the file",
        )  # fmt: skip
    if found.saw_packets:
        raise CorruptMediaError(
            f"decode {name!r}", found="damaged data: not one frame or sample decodes", todo="copy it again"
        )
    raise EmptyMediaError(f"decode {name!r}", found="streams without a single frame or sample")


def _facts(container: InputContainer, chosen: Chosen, found: Scan, name: str, *, measured: bool) -> MediaInfo:
    zero_s, end_s = _bounds(container, chosen, found)
    table = found.table
    index = None if table is None else table.index(zero_s)
    rotation = 0 if found.head is None else nearest_right_angle(found.head.rotation)
    interlaced = found.head is not None and found.head.interlaced_frame
    streams = tuple(describe(stream, zero_s) for stream in container.streams)
    video, audio = (None if s is None else streams[s.index] for s in (chosen.video, chosen.audio))
    if video is not None and index is not None:
        video = replace(video, rotation_deg=rotation, interlaced=interlaced, start_s=float(index.times_s[0]))
    if audio is not None and found.audio_start_s is not None:
        audio = replace(audio, start_s=found.audio_start_s - zero_s)
    streams = tuple(next((c for c in (video, audio) if c and c.index == s.index), s) for s in streams)
    variable, interval_s = (None, None) if index is None else measured_rate(index)
    return MediaInfo(
        source=name,
        container=format_name(container),
        duration_s=max(0.0, end_s - zero_s),
        zero_s=zero_s,
        streams=streams,
        video=video if not measured or index is not None else None,
        audio=audio if not measured or found.audio_start_s is not None else None,
        frame_count=None if index is None else len(index.times_s),
        variable_rate=variable,
        frame_interval_s=interval_s,
        notes=(*found.damage.notes(), *(_remarks(container, chosen, found, end_s) if measured else ())),
    )


def _bounds(container: InputContainer, chosen: Chosen, found: Scan) -> tuple[float, float]:
    """Container seconds of the first and the end of the last presented sample of the chosen streams."""
    starts, ends = [], []
    if found.table is not None:
        starts.append(float(found.table.ticks[0] * found.table.tick_s))
        ends.append(float(found.table.end_tick * found.table.tick_s))
    if found.audio_start_s is not None:
        starts.append(found.audio_start_s)
        ends.append(found.audio_end_s if found.audio_end_s is not None else found.audio_start_s)
    if starts:
        return min(starts), max(ends)
    stated = [s for s in chosen.both if s.start_time is not None and s.time_base is not None]
    zero_s = min((float(s.start_time * s.time_base) for s in stated), default=0.0)  # type: ignore[operator]  # not None in stated
    ends = [
        float((s.start_time + s.duration) * s.time_base)  # type: ignore[operator]  # as above
        for s in stated
        if s.duration is not None
    ]
    whole_s = 0.0 if container.duration is None else container.duration / _AV_TIME_BASE_HZ
    return zero_s, max(ends, default=zero_s + whole_s)


def _remarks(container: InputContainer, chosen: Chosen, found: Scan, end_s: float) -> list[str]:
    lines = []
    for stream, ok in (
        (chosen.video, found.table is not None or found.untimed),
        (chosen.audio, found.audio_start_s is not None),
    ):
        if stream is not None and not ok:
            why = "nothing of it decodes" if has_decoder(stream) else "its codec has no decoder in this build"
            lines.append(f"{stream.type} stream {stream.index} is left out: {why}")
    stated_s = max((_stated_end_s(stream) for stream in chosen.both), default=0.0)
    if not stated_s and container.duration and len(container.streams) == len(chosen.both):
        stated_s = (container.duration + (container.start_time or 0)) / _AV_TIME_BASE_HZ
    if stated_s > end_s + max(_SHORTFALL_S, _SHORTFALL_FRACTION * stated_s):
        lines.append(
            f"the file ends early: its header promises {stated_s:.3f} s, what is in it ends at {end_s:.3f} s"
        )
    return lines


def _stated_end_s(stream: Stream) -> float:
    if stream.duration is None or stream.time_base is None:
        return 0.0
    return float((stream.duration + (stream.start_time or 0)) * stream.time_base)


@contextlib.contextmanager
def opened_video(video: Video, info: MediaInfo | None = None) -> Iterator[Opened]:
    """Open what a :class:`Video` names; the clock of ``info`` is kept where it is given."""
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        if info is not None:
            media.info = info
        yield media


def new_damage(damage: Damage | None) -> tuple[Damage, bool]:
    """A damage record, and whether nobody else collects it."""
    return (damage, False) if damage is not None else (Damage(), True)
