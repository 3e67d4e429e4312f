"""Finding where a voice is, on sound that streams in; memory stays within one stretch of speech.

The Silero voice activity network (v6, shipped inside faster-whisper) gives a probability per 32 ms; its state is
carried from block to block, so where the stream is cut into blocks changes nothing. Axes: N sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from playhead.errors import MissingExtraError
from playhead.media.clip import AUDIO_RATE_HZ, Samples, Waveform
from playhead.timeline import Span

FRAME_SAMPLES: Final = 512  # the network's step: 32 ms at 16 kHz
_CONTEXT_SAMPLES: Final = 64  # each step also sees the end of the one before
_ON: Final = 0.5
_OFF: Final = 0.35
_QUIET_S: Final = 0.3  # a pause this long ends a stretch of speech
_PAD_S: Final = 0.25  # kept before and after, so that soft first and last sounds are heard
_SOFT: Final = 0.1  # next to a sure voice even this much counts as its quiet beginning or end
_SOFT_S: Final = 1.0
_MIN_VOICED_S: Final = 0.09
_LONGEST_S: Final = 27.0  # with its padding it fits one 30 s window of the recogniser
_CUT_SEARCH_S: Final = 8.0

Scorer = Callable[[Samples], "np.ndarray[Any, np.dtype[np.float32]]"]


@dataclass(frozen=True, slots=True)
class VoiceStretch:
    """One stretch of sound with a voice in it.

    Attributes:
        start_s: Clip time of the first sample.
        samples_N: The sound, 16 kHz mono, a little padding on both sides.
        voiced: From the first to the last moment of the voice, quiet beginnings and ends included, in clip seconds.
        probability: Mean voice probability where the voice was sure, 0 to 1.
    """

    start_s: float
    samples_N: Samples
    voiced: Span
    probability: float

    @property
    def duration_s(self) -> float:
        """Length of the sound in seconds."""
        return float(self.samples_N.shape[0]) / AUDIO_RATE_HZ


class SileroScorer:
    """Voice probability of each 32 ms of a stream, the network's state carried along.

    Raises:
        MissingExtraError: faster-whisper or onnxruntime is not installed.
    """

    def __init__(self) -> None:
        try:
            import onnxruntime
            from faster_whisper.utils import get_assets_path
        except ImportError as error:
            raise MissingExtraError(
                "listening for a voice needs faster-whisper and onnxruntime",
                todo="pip install 'playhead[scout]'",
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            f"{get_assets_path()}/silero_vad_v6.onnx",
            providers=["CPUExecutionProvider"],
            sess_options=options,
        )
        self.reset()

    def reset(self) -> None:
        """Forget what was heard, at a break in the sound."""
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._context_N = np.zeros(_CONTEXT_SAMPLES, np.float32)

    def __call__(self, samples_N: Samples) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Probabilities of shape (steps,) for a whole number of 512-sample steps."""
        steps = samples_N.reshape(-1, FRAME_SAMPLES)
        ends = np.vstack([self._context_N, steps[:-1, -_CONTEXT_SAMPLES:]])
        self._context_N = steps[-1, -_CONTEXT_SAMPLES:].copy()
        given = {"input": np.concatenate([ends, steps], axis=1), "h": self._hidden, "c": self._cell}
        out, self._hidden, self._cell = self._session.run(None, given)
        return np.asarray(out, np.float32).reshape(-1)


