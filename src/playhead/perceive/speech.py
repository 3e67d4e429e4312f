"""What is said and when: Whisper on stretches that hold a voice, word times on the clip's clock.

Sound streams in; stretches of voice are packed into windows of at most 30 s (Whisper's own length), joined by short
silences, and each word's time is taken back through the packing to the clip's clock. Axes: N sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.errors import MissingExtraError, UsageError
from playhead.media.clip import AUDIO_RATE_HZ, Samples, Waveform
from playhead.perceive.voice import SileroScorer, VoiceFinder, VoiceStretch
from playhead.perceive.words import believable, loops, to_segments
from playhead.timeline import Span, Transcript, Word

_WHISPER_S: Final = 30.0
_WINDOW_S: Final = 29.5
_LEAD_S: Final = 0.2  # silence before the first word: Whisper starts better with a breath
_LONGEST_JOIN_S: Final = 1.0
_TOUCH_S: Final = 0.05
_LOOP_TOKENS: Final = 4  # when a text loops, no run of so many tokens may come twice
_MOST_TOKENS: Final = 220  # in 30 s; faster speech than any is 180
_SURE_LANGUAGE: Final = 0.6
_EDGE_S: Final = 0.06  # a word may start this much before a voice is sure, or end this much after
_SPEECH_SCORE: Final = 0.1  # a sound classifier below this heard no speech at all
_SURE_VOICE: Final = 0.85

SpeechScore = Callable[[Span], float | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of voice inside a packed window: it starts ``offset_s`` into the window."""

    offset_s: float
    stretch: VoiceStretch

    def overlap_s(self, start_s: float, end_s: float) -> float:
        """Seconds shared with a part of the window; below 0 the distance to it."""
        return min(end_s, self.offset_s + self.stretch.duration_s) - max(start_s, self.offset_s)

    def to_clip(self, start_s: float, end_s: float) -> Span:
        """A part of the window on the clip's clock, kept to where a voice is heard."""
        shift = self.stretch.start_s - self.offset_s
        low, high = self.stretch.voiced.start_s - _EDGE_S, self.stretch.voiced.end_s + _EDGE_S
        start = min(max(start_s + shift, low, 0.0), high)
        return Span(start, max(start, min(end_s + shift, high)))


def pack(stretches: Sequence[VoiceStretch]) -> tuple[Samples, tuple[Piece, ...]]:
    """Lay stretches into one window, pauses shortened to at most a second."""
    parts: list[Samples] = [_silence(_LEAD_S)]
    pieces: list[Piece] = []
    filled = parts[0].shape[0]
    for number, stretch in enumerate(stretches):
        if number:
            before = stretches[number - 1]
            pause_s = stretch.start_s - (before.start_s + before.duration_s)
            parts.append(_silence(min(max(pause_s, 0.0), _LONGEST_JOIN_S)))
            filled += parts[-1].shape[0]
        pieces.append(Piece(filled / AUDIO_RATE_HZ, stretch))
        parts.append(stretch.samples_N)
        filled += stretch.samples_N.shape[0]
    parts.append(_silence(max(0.0, _WHISPER_S - filled / AUDIO_RATE_HZ)))
    return np.concatenate(parts), tuple(pieces)


def place(word: tuple[str, float, float, float], pieces: Sequence[Piece]) -> tuple[Word, Piece]:
    """Put one recognised word (text, start and end in the window, probability) on the clip's clock."""
    text, start_s, end_s, probability = word
    piece = max(pieces, key=lambda item: item.overlap_s(start_s, end_s))
    return Word(piece.to_clip(start_s, end_s), text, probability), piece


def stray(start_s: float, end_s: float, pieces: Sequence[Piece]) -> bool:
    """Whether a word of the window lies in no stretch of voice but in the silence laid between or after them."""
    return max(piece.overlap_s(start_s, end_s) for piece in pieces) < min(_TOUCH_S, (end_s - start_s) / 4)


def _silence(length_s: float) -> Samples:
    return np.zeros(round(length_s * AUDIO_RATE_HZ), np.float32)


