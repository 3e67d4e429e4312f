"""The script that draws the bundled clip: camera, lettering, sound, and the guards that keep the truth true."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from demo_clip import pictures, programme, sound, voice


def tone(text):
    return np.sin(np.arange(24_000 * len(text.split()) // 5) / 20).astype(np.float32)


def test_a_label_is_half_visible_at_both_ends_of_its_true_span():
    shot = programme.Shot("x", 4.0, "coffee.png", label="Espresso")
    assert pictures.label_opacity(shot, programme.LABEL_DELAY_S) == pytest.approx(0.5)
    assert pictures.label_opacity(shot, 4.0 - programme.LABEL_TAIL_S) == pytest.approx(0.5)
    assert pictures.label_opacity(shot, 0.0) == 0.0
    assert pictures.label_opacity(shot, 2.0) == 1.0


def test_a_resampled_tone_keeps_its_pitch_and_loudness():
    wave = np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000).astype(np.float32)
    out = sound.resample(wave, 24_000)
    assert out.shape == (48_000,)
    expected = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    assert np.abs(out - expected)[100:-100].max() < 1e-3


def test_a_sentence_too_long_for_its_shot_is_refused():
    with pytest.raises(RuntimeError, match=r"runs into|before the cut"):
        sound.compose(lambda text: np.tile(tone(text), 4), 24_000)


def test_the_track_has_the_clip_s_length_and_lists_what_is_heard():
    track, heard = sound.compose(tone, 24_000)
    assert len(track) == round(programme.shot_starts_s()[-1] * sound.TRACK_RATE_HZ)
    assert [h.kind for h in heard].count("beep") == 3
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(heard))


def test_wrong_voice_bytes_are_refused(tmp_path):
    for name in voice.SHA256:
        (tmp_path / name).write_bytes(b"not the voice")
    with pytest.raises(RuntimeError, match=hashlib.sha256(b"not the voice").hexdigest()):
        voice.fetch(tmp_path)


def test_camera_views_stay_inside_the_photographs_and_move_smoothly():
    pytest.importorskip("skimage")
    for shot in programme.SHOTS:
        if shot.photograph:
            picture = pictures.photograph(shot.photograph)
            for view in shot.views:
                left, top, right, bottom = pictures._box(view, picture)
                assert left >= 0
                assert top >= 0
                assert right <= picture.width + 1e-6
                assert bottom <= picture.height + 1e-6
                assert (right - left) / (bottom - top) == pytest.approx(854 / 480)