class VoiceFinder:
    """Cuts a stream of sound into stretches that hold a voice, at pauses, and drops the rest.

    Args:
        scorer: Voice probability per 512 samples; called with consecutive sound.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._held_N = np.zeros(0, np.float32)
        self._probabilities: list[float] = []  # of the steps of _held_N that are scored so far
        self._origin_s: float | None = None
        self._dropped_steps = 0  # steps let go of before _held_N[0]
        self._first: int | None = None  # step at which the open stretch became sure of a voice
        self._last = 0  # its latest sure step
        self._floor = 0  # step before which sound already belongs to an earlier stretch
        self._looked = 0  # steps judged so far

    def push(self, sound: Waveform) -> list[VoiceStretch]:
        """Take the next block of sound; returns the stretches that ended in it."""
        if self._origin_s is None:
            self._origin_s = sound.start_s
        self._held_N = np.concatenate([self._held_N, sound.samples_N.astype(np.float32, copy=False)])
        scored = len(self._probabilities)
        steps = self._held_N.shape[0] // FRAME_SAMPLES
        if steps > scored:
            fresh_N = self._held_N[scored * FRAME_SAMPLES : steps * FRAME_SAMPLES]
            self._probabilities += [float(p) for p in self._scorer(fresh_N)]
        return self._judge()

    def finish(self) -> list[VoiceStretch]:
        """End of the sound; returns what was still open."""
        missing = -self._held_N.shape[0] % FRAME_SAMPLES
        real = self._held_N.shape[0]
        found = self.push(Waveform(np.zeros(missing, np.float32)))
        if self._first is not None:
            found += self._close(self._first, self._last, min(real, self._held_N.shape[0]))
        self._first = None
        return found

    def _judge(self) -> list[VoiceStretch]:
        found: list[VoiceStretch] = []
        quiet_steps = round(_QUIET_S * AUDIO_RATE_HZ / FRAME_SAMPLES)
        longest_steps = int(_LONGEST_S * AUDIO_RATE_HZ / FRAME_SAMPLES)
        while self._looked < len(self._probabilities):
            step, probability = self._looked, self._probabilities[self._looked]
            self._looked += 1
            if probability >= _ON or (self._first is not None and probability >= _OFF):
                self._first = step if self._first is None else self._first
                self._last = step
            if self._first is None:
                continue
            if step - self._last >= quiet_steps:
                found += self._close(self._first, self._last, self._held_N.shape[0])
                self._first = None
            elif step - self._first >= longest_steps:
                cut = self._quietest(step)
                found += self._close(self._first, cut - 1, cut * FRAME_SAMPLES)
                self._first, self._last = cut, max(cut, self._last)
        self._forget()
        return found

    def _quietest(self, step: int) -> int:
        """The step where a voice that never pauses is least sure: the best place for a cut."""
        search = min(int(_CUT_SEARCH_S * AUDIO_RATE_HZ / FRAME_SAMPLES), step - 1)
        tail = np.asarray(self._probabilities[step - search : step])
        calm = np.convolve(tail, np.full(3, 1 / 3), mode="same") if tail.size > 2 else tail
        return step - search + int(np.argmin(calm))

    def _close(self, first: int, last: int, limit: int) -> list[VoiceStretch]:
        """Cut one stretch out, with padding that takes nothing from its neighbours."""
        sure = np.asarray(self._probabilities[first : last + 1])
        first, last = self._softened(first, last, limit)
        pad = round(_PAD_S * AUDIO_RATE_HZ)
        start = max(self._floor * FRAME_SAMPLES, first * FRAME_SAMPLES - pad)
        end = min(limit, (last + 1) * FRAME_SAMPLES + pad)
        self._floor = -(-end // FRAME_SAMPLES)
        if (sure >= _ON).sum() * FRAME_SAMPLES < _MIN_VOICED_S * AUDIO_RATE_HZ:
            return []
        return [
            VoiceStretch(
                self._second(start),
                self._held_N[start:end].copy(),
                Span(self._second(first * FRAME_SAMPLES), self._second((last + 1) * FRAME_SAMPLES)),
                float(sure.mean()),
            )
        ]

    def _softened(self, first: int, last: int, limit: int) -> tuple[int, int]:
        """Widen a sure stretch over the quiet steps right beside it."""
        reach = round(_SOFT_S * AUDIO_RATE_HZ / FRAME_SAMPLES)
        lowest = max(self._floor, first - reach)
        while first > lowest and max(self._probabilities[max(lowest, first - 3) : first]) >= _SOFT:
            first -= 1
        highest = min(len(self._probabilities), limit // FRAME_SAMPLES, last + 1 + reach) - 1
        while last < highest and max(self._probabilities[last + 1 : min(highest + 1, last + 4)]) >= _SOFT:
            last += 1
        return first, last

    def _second(self, sample: int) -> float:
        return (self._origin_s or 0.0) + (self._dropped_steps * FRAME_SAMPLES + sample) / AUDIO_RATE_HZ

    def _forget(self) -> None:
        """Let go of sound that no later stretch can want."""
        keep_from = self._looked if self._first is None else self._first
        drop = keep_from - 1 - round((_PAD_S + _SOFT_S) * AUDIO_RATE_HZ / FRAME_SAMPLES)
        if drop <= 0:
            return
        self._held_N = self._held_N[drop * FRAME_SAMPLES :].copy()
        del self._probabilities[:drop]
        self._dropped_steps += drop
        self._looked -= drop
        self._last -= drop
        self._floor = max(0, self._floor - drop)
        if self._first is not None:
            self._first -= drop
