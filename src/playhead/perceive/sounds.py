"""What is heard besides speech: music, applause, an alarm, a dog; YAMNet on windows of a second.

The classifier sees 0.975 s every 0.48 s. A sound begins where its score, averaged over three windows, is at least 0.5
and lasts while it stays above 0.25. Axes: N sample, K class.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.media.clip import AUDIO_RATE_HZ, Waveform
from playhead.perceive.litert import interpreter
from playhead.timeline import Mark, Span

WINDOW_SAMPLES: Final = 15_600
HOP_SAMPLES: Final = 7_680  # 0.48 s
_ON: Final = 0.5
_OFF: Final = 0.25
_PEAK: Final = 0.75  # one window alone must be this sure: a bang is short
_SHORT_S: Final = 5.0
_HOP_S: Final = HOP_SAMPLES / AUDIO_RATE_HZ
_WINDOW_S: Final = WINDOW_SAMPLES / AUDIO_RATE_HZ

# The speech lane has these, with words.
_SPEECH: Final = (
    "Speech",
    "Child speech, kid speaking",
    "Conversation",
    "Narration, monologue",
    "Babbling",
    "Speech synthesizer",
)
# Silence, rooms and recording faults are no events; broad parents say less than their children do.
_UNSAID: Final = frozenset(
    (
        *_SPEECH, "Silence", "Inside, small room", "Inside, large room or hall", "Inside, public space",
        "Outside, urban or manmade", "Outside, rural or natural", "Reverberation", "Echo", "Environmental noise",
        "Mains hum", "Distortion", "Sidetone", "Field recording", "Sound effect", "Television", "Radio", "Pulse",
        "Harmonic", "Throbbing", "Vibration", "Cacophony", "Music of Asia", "Animal", "Domestic animals, pets",
        "Hubbub, speech noise, speech babble", "Musical instrument",
    )
)  # fmt: skip
_SHORT_NAMES: Final = {
    "Beep, bleep": "beep",
    "Vehicle horn, car horn, honking": "car horn",
    "Motor vehicle (road)": "vehicle",
    "Walk, footsteps": "footsteps",
    "Telephone bell ringing": "telephone ringing",
    "Smoke detector, smoke alarm": "smoke alarm",
    "Sine wave": "steady tone",
}


def plain_name(label: str) -> str:
    """A class name as people say it: ``Bird vocalization, bird call, bird song`` becomes ``bird vocalization``."""
    return _SHORT_NAMES.get(label, re.split(r",| \(", label, maxsplit=1)[0].lower())


class Sounds:
    """Names sounds in sound that streams in.

    Args:
        folder: Folder of the weights ``yamnet``.
        threads: CPU threads.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
    """

    name = "yamnet"

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        file = folder / "yamnet.tflite"
        self._net = interpreter(file, threads)
        self._input = self._net.get_input_details()[0]["index"]
        self._output = self._net.get_output_details()[0]["index"]
        with zipfile.ZipFile(file) as carried:
            labels = carried.read("yamnet_label_list.txt").decode().splitlines()
        self._finder = SoundFinder(labels)
        self._held_N = np.zeros(0, np.float32)
        self._next_s = 0.0
        self._started = False

    def push(self, sound: Waveform) -> None:
        """Listen to the next block of sound (16 kHz mono, following the one before)."""
        if not self._started:
            self._next_s, self._started = sound.start_s, True
        self._held_N = np.concatenate([self._held_N, sound.samples_N.astype(np.float32, copy=False)])
        done = 0
        while done + WINDOW_SAMPLES <= self._held_N.shape[0]:
            self._classify(self._held_N[done : done + WINDOW_SAMPLES])
            done += HOP_SAMPLES
        self._held_N = self._held_N[done:].copy()

    def finish(self) -> tuple[Mark, ...]:
        """All sounds, ascending."""
        if self._held_N.shape[0] > HOP_SAMPLES // 2:
            rest = max(0, WINDOW_SAMPLES - self._held_N.shape[0])
            end_s = self._next_s + self._held_N.shape[0] / AUDIO_RATE_HZ
            self._classify(np.pad(self._held_N, (0, rest)))
            self._finder.end_s = end_s
        return self._finder.finish()

    def speech_score(self, span: Span) -> float | None:
        """The highest speech score heard in a span, or None where nothing was scored yet."""
        return self._finder.speech_score(span)

    def _classify(self, window_N: npt.NDArray[np.float32]) -> None:
        shape = self._net.get_input_details()[0]["shape"]
        self._net.set_tensor(self._input, window_N.reshape(shape).astype(np.float32))
        self._net.invoke()
        self._finder.add(self._next_s, self._net.get_tensor(self._output)[0])
        self._next_s += _HOP_S


def one_name_each(marks: Sequence[Mark]) -> list[Mark]:
    """Of short sounds heard at the same time, the surest name: a bell is not also a ding, a clang and a ping."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: -(mark.confidence or 0.0)):
        short = mark.span.duration_s <= _SHORT_S
        if not (
            short
            and any(
                other.span.overlap_s(mark.span) >= mark.span.duration_s / 2
                for other in kept
                if other.span.duration_s <= _SHORT_S
            )
        ):
            kept.append(mark)
    return kept


