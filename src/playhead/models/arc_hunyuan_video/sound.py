"""What ARC-Hunyuan-Video hears: sound cut by its rules, as log-mel spectrograms of 30 s chunks.

Sound longer than 300 s becomes 150 snippets of 2 s (:func:`playhead.media.chunks.arc_sound`), shorter than 1 s is padded,
and a video without sound is silence, said in a note. Upstream writes an mp3 first; sound is decoded directly here, so
spectrograms differ by what that compression loses.

Axes: K chunk, M mel band (128), T spectrogram frame (3000, 10 ms each), J audio vector (20 ms each), N sample.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from transformers import WhisperFeatureExtractor

from playhead.errors import CodecError, CorruptMediaError, EmptyMediaError, UsageError, WeightsError
from playhead.media.chunks import ARC_LIMIT_S, ARC_SNIPPET_S, arc_silence, arc_sound, whisper_chunks
from playhead.media.clip import AUDIO_RATE_HZ, MediaInfo, StreamInfo, Times, Waveform
from playhead.models.arc_hunyuan_video.reconcile import CHUNK_S, CHUNK_VECTORS, VECTORS_PER_S

MEL_BANDS: Final = 128
"""Bands of the audio encoder, Whisper large v3's; an extractor's own default of 80 is what broke fine-tuned folders."""

MissingSound = Literal["silence", "error"]
_PREPROCESSOR: Final = "preprocessor_config.json"


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound as the model is given it.

    Attributes:
        input_features_KMT: float32 log-mel spectrograms of 30 s chunks, shape (chunks, 128, 3000).
        heard_J: When each of the 1500 vectors a chunk becomes begins to be heard, in seconds on the clock of the sound.
            Vectors past the end of the last chunk's sound stand for silence.
        audio_s: Seconds of sound, rounded up to whole ones, as the released rules count them.
        notes: Plain sentences about what was left out or is missing.
    """

    input_features_KMT: npt.NDArray[np.float32]
    heard_J: Times
    audio_s: int
    notes: tuple[str, ...] = ()


def hear(
    waveform: Waveform | None, duration_s: float, start_s: float = 0.0, missing: MissingSound = "silence"
) -> Heard:
    """Sound as the model is given it.

    Args:
        waveform: Mono sound of 16 kHz, or None for a video without.
        duration_s: Length of the video in seconds, for silence in its place.
        start_s: Where the video starts on the clock of the sound, for silence.
        missing: What no sound means: silence of the video's length, as in the released code, or an error.

    Raises:
        EmptyMediaError: If there is no sound and ``missing`` is ``error``.
        UsageError: On sound of another rate.
    """
    notes: list[str] = []
    if waveform is None:
        if missing == "error":
            raise EmptyMediaError(
                "hear the sound", found="a video without sound", todo='set missing_sound="silence"'
            )
        waveform = arc_silence(duration_s, start_s)
        notes.append(f"no sound: the model heard {waveform.duration_s:g} s of silence")
    elif waveform.rate_hz != AUDIO_RATE_HZ:
        raise UsageError("hear the sound", found=f"{waveform.rate_hz} Hz", allowed=f"{AUDIO_RATE_HZ} Hz")
    elif waveform.duration_s > ARC_LIMIT_S:
        kept = f"the first {ARC_SNIPPET_S} s of each of 150 equal parts"
        notes.append(
            f"sound of {waveform.duration_s:.0f} s is longer than {ARC_LIMIT_S} s: {kept} were heard"
        )
    sound, snippets_s = arc_sound(waveform)
    return Heard(
        spectrograms(sound),
        vector_times(len(sound.samples_N), snippets_s),
        math.ceil(len(sound.samples_N) / AUDIO_RATE_HZ),
        tuple(notes),
    )


