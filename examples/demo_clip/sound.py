"""The sound track: narration, a bell on every title card, three countdown beeps; and when each is heard."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo_clip import programme
from demo_clip.programme import BEEP_S, DING_S, SHOTS, shot_starts_s

TRACK_RATE_HZ = 48_000
SPEECH_PEAK, BELL_PEAK, BEEP_PEAK = 0.7, 0.35, 0.3

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """One thing on the sound track and when it is heard, in seconds."""

    start_s: float
    end_s: float
    kind: str
    text: str


def _times(seconds: float) -> npt.NDArray[np.float64]:
    return np.arange(round(seconds * TRACK_RATE_HZ)) / TRACK_RATE_HZ


def _normal(sound: npt.NDArray[np.floating], peak: float) -> Sound:
    return (sound * (peak / np.abs(sound).max())).astype(np.float32)


def beep() -> Sound:
    """A 1 kHz tone with odd harmonics, soft at both ends."""
    t = _times(BEEP_S)
    tone = sum(a * np.sin(2 * np.pi * 1000 * n * t) for n, a in ((1, 1.0), (3, 0.33), (5, 0.2)))
    return _normal(tone * np.clip(np.minimum(t / 0.01, (BEEP_S - t) / 0.02), 0, 1), BEEP_PEAK)


def ding() -> Sound:
    """A small struck bell: three partials that die away at their own pace."""
    t = _times(DING_S)
    partials = ((1.0, 1.0, 4.0), (2.76, 0.5, 8.0), (5.4, 0.25, 14.0))
    tone = sum(a * np.sin(2 * np.pi * 1568 * n * t) * np.exp(-t * decay) for n, a, decay in partials)
    return _normal(tone * np.clip((DING_S - t) / 0.1, 0, 1), BELL_PEAK)


def resample(sound: Sound, rate_hz: int, to_hz: int = TRACK_RATE_HZ) -> Sound:
    """Bring mono samples to another rate, the track's if not given, with a band-limited FFT."""
    size = round(sound.shape[0] * to_hz / rate_hz)
    spectrum = np.fft.rfft(sound)
    wide = np.zeros(size // 2 + 1, np.complex128)
    keep = min(len(spectrum), len(wide))
    wide[:keep] = spectrum[:keep]
    return np.asarray(np.fft.irfft(wide, size) * (size / sound.shape[0]), np.float32)


def compose(say: Callable[[str], Sound], voice_rate_hz: int) -> tuple[Sound, list[Heard]]:
    """Mix the whole sound track and list what is heard when.

    Raises:
        RuntimeError: When a sentence does not fit before the next thing on the track.
    """
    starts = shot_starts_s()
    track = np.zeros(round(starts[-1] * TRACK_RATE_HZ), np.float32)
    heard: list[Heard] = []

    def put(sound: Sound, at_s: float, kind: str, text: str, length_s: float) -> None:
        first = round(at_s * TRACK_RATE_HZ)
        track[first : first + len(sound)] += sound[: len(track) - first]
        heard.append(Heard(at_s, round(at_s + length_s, 3), kind, text))

    for shot, start_s in zip(SHOTS, starts, strict=False):
        for sentence in shot.sentences:
            sound = _normal(resample(say(sentence.text), voice_rate_hz), SPEECH_PEAK)
            put(sound, start_s + sentence.after_s, "speech", sentence.text, len(sound) / TRACK_RATE_HZ)
        for after_s in shot.dings_s:
            put(ding(), start_s + after_s, "ding", "", DING_S)
        for after_s in shot.beeps_s:
            put(beep(), start_s + after_s, "beep", "", BEEP_S)
    heard.sort(key=lambda item: item.start_s)
    _check(heard)
    return track, heard


def _check(heard: list[Heard]) -> None:
    """Nothing may talk over anything else, and no sentence may run over a cut."""
    for one, after in itertools.pairwise(heard):
        if one.end_s > after.start_s:
            raise RuntimeError(f"{one} runs into {after}")
    starts = programme.shot_starts_s()
    for item in heard:
        end_s = min(s for s in starts if s > item.start_s)
        if item.kind == "speech" and item.end_s > end_s - 0.2:
            raise RuntimeError(f"{item} ends less than 0.2 s before the cut at {end_s} s")
