"""The sound of a script: tones, beeps, bursts of noise, bells, and the voice, each from its first sample to its last.

Nothing is heard outside the spans: between them every sample is zero. Axes: N sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.evaluate.synthetic.script import Script
from playhead.evaluate.synthetic.voice import sentences, spoken
from playhead.media.clip import Samples

RATE_HZ: Final = 48_000
_PEAK: Final = 0.4
_RAMP_S: Final = 0.003
_Wave = npt.NDArray[np.float64]


def _tone(hz: float, *overtones: float) -> Callable[[_Wave], _Wave]:
    """A tone with odd overtones of the given strengths; it begins at a crest."""

    def wave(t_N: _Wave) -> _Wave:
        parts = [np.cos(2 * np.pi * hz * t_N)]
        parts += [a * np.cos(2 * np.pi * hz * (2 * n + 3) * t_N) for n, a in enumerate(overtones)]
        return np.asarray(sum(parts))

    return wave


def _sweep(from_hz: float, to_hz: float) -> Callable[[_Wave], _Wave]:
    """A tone that glides from one pitch to another over its whole length."""

    def wave(t_N: _Wave) -> _Wave:
        length_s = float(t_N[-1]) + 1 / RATE_HZ
        return np.cos(2 * np.pi * (from_hz * t_N + (to_hz - from_hz) * t_N**2 / (2 * length_s)))

    return wave


def _noise(t_N: _Wave) -> _Wave:
    """White noise; numpy promises the numbers of this old generator for ever."""
    return np.asarray(np.random.RandomState(7).uniform(-1, 1, len(t_N)))


def _bell(t_N: _Wave) -> _Wave:
    """A struck bell: three partials that die away, each at its own pace."""
    partials = ((1.0, 1.0, 3.0), (2.76, 0.5, 6.0), (5.4, 0.25, 10.0))
    return np.asarray(sum(a * np.cos(2 * np.pi * 1568 * n * t_N) * np.exp(-t_N * d) for n, a, d in partials))


# By the words they are asked for.
SOUNDS: Final[dict[str, Callable[[_Wave], _Wave]]] = {
    "a beep": _tone(1000, 0.33, 0.2),
    "a low hum": _tone(110, 0.6, 0.4, 0.3),
    "a burst of noise": _noise,
    "a rising tone": _sweep(300, 1800),
    "a bell": _bell,
}
ALIKE: Final[dict[str, Callable[[_Wave], _Wave]]] = {
    "a high beep": _tone(2000, 0.33),
    "a low beep": _tone(400, 0.33, 0.2),
    "a rising tone": _sweep(300, 1800),
    "a falling tone": _sweep(1800, 300),
}
SHORT: Final = (
    "a beep",
    "a burst of noise",
    "a high beep",
    "a low beep",
)  # still themselves in a fifth of a second


def sound_of(name: str, count: int) -> Samples:
    """So many samples of a sound; neither the first nor the last of them is zero."""
    t_N = np.arange(count) / RATE_HZ
    wave_N = (SOUNDS | ALIKE)[name](t_N)
    wave_N = wave_N * (_PEAK / np.abs(wave_N).max())
    ramp = min(round(_RAMP_S * RATE_HZ), max(1, count // 4))
    rise_N = np.minimum(np.minimum(np.arange(1, count + 1), np.arange(count, 0, -1)) / ramp, 1.0)
    faded_N = wave_N * rise_N
    faded_N[[0, -1]] = np.where(np.abs(faded_N[[0, -1]]) < 1e-3, 1e-3, faded_N[[0, -1]])
    return np.asarray(faded_N, np.float32)


def track_of(script: Script) -> Samples:
    """The whole sound track, from the second at which it begins to the end of the pictures."""
    count = round((script.edges_s[-1] - script.sound_start_s) * RATE_HZ)
    track_N = np.zeros(count, np.float32)
    for heard in script.heard:
        first, end = samples_of(script, heard.span.start_s), samples_of(script, heard.span.end_s)
        track_N[first:end] += sound_of(heard.sound, end - first)
    for said in script.said:
        first = samples_of(script, said.span.start_s)
        voice_N = spoken(sentences()[said.number], RATE_HZ)
        track_N[first : first + len(voice_N)] += voice_N
    return track_N


def samples_of(script: Script, time_s: float) -> int:
    """The sample of the track at a time of the clip."""
    return round((time_s - script.sound_start_s) * RATE_HZ)
