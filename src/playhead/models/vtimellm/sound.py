"""Sound to the rows LongVALE-LLM and AVicuna are given.

LongVALE-LLM: one row of BEATs and one of the Whisper large-v2 encoder for every 5.12 s. AVicuna: rows of LAION-CLAP.
BEATs is part of no library playhead can rely on (transformers has none): its rows come precomputed, or from an encoder
the caller hands in; everything around it (Kaldi filter banks, chunks, pooling) is here.

Axes: S sample, T filter-bank frame, L mel filter, K chunk or row, P position of an encoder's output, D width.
"""

# mypy: allow-untyped-calls
# (transformers leaves many of its functions without types)

from __future__ import annotations

import copy
import functools
import math
import warnings
from typing import Any, Final, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from transformers import (
    ClapAudioConfig,
    ClapAudioModelWithProjection,
    ClapFeatureExtractor,
    WhisperConfig,
    WhisperFeatureExtractor,
)
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from playhead.errors import UnsupportedError, UsageError
from playhead.models.vtimellm.layout import spread_rows

Samples = npt.NDArray[np.float32]

RATE_HZ: Final = 16_000
"""Rate of the sound BEATs and Whisper hear."""
CLAP_RATE_HZ: Final = 48_000

_FRAME, _HOP, _FFT, _MELS = 400, 160, 512, 128  # 25 ms and 10 ms at 16 kHz
_BEATS_MEAN, _BEATS_STD = 15.41663, 6.55582
_CHUNK_T: Final = 512
POOL_P: Final = 256
WHISPER_S: Final = 30
CLAP_S: Final = 10


class BeatsEncoder(Protocol):
    """Anything that encodes normalised filter banks as BEATs (iter3+, fine-tuned on AudioSet-20K) does."""

    def __call__(self, fbank_KTL: torch.Tensor, /) -> torch.Tensor:
        """(K, 512, 128) to (K, P, 768)."""
        ...


def kaldi_fbank(waveform_S: Samples) -> npt.NDArray[np.float32]:
    """Log mel filter banks as Kaldi computes them: 128 filters from 20 Hz to 8 kHz, 25 ms every 10 ms, no dither.

    Args:
        waveform_S: Mono sound at 16 kHz in [-1, 1]; scaled to 16 bits inside, as BEATs was trained.

    Returns:
        float32 (T, 128), T = 1 + (S - 400) // 160; empty where the sound is shorter than 25 ms.
    """
    if waveform_S.ndim != 1:
        raise UsageError("hear sound", found=f"shape {waveform_S.shape}", allowed="mono, shape (samples,)")
    if waveform_S.shape[0] < _FRAME:
        return np.zeros((0, _MELS), np.float32)
    fbank_LT = spectrogram(
        waveform_S.astype(np.float64) * 2**15,
        window_function(_FRAME, "povey", periodic=False),
        frame_length=_FRAME,
        hop_length=_HOP,
        fft_length=_FFT,
        power=2.0,
        center=False,
        preemphasis=0.97,
        remove_dc_offset=True,
        mel_filters=_filters(),
        log_mel="log",
        mel_floor=1.192092955078125e-07,  # single precision's epsilon, Kaldi's floor
    )
    return cast("npt.NDArray[np.float32]", fbank_LT.T.astype(np.float32))


