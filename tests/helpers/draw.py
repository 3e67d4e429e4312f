"""Draws media files with the truth inside: a frame number readable by code, and beeps at known seconds.

A picture is a grid of 6 x 4 cells, black or white. Its corners say which way up it is (top left white, the others
black); the 20 cells between hold the frame number in 10 bits, and the same bits inverted, so a wrong reading is
noticed. The grid survives compression, scaling and any aspect.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

COLUMNS, ROWS, BITS = 6, 4, 10
_CORNERS = (0, COLUMNS - 1, COLUMNS * (ROWS - 1), COLUMNS * ROWS - 1)
_CELLS = tuple(cell for cell in range(COLUMNS * ROWS) if cell not in _CORNERS)
BEEP_S = 0.06
BEEP_HZ = 1000.0


@dataclass(frozen=True)
class Drawn:
    """A drawn file and what is true of it, on the clip's clock."""

    path: Path
    times_s: tuple[float, ...] = ()
    numbers: tuple[int, ...] = ()
    end_s: float = 0.0
    beeps_s: tuple[float, ...] = ()
    size_px: tuple[int, int] = (96, 64)
    variable: bool = False
    rounding_s: float = 1e-5  # how exactly the container tells times
    end_rounding_s: float = 0.03  # the last sound packet may be padded


@dataclass(frozen=True)
class Sound:
    """A track that beeps; seconds are the container's."""

    beeps_s: tuple[float, ...] = (0.5, 1.5)
    start_s: float = 0.0
    end_s: float = 2.4
    rate_hz: int = 48_000
    layout: str = "mono"
    codec: str = "aac"
    sample_format: str = "fltp"
    language: str | None = None


def draw_number(number: int, width_px: int = 96, height_px: int = 64) -> np.ndarray:
    """A picture that says ``number``, uint8 RGB, axes row, column, channel."""
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    cells = np.zeros(COLUMNS * ROWS, np.uint8)
    cells[_CORNERS[0]] = 1
    cells[list(_CELLS)] = bits + [1 - bit for bit in bits]
    rows = np.arange(height_px) * ROWS // height_px
    columns = np.arange(width_px) * COLUMNS // width_px
    grid = cells.reshape(ROWS, COLUMNS)[rows][:, columns] * 200 + 28
    return np.repeat(grid[:, :, None], 3, axis=2).astype(np.uint8)


