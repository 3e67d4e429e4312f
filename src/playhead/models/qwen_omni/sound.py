"""The sound of a window as the encoder takes it, whole, and when each token of it is heard.

The spectrogram is that of transformers' Whisper extractor, made of all samples at once, for its loudest value decides how
quiet the quietest may be. The encoder convolves it in chunks of its own; nothing is cut at 30 s or anywhere else.

Axes: N sample, M mel band, L column of a spectrogram, K token of sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from playhead.media.audio import read_sound
from playhead.media.clip import AUDIO_RATE_HZ, MediaInfo, Samples, Times
from playhead.media.damage import Damage
from playhead.media.probe import Opened
from playhead.models.qwen_omni.kinds import MEL_HZ, Omni
from playhead.sequence.layout import Ids
from playhead.sequence.tmrope import sound_steps
from playhead.timeline import Span

_HOP: Final = AUDIO_RATE_HZ // MEL_HZ  # samples from column to column
_WINDOW: Final = 400  # samples that a column is made of
_BLOCK_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound of a window as the model is given it.

    Attributes:
        mel_ML: Log-mel spectrogram, float32 of shape (bands, columns).
        steps_K: Steps of each token from the window's start, int64.
        edges_s: When each token begins to be heard and the last one ends, in seconds on the video's clock, shape (K + 1,).
        audio_s: Seconds of sound.
    """

    mel_ML: torch.Tensor
    steps_K: Ids
    edges_s: Times
    audio_s: float

    def span(self, first: int, last: int) -> Span:
        """The stretch of some tokens."""
        return Span(float(self.edges_s[first]), float(self.edges_s[last]))


def is_heard(info: MediaInfo, *, wanted: bool) -> bool:
    """Whether a file's sound is heard."""
    return wanted and info.audio is not None


def hear(media: Opened, window: Span, omni: Omni, config: Any, damage: Damage) -> Heard | None:  # noqa: ANN401 - a configuration of a thinker
    """The sound of a window; None where it is shorter than a sample.

    A sound that begins late is silence until then, so that its tokens keep their place on the clock.

    Raises:
        MediaError: Nothing of it decodes.
    """
    blocks = [block.samples_N for block in read_sound(media, window, AUDIO_RATE_HZ, _BLOCK_S, damage)]
    samples_N = np.concatenate(blocks)
    if not len(samples_N):
        return None
    return heard_of(samples_N, window.start_s, omni, config)


def heard_of(samples_N: Samples, start_s: float, omni: Omni, config: Any) -> Heard:  # noqa: ANN401 - a configuration of a thinker
    """Samples as the model is given them; silence fills the last token's time.

    Args:
        samples_N: Mono sound at 16 kHz.
        start_s: When it begins on the video's clock.
        omni: The system.
        config: The thinker's configuration.
    """
    padded_N = np.pad(samples_N, (0, _filled(len(samples_N), omni) - len(samples_N)))
    columns = len(padded_N) // _HOP
    mel_ML = torch.from_numpy(_spectrogram(padded_N, columns, omni, int(config.audio_config.num_mel_bins)))
    tokens, chunk_tokens = omni.tokens(columns, config), omni.chunk_tokens(config)
    chunk_s = omni.chunk_mel(config) / MEL_HZ
    steps_K = sound_steps(tokens, chunk_tokens, int(chunk_s * config.position_id_per_seconds))
    chunk_K, within_K = np.divmod(np.arange(tokens + 1), chunk_tokens)
    edges_s = start_s + chunk_K * chunk_s + within_K * (omni.slot_mel / MEL_HZ)
    edges_s[-1] = start_s + columns / MEL_HZ
    return Heard(mel_ML, steps_K, edges_s, len(samples_N) / AUDIO_RATE_HZ)


def token_count(audio_s: float, omni: Omni, config: Any) -> int:  # noqa: ANN401 - a configuration of a thinker
    """Tokens of so many seconds of sound."""
    samples = round(audio_s * AUDIO_RATE_HZ)
    return omni.tokens(_filled(samples, omni) // _HOP, config) if samples else 0


def _filled(samples: int, omni: Omni) -> int:
    """So many samples, up to the end of the last token of Qwen2.5-Omni, or of the last column of Qwen3-Omni."""
    whole = _HOP * (omni.slot_mel if omni.order == "chunks" else 1)
    return max(-(-samples // whole) * whole, _WINDOW)


def _spectrogram(samples_N: Samples, columns: int, omni: Omni, bands: int) -> Any:  # noqa: ANN401 - an array
    """float32 of shape (bands, columns)."""
    from transformers import WhisperFeatureExtractor

    if omni.silence:
        samples_N = np.pad(samples_N, (0, _WINDOW))
    extractor = WhisperFeatureExtractor(feature_size=bands)  # type: ignore[no-untyped-call]  # of transformers
    made = extractor(
        samples_N, sampling_rate=AUDIO_RATE_HZ, truncation=False, padding="do_not_pad", return_tensors="np"
    )
    return np.ascontiguousarray(made["input_features"][0, :, :columns], dtype=np.float32)
