"""Pictures to rows of squares, by the plainest loops, and the times of groups in words."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.errors import UsageError
from playhead.sequence.patches import Cut, cut_frames, join_rows
from playhead.sequence.timestamps import group_means_s, group_starts_s, seconds_text

CUT = Cut(2, 2, 2, (0.5, 0.25, 0.1), (0.5, 0.2, 0.3))


def pictures(count: int, height_px: int, width_px: int):
    return np.random.default_rng(3).integers(0, 256, (count, height_px, width_px, 3)).astype(np.uint8)


def by_loops(frames, cut):
    """The rows as the papers tell it: token by token, the squares of a token, then colour, picture, row, column."""
    groups, rows, columns = cut.grid(*frames.shape[:3])
    made = []
    for group in range(groups):
        for down in range(0, rows, cut.merge):
            for across in range(0, columns, cut.merge):
                made += [
                    square(frames, cut, group, row, column)
                    for row in range(down, down + cut.merge)
                    for column in range(across, across + cut.merge)
                ]
    return np.array(made, np.float32)


def square(frames, cut, group, row, column):
    values = []
    for channel in range(3):
        for number in range(group * cut.group, (group + 1) * cut.group):
            picture = frames[min(number, len(frames) - 1)]
            part = picture[row * cut.patch_px :, column * cut.patch_px :][
                : cut.patch_px, : cut.patch_px, channel
            ]
            values += ((part.ravel() / 255 - cut.mean_RGB[channel]) / cut.std_RGB[channel]).tolist()
    return values


@pytest.mark.parametrize(("count", "height_px", "width_px"), [(2, 4, 4), (4, 8, 12), (3, 8, 4), (1, 4, 8)])
def test_rows_are_those_of_the_loops_and_can_be_put_together_again(count, height_px, width_px) -> None:
    frames = pictures(count, height_px, width_px)
    rows = cut_frames(frames, CUT)
    assert (rows.dtype, rows.shape) == (np.float32, (len(rows), CUT.values))
    np.testing.assert_allclose(rows, by_loops(frames, CUT), atol=2e-6)
    back = join_rows(rows, CUT.grid(count, height_px, width_px), CUT)
    assert np.array_equal(back[:count], frames)
    assert (back[count:] == frames[-1]).all()


def test_groups_cut_one_by_one_are_those_cut_together() -> None:
    frames = pictures(5, 8, 8)
    apart = [cut_frames(frames[first : first + 2], CUT) for first in range(0, 5, 2)]
    assert np.array_equal(np.concatenate(apart), cut_frames(frames, CUT))


@pytest.mark.parametrize("shape", [(0, 4, 4), (2, 5, 4), (2, 4, 6), (2, 0, 4)])
def test_wrong_sizes_are_refused(shape) -> None:
    with pytest.raises(UsageError, match="multiples of 4"):
        cut_frames(np.zeros((*shape, 3), np.uint8), CUT)


def test_groups_begin_with_their_first_picture_and_are_named_by_their_mean() -> None:
    times_s = np.array([0.0, 0.5, 3.0, 3.1, 9.7])
    assert group_starts_s(times_s).tolist() == [0.0, 3.0, 9.7]
    assert group_means_s(times_s).tolist() == [0.25, 3.05, 9.7]
    assert group_means_s(times_s, 3).tolist() == pytest.approx([1.5, 6.4])
    with pytest.raises(UsageError):
        group_means_s(np.array([]))


@pytest.mark.parametrize(
    ("time_s", "said"),
    [
        (0.0, "0.0"),
        (12.46, "12.5"),
        (59.96, "60.0"),
        (3599.949, "3599.9"),
        (7384.25, "7384.2"),
        (0.3499, "0.3"),
    ],
)
def test_a_time_is_rounded_never_cut(time_s, said) -> None:
    assert seconds_text(time_s) == f"<{said} seconds>"


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_no_time_is_no_text(wrong) -> None:
    with pytest.raises(UsageError):
        seconds_text(wrong)
