"""Pictures at exactly their presentation times, one at a time, decoding no more than is needed.

Key frames are known from the packets. The decoder jumps only when a key frame lies between where it is and the next
wanted picture, and is told to drop pictures that nothing refers to and nobody wants. Every picture is checked by its
presentation tick: one that does not come out is tried again from an earlier key frame with nothing dropped, and is
counted as lost when that fails too.

One thread decodes (``source.py`` says so): FFmpeg's default splits pictures of several slices over all CPUs, for up to
half more CPU seconds, and leaves others alone. Axes: H row, W column, C channel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from playhead.errors import CorruptMediaError, UsageError
from playhead.media.clip import Frame, FrameIndex, MediaInfo, Times, Video
from playhead.media.damage import Damage
from playhead.media.index import FrameTable, Ticks, decode, only, packets
from playhead.media.pixels import PixelReader, Size
from playhead.media.probe import Opened, new_damage, no_pictures, opened_video
from playhead.media.window import frames_in, resolve_window

_JUMP_FRAMES: Final = 4  # a key frame nearer than this is reached sooner by decoding on
_MAX_RETRIES: Final = 16
_CLOCK_NOISE_S: Final = 1e-6


class FrameReader:
    """Decodes wanted pictures of an opened file in ascending order."""

    def __init__(self, media: Opened, table: FrameTable, damage: Damage) -> None:
        self._media = media
        self._table = table
        self._damage = damage
        self._packets: Iterator[Packet[Any]] = iter(())
        self._out: deque[VideoFrame] = deque()
        self._fed_tick: int | None = None  # None: not started
        self._drained = False
        self._wanted: frozenset[int] = frozenset()
        self._retries_left = _MAX_RETRIES
        self._seekable = True

    def read(self, ticks: Ticks) -> Iterator[tuple[int, VideoFrame]]:
        """Pictures at these ticks (ascending, each once); one that cannot be decoded is left out and counted."""
        wanted = [int(tick) for tick in ticks]
        self._wanted = frozenset(wanted)
        if self._table.by_order:
            yield from self._read_by_order(wanted)
            return
        for tick in wanted:
            if self._fed_tick is None or self._key_ahead(tick):
                self._jump(tick, back=0)
            frame = self._decode_until(tick, drop=True)
            if frame is None:
                frame = self._try_again(tick)
            if frame is None:
                self._lose(tick)
            else:
                yield tick, frame

    def _read_by_order(self, wanted: list[int]) -> Iterator[tuple[int, VideoFrame]]:
        self._media.restart()
        stream = self._media.video_stream
        only(self._media.container, stream)
        todo = deque(wanted)
        order = iter(self._table.ticks.tolist())
        for packet in packets(self._media.container, self._damage, stream):
            for frame in decode(packet, VideoFrame, self._damage):
                tick = next(order, None)
                if todo and tick == todo[0]:
                    todo.popleft()
                    yield tick, frame
            if not todo:
                return
        for tick in todo:
            self._lose(tick)

    def _lose(self, tick: int) -> None:
        seconds = self._table.seconds(np.asarray([tick], np.int64), self._media.info.zero_s)
        self._damage.lost_s.append(float(seconds[0]))

    def _try_again(self, tick: int) -> VideoFrame | None:
        for back in (0, 1):
            if self._retries_left <= 0:
                return None
            self._retries_left -= 1
            self._jump(tick, back=back)
            frame = self._decode_until(tick, drop=False)
            if frame is not None:
                return frame
        return None

    def _key_before(self, tick: int) -> int:
        return int(np.searchsorted(self._table.key_ticks, tick, side="right")) - 1

    def _key_ahead(self, tick: int) -> bool:
        key = self._key_before(tick)
        if (
            key < 0
            or not self._seekable
            or self._fed_tick is None
            or self._table.key_ticks[key] <= self._fed_tick
        ):
            return False
        here, there = np.searchsorted(self._table.ticks, (self._fed_tick, self._table.key_ticks[key]))
        return int(there - here) > _JUMP_FRAMES

    def _jump(self, tick: int, back: int) -> None:
        """Stand at the key frame before a tick, or at one before that; at the very start where no seek gets there.

        A container that cannot seek is found out once, and decoded straight through from then on.
        """
        key = self._key_before(tick) - back
        waiting = self._seek(max(0, key)) if self._seekable and len(self._table.key_ticks) else None
        if waiting is None:
            self._seekable = False
            self._media.restart()
            only(self._media.container, self._media.video_stream)
            waiting = packets(self._media.container, self._damage, self._media.video_stream)
        self._packets = waiting
        self._out.clear()
        self._drained = False
        self._fed_tick = -(2**62)

    def _seek(self, key: int) -> Iterator[Packet[Any]] | None:
        """Packets from a key frame on, or None where the container cannot be made to give that very packet.

        Some demuxers guess times after a seek, so the packet found must have the time and the size of the indexed one.
        """
        container, stream = self._media.container, self._media.video_stream
        only(container, stream)
        key_tick = int(self._table.key_ticks[key])
        for seek_tick in (key_tick, int(self._table.key_dts[key]), int(self._table.key_dts[max(0, key - 1)])):
            try:
                container.seek(seek_tick, stream=stream, backward=True)
            except av.error.FFmpegError:
                continue
            waiting = packets(container, self._damage, stream)
            for packet in waiting:
                if packet.pts is None or (packet.is_keyframe and packet.pts > key_tick):
                    break
                if packet.pts == key_tick and packet.is_keyframe:
                    if packet.size == self._table.key_bytes[key]:
                        return _chain(packet, waiting)
                    break
        return None

    def _decode_until(self, tick: int, *, drop: bool) -> VideoFrame | None:
        context = self._media.video_stream.codec_context
        while True:
            while self._out:
                if self._out[0].pts is not None and self._out[0].pts > tick:
                    return None
                frame = self._out.popleft()
                if frame.pts == tick:
                    return frame
            if self._drained:
                return None
            packet = next(self._packets, None)
            if packet is None:
                self._drained = True
                continue
            if packet.size:
                unwanted = drop and packet.pts is not None and packet.pts not in self._wanted
                context.skip_frame = "NONREF" if unwanted else "DEFAULT"
                if packet.pts is not None and self._fed_tick is not None:
                    self._fed_tick = max(self._fed_tick, packet.pts)
            self._out.extend(decode(packet, VideoFrame, self._damage))


def _chain(first: Packet[Any], rest: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    yield first
    yield from rest


def stream_frames(
    video: Video,
    *,
    times_s: Times | None = None,
    size: Size = None,
    info: MediaInfo | None = None,
    damage: Damage | None = None,
) -> Iterator[Frame]:
    """Give the pictures of a video one by one, each with its true presentation time.

    Args:
        video: The file and the window.
        times_s: Seconds on the clip's clock, ascending: for each the picture on show at that moment. None gives
            every picture that is first shown inside the window.
        size: Size to make; see :func:`playhead.media.pixels.fit_size`.
        info: Facts of the file where they are known; its clock is used.
        damage: Where to count what is lost; without it, losses are warned about at the end.

    Yields:
        Upright RGB pictures in the order of their times.

    Raises:
        MediaError: Of the kind that fits, among them no pictures and nothing decodable.
        WindowError: The window lies outside the video.
        UsageError: Times that do not ascend.
    """
    collected, lonely = new_damage(damage)
    with opened_video(video, info) as media:
        index = media.index
        if media.table is None or index is None:
            raise no_pictures(media.info)
        if times_s is None:
            rows = frames_in(index, resolve_window(video, media.info))
        else:
            rows = rows_on_show(index, np.asarray(times_s, np.float64))
        yield from read_rows(media, media.table, rows, size, collected)
    if lonely:
        collected.warn(video.source)


def rows_on_show(index: FrameIndex, times_s: Times) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """For each time the row of the frame that is on show then; the first frame for times before it."""
    if (np.diff(times_s) < 0).any():
        raise UsageError(
            "frames at given times", found="times that do not ascend", allowed="ascending seconds"
        )
    rows = np.searchsorted(index.times_s, times_s + _CLOCK_NOISE_S, side="right") - 1
    return np.maximum(rows, 0)


def read_rows(
    media: Opened,
    table: FrameTable,
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
    size: Size,
    damage: Damage,
) -> Iterator[Frame]:
    """The frames of these rows of the table (ascending; a row named twice comes twice)."""
    seconds = table.seconds(table.ticks, media.info.zero_s)
    unique, counts = np.unique(rows, return_counts=True)
    repeat = dict(zip(table.ticks[unique].tolist(), counts.tolist(), strict=True))
    times_s = dict(zip(table.ticks[unique].tolist(), seconds[unique].tolist(), strict=True))
    pixels = PixelReader(size)
    given = 0
    for tick, frame in FrameReader(media, table, damage).read(table.ticks[unique]):
        picture = Frame(pts_s=times_s[tick], pixels_HWC=pixels.read(frame))
        for _ in range(repeat[tick]):
            given += 1
            yield picture
    if len(rows) and not given:
        raise CorruptMediaError(
            f"pictures of {media.info.source!r}", found="damaged data: none of the wanted frames decodes",
            todo="copy it again or choose another window",
        )  # fmt: skip
