"""What the model hears, and which of it goes with which picture."""

import json
import math

import numpy as np
import pytest

from playhead.errors import EmptyMediaError, UsageError, WeightsError
from playhead.media.clip import Waveform
from playhead.models.arc_hunyuan_video.reconcile import align, by_order, by_time, reconcile, vectors_per_frame
from playhead.models.arc_hunyuan_video.sound import check_bands, extractor, hear, spectrograms, vector_times

RATE_HZ = 16_000


def tone(seconds, at_s=(), start_s=0.0):
    """Silence with 0.1 s of tone at given seconds of the clock."""
    samples_N = np.zeros(round(seconds * RATE_HZ), np.float32)
    for second in at_s:
        first = round((second - start_s) * RATE_HZ)
        samples_N[first : first + RATE_HZ // 10] = 0.5 * np.sin(
            2 * np.pi * 440 * np.arange(RATE_HZ // 10) / RATE_HZ
        )
    return Waveform(samples_N, RATE_HZ, start_s)


def even(count, step_s=1.0, start_s=0.0):
    edges_s = start_s + np.arange(count + 1) * step_s
    return np.stack([edges_s[:-1], edges_s[1:]], axis=1)


def loud_vectors(features_KMT):
    """Audio vectors whose stretch of the spectrogram holds sound, over all chunks."""
    energy_KT = features_KMT.max(axis=1)
    pairs = energy_KT.reshape(energy_KT.shape[0], -1, 2).max(axis=2)
    return np.flatnonzero(pairs.reshape(-1) > energy_KT.max() - 0.2)


# --- spectrograms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "chunks", "whole_s"),
    [(0.3, 1, 1), (1.0, 1, 1), (30.0, 1, 30), (30.01, 2, 31), (299.5, 10, 300)],
)
def test_chunks_of_30_seconds(seconds, chunks, whole_s):
    heard = hear(tone(seconds), seconds)
    assert heard.input_features_KMT.shape == (chunks, 128, 3000)
    assert heard.input_features_KMT.dtype == np.float32
    assert heard.heard_J.shape == (chunks * 1500,)
    assert heard.audio_s == whole_s
    assert heard.notes == ()


def test_a_chunk_is_what_whispers_own_extractor_makes_of_it():
    sound = tone(40.0, at_s=(3.0, 31.0))
    whole = spectrograms(sound)
    last = extractor()(sound.samples_N[30 * RATE_HZ :], sampling_rate=RATE_HZ, return_tensors="np")
    assert np.array_equal(whole[1], last["input_features"][0])
    assert extractor().feature_size == 128


def test_a_tone_is_in_the_vectors_of_its_second():
    heard = hear(tone(65.0, at_s=(2.5, 33.1, 61.0)), 65.0)
    loud = loud_vectors(heard.input_features_KMT)
    assert {round(float(second), 1) for second in heard.heard_J[loud]} & {2.5, 33.1, 61.0} == {
        2.5,
        33.1,
        61.0,
    }
    assert all(min(abs(second - at) for at in (2.55, 33.15, 61.05)) < 0.12 for second in heard.heard_J[loud])


def test_long_sound_becomes_snippets_with_their_own_times():
    seconds = 450.0
    heard = hear(tone(seconds, at_s=(0.5, 300.5, 448.0)), seconds)
    assert heard.audio_s == 300
    assert heard.input_features_KMT.shape == (10, 128, 3000)
    assert "longer than 300 s" in heard.notes[0]
    assert heard.heard_J[100] == pytest.approx(3.0)
    assert heard.heard_J[-1] == pytest.approx(447.0 + 1.98)
    loud_s = heard.heard_J[loud_vectors(heard.input_features_KMT)]
    apart_s = np.abs(loud_s[:, None] - np.array([0.55, 300.55, 448.05]))
    assert apart_s.min(axis=1).max() < 0.12
    assert apart_s.min(axis=0).max() < 0.12


def test_each_frame_of_a_long_video_gets_the_snippet_of_its_start():
    heard = hear(tone(450.0), 450.0)
    made = align(even(150, 3.0), heard.heard_J, step_s=3.0, audio_s=heard.audio_s, slots=112)
    assert made.rule == "training"
    assert np.array_equal(heard.heard_J[made.index_FS[:, 0]], 3.0 * np.arange(150))
    assert ((made.index_FS >= 0).sum(axis=1) == 100).all()


