"""Positions of three axes, by hand and by their rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.sequence.batch import pad
from playhead.sequence.layout import Layout
from playhead.sequence.mrope import Block, by_order, by_time, delta, following, positions


def test_a_video_between_words_by_hand() -> None:
    made = positions(2 + 2 * 2 * 3 + 2, [Block(2, by_order(2), 2, 3)])
    assert made.tolist() == [
        [0, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 5, 6],
        [0, 1, 2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3, 5, 6],
        [0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4, 5, 6],
    ]
    assert delta(made) == 7 - 16


def test_words_after_a_long_video_follow_its_time_not_its_width() -> None:
    """30 groups of 4 x 6 tokens, two steps each: the last time is 62, so the next word is 63 and not 10."""
    length = 4 + 30 * 4 * 6 + 3
    made = positions(length, [Block(4, by_time(np.arange(30.0), 2), 4, 6)])
    assert made[0, 4 + 30 * 24 - 1] == 62
    assert made[:, -3:].tolist() == [[63, 64, 65]] * 3


def test_words_that_are_written_follow_the_prompt() -> None:
    prompt = positions(10, [Block(1, by_order(2), 2, 2)])
    whole = positions(13, [Block(1, by_order(2), 2, 2)])
    assert np.array_equal(following(prompt, 3), whole[:, -3:])
    assert following(np.stack([prompt, prompt], axis=1)).shape == (3, 2, 1)


def test_groups_with_words_between_are_blocks_of_their_own() -> None:
    made = positions(1 + 4 + 2 + 4, [Block(1, by_order(1), 2, 2), Block(7, by_order(1), 2, 2)])
    assert made[0].tolist() == [0, 1, 1, 1, 1, 3, 4, 5, 5, 5, 5]
    assert made[1].tolist() == [0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6]


def test_times_are_steps_of_the_clock_however_they_are_spaced() -> None:
    assert by_time(np.array([0.0, 0.2, 3.0, 3.49, 3.5, 20.0]), 2).tolist() == [0, 0, 6, 6, 7, 40]
    assert by_time(np.array([0.1 * 30]), 10).tolist() == [
        30
    ]  # 3.0000000000000004 or not, it is three seconds
    assert by_time(np.array([2.9999999999999996]), 1).tolist() == [3]
    assert by_time(np.array([0.5, 1.5]), 2).tolist() == [1, 3]  # a late first picture is late


@given(
    groups=st.lists(st.floats(0, 1e5), min_size=1, max_size=12),
    per_second=st.sampled_from([1, 2, 4, 25]),
    sides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    before=st.integers(0, 5),
    after=st.integers(1, 5),
)
def test_what_follows_is_one_more_than_all_before(groups, per_second, sides, before, after) -> None:
    rows, columns = sides
    block = Block(before, by_time(np.sort(np.array(groups)), per_second), rows, columns)
    length = before + len(block) + after
    made = positions(length, [block])
    greatest = made[:, : length - after].max()
    assert made[:, length - after :].tolist() == [list(range(greatest + 1, greatest + 1 + after))] * 3
    assert made[:, :before].tolist() == [list(range(before))] * 3
    assert delta(made) + length == made.max() + 1
    picture = made[:, before : length - after].reshape(3, len(groups), rows, columns)
    assert (picture[0] == picture[0, :, :1, :1]).all()
    assert (np.diff(picture[1], axis=1) == 1).all()
    assert (np.diff(picture[2], axis=2) == 1).all()


def test_a_batch_is_padded_on_either_side() -> None:
    short = Layout(np.arange(3), positions=positions(3, []))
    long = Layout(np.arange(6), positions=positions(6, [Block(1, by_order(1), 2, 2)]))
    for side in ("left", "right"):
        made = pad([short, long], 9, side).positions
        assert made.shape == (2, 3, 6)
        assert made[0, :, 3:].tolist() == ([[0, 1, 2]] * 3 if side == "left" else [[0] * 3] * 3)
        assert made[1].tolist() == long.positions.tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: positions(3, [Block(0, by_order(2), 1, 2)]),
        lambda: positions(9, [Block(2, by_order(1), 2, 2), Block(4, by_order(1), 1, 1)]),
        lambda: positions(9, [Block(2, by_order(0), 2, 2)]),
        lambda: by_time(np.array([1.0, 0.5]), 2),
        lambda: by_time(np.array([-0.5]), 2),
        lambda: by_time(np.array([0.5]), 0),
        lambda: by_time(np.array([]), 2),
    ],
)
def test_what_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(UsageError, match="positions"):
        wrong()
