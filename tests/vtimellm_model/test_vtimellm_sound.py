"""Sound to rows: Kaldi's filter banks to the number, BEATs' pieces, Whisper's and CLAP's rows.

Axes: S sample, T filter-bank frame, L mel filter, K row, D width.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import ClapAudioModelWithProjection, WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from playhead.errors import UnsupportedError, UsageError, WeightsError
from playhead.models.vtimellm.config import tiny_config
from playhead.models.vtimellm.sound import (
    CLAP_RATE_HZ,
    RATE_HZ,
    beats_chunks,
    beats_encoder,
    beats_rows,
    clap_rows,
    fill_sounds,
    kaldi_fbank,
    make_sound_tower,
    make_speech_tower,
    speech_rows,
)
from playhead.models.vtimellm.weights import load_encoder

GOLDEN = Path(__file__).parents[1] / "parity" / "golden" / "vtimellm_model"


def noise(seconds: float, rate_hz: int = RATE_HZ, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(int(seconds * rate_hz))).astype(np.float32)


def fbank_by_hand(wave: np.ndarray) -> np.ndarray:
    """Kaldi's log mel filter banks from their formulas, frame by frame."""

    def mel(hz):
        return 1127.0 * np.log(1.0 + hz / 700.0)

    edges = np.linspace(mel(20.0), mel(8000.0), 130)
    bins = mel(np.arange(257) * 16000 / 512)
    n = np.arange(400)
    povey = (0.5 - 0.5 * np.cos(2 * math.pi * n / 399)) ** 0.85
    rows = []
    for first in range(0, len(wave) - 399, 160):
        frame = wave[first : first + 400].astype(np.float64) * 32768
        frame -= frame.mean()
        frame -= 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * povey, 512)) ** 2
        row = []
        for m in range(128):
            left, centre, right = edges[m : m + 3]
            weights = np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre))
            weights[256] = 0.0  # Kaldi leaves out the highest frequency
            row.append((np.maximum(weights, 0) * power).sum())
        rows.append(np.log(np.maximum(row, np.finfo(np.float32).eps)))
    return np.array(rows)


