"""What every sampling policy promises, on constant, variable, tiny and huge lists of frame times."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.errors import EmptyMediaError, UsageError, WindowError
from playhead.media.sampling import POLICIES, constant_rate, policy, sample
from playhead.media.sampling.focus import content, densify
from playhead.media.sampling.keye import slow_fast
from playhead.media.sampling.uniform import every, per_second

SPECS = [
    "every",
    "uniform:n=7",
    "uniform:n=1",
    "per-second:rate_hz=1,max_frames=20",
    "per-second:rate_hz=2,min_frames=4,max_frames=64",
    "segment-middles:n=9",
    "vtimellm",
    "arc",
    "arc:pick_by=random,seed=3",
    "hour-llava",
    "hour-llava:form=features",
    "qwen2-vl",
    "qwen2.5-vl:variant=transformers",
    "qwen3-vl",
    "qwen3-vl:variant=transformers",
    "internvl:n=16",
    "internvl-train:seed=1",
    "internvl-train:mode=middle,n=12",
    "internvl-train:mode=fps2",
    "seed1.5-vl",
    "seed1.5-vl:task=counting,budget_tokens=4000",
    "videollama3",
    "videollama3:reader=middles",
]
# These put a frame into the last second of any video; the others thin out towards the end by their published rule.
COVER_THE_END = [
    "every",
    "uniform:n=40",
    "per-second",
    "vtimellm",
    "arc",
    "hour-llava",
    "qwen2-vl",
    "qwen3-vl",
    "qwen3-vl:variant=transformers",
    "seed1.5-vl",
]


def make(spec):
    if spec == "content":
        return content([0.7, 2.0, 2.1], 6)
    if spec == "densify":
        return densify([(0.0, 1.0), (0.5, 2.0)], n=10)
    return policy(spec)


def check(chosen, times_s):
    assert len(chosen) > 0
    assert chosen.indices.min() >= 0
    assert chosen.indices.max() < times_s.shape[0]
    assert (np.diff(chosen.indices) >= 0).all()
    np.testing.assert_array_equal(chosen.times_s, times_s[chosen.indices])
    assert chosen.policy
    assert chosen.source
    if chosen.intervals_S2 is not None:
        assert (np.diff(chosen.intervals_S2, axis=1) >= 0).all()


@st.composite
def frame_lists(draw):
    """(duration, times): constant or variable spacing, possibly a late first frame, one frame and more."""
    count = draw(st.integers(1, 400))
    if draw(st.booleans()):
        steps = np.full(
            count, 1 / draw(st.sampled_from([0.4, 1, 10, 23.976, 24000 / 1001, 25, 29.97, 30, 60]))
        )
    else:
        seed = draw(st.integers(0, 2**32 - 1))
        steps = np.random.default_rng(seed).exponential(draw(st.sampled_from([0.01, 0.1, 3.0])), count) + 1e-3
    times_s = np.concatenate([[0.0], np.cumsum(steps)[:-1]]) + draw(st.sampled_from([0.0, 0.0, 0.4, 7.5]))
    return float(times_s[-1] + steps[-1]), times_s


@pytest.mark.parametrize("spec", [*SPECS, "content", "densify"])
@given(video=frame_lists())
@settings(max_examples=40)
def test_every_policy_chooses_true_frames_in_order(spec, video):
    duration_s, times_s = video
    if spec == "densify" and not (times_s <= 2.0).any():
        with pytest.raises(WindowError):
            make(spec)(duration_s, times_s)
        return
    check(make(spec)(duration_s, times_s), times_s)


@pytest.mark.parametrize("spec", COVER_THE_END)
@given(video=frame_lists())
@settings(max_examples=30)
def test_the_last_second_is_covered(spec, video):
    duration_s, times_s = video
    chosen = policy(spec)(duration_s, times_s)
    longest_s = float(np.diff(np.append(times_s, duration_s)).max())
    slack_s = max(2.0, 2 * duration_s / len(chosen)) + longest_s
    assert chosen.times_s[-1] >= duration_s - slack_s


DRAWN_AT_RANDOM = {"arc:pick_by=random,seed=3", "internvl-train:seed=1"}  # within intervals of 1 s and 1.6 s


@pytest.mark.parametrize("spec", [*(spec for spec in SPECS if spec != "every"), "content", "densify"])
def test_a_variable_rate_twin_shows_the_same_seconds(spec):
    """Dropping every third frame may move a choice by at most the gap that leaves, never by seconds."""
    even = np.arange(900) / 30
    twin = even[np.arange(900) % 3 != 1]
    assert constant_rate(twin) is None
    a, b = make(spec)(30.0, even), make(spec)(30.0, twin)
    assert len(a) == len(b)
    most_s = 1.6 if spec in DRAWN_AT_RANDOM else 2 / 30
    assert np.abs(a.times_s - b.times_s).max() <= most_s + 1e-9


@pytest.mark.parametrize("spec", [s for s in SPECS if s != "every"])
def test_huge_lists_are_quick_and_right(spec):
    times_s = np.arange(5_000_000) * 1001 / 30000
    check(policy(spec)(5_000_000 * 1001 / 30000, times_s), times_s)


@pytest.mark.parametrize("spec", SPECS)
def test_no_frames_is_a_media_error(spec):
    with pytest.raises(EmptyMediaError):
        sample(policy(spec), np.zeros(0), 0.0, 1.0)


def test_a_policy_is_pure():
    times_s = np.arange(300) / 30
    for spec in SPECS:
        made = policy(spec)
        first, second = made(10.0, times_s), made(10.0, times_s)
        np.testing.assert_array_equal(first.indices, second.indices)


# --- windows -----------------------------------------------------------------------------------------------------


def test_a_window_is_sampled_on_the_videos_own_clock():
    times_s = np.arange(900) / 30
    chosen = sample(policy("arc"), times_s, 10.0, 13.0)
    assert chosen.indices.tolist() == [315, 345, 375]
    assert chosen.intervals_S2.tolist() == [[10, 11], [11, 12], [12, 13]]
    np.testing.assert_allclose(chosen.times_s, [10.5, 11.5, 12.5])


def test_a_window_between_two_frames_gives_the_frame_on_screen():
    times_s = np.array([0.0, 5.0, 10.0])
    chosen = sample(policy("uniform:n=4"), times_s, 6.0, 8.0)
    assert chosen.indices.tolist() == [1]
    assert chosen.times_s.tolist() == [5.0]


@pytest.mark.parametrize("name", ["every", "per-second", "arc", "hour-llava"])
def test_a_window_of_slides_begins_with_the_slide_on_screen(name):
    times_s = np.arange(10) * 4.0
    chosen = sample(policy(name), times_s, 5.0, 17.0)
    assert chosen.times_s[0] == 4.0
    assert set(chosen.times_s) == {4.0, 8.0, 12.0, 16.0}
    assert sample(policy(name), times_s, 3.9, 17.0).times_s[0] == 4.0  # shown a tenth of a second in


def test_a_window_turned_round_is_refused():
    with pytest.raises(WindowError):
        sample(every(), np.arange(10.0), 3.0, 2.0)


# --- rates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fps", [0.6, 10, 11.5, 12.5, 15, 23.976, 24000 / 1001, 24, 25, 29.97, 30000 / 1001, 50, 59.94]
)
@pytest.mark.parametrize("frames", [2, 3, 40, 1000, 100_000])
@pytest.mark.parametrize("late_s", [0.0, 1 / 3])
def test_the_rate_is_recovered_to_the_last_bit(fps, frames, late_s):
    assert constant_rate(np.arange(frames) / fps + late_s) == fps


@pytest.mark.parametrize("fps", [24000 / 1001, 25, 30000 / 1001, 60000 / 1001])
def test_the_rate_survives_matroskas_milliseconds(fps):
    assert constant_rate(np.round(np.arange(1000) / fps, 3)) == fps


def test_what_is_not_even_has_no_rate():
    even = np.arange(100) / 30
    gap = even.copy()
    gap[50:] += 1 / 30
    assert constant_rate(gap) is None
    assert constant_rate(np.cumsum(np.tile([0.03, 0.05], 50))) is None
    assert constant_rate(np.array([1.0])) is None
    assert constant_rate(np.array([1.0, 1.0])) is None


# --- names -------------------------------------------------------------------------------------------------------


def test_every_parameter_is_declared_with_a_type():
    for name, factory in POLICIES.items():
        for parameter in inspect.signature(factory).parameters.values():
            assert parameter.annotation is not parameter.empty, (name, parameter)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("unifrom:n=3", "did you mean 'uniform'?"),
        ("uniform:count=3", "known: n"),
        ("uniform", "write uniform:n=..."),
        ("uniform:n=three", "a whole number"),
        ("uniform:n=0", "at least 1"),
        ("uniform:n", "n=value"),
        ("every:n=1", "it takes no parameters"),
        ("per-second:rate_hz=fast", "a number"),
        ("per-second:rate_hz=0", "above 0"),
        ("per-second:rate_hz=nan", "above 0"),
        ("per-second:min_frames=9,max_frames=3", "min_frames=9 above max_frames=3"),
        ("arc:pick_by=random", "seed"),
        ("arc:pick_by=last", "middle, random"),
        ("hour-llava:force=maybe", "true or false"),
        ("hour-llava:force=true", "give max_frames"),
        ("seed1.5-vl:task=sport", "default, fine, counting"),
        ("internvl-train:mode=fps", "fpsX"),
        ("internvl-train:mode=rand,n=3", "seed"),
        ("densify:spans_s=1-2", "only a Python call"),
        ("content:n=3", "cuts_s"),
        ("", "known"),
    ],
)
def test_a_bad_name_says_what_is_allowed(spec, says):
    with pytest.raises(UsageError) as caught:
        policy(spec)
    assert says in str(caught.value)


def test_none_can_be_written():
    assert policy("per-second:max_frames=none")(1000.0, np.arange(1000.0)).indices.shape == (1000,)


# --- plain policies ----------------------------------------------------------------------------------------------


def test_per_second_keeps_to_its_limits():
    times_s = np.arange(3000) / 30
    assert len(per_second()(100.0, times_s)) == 100
    assert len(per_second(max_frames=64)(100.0, times_s)) == 64
    assert len(per_second(rate_hz=0.01, min_frames=8)(100.0, times_s)) == 8
    assert per_second()(1.5, times_s[:45]).times_s.tolist() == [0.0, 1.0]


def test_a_slide_shown_for_minutes_is_taken_once():
    times_s = np.array([0.0, 120.0, 121.0])
    assert per_second()(180.0, times_s).indices.tolist() == [0, 1, 2]


# --- shots and spans ---------------------------------------------------------------------------------------------


def test_content_gives_every_shot_a_frame_and_long_ones_more():
    times_s = np.arange(3000) / 30
    chosen = content([2.0, 3.0], 12)(100.0, times_s)
    assert len(chosen) == 12
    counts = np.histogram(chosen.times_s, [0, 2, 3, 100])[0]
    assert counts.tolist() == [1, 1, 10]
    assert np.abs(chosen.times_s - chosen.intervals_S2.mean(axis=1)).max() <= 1 / 30 + 1e-9


def test_content_says_how_many_shots_went_unseen():
    chosen = content([1.0, 2.0, 3.0], 2)(10.0, np.arange(300) / 30)
    assert chosen.notes == ("2 of 4 shots got no frame",)
    assert chosen.times_s[-1] > 3.0


def test_densify_is_one_and_a_half_times_denser_inside():
    times_s = np.arange(3000) / 30
    chosen = densify([(20.0, 40.0)], n=100)(100.0, times_s)
    inside = (chosen.times_s >= 20) & (chosen.times_s <= 40)
    key, other = 601, 2399
    assert inside.sum() == round(100 * key * 1.5 / (key * 1.5 + other)) == 27
    assert len(chosen) == 100
    uneven = np.delete(times_s, np.arange(5, 2990, 7))
    twin = densify([(20.0, 40.0)], n=100)(100.0, uneven)
    assert abs(int(((twin.times_s >= 20) & (twin.times_s <= 40)).sum()) - 27) <= 1


@pytest.mark.parametrize("spans", [[], [(3.0, 2.0)]])
def test_densify_refuses_what_is_no_span(spans):
    with pytest.raises(UsageError):
        densify(spans)


# --- token budgets -----------------------------------------------------------------------------------------------


def test_slow_fast_fills_the_budget():
    base = per_second(rate_hz=2)(60.0, np.arange(1800) / 30)
    similarity = np.full(len(base), 0.99)
    similarity[::10] = 0.2
    chosen = slow_fast(base, similarity, 4000)
    slow, fast = chosen.tokens_per_frame[0], chosen.tokens_per_frame[1]
    assert fast == math.floor(0.3 * slow)
    assert (chosen.tokens_per_frame == np.where(similarity > 0.95, fast, slow)).all()
    assert chosen.tokens_per_frame.sum() <= 4000
    more = np.where(similarity > 0.95, math.floor(0.3 * (slow + 1)), slow + 1).sum()
    assert more > 4000


def test_slow_fast_names_both_counts():
    base = per_second(rate_hz=2)(6.0, np.arange(180) / 30)
    with pytest.raises(UsageError, match=r"\(3,\) for 12 frames"):
        slow_fast(base, np.ones(3), 4000)
    with pytest.raises(UsageError, match="at least 32 tokens"):
        slow_fast(base, np.zeros(12), 100)


def test_keye_by_name_needs_python():
    with pytest.raises(UsageError):
        policy("keye1.5:budget_tokens=100")
