"""One pass over the packets of a file: when every frame is shown, which are key frames, when the sound begins and ends.

No picture is decoded, except the first one of the stream (what cannot be decoded at the head of a cut stream is not
presented) and, for containers that carry no times per frame, all of them.

Ticks are the stream's own integer time units; ``ticks * time_base`` are container seconds, and second 0 of a clip is
the earliest presented sample of the chosen streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, TypeVar

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from playhead.media.clip import FrameIndex, Times
from playhead.media.damage import Damage
from playhead.media.streams import Chosen, has_decoder

Ticks = npt.NDArray[np.int64]

# Used only where neither timestamps, nor a stated rate exist; always noted.
_LAST_RESORT_RATE_HZ: Final = Fraction(25)
_ROUNDING_S: Final = 1e-3  # containers that count milliseconds, and files made from them
_SKIP_BYTES: Final = slice(4, 8)  # "samples to drop at the end" in FFmpeg's skip_samples side data


@dataclass(frozen=True, slots=True)
class FrameTable:
    """Presentation ticks of every frame of a video stream, and where a decoder can start.

    Attributes:
        ticks: When each frame is first shown, ascending.
        is_key: Whether it is a key frame.
        key_ticks: Presentation ticks of all key frames, hidden ones (before an edit list's start) too, ascending.
        key_dts: Decoding ticks of the same.
        key_bytes: Sizes of their packets, by which a packet found after a seek is known to be the same.
        tick_s: Seconds of one tick.
        end_tick: When the last frame stops being shown.
        by_order: Frames come out of the decoder without usable times: the n-th out has the n-th time.
    """

    ticks: Ticks
    is_key: npt.NDArray[np.bool_]
    key_ticks: Ticks
    key_dts: Ticks
    key_bytes: Ticks
    tick_s: Fraction
    end_tick: int
    by_order: bool = False

    def seconds(self, ticks: Ticks, zero_s: float) -> Times:
        """Ticks as seconds on a clock whose 0 lies at container second ``zero_s``."""
        return np.asarray(ticks, np.float64) * self.tick_s.numerator / self.tick_s.denominator - zero_s

    def index(self, zero_s: float) -> FrameIndex:
        """The table in seconds."""
        end_s = float(self.end_tick * self.tick_s) - zero_s
        return FrameIndex(times_s=self.seconds(self.ticks, zero_s), is_key=self.is_key, end_s=end_s)


@dataclass(slots=True)
class Scan:
    """What one pass over the packets found; seconds are the container's own.

    Attributes:
        table: The video stream's frames, or None without one, or when none can be decoded.
        head: The first decoded picture.
        audio_start_s: First presented sample of sound, or None when no sound decodes.
        audio_end_s: End of the last one.
        damage: What was lost.
        saw_packets: Whether there was anything to decode.
        untimed: Pictures decode, but packets carry no times: :func:`table_by_decoding` makes the table.
    """

    table: FrameTable | None = None
    head: VideoFrame | None = None
    audio_start_s: float | None = None
    audio_end_s: float | None = None
    damage: Damage = field(default_factory=Damage)
    saw_packets: bool = False
    untimed: bool = False


@dataclass(slots=True)
class _VideoPackets:
    """Times of a video stream's packets in file order, as they come by."""

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    is_key: list[bool] = field(default_factory=list)
    key_pts: list[int] = field(default_factory=list)
    key_dts: list[int] = field(default_factory=list)
    key_bytes: list[int] = field(default_factory=list)
    untimed: int = 0
    count: int = 0
    last_end: int = 0
    last_pts: int = -(2**62)

    def add(self, packet: Packet[Any]) -> None:
        self.count += 1
        pts = packet.pts
        if pts is None:
            self.untimed += 1
            return
        if packet.is_keyframe:
            self.key_pts.append(pts)
            self.key_dts.append(packet.dts if packet.dts is not None else pts)
            self.key_bytes.append(packet.size)
        if packet.is_discard:
            return
        self.pts.append(pts)
        self.dts.append(packet.dts if packet.dts is not None else pts)
        self.is_key.append(packet.is_keyframe)
        if pts > self.last_pts:
            self.last_pts, self.last_end = pts, pts + (packet.duration or 0)


def scan(container: InputContainer, chosen: Chosen, *, damage: Damage | None = None) -> Scan:
    """Read every packet of the chosen streams once, from where the container stands (its beginning).

    Args:
        container: A freshly opened container.
        chosen: Its chosen streams.
        damage: Where to count what is lost.

    Returns:
        Times of frames and sound; the container is left at its end.
    """
    found = Scan(damage=damage or Damage())
    only(container, *chosen.both)
    video = _VideoPackets()
    for packet in packets(container, found.damage, *chosen.both):
        found.saw_packets = found.saw_packets or packet.size > 0
        if isinstance(packet.stream, VideoStream):
            if packet.size:
                video.add(packet)
            if found.head is None and has_decoder(packet.stream):
                found.head = next(iter(decode(packet, VideoFrame, None)), None)
        else:
            _add_audio(found, packet)
    if chosen.video is not None and found.head is not None:
        found.untimed = video.untimed > 0
        found.table = None if found.untimed else _table(container, chosen.video, video, found)
    return found


def only(container: InputContainer, *streams: av.stream.Stream) -> None:
    """Tell the demuxer to drop the packets of all other streams without reading them."""
    for stream in container.streams:
        if has_decoder(stream):
            stream.discard = Discard.default if stream in streams else Discard.all


def packets(container: InputContainer, damage: Damage, *streams: av.stream.Stream) -> Iterator[Packet[Any]]:
    """Packets of some streams in file order; a break in the container ends them and is noted."""
    try:
        yield from container.demux(*streams)
    except av.error.EOFError:
        return
    except av.error.FFmpegError as error:
        damage.remark(f"the file breaks off: {error.strerror}")


FrameKind = TypeVar("FrameKind", VideoFrame, AudioFrame)


def decode(packet: Packet[Any], kind: type[FrameKind], damage: Damage | None) -> list[FrameKind]:
    """Frames that come out when a packet goes in; a packet that cannot be decoded gives none and is counted."""
    try:
        decoded: list[object] = list(packet.decode())
        return [frame for frame in decoded if isinstance(frame, kind)]
    except av.error.FFmpegError:
        if damage is not None:
            place = packet.pts if packet.pts is not None else packet.pos or -1
            damage.bad_packets[packet.stream.type].add(place)
        return []


def _add_audio(found: Scan, packet: Packet[Any]) -> None:
    if not has_decoder(packet.stream) or packet.time_base is None:
        return
    if found.audio_start_s is None:
        for frame in decode(packet, AudioFrame, None):
            if frame.pts is not None and frame.time_base is not None:
                found.audio_start_s = float(frame.pts * frame.time_base)
                break
    if packet.size and packet.pts is not None and not packet.is_discard:
        trimmed_s = 0.0
        if packet.has_sidedata("skip_samples"):
            skipped = int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[_SKIP_BYTES], "little")
            trimmed_s = skipped / (packet.stream.codec_context.sample_rate or 1)
        end_s = float((packet.pts + (packet.duration or 0)) * packet.time_base) - trimmed_s
        found.audio_end_s = end_s if found.audio_end_s is None else max(found.audio_end_s, end_s)


