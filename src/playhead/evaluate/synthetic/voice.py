"""Sentences that were read once (by Kokoro-82M, see NOTICE.md) and are kept beside this file, without loss.

Axes: N sample.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from playhead.media import Video, stream_audio
from playhead.media.clip import Samples

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the voice.

    Attributes:
        text: What is said.
        about: Its subject, in other words.
        first: Its first sample in the kept sound.
        end: The sample after its last.
        rate_hz: Samples per second of the kept sound.
    """

    text: str
    about: str
    first: int
    end: int
    rate_hz: int

    def samples_at(self, rate_hz: int) -> int:
        """How many samples it has at another rate, a multiple of its own."""
        return (self.end - self.first) * (rate_hz // self.rate_hz)


@lru_cache(maxsize=1)
def sentences() -> tuple[Sentence, ...]:
    """All sentences there are."""
    table = json.loads((_FOLDER / "voice.json").read_text(encoding="utf-8"))
    return tuple(Sentence(**each, rate_hz=table["rate_hz"]) for each in table["sentences"])


@lru_cache(maxsize=1)
def _kept() -> Samples:
    path, rate_hz = str(_FOLDER / "voice.flac"), sentences()[0].rate_hz
    return np.concatenate([block.samples_N for block in stream_audio(Video(path), rate_hz=rate_hz)])


def spoken(sentence: Sentence, rate_hz: int) -> Samples:
    """A sentence as float32 samples at a multiple of its own rate, band-limited, as long as the table says."""
    sound_N = _kept()[sentence.first : sentence.end]
    size = sentence.samples_at(rate_hz)
    spectrum = np.fft.rfft(sound_N.astype(np.float64))
    wide = np.zeros(size // 2 + 1, np.complex128)
    wide[: len(spectrum)] = spectrum
    return (np.fft.irfft(wide, size) * (size / len(sound_N))).astype(np.float32)