def without_padding(waveform: Waveform | None, stream: StreamInfo | None) -> Waveform | None:
    """Sound up to where its stream ends: released rules count its own length, and a window is padded with silence.

    Nothing that sounds is cut, whatever the container says; sound that ends before the window begins is left as silence.

    Args:
        waveform: Sound of a window, or None.
        stream: What the container says of it, or None.
    """
    if waveform is None or stream is None or stream.duration_s is None:
        return waveform
    ends = math.ceil(((stream.start_s or 0.0) + stream.duration_s - waveform.start_s) * waveform.rate_hz)
    if not 0 < ends < len(waveform.samples_N):
        return waveform
    after_N = np.flatnonzero(waveform.samples_N[ends:])
    kept = ends + (int(after_N[-1]) + 1 if len(after_N) else 0)
    return replace(waveform, samples_N=waveform.samples_N[:kept])


def check_sound(info: MediaInfo) -> None:
    """Refuse a file that has sound of which nothing can be decoded: silence would be a lie.

    A track without a single sample is no sound, and sound that was not asked for is fine.

    Raises:
        CodecError: No decoder for it in this build.
        CorruptMediaError: It is damaged.
    """
    tracks = [stream for stream in info.streams if stream.kind == "audio" and stream.duration_s != 0]
    if info.audio is not None or not tracks:
        return
    told = [note for note in info.notes if note.startswith("audio stream") and "is left out" in note]
    found = told[0] if told else f"audio stream {tracks[0].index} ({tracks[0].codec}), not decoded"
    kind = CodecError if "no decoder" in found else CorruptMediaError
    todo = "choose another audio stream, or take the track out of the file"
    raise kind(f"hear the sound of {info.source!r}", found=found, todo=todo)


def spectrograms(sound: Waveform) -> npt.NDArray[np.float32]:
    """Log-mel spectrograms of consecutive 30 s chunks, the last one padded with silence, shape (chunks, 128, 3000)."""
    chunks = [chunk.samples_N for chunk in whisper_chunks(sound, CHUNK_S)]
    made = extractor()(chunks, sampling_rate=AUDIO_RATE_HZ, return_tensors="np")
    return np.asarray(made["input_features"], np.float32)


def extractor() -> WhisperFeatureExtractor:
    """Whisper's own feature extractor with the 128 bands of its large v3."""
    return WhisperFeatureExtractor(feature_size=MEL_BANDS)  # type: ignore[no-untyped-call]


def vector_times(samples: int, snippets_s: Times) -> Times:
    """When each audio vector begins to be heard, for all vectors of all chunks, shape (1500 * chunks,).

    Args:
        samples: Length of the joined sound.
        snippets_s: True second at which each of its 2 s snippets is heard; sound that was kept whole counts on past
            its end, into the padding.
    """
    count = math.ceil(samples / (CHUNK_S * AUDIO_RATE_HZ)) * CHUNK_VECTORS
    per_snippet = ARC_SNIPPET_S * VECTORS_PER_S
    snippet, within = np.divmod(np.arange(count), per_snippet)
    last = len(snippets_s) - 1
    after = np.maximum(0, snippet - last) * float(ARC_SNIPPET_S)
    return np.asarray(snippets_s[np.minimum(snippet, last)] + after + within / VECTORS_PER_S, np.float64)


def check_bands(folder: Path) -> None:
    """Refuse a folder whose ``preprocessor_config.json`` asks for other than 128 bands; a folder without one is fine.

    Raises:
        WeightsError: On another count, or a file that cannot be read.
    """
    path = folder / _PREPROCESSOR
    if not path.is_file():
        return
    asked = f"read {path}"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(asked, found=str(error), todo="fetch it again") from error
    found = settings.get("feature_size", MEL_BANDS) if isinstance(settings, dict) else None
    if found != MEL_BANDS:
        raise WeightsError(
            asked,
            found=f"{found} mel bands (feature_size)",
            allowed=f"{MEL_BANDS}",
            todo="use the file of the released model, or delete it",
        )
