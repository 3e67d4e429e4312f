"""Pictures and sound of one window in one run of tokens: nothing lost, nothing twice, each at its own time."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.errors import UsageError
from playhead.sequence.mrope import by_time
from playhead.sequence.tmrope import Run, by_chunks, by_times, positions, sound_steps, together

RATES = {"chunks": 25.0, "times": 13.0}
ORDERS = {"chunks": by_chunks, "times": by_times}


def test_sound_has_a_step_a_slot() -> None:
    assert sound_steps(5, 50, 50).tolist() == [0, 1, 2, 3, 4]
    assert sound_steps(15, 13, 13).tolist() == list(range(15))
    assert sound_steps(5, 3, 4).tolist() == [0, 1, 2, 4, 5]
    with pytest.raises(UsageError, match="13 tokens in 12 steps"):
        sound_steps(5, 13, 12)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("late_s", [0.0, 3.3])
def test_all_pictures_and_all_sound_are_there_once_and_at_their_times(order, late_s) -> None:
    """Slides, gaps, a late start of the pictures, a sound that ends first or last."""
    random = np.random.default_rng(1)
    for _ in range(20):
        starts_s = late_s + np.concatenate([[0.0], np.cumsum(random.exponential(2.0, 7))])
        tokens = int(random.integers(1, 700))
        rate = RATES[order]
        sound_K = sound_steps(tokens, 50, 50) if order == "chunks" else sound_steps(tokens, 13, 13)
        runs = ORDERS[order](starts_s, sound_K, rate)
        steps_T = by_time(starts_s, rate)
        made = together(runs, steps_T, 2, 3, sound_K)
        pictures = np.concatenate(
            [np.full(6 * len(r) if r.kind == "pictures" else len(r), r.kind == "pictures") for r in runs]
        )
        assert made[0, pictures].tolist() == np.repeat(steps_T, 6).tolist()
        assert np.abs(made[0, pictures] / rate - np.repeat(starts_s, 6)).max() < 1 / rate
        assert (made[:, ~pictures] == sound_K).all()
        if order == "times":
            assert (np.diff(made[0]) >= 0).all()  # never earlier than what stands before it
        else:
            chunks = made[0] // 50
            assert (np.diff(chunks) >= 0).all()
            for chunk in np.unique(chunks):
                assert (np.diff(pictures[chunks == chunk].astype(int)) <= 0).all()  # pictures first


def test_a_picture_stands_before_the_sound_that_begins_with_it() -> None:
    sound_K = sound_steps(26, 13, 13)
    assert by_times(np.array([0.0, 1.0]), sound_K, 13.0) == [
        Run("pictures", 0, 1),
        Run("sound", 0, 13),
        Run("pictures", 1, 2),
        Run("sound", 13, 26),
    ]
    later = by_times(np.array([0.1, 1.999999]), sound_K, 13.0)
    assert later[0] == Run("sound", 0, 2)  # tokens that begin at 0 and 0.077 s
    assert later[-1] == Run("pictures", 1, 2)


def test_a_chunk_without_pictures_or_without_sound_is_left_out() -> None:
    runs = by_chunks(np.array([0.0, 9.0]), sound_steps(120, 50, 50), 25.0)
    assert runs == [
        Run("pictures", 0, 1),
        Run("sound", 0, 50),
        Run("sound", 50, 100),
        Run("sound", 100, 120),
        Run("pictures", 1, 2),
    ]


def test_marks_share_a_position_or_have_one_each_and_words_go_on_after_all() -> None:
    inside = together([Run("pictures", 0, 1), Run("sound", 0, 2)], np.array([0]), 1, 9, np.arange(2))
    shared = positions(2, inside, 2, marks="shared")
    assert shared[0].tolist() == [0, 1, 2, 2, *[3] * 9, 3, 4, 12, 12, 13, 14]
    apart = positions(2, inside, 2, marks="apart")
    assert apart[0].tolist() == [0, 1, 2, 3, *[4] * 9, 4, 5, 13, 14, 15, 16]
    assert shared[2, 4:13].tolist() == list(range(3, 12))


@pytest.mark.parametrize("runs", [[], [Run("sound", 1, 2)], [Run("pictures", 0, 1)]])
def test_an_order_that_leaves_something_out_is_refused(runs) -> None:
    with pytest.raises(UsageError, match="order pictures and sound"):
        together(runs, np.array([0]), 1, 1, np.arange(2))