class Speech:
    """Writes down speech from sound that streams in.

    Args:
        folder: Folder of the weights ``whisper-base`` (any CTranslate2 Whisper works).
        threads: CPU threads of the recogniser.
        language: Spoken language as an ISO 639-1 code, or None to detect it.
        speech_score: How much a sound classifier heard speech in a span, 0 to 1, None where it cannot say. A stretch
            in which it heard none and the voice detector is unsure is left out.

    Raises:
        MissingExtraError: faster-whisper is not installed.
        UsageError: Whisper does not know the language.
    """

    name = "whisper-base"

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 2,
        language: str | None = None,
        speech_score: SpeechScore | None = None,
    ) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingExtraError(
                "speech needs faster-whisper", todo="pip install 'playhead[scout]'"
            ) from error
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        if language is not None and language not in self._model.supported_languages:
            raise UsageError(
                f"language {language!r} of the speech is not known",
                allowed=", ".join(sorted(self._model.supported_languages)),
            )
        self._finder = VoiceFinder(SileroScorer())
        self._speech_score = speech_score
        self._waiting: list[VoiceStretch] = []
        self._words: list[Word] = []
        self._language = language
        self._sureness: float | None = None
        self._settled = language is not None
        self._doubted = 0  # stretches and texts left out because no speech could be believed in them

    def push(self, sound: Waveform) -> None:
        """Listen to the next block of sound (16 kHz mono, following the one before)."""
        self._take(self._finder.push(sound))

    def finish(self) -> Transcript:
        """What was said; no segments when no speech was heard."""
        self._take(self._finder.finish())
        self._recognise()
        segments = to_segments(sorted(self._words, key=lambda word: word.span))
        if not segments:
            return Transcript()
        return Transcript(segments, self._language, self._sureness)

    @property
    def note(self) -> str:
        """What was left out, in a sentence; empty when nothing was."""
        if not self._doubted:
            return ""
        times = "once" if self._doubted == 1 else f"{self._doubted} times"
        return f"speech: sound like a voice was left out {times}, as no words in it could be believed"

    def _take(self, stretches: Sequence[VoiceStretch]) -> None:
        for stretch in stretches:
            if not self._is_speech(stretch):
                self._doubted += 1
                continue
            joins_s = _LONGEST_JOIN_S * len(self._waiting) + _LEAD_S
            if sum(item.duration_s for item in self._waiting) + joins_s + stretch.duration_s > _WINDOW_S:
                self._recognise()
            self._waiting.append(stretch)

    def _is_speech(self, stretch: VoiceStretch) -> bool:
        if self._speech_score is None or stretch.probability >= _SURE_VOICE:
            return True
        score = self._speech_score(stretch.voiced)
        return score is None or score >= _SPEECH_SCORE

    def _recognise(self) -> None:
        """Run Whisper on the waiting stretches and keep the words that were heard."""
        if not self._waiting:
            return
        window_N, pieces = pack(self._waiting)
        self._waiting = []
        texts, info = self._decode(window_N)
        if any(loops(text.text) for text in texts):
            texts, info = self._decode(window_N, no_repeat_ngram_size=_LOOP_TOKENS)
        heard = [word for text in texts for word in self._heard(text, pieces)]
        if heard and not self._settled:
            self._settle(info)
        self._words += heard

    def _decode(self, window_N: Samples, **how: int) -> tuple[list[Any], Any]:
        """Beam search only: sampling at higher temperatures writes other words each time, over silence invented ones."""
        found, info = self._model.transcribe(
            window_N,
            language=self._language if self._settled else None,
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            max_new_tokens=_MOST_TOKENS,
            **how,
        )
        return list(found), info

    def _settle(self, info: Any) -> None:  # noqa: ANN401 - faster-whisper's own record
        if self._sureness is None or info.language_probability > self._sureness:
            self._language, self._sureness = str(info.language), float(info.language_probability)
        self._settled = self._sureness >= _SURE_LANGUAGE

    def _heard(self, text: Any, pieces: Sequence[Piece]) -> list[Word]:  # noqa: ANN401 - faster-whisper's own record
        placed = [
            place((item.word, float(item.start), float(item.end), float(item.probability)), pieces)
            for item in text.words or ()
            if not stray(float(item.start), float(item.end), pieces)
        ]
        under = {id(piece): piece.stretch for _, piece in placed}.values()
        spoken_s = sum(stretch.voiced.duration_s for stretch in under)
        voice = max((stretch.probability for stretch in under), default=0.0)
        words = [word for word, _ in placed]
        if believable(
            text.text,
            words,
            logprob=text.avg_logprob,
            silence=text.no_speech_prob,
            voice=voice,
            spoken_s=spoken_s,
        ):
            return words
        self._doubted += 1
        return []
