"""Sound on the clip's clock: mono float32 in which sample n is heard at ``start_s + n / rate_hz``, come what may.

Channels are mixed by FFmpeg's standard downmix. Late starts, gaps and undecodable stretches become silence of their
true length, overlaps are cut, so that sound and pictures never drift apart. Axes: N sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from playhead.errors import CorruptMediaError
from playhead.media.clip import AUDIO_RATE_HZ, MediaInfo, Samples, Video, Waveform
from playhead.media.damage import Damage
from playhead.media.index import decode, only, packets
from playhead.media.probe import Opened, new_damage, no_sound, opened_video
from playhead.media.window import resolve_window
from playhead.timeline import Span

_DRIFT_S: Final = 0.02  # how far a run of sound may stray from its timestamps before it is set right
_PREROLL_S: Final = 0.5  # decoders need sound before the first wanted sample to settle
_REPORTED_GAP_S: Final = 0.1


class _Placer:
    """Sets resampled sound down at its place on the clock; hands out finished samples from the window's start."""

    def __init__(self, window: Span, rate_hz: int, damage: Damage) -> None:
        self._window = window
        self._rate_hz = rate_hz
        self._damage = damage
        self._next = 0  # window sample index of the next sample to be set down
        self._total = round(window.duration_s * rate_hz)
        self._resampler: AudioResampler | None = None
        self._run_end_s = float("-inf")  # where the source's current run of sound ends
        self._place = 0  # window sample index of the run's next output sample
        self.heard = False

    def add(self, frame: AudioFrame, at_s: float) -> list[Samples]:
        """Take one decoded frame that is heard at a second of the clip's clock."""
        done: list[Samples] = []
        if self._resampler is None or abs(at_s - self._run_end_s) > _DRIFT_S:
            done += self.flush()
            self._note_gap(at_s)
            self._resampler = AudioResampler(format="flt", layout="mono", rate=self._rate_hz)
            self._place = round((at_s - self._window.start_s) * self._rate_hz)
            self._run_end_s = at_s
        self._run_end_s += frame.samples / frame.sample_rate
        frame.pts = None
        self.heard = True
        return done + self._set_down(self._resampler.resample(frame))

    def flush(self) -> list[Samples]:
        """End the current run: what the resampler still holds."""
        if self._resampler is None:
            return []
        tail = self._resampler.resample(None)
        self._resampler = None
        return self._set_down(tail)

    def rest(self) -> Samples:
        """Silence up to the window's end."""
        return np.zeros(max(0, self._total - self._next), np.float32)

    @property
    def full(self) -> bool:
        """Whether the window is filled."""
        return self._next >= self._total

    def _note_gap(self, at_s: float) -> None:
        gap_s = at_s - max(self._run_end_s, self._window.start_s)
        if self.heard and gap_s > _REPORTED_GAP_S:
            self._damage.silenced_s += gap_s

    def _set_down(self, frames: list[AudioFrame]) -> list[Samples]:
        done: list[Samples] = []
        for frame in frames:
            samples_N = frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            start = self._place
            self._place += len(samples_N)
            samples_N = samples_N[max(0, self._next - start) : max(0, self._total - start)]
            start = max(start, self._next)
            if not len(samples_N):
                continue
            if start > self._next:
                done.append(np.zeros(start - self._next, np.float32))
            done.append(samples_N)
            self._next = start + len(samples_N)
        return done


def stream_audio(
    video: Video,
    *,
    rate_hz: int = AUDIO_RATE_HZ,
    block_s: float = 30.0,
    info: MediaInfo | None = None,
    damage: Damage | None = None,
) -> Iterator[Waveform]:
    """Give the sound of a video in blocks that follow each other without a gap.

    Args:
        video: The file and the window.
        rate_hz: Samples per second to make.
        block_s: Seconds per block; the last one may be shorter.
        info: Facts of the file where they are known; its clock is used.
        damage: Where to count what is lost; without it, losses are warned about at the end.

    Yields:
        Mono blocks that cover the window from its start to its end.

    Raises:
        MediaError: Of the kind that fits, among them no sound and nothing decodable.
        WindowError: The window lies outside the video.
    """
    collected, lonely = new_damage(damage)
    with opened_video(video, info) as media:
        if media.chosen.audio is None or media.info.audio is None:
            raise no_sound(media.info)
        window = resolve_window(video, media.info)
        yield from read_sound(media, window, rate_hz, block_s, collected)
    if lonely:
        collected.warn(video.source)


def read_sound(
    media: Opened, window: Span, rate_hz: int, block_s: float, damage: Damage
) -> Iterator[Waveform]:
    """The sound of a window of an opened file in blocks."""
    block = max(1, round(block_s * rate_hz))
    given = 0
    held: list[Samples] = []
    count = 0
    for samples_N in _samples(media, window, rate_hz, damage):
        held.append(samples_N)
        count += len(samples_N)
        while count >= block:
            joined = np.concatenate(held)
            yield Waveform(joined[:block].copy(), rate_hz, window.start_s + given / rate_hz)
            given += block
            count -= block
            held = [joined[block:]]
    if count or not given:
        yield Waveform(
            np.concatenate([*held, np.zeros(0, np.float32)]), rate_hz, window.start_s + given / rate_hz
        )


def _samples(media: Opened, window: Span, rate_hz: int, damage: Damage) -> Iterator[Samples]:
    placer = _Placer(window, rate_hz, damage)
    for frame, at_s in _frames_from(media, window.start_s, damage):
        if at_s >= window.end_s or placer.full:
            break
        yield from placer.add(frame, at_s)
    yield from placer.flush()
    if damage.bad_packets.get("audio") and not placer.heard:
        raise CorruptMediaError(
            f"sound of {media.info.source!r}", found="damaged data: no sound in the window decodes",
            todo="copy it again or choose another window",
        )  # fmt: skip
    yield placer.rest()


def _frames_from(media: Opened, start_s: float, damage: Damage) -> Iterator[tuple[AudioFrame, float]]:
    """Decoded frames from a little before a second on, each with its own second; packets that fail are counted."""
    stream = _stand_before(media, start_s - _PREROLL_S)
    zero_s = media.info.zero_s
    expected_s = 0.0
    for packet in packets(media.container, damage, stream):
        for frame in decode(packet, AudioFrame, damage):
            if frame.pts is not None and frame.time_base is not None:
                expected_s = float(frame.pts * frame.time_base) - zero_s
            yield frame, expected_s
            expected_s += frame.samples / frame.sample_rate


def _stand_before(media: Opened, at_s: float) -> AudioStream:
    """Stand before a second of the clip's clock, at the file's start where no seek gets there."""
    stream = media.audio_stream
    if at_s > 0 and stream.time_base is not None:
        only(media.container, stream)
        tick = int((at_s + media.info.zero_s) / stream.time_base)
        try:
            media.container.seek(tick, stream=stream, backward=True)
            first = next((packet for packet in media.container.demux(stream) if packet.size), None)
            if first is not None and first.pts is not None and first.pts <= tick + 1 / stream.time_base:
                media.container.seek(tick, stream=stream, backward=True)
                return stream
        except av.error.FFmpegError:
            pass
    media.restart()
    only(media.container, media.audio_stream)
    return media.audio_stream