def _table(container: InputContainer, stream: VideoStream, seen: _VideoPackets, found: Scan) -> FrameTable:
    tick_s = stream.time_base or Fraction(1, 90_000)
    reorders = bool(stream.codec_context.has_b_frames)
    in_decode_order = (
        container.format.name == "avi" and reorders and stream.codec_context.name in {"h264", "hevc"}
    )
    stated = seen.dts if in_decode_order else seen.pts
    order = np.argsort(np.asarray(stated, np.int64), kind="stable")
    ticks, is_key = np.asarray(stated, np.int64)[order], np.asarray(seen.is_key, np.bool_)[order]
    if in_decode_order:
        found.damage.remark("this container keeps times in decoding order: frames are matched by their order")
    elif found.head is not None and found.head.pts is not None:
        kept = ticks >= found.head.pts
        kept[1:] &= ticks[1:] != ticks[:-1]
        if not kept.all():
            found.damage.remark(
                f"{int((~kept).sum())} frames are never shown: undecodable at the start, or doubled"
            )
        ticks, is_key = ticks[kept], is_key[kept]
    keys = np.argsort(np.asarray(seen.key_pts, np.int64), kind="stable")
    return FrameTable(
        ticks=ticks,
        is_key=is_key,
        key_ticks=np.asarray(seen.key_pts, np.int64)[keys],
        key_dts=np.asarray(seen.key_dts, np.int64)[keys],
        key_bytes=np.asarray(seen.key_bytes, np.int64)[keys],
        tick_s=tick_s,
        end_tick=int(ticks[-1]) if is_still(container) else _end_tick(ticks, seen.last_end),
        by_order=in_decode_order,
    )


def _end_tick(ticks: Ticks, stated_end: int) -> int:
    last = int(ticks[-1])
    if stated_end > last:
        return stated_end
    if len(ticks) > 1:
        return last + int(np.median(np.diff(ticks)))
    return last


def is_still(container: InputContainer) -> bool:
    """Whether the file is a picture, which lasts no time (FFmpeg states a 25th of a second for it)."""
    name = container.format.name
    return name == "image2" or name.endswith("_pipe")


def table_by_decoding(container: InputContainer, stream: VideoStream, damage: Damage) -> FrameTable:
    """Times from the decoder where packets have none; from the stated rate where the decoder has none either."""
    only(container, stream)
    ticks: list[int | None] = []
    keys: list[bool] = []
    for packet in packets(container, damage, stream):
        for frame in decode(packet, VideoFrame, damage):
            ticks.append(frame.pts if frame.pts is not None else frame.dts)
            keys.append(bool(frame.key_frame))
    tick_s = stream.time_base or Fraction(1, 90_000)
    timed = [tick for tick in ticks if tick is not None]
    if len(timed) == len(ticks) and all(b > a for a, b in pairwise(timed)):
        pts = np.asarray(timed, np.int64)
        damage.remark("packets carry no presentation times: they were taken from the decoder")
    else:
        rate = (
            stream.codec_context.framerate
            or stream.average_rate
            or stream.guessed_rate
            or _LAST_RESORT_RATE_HZ
        )
        tick_s = 1 / Fraction(rate)
        pts = np.arange(len(ticks), dtype=np.int64)
        damage.remark(
            f"the stream carries no times at all: frames are counted at the stated {float(rate):g} per second"
        )
    empty = np.zeros(0, np.int64)
    end = int(pts[-1]) + (int(np.median(np.diff(pts))) if len(pts) > 1 else 1)
    return FrameTable(pts, np.asarray(keys, np.bool_), empty, empty, empty, tick_s, end, by_order=True)


def measured_rate(index: FrameIndex) -> tuple[bool | None, float | None]:
    """Whether frames come at changing intervals, and the median interval in seconds.

    A stream counts as constant when every frame lies within a millisecond of one even grid: containers that count
    milliseconds (MKV, FLV), and files remuxed from them, cannot say it more exactly.
    """
    times_s = index.times_s
    if len(times_s) < 2:
        return None, None
    grid_s = np.linspace(times_s[0], times_s[-1], len(times_s))
    variable = bool(np.abs(times_s - grid_s).max() > _ROUNDING_S)
    return variable, float(np.median(np.diff(times_s)))