def test_no_sound_is_silence_that_is_told():
    heard = hear(None, 12.3)
    assert heard.audio_s == 13
    assert heard.notes == ("no sound: the model heard 13 s of silence",)
    assert np.ptp(heard.input_features_KMT) == 0
    assert hear(None, 4000.0).audio_s == 300
    assert hear(None, 0.0).audio_s == 1


def test_no_sound_can_be_an_error():
    with pytest.raises(EmptyMediaError, match="without sound"):
        hear(None, 12.3, missing="error")


def test_sound_of_another_rate_is_refused():
    with pytest.raises(UsageError, match="8000 Hz"):
        hear(Waveform(np.zeros(8000, np.float32), 8000), 1.0)


def test_times_past_a_short_sound_count_on():
    times_s = vector_times(RATE_HZ * 5, np.array([10.0, 12.0, 14.0]))
    assert times_s.shape == (1500,)
    assert np.allclose(times_s, 10.0 + np.arange(1500) / 50)


@pytest.mark.parametrize("content", ['{"feature_size": 80}', '{"feature_size": null}', "[1]"])
def test_another_count_of_mel_bands_is_refused(tmp_path, content):
    (tmp_path / "preprocessor_config.json").write_text(content)
    with pytest.raises(WeightsError, match="128"):
        check_bands(tmp_path)


