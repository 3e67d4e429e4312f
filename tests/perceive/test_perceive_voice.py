"""Cutting a stream of sound at pauses: the truth is in the samples, 1.0 where a voice is and less where it is softer."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.media.clip import AUDIO_RATE_HZ, Waveform
from playhead.perceive.speech import pack, place, stray
from playhead.perceive.voice import FRAME_SAMPLES, VoiceFinder

STEP_S = FRAME_SAMPLES / AUDIO_RATE_HZ


def level(samples_N):
    """A voice detector whose probability is the loudness drawn into the samples."""
    return np.abs(samples_N).reshape(-1, FRAME_SAMPLES).mean(axis=1)


def sound(length_s, *voices):
    samples_N = np.zeros(round(length_s * AUDIO_RATE_HZ), np.float32)
    for start_s, end_s, loud in voices:
        samples_N[round(start_s * AUDIO_RATE_HZ) : round(end_s * AUDIO_RATE_HZ)] = loud
    return samples_N


def find(samples_N, block=16_000, start_s=0.0):
    finder, found = VoiceFinder(level), []
    for at in range(0, samples_N.shape[0], block):
        found += finder.push(Waveform(samples_N[at : at + block], start_s=start_s + at / AUDIO_RATE_HZ))
    return found + finder.finish()


def test_finds_where_the_voice_is_and_nothing_else():
    found = find(sound(12, (1.0, 2.5, 1.0), (4.0, 4.6, 1.0), (8.0, 11.0, 1.0)))
    assert [(s.voiced.start_s, s.voiced.end_s) for s in found] == [
        pytest.approx((1.0, 2.5), abs=STEP_S),
        pytest.approx((4.0, 4.6), abs=STEP_S),
        pytest.approx((8.0, 11.0), abs=STEP_S),
    ]


def test_silence_and_clicks_give_nothing():
    assert find(sound(5)) == []
    assert find(sound(5, (2.0, 2.05, 1.0))) == []


def test_a_window_starts_on_the_clips_clock():
    (stretch,) = find(sound(3, (1.0, 2.0, 1.0)), start_s=100.0)
    assert (stretch.voiced.start_s, stretch.voiced.end_s) == pytest.approx((101.0, 102.0), abs=STEP_S)
    assert stretch.start_s == pytest.approx(100.75, abs=STEP_S)


@pytest.mark.parametrize("block", [700, 5_000, 160_000])
def test_where_the_stream_is_cut_into_blocks_changes_nothing(block):
    samples_N = sound(20, (0.3, 2.0, 0.9), (3.0, 9.0, 0.7), (9.2, 9.9, 0.6), (15.0, 20.0, 1.0))
    here, there = find(samples_N, block), find(samples_N)
    assert [s.voiced for s in here] == [s.voiced for s in there]
    assert all(np.array_equal(one.samples_N, two.samples_N) for one, two in zip(here, there, strict=True))


def test_the_sound_of_a_stretch_is_the_sound_at_its_time():
    samples_N = sound(9, (4.0, 6.0, 1.0))
    samples_N += np.linspace(0, 0.01, samples_N.shape[0], dtype=np.float32)
    (stretch,) = find(samples_N, 4_321)
    first = round(stretch.start_s * AUDIO_RATE_HZ)
    assert np.array_equal(stretch.samples_N, samples_N[first : first + stretch.samples_N.shape[0]])


def test_a_soft_beginning_belongs_to_the_voice():
    (stretch,) = find(sound(4, (1.0, 1.5, 0.2), (1.5, 3.0, 1.0)))
    assert stretch.voiced.start_s == pytest.approx(1.0, abs=0.1)


def test_a_voice_that_never_pauses_is_cut_where_it_is_softest():
    found = find(sound(50, (0.0, 50.0, 1.0), (22.0, 22.1, 0.6), (44.0, 44.1, 0.6)))
    assert all(stretch.duration_s <= 28.0 for stretch in found)
    assert found[0].voiced.end_s == pytest.approx(22.05, abs=0.1)
    assert sum(s.duration_s for s in found) == pytest.approx(50.0, abs=STEP_S)  # nothing twice, nothing lost


def test_memory_stays_within_one_stretch():
    finder = VoiceFinder(level)
    minute_N = sound(60, *((at, at + 4.0, 1.0) for at in range(0, 60, 5)))
    for minute in range(10):
        finder.push(Waveform(minute_N, start_s=60.0 * minute))
    assert finder._held_N.shape[0] < 10 * AUDIO_RATE_HZ


def test_words_go_back_to_their_own_seconds_through_the_packing():
    stretches = find(sound(120, (1.0, 3.0, 1.0), (30.0, 31.0, 1.0), (100.0, 104.0, 1.0)))
    window_N, pieces = pack(stretches)
    assert window_N.shape[0] == 30 * AUDIO_RATE_HZ
    for piece, (start_s, end_s) in zip(pieces, [(1.2, 1.9), (30.1, 30.8), (102.0, 102.4)], strict=True):
        shift_s = piece.offset_s - piece.stretch.start_s
        word, owner = place((" word", start_s + shift_s, end_s + shift_s, 0.9), pieces)
        assert owner is piece
        assert (word.span.start_s, word.span.end_s) == pytest.approx((start_s, end_s), abs=1e-6)


def test_words_in_the_silence_around_the_pieces_are_strays():
    stretches = find(sound(60, (1.0, 3.0, 1.0), (40.0, 41.0, 1.0)))
    _, (first, second) = pack(stretches)
    end_s = first.offset_s + first.stretch.duration_s
    assert stray(end_s + 0.1, end_s + 0.5, (first, second))
    assert stray(20.0, 21.0, (first, second))
    assert not stray(second.offset_s - 0.5, second.offset_s + 0.3, (first, second))
    assert not stray(1.0, 1.0, (first, second))  # a word of no length inside a voice


def test_a_word_that_leans_into_a_pause_is_kept_to_the_voice():
    stretches = find(sound(60, (1.0, 3.0, 1.0), (40.0, 41.0, 1.0)))
    _, pieces = pack(stretches)
    lean_s = pieces[1].offset_s - 0.9  # begins in the silence between the pieces
    word, owner = place((" banana", lean_s, pieces[1].offset_s + 1.2, 0.9), pieces)
    assert owner is pieces[1]
    assert (word.span.start_s, word.span.end_s) == pytest.approx((40.0, 41.0), abs=0.1)
