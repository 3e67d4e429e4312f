"""Qwen-VL's sampling where frames are not evenly spaced: by duration, and what a constant-rate twin shows then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playhead.media.sampling.base import index_rate, sample, shown
from playhead.media.sampling.qwen import MAX_FRAMES, qwen2_vl, qwen3_vl

RULES = [
    (qwen2_vl, "utils"),
    (qwen2_vl, "transformers"),
    (qwen3_vl, "utils"),
    (qwen3_vl, "transformers"),
]
SLIDES_S = np.array([0.0, 4.0, 10.0])


@pytest.mark.parametrize(("make", "variant"), RULES)
def test_a_slide_show_is_looked_at_twice_a_second_however_few_its_slides(make, variant) -> None:
    chosen = make(variant=variant)(20.0, SLIDES_S)
    assert len(chosen) == 40
    instants_s = np.arange(40) / 2
    np.testing.assert_array_equal(chosen.times_s, SLIDES_S[shown(SLIDES_S, instants_s)])


@pytest.mark.parametrize(("make", "variant"), RULES)
def test_no_pair_of_a_slide_show_holds_more_than_neighbours(make, variant) -> None:
    """A pair is named by the mean of its times: it may not span slides that are seconds apart with one between."""
    chosen = make(variant=variant)(20.0, SLIDES_S)
    pairs_P2 = chosen.indices.reshape(-1, 2)
    assert (np.diff(pairs_P2, axis=1) <= 1).all()
    assert set(chosen.indices.tolist()) == {0, 1, 2}


@pytest.mark.parametrize(("make", "variant"), RULES)
@settings(max_examples=80)
@given(
    count=st.integers(3, 3100),
    rate_hz=st.sampled_from([24000 / 1001, 25.0, 30000 / 1001, 60.0]),
    seed=st.integers(0, 9),
    kept=st.floats(0.02, 0.95),
)
def test_a_variable_rate_video_shows_what_its_twin_does(make, variant, *, count, rate_hz, seed, kept) -> None:
    twin_s = np.arange(count) / rate_hz
    stays = np.random.default_rng(seed).random(count) < kept
    stays[:2] = True  # one interval of the twin's is left
    times_s, duration_s = twin_s[stays], count / rate_hz
    assume(index_rate(duration_s, times_s) is None)
    choose = make(variant=variant)
    wanted, found = choose(duration_s, twin_s), choose(duration_s, times_s)
    np.testing.assert_array_equal(found.indices, shown(times_s, wanted.times_s))


@pytest.mark.parametrize(("make", "variant"), RULES)
def test_a_time_lapse_keeps_within_the_most(make, variant) -> None:
    times_s = np.sort(np.random.default_rng(1).uniform(0, 3600, 200))
    times_s[0] = 0.0
    chosen = make(variant=variant)(3600.0, times_s)
    assert len(chosen) == MAX_FRAMES
    holds_s = np.diff(np.append(times_s, 3600.0))
    between_s = 3600 / (MAX_FRAMES - 1)  # only a slide shorter than this may fall between two instants
    assert set(np.flatnonzero(holds_s > between_s).tolist()) <= set(chosen.indices.tolist())


@pytest.mark.parametrize(("make", "variant"), RULES)
def test_a_window_of_a_slide_show_begins_with_the_slide_on_screen(make, variant) -> None:
    chosen = sample(make(variant=variant), SLIDES_S, 6.0, 12.0)
    assert len(chosen) == 12
    assert chosen.times_s.tolist() == [4.0] * 8 + [10.0] * 4


@pytest.mark.parametrize(("make", "variant"), RULES)
@pytest.mark.parametrize(
    ("times_s", "duration_s", "count"),
    [
        ([0.0, 0.5, 0.5], 1.0, 4),  # two pictures at one time
        ([0.0, 0.0], 0.0, 2),
        ([9.0], 10.0, 1),  # one picture, late: it is refused there
        ([0.0, 0.04, 9.0], 9.0, 18),  # the last picture ends the video
        ([6.0, 6.5, 9.0], 10.0, 20),  # pictures begin late: the whole duration counts
    ],
)
def test_the_strangest_lists_of_times(make, variant, times_s, duration_s, count) -> None:
    chosen = make(variant=variant)(duration_s, np.array(times_s))
    assert len(chosen) == count
    assert (np.diff(chosen.indices) >= 0).all()
