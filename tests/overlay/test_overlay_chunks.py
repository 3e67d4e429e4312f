"""Sound cut for speech encoders: every sample once, and ARC's rules at 1 s and 300 s."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.media.chunks import arc_silence, arc_sound, whisper_chunks
from playhead.media.clip import Waveform


def ramp(count, start_s=0.0, rate=16_000):
    return Waveform(np.arange(count, dtype=np.float32), rate, start_s)


@given(st.integers(0, 200_000), st.sampled_from([0.0, 12.5]), st.sampled_from([1.0, 2.5, 30.0]))
def test_chunks_hold_every_sample_once_and_know_their_time(count, start_s, chunk_s):
    chunks = list(whisper_chunks(ramp(count, start_s), chunk_s))
    joined = np.concatenate([c.samples_N for c in chunks]) if chunks else np.zeros(0)
    np.testing.assert_array_equal(joined, np.arange(count))
    assert all(c.duration_s == chunk_s for c in chunks[:-1])
    for chunk in chunks:
        assert chunk.start_s == pytest.approx(start_s + chunk.samples_N[0] / 16_000)


def test_thirty_seconds_are_one_chunk_and_a_sample_more_is_two():
    assert [c.samples_N.shape[0] for c in whisper_chunks(ramp(480_000))] == [480_000]
    assert [c.samples_N.shape[0] for c in whisper_chunks(ramp(480_001))] == [480_000, 1]


@pytest.mark.parametrize(
    ("count", "kept", "whole_s"),
    [
        (0, 16_000, 1),
        (15_999, 16_000, 1),
        (16_000, 16_000, 1),
        (16_001, 16_001, 2),
        (4_800_000, 4_800_000, 300),
    ],
)
def test_arc_pads_below_a_second_and_keeps_up_to_three_hundred(count, kept, whole_s):
    sound = arc_sound(ramp(count, 3.0))
    assert sound.waveform.samples_N.shape[0] == kept
    assert sound.whole_s == whole_s
    np.testing.assert_array_equal(sound.waveform.samples_N[:count], np.arange(count))
    assert not sound.waveform.samples_N[count:].any()
    assert sound.starts_s == (3.0,)
    assert bool(sound.notes) == (count < 16_000)


@pytest.mark.parametrize("count", [4_800_001, 5_000_017, 16_000_000])
def test_arc_thins_long_sound_to_the_starts_of_150_parts(count):
    sound = arc_sound(ramp(count, 2.0))
    assert sound.waveform.samples_N.shape[0] == 4_800_000
    assert sound.whole_s == 300
    part = count // 150
    snippets = sound.waveform.samples_N.reshape(150, 32_000)
    np.testing.assert_array_equal(snippets[:, 0], np.float32(np.arange(150) * part))
    np.testing.assert_array_equal(snippets[-1], np.arange(149 * part, 149 * part + 32_000, dtype=np.float32))
    np.testing.assert_allclose(sound.starts_s, 2.0 + np.arange(150) * part / 16_000)
    assert "150 snippets" in sound.notes[0]


@pytest.mark.parametrize(
    ("duration_s", "seconds"), [(0.0, 1), (0.2, 1), (59.97, 60), (60.0, 60), (1000.0, 300)]
)
def test_silence_stands_in_for_no_sound(duration_s, seconds):
    silence = arc_silence(duration_s)
    assert silence.whole_s == seconds
    assert not silence.waveform.samples_N.any()
    assert silence.notes


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(UsageError, match="44100 Hz"):
        arc_sound(ramp(10, rate=44_100))
    with pytest.raises(UsageError, match="chunk_s=0"):
        whisper_chunks(ramp(10), 0)