class SoundFinder:
    """Turns class scores per window into marks, with hysteresis; keeps only open sounds and speech scores.

    Args:
        labels: Name of each class, in the order of the scores.
    """

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels
        self._said = np.array([label not in _UNSAID for label in labels])
        self._speech = np.array([label in _SPEECH for label in labels])
        self._starts_s: list[float] = []
        self._speech_scores: list[float] = []
        self._recent: list[tuple[float, npt.NDArray[np.float32]]] = []
        self._open: dict[int, list[float]] = {}  # class -> [start_s, end_s, highest score]
        self._marks: list[Mark] = []
        self.end_s: float | None = None

    def add(self, start_s: float, scores_K: npt.NDArray[Any]) -> None:
        """Take the scores of one window that starts at a clip time; windows follow one another."""
        self._starts_s.append(start_s)
        self._speech_scores.append(float(scores_K[self._speech].max()))
        self._recent.append((start_s, np.asarray(scores_K, np.float32)))
        if len(self._recent) >= 3:
            self._judge(self._recent[-2][0], self._recent[-3:], self._recent[-2][1])
            self._recent = self._recent[-2:]
        elif len(self._recent) == 2:
            self._judge(self._recent[0][0], self._recent, self._recent[0][1])

    def finish(self) -> tuple[Mark, ...]:
        """All marks, ascending in time."""
        if self._recent:
            self._judge(self._recent[-1][0], self._recent[-2:], self._recent[-1][1])
        for number in list(self._open):
            self._close(number)
        return tuple(sorted(one_name_each(self._marks), key=lambda mark: (mark.span, mark.text)))

    def speech_score(self, span: Span) -> float | None:
        """The highest speech score over the windows that touch a span."""
        low = np.searchsorted(self._starts_s, span.start_s - _WINDOW_S, side="right")
        high = np.searchsorted(self._starts_s, span.end_s)
        return max(self._speech_scores[low:high], default=None)

    def _judge(
        self,
        start_s: float,
        near: list[tuple[float, npt.NDArray[np.float32]]],
        own_K: npt.NDArray[np.float32],
    ) -> None:
        """Open, carry on or close the sounds of one window, given its neighbours."""
        smooth_K = np.mean([scores for _, scores in near], axis=0)
        middle_s = start_s + _WINDOW_S / 2
        for number in [n for n in self._open if smooth_K[n] < _OFF]:
            self._close(number)
        loud = np.flatnonzero(self._said & ((smooth_K >= _OFF) | (own_K >= _PEAK)))
        for number in loud.tolist():
            score = max(float(smooth_K[number]), float(own_K[number]) if own_K[number] >= _PEAK else 0.0)
            held = self._open.get(number)
            if held is not None:
                held[1], held[2] = middle_s + _HOP_S / 2, max(held[2], score)
            elif smooth_K[number] >= _ON or own_K[number] >= _PEAK:
                first = (
                    start_s
                    if len(self._starts_s) <= 2 and start_s == self._starts_s[0]
                    else middle_s - _HOP_S / 2
                )
                self._open[number] = [first, middle_s + _HOP_S / 2, score]

    def _close(self, number: int) -> None:
        start_s, end_s, score = self._open.pop(number)
        if self.end_s is not None:
            end_s = min(end_s, self.end_s)
        if end_s > start_s:
            self._marks.append(Mark(Span(start_s, end_s), "sounds", plain_name(self._labels[number]), score))
