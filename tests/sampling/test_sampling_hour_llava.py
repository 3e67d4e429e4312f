"""Hour-LLaVA's rule where frames are not evenly spaced: what its constant-rate twin shows at the same instants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playhead.media.sampling.base import index_rate, sample, shown
from playhead.media.sampling.hour_llava import MIN_FRAMES, hour_llava


def held(count, rate_hz, seed, kept):
    """Times of a variable-rate video: a constant-rate one of which some frames are held for longer."""
    twin_s = np.arange(count) / rate_hz
    stays = np.random.default_rng(seed).random(count) < kept
    stays[:2] = True  # one interval of the twin's is left
    return twin_s, twin_s[stays]


@settings(max_examples=150)
@given(
    st.integers(3, 3100),
    st.sampled_from([24000 / 1001, 25.0, 30000 / 1001, 60.0]),
    st.integers(0, 9),
    st.floats(0.2, 0.95),
)
def test_a_short_variable_rate_video_is_looked_at_as_its_twin(count, rate_hz, seed, kept) -> None:
    twin_s, times_s = held(count, rate_hz, seed, kept)
    duration_s = count / rate_hz
    assume(index_rate(duration_s, times_s) is None)
    assume(int(duration_s) + 1 < MIN_FRAMES)
    choose = hour_llava()
    wanted = choose(duration_s, twin_s)
    found = choose(duration_s, times_s)
    assert len(found) == len(wanted) == min(count, MIN_FRAMES)
    np.testing.assert_array_equal(found.indices, shown(times_s, wanted.times_s))
    assert found.times_s[0] == 0.0
    assert found.indices[-1] == len(times_s) - 1


@pytest.mark.parametrize("start_s", [0.0, 7.25])
def test_a_window_of_a_variable_rate_video_is_a_video_of_its_own(start_s) -> None:
    twin_s, times_s = held(2500, 25.0, 3, 0.5)
    start_s = float(times_s[np.searchsorted(times_s, start_s)])
    first = int(np.searchsorted(times_s, start_s))
    assert times_s[first + 1] - times_s[first] < 1.0
    found = sample(hour_llava(), times_s, start_s, start_s + 20.0)
    wanted = sample(hour_llava(), twin_s, start_s, start_s + 20.0)
    assert len(found) == len(wanted) == MIN_FRAMES
    np.testing.assert_array_equal(found.times_s, times_s[shown(times_s, wanted.times_s)])


def test_a_long_variable_rate_video_is_looked_at_every_second() -> None:
    _, times_s = held(25 * 300, 25.0, 1, 0.5)
    found = hour_llava()(300.0, times_s)
    np.testing.assert_array_equal(found.indices, np.unique(shown(times_s, np.arange(300.0))))


@pytest.mark.parametrize(
    ("times_s", "duration_s", "count"),
    [
        ([0.0], 10.0, 1),  # one frame, however long it is held
        ([0.0, 0.04, 9.0], 10.0, 128),  # the instants of a twin of 250 frames, two of them shown many times
        ([0.0, 0.04, 0.2], 0.24, 6),
        ([0.5, 0.7, 1.6], 2.0, 8),  # pictures begin late
    ],
)
def test_the_smallest_of_videos(times_s, duration_s, count) -> None:
    times_s = np.array(times_s)
    found = hour_llava()(duration_s, times_s)
    assert len(found) == count
    assert set(found.indices.tolist()) == set(range(len(times_s)))
    assert (np.diff(found.indices) >= 0).all()
