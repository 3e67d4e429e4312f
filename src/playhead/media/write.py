"""Pictures with their ticks, and sound from a sample on, into a file whose presentation times are exactly those.

For media that are drawn here (checks, benchmarks), and for windows that are sent to an endpoint; nothing else of a user's
video is ever written again. One thread and
bit-exact headers: the same pictures give the same file with the same build of FFmpeg's libraries.
Axes: N sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from os import PathLike
from typing import IO, Any, Final, Literal

import av
import numpy as np

from playhead.media.clip import Pixels, Samples

Codec = Literal["flac", "aac"]
_SAMPLE_FORMATS: Final = {"flac": "s16", "aac": "fltp"}
_MOST_PCM: Final = 32767


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to be written.

    Attributes:
        tick: When it is shown, in ticks of the stream.
        lasting: For how many ticks.
        pixels_HWC: uint8 RGB.
    """

    tick: int
    lasting: int
    pixels_HWC: Pixels


@dataclass(frozen=True, slots=True)
class Sound:
    """One mono track.

    Attributes:
        samples_N: Float32, -1 to 1.
        rate_hz: Samples per second.
        first: Container time of the first sample, in samples.
        codec: ``flac`` keeps every 16-bit sample and has no delay; ``aac`` goes into transport streams too.
    """

    samples_N: Samples
    rate_hz: int
    first: int = 0
    codec: Codec = "flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How pictures are written.

    Attributes:
        size_px: Width and height, even numbers.
        tick_s: Seconds of one tick.
        container: FFmpeg's name of the format.
        encoder: Options of libx264.
        gop: Greatest distance of key frames, in pictures.
        muxer: Options of the container.
    """

    size_px: tuple[int, int]
    tick_s: Fraction
    container: str = "mp4"
    encoder: Mapping[str, str] = field(default_factory=dict)
    gop: int = 12
    muxer: Mapping[str, str] = field(default_factory=dict)


def write_media(
    target: str | PathLike[str] | IO[bytes],
    pictures: Iterable[Picture],
    how: Writing,
    sound: Sound | None = None,
) -> None:
    """Encode and mux, sound beside the pictures it is heard with.

    Args:
        target: A path, or an open file that can seek.
        pictures: In the order of their ticks.
        how: Codec, container and size.
        sound: The track, or None.

    Raises:
        OSError: What the disk refuses.
    """
    try:
        _write(target, pictures, how, sound)
    except av.error.PyAVCallbackError as error:  # what a file object raised, wrapped by PyAV
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _write(
    target: str | PathLike[str] | IO[bytes], pictures: Iterable[Picture], how: Writing, sound: Sound | None
) -> None:
    options = {"fflags": "+bitexact", **how.muxer}
    place: Any = target if hasattr(target, "write") else str(target)
    with av.open(place, "w", format=how.container, options=options) as out:
        stream: Any = out.add_stream("libx264", rate=1 / how.tick_s, options=dict(how.encoder))
        stream.width, stream.height = how.size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = how.tick_s
        stream.codec_context.gop_size = how.gop
        stream.codec_context.thread_count = 1  # the number of threads changes x264's bytes
        track: Any = None if sound is None else _add_track(out, sound)
        waiting = iter(()) if sound is None else _sound_frames(sound, track)
        heard_s = float("-inf")
        lasting: dict[int, int] = {}
        for picture in pictures:
            lasting[picture.tick] = picture.lasting
            _mux(out, stream.encode(_frame(picture, how.tick_s)), lasting)
            while heard_s <= picture.tick * how.tick_s and (part := next(waiting, None)) is not None:
                heard_s = part.time or 0.0
                out.mux(track.encode(part))
        for part in waiting:
            out.mux(track.encode(part))
        _mux(out, stream.encode(None), lasting)
        if track is not None:
            out.mux(track.encode(None))


def _frame(picture: Picture, tick_s: Fraction) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture.pixels_HWC, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = picture.tick, tick_s
    return frame


def _mux(out: Any, packets: Iterable[Any], lasting: dict[int, int]) -> None:  # noqa: ANN401 - PyAV's container and packets
    for packet in packets:
        packet.duration = lasting.pop(packet.pts)
        out.mux(packet)


def _add_track(out: Any, sound: Sound) -> Any:  # noqa: ANN401 - a container and a stream of PyAV
    track = out.add_stream(sound.codec, rate=sound.rate_hz)
    track.codec_context.layout, track.codec_context.format = "mono", _SAMPLE_FORMATS[sound.codec]
    track.codec_context.time_base = Fraction(1, sound.rate_hz)
    return track


def _sound_frames(sound: Sound, track: Any) -> Iterator[av.AudioFrame]:  # noqa: ANN401 - a stream of PyAV
    kept = _SAMPLE_FORMATS[sound.codec]
    samples_N = sound.samples_N
    if kept == "s16":
        samples_N = np.round(np.clip(samples_N, -1, 1) * _MOST_PCM).astype(np.int16)
    step = track.codec_context.frame_size or 1024
    for at in range(0, len(samples_N), step):
        part = np.ascontiguousarray(samples_N[None, at : at + step])
        frame = av.AudioFrame.from_ndarray(part, format=kept, layout="mono")
        frame.sample_rate, frame.pts = sound.rate_hz, sound.first + at
        frame.time_base = Fraction(1, sound.rate_hz)
        yield frame
