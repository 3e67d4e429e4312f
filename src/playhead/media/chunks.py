"""Sound cut to the lengths that speech encoders want: Whisper's 30 s chunks, ARC's rule for long and short sound.

Axes: N sample, K chunk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import AUDIO_RATE_HZ, Samples, Waveform

CHUNK_S = 30
ARC_LIMIT_S = 300
ARC_SNIPPETS = 150
ARC_SNIPPET_S = 2
ARC_MINIMUM_S = 1


def whisper_chunks(waveform: Waveform, chunk_s: float = CHUNK_S) -> Iterator[Waveform]:
    """Consecutive 30 s pieces of a sound; the last is as short as it is (the feature extractor pads it).

    Args:
        waveform: Any sound; an empty one has no chunks.
        chunk_s: Length of a chunk in seconds.

    Source: Whisper (arXiv 2212.04356, section 2.1): 30 s windows.

    Raises:
        UsageError: If the length is not above 0.
    """
    size = round(chunk_s * waveform.rate_hz)
    if size < 1:
        raise UsageError("cut sound into chunks", found=f"chunk_s={chunk_s}", allowed="above 0")
    return _chunks(waveform, size)


def _chunks(waveform: Waveform, size: int) -> Iterator[Waveform]:
    for first in range(0, waveform.samples_N.shape[0], size):
        start_s = waveform.start_s + first / waveform.rate_hz
        yield Waveform(waveform.samples_N[first : first + size], waveform.rate_hz, start_s)


@dataclass(frozen=True, slots=True)
class ArcSound:
    """The sound ARC's audio encoder hears, and which seconds of the clip it is.

    Attributes:
        waveform: 16 kHz mono, 1 to 300 s; above 300 s of source it is not continuous.
        starts_s: Clip time at which each piece begins: one piece, or 150 snippets of 2 s.
        notes: Plain sentences on what was left out or added.
    """

    waveform: Waveform
    starts_s: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def whole_s(self) -> int:
        """Seconds of sound rounded up, the A of the alignment rules."""
        return math.ceil(self.waveform.duration_s)


def arc_sound(waveform: Waveform) -> ArcSound:
    """ARC's length rule: under 1 s padded with zeros to 1 s, over 300 s thinned to 150 snippets of 2 s, else as it is.

    With n samples and g = n // 150, snippet i is the 32,000 samples from ``i * g``: the *start* of each of 150 equal
    parts, 300 s together.

    Source: released code of ARC-Hunyuan-Video (arXiv 2507.20939 does not state it).

    Raises:
        UsageError: If the sound is not at 16 kHz.
    """
    _at_arc_rate(waveform)
    samples_N, rate = waveform.samples_N, waveform.rate_hz
    count = samples_N.shape[0]
    if count < ARC_MINIMUM_S * rate:
        padded = np.zeros(ARC_MINIMUM_S * rate, dtype=np.float32)
        padded[:count] = samples_N
        notes = (f"{count / rate:.3f} s of sound padded with silence to 1 s",)
        return ArcSound(Waveform(padded, rate, waveform.start_s), (waveform.start_s,), notes)
    if count <= ARC_LIMIT_S * rate:
        return ArcSound(waveform, (waveform.start_s,))
    starts = np.arange(ARC_SNIPPETS) * (count // ARC_SNIPPETS)
    size = ARC_SNIPPET_S * rate
    thinned: Samples = np.concatenate([samples_N[first : first + size] for first in starts])
    starts_s = tuple(float(waveform.start_s + first / rate) for first in starts)
    notes = (f"of {count / rate:.1f} s of sound 300 s were kept, as 150 snippets of 2 s",)
    return ArcSound(Waveform(thinned, rate, waveform.start_s), starts_s, notes)


def arc_silence(duration_s: float, start_s: float = 0.0) -> ArcSound:
    """What ARC hears of a video without sound: silence of its length rounded up to seconds, 1 to 300 s.

    Source: released code of ARC-Hunyuan-Video, which always feeds the audio encoder.
    """
    seconds = max(ARC_MINIMUM_S, min(math.ceil(duration_s), ARC_LIMIT_S))
    samples_N = np.zeros(seconds * AUDIO_RATE_HZ, dtype=np.float32)
    notes = (f"no sound: {seconds} s of silence stand in",)
    return ArcSound(Waveform(samples_N, AUDIO_RATE_HZ, start_s), (start_s,), notes)


def _at_arc_rate(waveform: Waveform) -> None:
    if waveform.rate_hz != AUDIO_RATE_HZ:
        raise UsageError(
            "prepare sound for ARC", found=f"{waveform.rate_hz} Hz", allowed=f"{AUDIO_RATE_HZ} Hz"
        )