def read_number(pixels_HWC: np.ndarray) -> int:
    """The number a picture says; an AssertionError when it is damaged, turned or mirrored."""
    height_px, width_px = pixels_HWC.shape[:2]
    values = []
    for cell in range(COLUMNS * ROWS):
        row, column = divmod(cell, COLUMNS)
        top, bottom = (row + 0.3) * height_px / ROWS, (row + 0.7) * height_px / ROWS
        left, right = (column + 0.3) * width_px / COLUMNS, (column + 0.7) * width_px / COLUMNS
        patch = pixels_HWC[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
        values.append(int(patch.mean() > 128))
    assert [values[corner] for corner in _CORNERS] == [1, 0, 0, 0], "the picture is not upright"
    bits = [values[cell] for cell in _CELLS]
    assert all(a != b for a, b in zip(bits[:BITS], bits[BITS:], strict=True)), "the picture is damaged"
    return sum(bit << place for place, bit in enumerate(bits[:BITS]))


def beep_onsets(samples_N: np.ndarray, rate_hz: int, start_s: float = 0.0) -> list[float]:
    """Seconds at which beeps begin in a waveform."""
    hop = rate_hz // 1000
    frames = np.abs(samples_N[: len(samples_N) // hop * hop]).reshape(-1, hop).max(axis=1, initial=0.0)
    loud = frames > 0.1
    onsets, quiet_since = [], 10**9
    for at, is_loud in enumerate(loud):
        if is_loud:
            if quiet_since > 50:
                onsets.append(start_s + at / 1000)
            quiet_since = 0
        else:
            quiet_since += 1
    return onsets


def beep_track(sound: Sound) -> np.ndarray:
    """The samples of a track, float32 mono."""
    count = round((sound.end_s - sound.start_s) * sound.rate_hz)
    at_s = sound.start_s + np.arange(count) / sound.rate_hz
    track = np.zeros(count, np.float32)
    for beep_s in sound.beeps_s:
        inside = (at_s >= beep_s) & (at_s < beep_s + BEEP_S)
        track[inside] = 0.6 * np.sin(2 * np.pi * BEEP_HZ * (at_s[inside] - beep_s) + 0.5 * np.pi)
    return track


def write_media(
    path: Path,
    *,
    ticks: Sequence[int] = (),
    durations: Sequence[int] | int = 1,
    tick_s: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size_px: tuple[int, int] = (96, 64),
    options: dict[str, str] | None = None,
    gop: int = 12,
    container_format: str | None = None,
    mux_options: dict[str, str] | None = None,
    sounds: Sequence[Sound] = (),
    copies: int = 1,
    turns: int = 0,
) -> Path:
    """Write numbered pictures at given ticks, and beeping tracks, into one file."""
    with (
        _usual_priority(),
        av.open(str(path), "w", format=container_format, options=mux_options or {}) as out,
    ):
        pictures = []
        for copy in range(copies if ticks else 0):
            rate = 1 / tick_s if isinstance(durations, int) and durations == 1 else Fraction(25)
            stream = out.add_stream(codec, rate=rate, options=options or {})
            stream.width, stream.height, stream.pix_fmt = (
                size_px[0] * (copy + 1),
                size_px[1] * (copy + 1),
                pix_fmt,
            )
            stream.codec_context.time_base = tick_s
            stream.codec_context.gop_size = gop
            stream.codec_context.bit_rate = 0 if codec == "libsvtav1" else 8_000_000
            pictures.append(stream)
        tracks = [_add_track(out, sound) for sound in sounds]
        for stream in pictures:
            _encode_pictures(out, stream, list(ticks), durations, tick_s=tick_s, turns=turns)
        for stream, sound in zip(tracks, sounds, strict=True):
            _encode_sound(out, stream, sound)
    return path


@contextlib.contextmanager
def _usual_priority() -> Iterator[None]:
    """Undo what SVT-AV1 does to the process of an administrator: real-time priority, under which nothing else gets a turn."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def _add_track(out: av.container.OutputContainer, sound: Sound) -> av.audio.stream.AudioStream:
    stream = out.add_stream(sound.codec, rate=sound.rate_hz)
    stream.codec_context.layout = sound.layout
    stream.codec_context.format = sound.sample_format
    stream.codec_context.time_base = Fraction(1, sound.rate_hz)
    if sound.language:
        stream.metadata["language"] = sound.language
    return stream


def _encode_pictures(out, stream, ticks, durations, *, tick_s, turns) -> None:
    spans = [durations] * len(ticks) if isinstance(durations, int) else list(durations)
    lasting = dict(zip(ticks, spans, strict=True))
    packets = []
    for number, tick in enumerate(ticks):
        shape_px = (stream.height, stream.width) if turns % 2 else (stream.width, stream.height)
        stored = np.ascontiguousarray(np.rot90(draw_number(number, *shape_px), turns))
        frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
        frame = frame.reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = tick, tick_s
        packets += stream.encode(frame)
    for packet in packets + stream.encode(None):
        packet.duration = lasting.get(packet.pts, spans[-1])
        out.mux(packet)


def _encode_sound(out, stream, sound: Sound) -> None:
    track = beep_track(sound)
    channels = stream.codec_context.layout.nb_channels
    step = stream.codec_context.frame_size or 1024
    first = round(sound.start_s * sound.rate_hz)
    planar = sound.sample_format.endswith("p")
    for at in range(0, len(track), step):
        part = track[at : at + step]
        if "s16" in sound.sample_format:
            part = (part * 32767).astype(np.int16)
        shaped = np.tile(part, (channels, 1)) if planar else np.repeat(part, channels)[None]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(shaped), format=sound.sample_format, layout=sound.layout
        )
        frame.sample_rate, frame.pts, frame.time_base = sound.rate_hz, first + at, Fraction(1, sound.rate_hz)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


# --- scenes ----------------------------------------------------------------------------------------------------

_MS = Fraction(1, 1000)
_N = 60  # frames of the plain scenes: 2.4 s at 25 per second


def _plain(
    folder: Path,
    file: str,
    *,
    count: int = _N,
    rate_hz: int | Fraction = 25,
    sounds=(Sound(),),
    offset_s: float = 0.0,
    sound_offset_s: float | None = None,
    **how,
) -> Drawn:
    """Constant-rate pictures; offsets say where a container puts second 0 of what was drawn."""
    tick_s = 1 / Fraction(rate_hz)
    path = write_media(folder / file, ticks=range(count), tick_s=tick_s, sounds=sounds, **how)
    times_s = tuple(float(i * tick_s) + offset_s for i in range(count))
    end_s = max([float(count * tick_s), *(s.end_s for s in sounds)]) + offset_s
    heard_s = offset_s if sound_offset_s is None else sound_offset_s
    beeps_s = tuple(beep_s + heard_s for beep_s in sounds[0].beeps_s) if sounds else ()
    return Drawn(path, times_s, tuple(range(count)), end_s, beeps_s, how.get("size_px", (96, 64)))


def variable_ticks(count: int = _N) -> tuple[list[int], list[int]]:
    """Milliseconds of a variable-rate twin: 40 ms steps, then 10 ms, then long holds; and how long each lasts."""
    steps = [40 if i < 20 else 10 if i < 40 else (150 if i % 2 else 37) for i in range(count)]
    starts = np.cumsum([0, *steps[:-1]]).tolist()
    return starts, steps


def _variable(folder: Path, file: str = "variable.mp4", offset_s: float = 0.0) -> Drawn:
    starts, steps = variable_ticks()
    how = {"tick_s": _MS, "options": {"bf": "0"}, "sounds": (Sound(),)}
    path = write_media(folder / file, ticks=starts, durations=steps, **how)
    times_s = tuple(tick / 1000 + offset_s for tick in starts)
    beeps_s = tuple(beep_s + offset_s for beep_s in Sound().beeps_s)
    end_s = (starts[-1] + steps[-1]) / 1000 + offset_s
    return Drawn(path, times_s, tuple(range(_N)), end_s, beeps_s, variable=True)


def _late_video(folder: Path, file: str = "late_video.mp4", offset_s: float = 0.0, **how) -> Drawn:
    ticks = [start + 30 for start in range(_N)]  # 1.2 s
    sounds = (Sound(end_s=3.0),)
    path = write_media(folder / file, ticks=ticks, sounds=sounds, **how)
    times_s = tuple(tick / 25 + offset_s for tick in ticks)
    beeps_s = tuple(beep_s + offset_s for beep_s in sounds[0].beeps_s)
    return Drawn(path, times_s, tuple(range(_N)), 3.6 + offset_s, beeps_s)


def _late_audio(folder: Path, file: str = "late_audio.mp4", **how) -> Drawn:
    sounds = (Sound(start_s=0.9, beeps_s=(1.25, 2.0), end_s=2.4),)
    return _plain(folder, file, sounds=sounds, **how)


def _both_late(folder: Path) -> Drawn:
    """A transport stream whose own times begin far from 0: a player shows 0 at the first sample."""
    ticks = [start + 250 for start in range(_N)]  # 10 s
    path = write_media(
        folder / "both_late.ts", ticks=ticks, sounds=(Sound(start_s=10.4, beeps_s=(11.0,), end_s=12.4),)
    )
    return Drawn(path, tuple(i / 25 for i in range(_N)), tuple(range(_N)), 2.4, (1.0,))


def _edit_list(folder: Path) -> Drawn:
    """The first 10 frames are in the file and hidden by an edit list: they lie before the start."""
    hidden = 10
    path = write_media(
        folder / "edit_list.mp4",
        ticks=range(-hidden, _N - hidden),
        sounds=(Sound(end_s=2.0),),
        gop=25,
        mux_options={"avoid_negative_ts": "disabled"},
    )
    return Drawn(
        path, tuple(i / 25 for i in range(_N - hidden)), tuple(range(hidden, _N)), 2.0, Sound().beeps_s
    )


def _rotated(folder: Path, turns: int) -> Drawn:
    """Pictures stored turned, with the display matrix that turns them upright."""
    stored_px = (64, 96) if turns % 2 else (96, 64)
    source = replace(_plain(folder, f"rotated_{turns}.mp4", size_px=stored_px, turns=turns), size_px=(96, 64))
    data = bytearray(source.path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    a, b = [(one, 0), (0, one), (-one, 0), (0, -one)][turns]
    matrix = [a, b, 0, -b, a, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    source.path.write_bytes(bytes(data))
    return source


def _durations_image(folder: Path, file: str, **how) -> Drawn:
    lasting = [100, 200, 50, 300, 100, 100, 100, 400]
    pictures = [Image.fromarray(draw_number(i)) for i in range(len(lasting))]
    pictures[0].save(
        folder / file, save_all=True, append_images=pictures[1:], duration=lasting, loop=0, **how
    )
    starts = np.cumsum([0, *lasting[:-1]])
    return Drawn(
        folder / file,
        tuple(float(t) / 1000 for t in starts),
        tuple(range(8)),
        sum(lasting) / 1000,
        variable=True,
    )


def _sound_only(folder: Path, file: str, sound: Sound, **how) -> Drawn:
    return Drawn(write_media(folder / file, sounds=(sound,), **how), end_s=sound.end_s, beeps_s=sound.beeps_s)


def _theora(folder: Path) -> Drawn:
    """Kept in the repository: FFmpeg's libraries read Theora, and PyAV's build of them does not write it.

    Made from ``write_media(path, ticks=range(60), codec="ffv1")`` by ``ffmpeg -c:v libtheora -q:v 6 -g 12``.
    """
    path = Path(__file__).parents[1] / "media" / "data" / "theora.ogv"
    return Drawn(path, tuple(i / 25 for i in range(60)), tuple(range(60)), 2.4)


def _still(folder: Path, file: str) -> Drawn:
    Image.fromarray(draw_number(5)).save(folder / file)
    return Drawn(folder / file, (0.0,), (5,), 0.0)


# Encoders begin before the first sample ("priming"). Containers that cannot say so present it: their second 0 is the
# first priming sample, and all else comes later by its length.
_AAC_PRIMING_S = 1024 / 48_000
_MP2_PRIMING_S = 481 / 48_000
_MP2 = Sound(codec="mp2", sample_format="s16", rate_hz=48_000)
_VORBIS_FREE = Sound(codec="libopus", sample_format="flt")

SCENES: dict[str, Callable[[Path], Drawn]] = {
    "constant": lambda d: _plain(d, "constant.mp4"),
    "b_frames": lambda d: _plain(d, "b_frames.mp4", options={"bf": "3", "b_strategy": "0"}, gop=20),
    "open_gop": lambda d: _plain(d, "open_gop.mp4", options={"x264-params": "open-gop=1:bframes=3"}, gop=12),
    "no_audio": lambda d: _plain(d, "no_audio.mp4", sounds=()),
    "ntsc": lambda d: _plain(d, "ntsc.mp4", rate_hz=Fraction(30000, 1001)),
    "variable": _variable,
    "variable_mkv": lambda d: _variable(d, "variable.mkv"),
    "variable_ts": lambda d: replace(_variable(d, "variable.ts", _AAC_PRIMING_S), end_rounding_s=0.15),
    "late_video": _late_video,
    "late_video_mkv": lambda d: _late_video(d, "late_video.mkv"),
    "late_video_ts": lambda d: _late_video(d, "late_video.ts", _AAC_PRIMING_S),
    "late_audio": _late_audio,
    "late_audio_mkv": lambda d: _late_audio(d, "late_audio.mkv"),
    "both_late": _both_late,
    "edit_list": _edit_list,
    "fragmented": lambda d: _plain(d, "fragmented.mp4", offset_s=0.08, mux_options={"movflags": "frag_keyframe+empty_moov"}),
    "mkv": lambda d: _plain(d, "constant.mkv"),
    "ts": lambda d: _plain(d, "constant.ts", offset_s=_AAC_PRIMING_S),
    "mpg": lambda d: _plain(d, "constant.mpg", offset_s=_MP2_PRIMING_S, codec="mpeg2video", sounds=(_MP2,), options={"bf": "2"}),
    "flv": lambda d: replace(
        _plain(d, "constant.flv", offset_s=1024 / 44_100, sounds=(Sound(rate_hz=44_100),)), rounding_s=1e-3
    ),
    "avi_mpeg4": lambda d: _plain(d, "mpeg4.avi", offset_s=1 / 25, sound_offset_s=_MP2_PRIMING_S, codec="mpeg4", sounds=(_MP2,), options={"bf": "2"}),
    "avi_h264": lambda d: replace(
        _plain(d, "h264.avi", sound_offset_s=_MP2_PRIMING_S, sounds=(_MP2,), options={"bf": "2"}), end_rounding_s=0.05
    ),
    "rotated_1": lambda d: _rotated(d, 1),
    "rotated_2": lambda d: _rotated(d, 2),
    "rotated_3": lambda d: _rotated(d, 3),
    "ten_bit": lambda d: _plain(d, "ten_bit.mp4", codec="libx265", pix_fmt="yuv420p10le", options=_X265),
    "interlaced": lambda d: _plain(d, "interlaced.ts", offset_s=_AAC_PRIMING_S, codec="mpeg2video", options={"flags": "+ildct+ilme"}),
    "odd_size": lambda d: _plain(d, "odd.webm", codec="libvpx-vp9", size_px=(97, 65), sounds=(_VORBIS_FREE,), options=_VPX),
    "hevc": lambda d: _plain(d, "hevc.mp4", codec="libx265", options=_X265),
    "vp8": lambda d: _plain(d, "vp8.webm", codec="libvpx", sounds=(_VORBIS_FREE,), options=_VPX),
    "vp9": lambda d: _plain(d, "vp9.webm", codec="libvpx-vp9", sounds=(_VORBIS_FREE,), options=_VPX),
    "av1": lambda d: _plain(d, "av1.mp4", codec="libsvtav1", options={"preset": "6", "crf": "5"}),
    "mpeg1": lambda d: _plain(d, "mpeg1.mpg", offset_s=_MP2_PRIMING_S, codec="mpeg1video", sounds=(_MP2,)),
    "mjpeg": lambda d: _plain(d, "mjpeg.avi", sound_offset_s=_MP2_PRIMING_S, codec="mjpeg", pix_fmt="yuvj420p", sounds=(_MP2,)),
    "cinepak": lambda d: _plain(d, "cinepak.avi", codec="cinepak", pix_fmt="rgb24", sounds=(), count=12),
    "theora": _theora,
    "raw_h264": lambda d: _plain(d, "raw.h264", sounds=(), options={"bf": "0"}, container_format="h264"),
    "gif": lambda d: _durations_image(d, "moving.gif"),
    "webp": lambda d: _durations_image(d, "moving.webp", lossless=True),
    "single_frame": lambda d: _plain(d, "single.mp4", count=1, sounds=()),
    "still": lambda d: _still(d, "still.png"),
    "two_languages": lambda d: _plain(
        d, "languages.mkv", copies=2,
        sounds=(Sound(language="eng"), Sound(beeps_s=(0.9, 1.9), language="deu")),
    ),
    "surround": lambda d: _plain(d, "surround.mp4", sounds=(Sound(layout="5.1"),)),
    "telephone": lambda d: _plain(d, "telephone.mp4", sounds=(Sound(rate_hz=8_000),)),
    "silent": lambda d: _plain(d, "silent.mp4", sounds=(Sound(beeps_s=()),)),
    "audio_only_wav": lambda d: _sound_only(d, "sound.wav", Sound(codec="pcm_s16le", sample_format="s16")),
    "audio_only_m4a": lambda d: _sound_only(d, "sound.m4a", Sound(rate_hz=44_100), container_format="mp4"),
    "audio_only_mp3": lambda d: _sound_only(d, "sound.mp3", Sound(codec="libmp3lame", rate_hz=44_100)),
}  # fmt: skip
_X265 = {"x265-params": "log-level=none:bframes=3"}
_VPX = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}


@functools.cache
def with_pictures() -> tuple[str, ...]:
    """Scenes that have pictures."""
    return tuple(name for name in SCENES if not name.startswith("audio_only"))


def spoilt(clip: Path, path: Path, first: float, last: float) -> Path:
    """A copy of a clip with a part of its packets' bytes, as parts of the whole, made zeros."""
    data = bytearray(clip.read_bytes())
    start, size = data.index(b"mdat") + 8, data.index(b"moov") - data.index(b"mdat") - 8
    start, end = start + int(size * first), start + int(size * last)
    data[start:end] = bytes(end - start)
    path.write_bytes(bytes(data))
    return path


def draw_slides(path: Path, pictures: int = 80) -> Path:
    """Two still slides of noise, half of the pictures each, ten pictures a second."""
    noise = np.random.default_rng(3)
    pages = [noise.integers(0, 255, (15, 20, 3), np.uint8).repeat(16, 0).repeat(16, 1) for _ in range(2)]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(pictures):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pages[2 * number // pictures], format="rgb24")))
        out.mux(stream.encode(None))
    return path