@functools.cache
def _filters() -> npt.NDArray[np.float64]:
    """Kaldi's 128 mel filters over 257 frequencies."""
    with warnings.catch_warnings():
        # The lowest filters are narrower than the distance of two frequencies; so it was when BEATs was trained.
        warnings.filterwarnings("ignore", message="At least one mel filter has all zero values")
        filters: npt.NDArray[np.float64] = mel_filter_bank(
            num_frequency_bins=_FFT // 2 + 1,
            num_mel_filters=_MELS,
            min_frequency=20.0,
            max_frequency=RATE_HZ / 2,
            sampling_rate=RATE_HZ,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
    return filters


def beats_chunks(
    waveform_S: Samples, *, padding: Literal["complete", "remainder"] = "complete"
) -> tuple[torch.Tensor, ...]:
    """Normalised filter banks in pieces of 5.12 s, as BEATs is given them.

    Args:
        waveform_S: Mono sound at 16 kHz.
        padding: ``complete`` fills the last piece to 512 frames with zeros. ``remainder`` appends as many zeros as the
            last piece has frames, which is what the released code does by mistake; pieces may then be shorter.

    Returns:
        Tensors (512, 128); the last may be shorter with ``remainder``.

    Source: LongVALE (arXiv 2411.19772) and its released code; BEATs' published mean and deviation.
    """
    fbank_TL = torch.from_numpy((kaldi_fbank(waveform_S) - _BEATS_MEAN) / (2 * _BEATS_STD)).float()
    rest = fbank_TL.shape[0] % _CHUNK_T
    if rest:
        missing = _CHUNK_T - rest if padding == "complete" else rest
        fbank_TL = torch.nn.functional.pad(fbank_TL, (0, 0, 0, missing))
    return fbank_TL.split(_CHUNK_T) if fbank_TL.shape[0] else ()


def beats_rows(
    waveform_S: Samples,
    encoder: BeatsEncoder | None,
    *,
    padding: Literal["complete", "remainder"] = "complete",
) -> torch.Tensor:
    """One BEATs row for every 5.12 s of sound.

    Args:
        waveform_S: Mono sound at 16 kHz.
        encoder: BEATs; see :func:`beats_encoder` to use a module of the released layout.
        padding: See :func:`beats_chunks`.

    Returns:
        float32 (K, 768), each the mean over an encoded piece.

    Raises:
        UnsupportedError: If there is no encoder.
    """
    if encoder is None:
        raise UnsupportedError(
            "hear sound as LongVALE-LLM does",
            found="no BEATs encoder: transformers has none",
            allowed="precomputed rows (sound_features of shape (K, 768), one per 5.12 s, from .npy) or beats=",
            todo="extract the rows with BEATs iter3+ AS20K, or wrap such a module with beats_encoder()",
        )
    with torch.inference_mode():
        rows = [
            encoder(each_TL[None]).float().mean(1) for each_TL in beats_chunks(waveform_S, padding=padding)
        ]
    return torch.cat(rows).clone() if rows else torch.zeros(0, 768)


def beats_encoder(module: Any) -> BeatsEncoder:  # noqa: ANN401 - somebody else's class
    """A BEATs module of the released layout as an encoder of filter banks made here.

    Args:
        module: Has ``patch_embedding``, ``layer_norm``, ``post_extract_proj`` and ``encoder`` as the released class
            does; ``speechbrain.lobes.models.beats.BEATs`` is one (Apache-2.0; it needs torchaudio).

    Raises:
        UsageError: If a part is missing.
    """
    parts = ("patch_embedding", "layer_norm", "post_extract_proj", "encoder")
    missing = [name for name in parts if not hasattr(module, name)]
    if missing:
        raise UsageError(f"{type(module).__name__} as BEATs", found=f"no {', '.join(missing)}")

    def encode(fbank_KTL: torch.Tensor, /) -> torch.Tensor:
        weight = module.patch_embedding.weight
        patches_KDab = module.patch_embedding(fbank_KTL[:, None].to(weight.device, weight.dtype))
        tokens_KPD = module.layer_norm(patches_KDab.flatten(2).transpose(1, 2))
        if module.post_extract_proj is not None:
            tokens_KPD = module.post_extract_proj(tokens_KPD)
        return cast("torch.Tensor", module.encoder(tokens_KPD)[0])

    return encode


def make_speech_tower(config: WhisperConfig) -> WhisperEncoder:
    """The encoder of a Whisper model."""
    return WhisperEncoder(config)


def speech_rows(waveform_S: Samples, tower: WhisperEncoder) -> torch.Tensor:
    """One row of the Whisper encoder for every 5.12 s of sound, silence that fills the last 30 s included.

    Args:
        waveform_S: Mono sound at 16 kHz.
        tower: Encoder of Whisper large-v2.

    Returns:
        float32 (K, 1280): states of all 30-second pieces in a row, averaged by 256; a rest is dropped.

    Source: LongVALE (arXiv 2411.19772), released code.
    """
    config = tower.config
    extractor = WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    states = []
    with torch.inference_mode():
        for first in range(0, waveform_S.shape[0], WHISPER_S * RATE_HZ):
            piece_S = waveform_S[first : first + WHISPER_S * RATE_HZ]
            features = extractor(piece_S, sampling_rate=RATE_HZ, return_tensors="pt").input_features
            states.append(tower(features.to(tower.device, tower.dtype)).last_hidden_state[0].float())
        if not states:
            return torch.zeros(0, config.d_model)
        states_PD = torch.cat(states)
        whole = states_PD.shape[0] // POOL_P * POOL_P
        return states_PD[:whole].reshape(-1, POOL_P, states_PD.shape[1]).mean(1).clone()


def make_sound_tower(config: ClapAudioConfig) -> ClapAudioModelWithProjection:
    """The sound half of a CLAP model with its projection to the joint space.

    transformers has one kind of attention for it, whatever kind the language model is asked to use.
    """
    own = copy.deepcopy(config)
    own._attn_implementation = "eager"
    return ClapAudioModelWithProjection(own)


def clap_rows(waveform_S: Samples, tower: ClapAudioModelWithProjection, *, most: int = 25) -> torch.Tensor:
    """CLAP rows of a sound in order of time, one for each 10 s, at most 25.

    Nothing says how the released features were cut. CLAP hears 10 s at once; here every row hears 10 s in the middle
    of its share of the sound, so that no random choice is left (the published extractor crops at random).

    Args:
        waveform_S: Mono sound at 48 kHz.
        tower: LAION-CLAP's sound half (630k-fusion-best is laion/clap-htsat-fused).
        most: Rows at most.

    Returns:
        float32 (K, 512).
    """
    total = waveform_S.shape[0]
    if total == 0:
        return torch.zeros(0, tower.config.projection_dim)
    hears = CLAP_S * CLAP_RATE_HZ
    count = min(most, math.ceil(total / hears))
    extractor = ClapFeatureExtractor(truncation="fusion" if tower.config.enable_fusion else "rand_trunc")
    rows = []
    with torch.inference_mode():
        for row in range(count):
            start, end = row * total // count, (row + 1) * total // count
            first = start + max(0, end - start - hears) // 2
            piece_S = waveform_S[first : min(first + hears, end)]
            mel = extractor(piece_S, sampling_rate=CLAP_RATE_HZ, return_tensors="pt").input_features
            # The extractor marks a short sound as long now and then, for training; a piece never is.
            longer = torch.zeros(1, 1, dtype=torch.bool, device=tower.device)
            rows.append(tower(mel.to(tower.device, tower.dtype), is_longer=longer).audio_embeds.float())
    return torch.cat(rows).clone()


def fill_sounds(rows_KD: torch.Tensor | None, count: int, width: int) -> torch.Tensor:
    """Repeat rows in order until there are so many; zeros where there is no sound, as AVicuna was trained.

    Args:
        rows_KD: At most ``count`` rows, or None without sound.
        count: 25 in the released model.
        width: Width of a row.

    Raises:
        UsageError: If there are more rows than positions, or of another width.
    """
    if rows_KD is None or rows_KD.shape[0] == 0:
        return torch.zeros(count, width)
    if rows_KD.shape[0] > count or rows_KD.shape[1] != width:
        found = f"rows of shape {tuple(rows_KD.shape)}"
        raise UsageError(
            f"fill {count} positions with sound", found=found, allowed=f"(1 to {count}, {width})"
        )
    return rows_KD[torch.from_numpy(spread_rows(rows_KD.shape[0], count))]