def test_a_preprocessor_config_may_be_missing_or_right(tmp_path):
    check_bands(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"feature_size": 128}))
    check_bands(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_size": 640}))
    check_bands(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(WeightsError, match="fetch it again"):
        check_bands(tmp_path)


# --- reconciling ----------------------------------------------------------------------------------------------------


def whole_sound(seconds, start_s=0.0):
    return vector_times(round(seconds * RATE_HZ), start_s + np.arange(0.0, seconds, 2.0))


def of_lengths(video_s, sound_s, rule="auto", *, start_s=0.0):
    count, step_s = (max(1, math.ceil(video_s)), 1.0) if video_s <= 150 else (150, video_s / 150)
    return align(
        even(count, step_s),
        whole_sound(sound_s, start_s),
        step_s=step_s,
        audio_s=math.ceil(sound_s),
        slots=112,
        rule=rule,
    )


@pytest.mark.parametrize("video_s", [0.4, 1.0, 59.97, 60.0, 150.0, 151.0, 200.0, 213.7, 299.9])
def test_whole_sound_goes_as_trained(video_s):
    made = of_lengths(video_s, max(1.0, video_s))
    assert (made.rule, made.why) == ("training", "")
    frames = len(made.index_FS)
    duration_s = frames if video_s <= 150 else math.ceil(video_s)
    assert np.array_equal(made.index_FS, by_order(frames, duration_s, 112))


@pytest.mark.parametrize("rule", ["training", "vllm"])
def test_training_and_vllm_agree_on_whole_sound(rule):
    for video_s in (10.2, 60.0, 150.0, 151.0, 213.7):
        assert np.array_equal(
            of_lengths(video_s, video_s, rule).index_FS, of_lengths(video_s, video_s).index_FS
        )


def test_transformers_loses_a_second_of_many_long_videos():
    made, trained = of_lengths(213.7, 213.7, "transformers"), of_lengths(213.7, 213.7)
    assert int(made.index_FS[0].max()) + 1 == vectors_per_frame(213) == 71
    assert int(trained.index_FS[0].max()) + 1 == vectors_per_frame(214) == 72


@pytest.mark.parametrize(
    ("video_s", "sound_s", "why"),
    [
        (200.0, 150.0, "away from its picture"),  # silently out of step in vLLM, a crash in transformers
        (200.0, 180.0, "away from its picture"),
        (180.0, 90.0, "chunks of sound shorter"),
        (150.0, 119.0, "chunks of sound shorter"),
        (450.3, 200.0, "away from its picture"),
        (100.0, 200.0, "100 frames where sound above 150 s needs 150"),
        (149.0, 300.0, "149 frames where"),
        (150.0, 300.0, "away from its picture"),
    ],
)
def test_every_picture_gets_its_own_sound_where_the_trained_rule_fails(video_s, sound_s, why):
    made = of_lengths(video_s, sound_s)
    assert made.rule == "true-intervals"
    assert why in made.why
    heard_J = whole_sound(sound_s)
    count = math.ceil(video_s) if video_s <= 150 else 150
    stretches_S2 = even(count, 1.0 if video_s <= 150 else video_s / 150)
    assert made.index_FS.shape == (count, 112)
    for row, (start_s, end_s) in zip(made.index_FS, stretches_S2, strict=True):
        times_s = heard_J[row[row >= 0]]
        assert ((times_s >= start_s - 1e-5) & (times_s < end_s)).all()
        there = int(((heard_J >= start_s - 1e-6) & (heard_J < end_s - 1e-6)).sum())
        assert len(times_s) == min(112, there)
        assert (row[: len(times_s)] >= 0).all()


def test_between_150_and_151_seconds_each_picture_hears_its_own_stretch():
    for sound_s in (150.0, 150.4, 151.0):
        made = of_lengths(150.4, sound_s)
        assert made.rule == "true-intervals"
        assert made.why == "the released code stops here with 149 frames for 150 rows of sound"
        starts_s = 150.4 / 150 * np.arange(150)
        assert np.abs(whole_sound(sound_s)[made.index_FS[:, 0]] - starts_s).max() < 0.02
        assert (made.index_FS[:-1, 49] >= 0).all()
        assert of_lengths(150.4, sound_s, "training").rule == "training"  # what training did is there by name
    with pytest.raises(UsageError, match=r"149 frames for 150 rows of sound.*use the rule auto"):
        of_lengths(150.4, 150.4, "transformers")


def test_a_sound_on_another_clock_goes_by_true_time():
    made = of_lengths(60.0, 50.0, start_s=10.0)
    assert made.rule == "true-intervals"
    assert (made.index_FS[:10] == -1).all()
    assert made.index_FS[10, 0] == 0
    assert made.index_FS[59, 49] == 49 * 50 + 49


def test_a_gap_between_stretches_is_never_closed():
    stretches_S2 = np.delete(even(10), 4, axis=0)
    made = align(stretches_S2, whole_sound(10.0), step_s=1.0, audio_s=10, slots=112)
    assert made.rule == "true-intervals"
    assert "do not follow one another" in made.why
    assert made.index_FS[:, 0].tolist() == [50 * second for second in (0, 1, 2, 3, 5, 6, 7, 8, 9)]
    late = align(even(9, start_s=1.0), whole_sound(10.0), step_s=1.0, audio_s=10, slots=112)
    assert late.index_FS[:, 0].tolist() == [50 * second for second in range(1, 10)]


def test_training_refuses_what_it_skipped():
    with pytest.raises(UsageError, match="skipped"):
        of_lengths(150.0, 119.0, "training")
    assert len(of_lengths(150.0, 119.0, "vllm").index_FS) == 119


def test_true_intervals_by_name_are_those_of_a_long_video():
    named, auto = of_lengths(250.0, 250.0, "true-intervals"), of_lengths(250.0, 250.0)
    assert (named.rule, auto.rule) == ("true-intervals", "training")
    heard_J = whole_sound(250.0)
    first = heard_J[named.index_FS[:, 0]]
    assert np.abs(first - np.arange(150) * 250 / 150).max() < 0.02
    drift_s = np.abs(heard_J[auto.index_FS[:-1, 0]] - np.arange(149) * 250 / 150)
    assert 1.9 < drift_s.max() < 2.0  # what the released rule does, and the model was trained with


def test_long_stretches_keep_what_finds_a_slot():
    made = by_time(even(3, 10.0), whole_sound(30.0), slots=8)
    assert made.tolist() == [[first + i for i in range(8)] for first in (0, 500, 1000)]


def test_small_pictures_have_fewer_slots():
    made = by_order(2, 2, slots=8)
    assert made.tolist() == [list(range(8)), list(range(50, 58))]


@pytest.mark.parametrize("given", [(0, 1.0, 5), (151, 1.0, 5), (10, 1.0, 0), (10, 0.0, 5)])
def test_counts_no_video_has_are_refused(given):
    with pytest.raises(UsageError, match="reconcile"):
        reconcile(*given)


def test_unknown_rules_are_refused():
    with pytest.raises(UsageError, match="training, transformers, vllm"):
        reconcile(10, 1.0, 10, "hf")
    with pytest.raises(UsageError, match="auto, training"):
        of_lengths(10.0, 10.0, "hf")
    with pytest.raises(UsageError, match="9 frames for 10 rows"):
        by_order(9, 10, 112)