def test_fbank_is_its_formulas() -> None:
    wave = noise(0.2) + 0.05
    got = kaldi_fbank(wave)
    assert got.shape == (1 + (len(wave) - 400) // 160, 128)
    assert np.abs(got - fbank_by_hand(wave)).max() < 2e-3


@pytest.mark.parity
def test_fbank_is_torchaudios() -> None:
    recorded = load_file(GOLDEN / "kaldi_fbank.safetensors")  # torchaudio 2.11.0, compliance.kaldi.fbank
    assert np.abs(kaldi_fbank(recorded["waveform"]) - recorded["fbank"]).max() < 1e-3


def test_a_tone_is_where_its_frequency_is() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    low, high = (
        kaldi_fbank((0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)).mean(0).argmax()
        for hz in (300, 3000)
    )
    mel_300, mel_3000, ends = (1127 * np.log(1 + np.array(hz) / 700) for hz in (300, 3000, [20, 8000]))
    for found, expected in ((low, mel_300), (high, mel_3000)):
        assert abs(found + 1 - (expected - ends[0]) / (ends[1] - ends[0]) * 129) < 1.5


def test_short_and_stereo_sound() -> None:
    assert kaldi_fbank(noise(0.02)).shape == (0, 128)
    with pytest.raises(UsageError, match="mono"):
        kaldi_fbank(np.zeros((2, 1000), np.float32))


def test_pieces_of_five_point_twelve_seconds() -> None:
    wave = noise(12.0)
    frames = kaldi_fbank(wave).shape[0]
    rest = frames % 512
    pieces = beats_chunks(wave)
    assert [len(each) for each in pieces] == [512, 512, 512]
    assert torch.equal(pieces[-1][rest:], torch.zeros(512 - rest, 128))
    expected = (kaldi_fbank(wave) - 15.41663) / (2 * 6.55582)
    assert np.abs(torch.cat(pieces)[:frames].numpy() - expected).max() < 1e-5


def test_the_published_padding_mistake_is_an_option() -> None:
    wave = noise(1.0)
    frames = kaldi_fbank(wave).shape[0]
    pieces = beats_chunks(wave, padding="remainder")
    assert [len(each) for each in pieces] == [
        2 * frames
    ]  # as many zeros as frames, not as many as are missing
    assert beats_chunks(noise(0.01)) == ()


def test_without_an_encoder_it_says_what_to_give() -> None:
    with pytest.raises(
        UnsupportedError, match=r"transformers has none; allowed: precomputed rows \(sound_features"
    ):
        beats_rows(noise(1), None)


class Parts(torch.nn.Module):
    """The parts of BEATs' released class in small, put together by torch."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embedding = torch.nn.Conv2d(1, 16, 16, 16, bias=False)
        self.layer_norm = torch.nn.LayerNorm(16)
        self.post_extract_proj = torch.nn.Linear(16, 24)
        self.inner = torch.nn.TransformerEncoderLayer(24, 2, 32, batch_first=True)

    def encoder(self, tokens: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        return self.inner(tokens), []


def test_a_module_of_the_released_layout_encodes_each_piece_to_its_mean() -> None:
    torch.manual_seed(0)
    parts = Parts().eval()
    wave = noise(11.0)
    rows = beats_rows(wave, beats_encoder(parts))
    assert rows.shape == (3, 24)
    with torch.no_grad():
        piece = beats_chunks(wave)[1]
        patches = (
            piece.reshape(32, 16, 8, 16).permute(0, 2, 1, 3).reshape(256, 256)
        )  # time first, then frequency
        embedded = patches @ parts.patch_embedding.weight.reshape(16, 256).T
        expected = parts.inner(parts.post_extract_proj(parts.layer_norm(embedded))[None]).mean(1)[0]
    assert torch.allclose(rows[1], expected, atol=1e-5)
    with pytest.raises(UsageError, match="no patch_embedding"):
        beats_encoder(torch.nn.Linear(1, 1))


def whisper() -> WhisperEncoder:
    torch.manual_seed(0)
    return make_speech_tower(tiny_config("longvale", 100).speech_config).eval()


@pytest.mark.parametrize(("seconds", "rows"), [(0.0, 0), (3.0, 5), (30.0, 5), (31.0, 11), (61.0, 17)])
def test_speech_rows_are_one_for_256_states(seconds, rows) -> None:
    assert speech_rows(noise(seconds), whisper()).shape == (rows, 32)


def test_speech_rows_are_means_of_states_across_pieces() -> None:
    from transformers import WhisperFeatureExtractor

    tower, wave = whisper(), noise(40.0)
    extractor = WhisperFeatureExtractor(feature_size=80)
    with torch.no_grad():
        states = torch.cat(
            [
                tower(
                    extractor(part, sampling_rate=RATE_HZ, return_tensors="pt").input_features
                ).last_hidden_state[0]
                for part in (wave[: 30 * RATE_HZ], wave[30 * RATE_HZ :])
            ]
        )
    rows = speech_rows(wave, tower)
    assert torch.allclose(rows[5], states[5 * 256 : 6 * 256].mean(0), atol=1e-5)  # crosses the pieces' border
    assert len(rows) == 3000 // 256


def test_the_encoder_of_a_whole_whisper_folder(tmp_path) -> None:
    torch.manual_seed(0)
    whole = WhisperForConditionalGeneration(tiny_config("longvale", 100).speech_config).eval()
    whole.save_pretrained(tmp_path)
    encoder = load_encoder(WhisperEncoder, tmp_path)
    expected = whole.model.encoder.state_dict()
    assert encoder.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in encoder.state_dict().items())


def clap() -> ClapAudioModelWithProjection:
    torch.manual_seed(0)
    return make_sound_tower(tiny_config("avicuna", 100).sound_config).eval()


def test_clap_rows_follow_the_sound_and_nothing_random() -> None:
    tower = clap()
    wave = noise(25.0, CLAP_RATE_HZ)
    rows = clap_rows(wave, tower)
    assert rows.shape == (3, 32)
    assert torch.equal(rows, clap_rows(wave, tower))
    assert torch.equal(rows[1], clap_rows(wave[len(wave) // 3 : 2 * len(wave) // 3], tower)[0])
    assert clap_rows(wave, tower, most=2).shape == (2, 32)
    assert clap_rows(wave[:0], tower).shape == (0, 32)


def test_the_sound_half_of_a_folder_loads_strictly(tmp_path) -> None:
    tower = clap()
    tower.save_pretrained(tmp_path)
    again = load_encoder(ClapAudioModelWithProjection, tmp_path)
    assert torch.equal(clap_rows(noise(3, CLAP_RATE_HZ), again), clap_rows(noise(3, CLAP_RATE_HZ), tower))
    config = json.loads((tmp_path / "config.json").read_text())
    other = tmp_path / "other"
    shutil.copytree(tmp_path, other)
    (other / "config.json").write_text(json.dumps({**config, "projection_dim": 48}))
    with pytest.raises(WeightsError, match="of another shape"):
        load_encoder(ClapAudioModelWithProjection, other)


def test_rows_are_repeated_in_order_and_silence_is_zeros() -> None:
    rows = torch.arange(3.0)[:, None].expand(3, 4)
    filled = fill_sounds(rows, 25, 4)
    assert filled.shape == (25, 4)
    assert filled[:, 0].tolist() == [0.0] * 9 + [1.0] * 8 + [2.0] * 8
    assert torch.equal(fill_sounds(None, 25, 4), torch.zeros(25, 4))
    assert torch.equal(fill_sounds(rows[:0], 25, 4), torch.zeros(25, 4))
    assert torch.equal(fill_sounds(rows[:1], 2, 4), rows[:1].expand(2, 4))
    with pytest.raises(UsageError, match="fill 2 positions with sound; found rows of shape"):
        fill_sounds(rows, 2, 4)
