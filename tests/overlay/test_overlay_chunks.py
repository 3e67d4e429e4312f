"""Sound cut for speech encoders: every sample once, and ARC's rules at 1 s and 300 s."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.media.chunks import arc_silence, arc_sound, whisper_chunks
from playhead.media.clip import Waveform


def ramp(count, start_s=0.0):
    return Waveform(np.arange(count, dtype=np.float32), 16_000, start_s)


@given(st.integers(0, 200_000), st.sampled_from([0.0, 12.5]), st.sampled_from([1.0, 2.5, 30.0]))
def test_chunks_hold_every_sample_once_and_know_their_time(count, start_s, chunk_s):
    chunks = whisper_chunks(ramp(count, start_s), chunk_s)
    joined = np.concatenate([c.samples_N for c in chunks]) if chunks else np.zeros(0)
    np.testing.assert_array_equal(joined, np.arange(count))
    assert all(c.duration_s == chunk_s for c in chunks[:-1])
    for chunk in chunks:
        assert chunk.start_s == pytest.approx(start_s + chunk.samples_N[0] / 16_000)


def test_thirty_seconds_are_one_chunk_and_a_sample_more_is_two():
    assert [c.samples_N.shape[0] for c in whisper_chunks(ramp(480_000))] == [480_000]
    assert [c.samples_N.shape[0] for c in whisper_chunks(ramp(480_001))] == [480_000, 1]


@pytest.mark.parametrize(
    ("count", "kept"),
    [(0, 16_000), (15_999, 16_000), (16_000, 16_000), (16_001, 16_001), (4_800_000, 4_800_000)],
)
def test_arc_pads_below_a_second_and_keeps_up_to_three_hundred(count, kept):
    sound, starts_s = arc_sound(ramp(count, 3.0))
    assert sound.samples_N.shape[0] == kept
    np.testing.assert_array_equal(sound.samples_N[:count], np.arange(count))
    assert not sound.samples_N[count:].any()
    assert starts_s.tolist() == [3.0 + 2 * i for i in range(-(-kept // 32_000))]


@pytest.mark.parametrize("count", [4_800_001, 5_000_017, 16_000_000])
def test_arc_thins_long_sound_to_the_starts_of_150_parts(count):
    sound, starts_s = arc_sound(ramp(count, 2.0))
    assert sound.samples_N.shape[0] == 4_800_000
    part = count // 150
    snippets = sound.samples_N.reshape(150, 32_000)
    np.testing.assert_array_equal(snippets[:, 0], np.float32(np.arange(150) * part))
    np.testing.assert_array_equal(snippets[-1], np.arange(149 * part, 149 * part + 32_000, dtype=np.float32))
    np.testing.assert_allclose(starts_s, 2.0 + np.arange(150) * part / 16_000)


@pytest.mark.parametrize(
    ("duration_s", "seconds"), [(0.0, 1), (0.2, 1), (59.97, 60), (60.0, 60), (1000.0, 300)]
)
def test_silence_stands_in_for_no_sound(duration_s, seconds):
    silence = arc_silence(duration_s, 4.0)
    assert (silence.duration_s, silence.start_s) == (seconds, 4.0)
    assert not silence.samples_N.any()


@pytest.mark.parametrize("chunk_s", [0, -1.0, 1e-9])
def test_a_chunk_of_nothing_is_refused(chunk_s):
    with pytest.raises(UsageError, match="chunk_s="):
        whisper_chunks(ramp(10), chunk_s)
