"""Rotary positions of several axes and tables of positions, by themselves."""

from __future__ import annotations

import pytest
import torch

from playhead.nn.axis_rotary import AxisRotary, inverse_frequencies
from playhead.nn.interpolate import resize_table


def positions(axes=4, tokens=7):
    return torch.randint(0, 500, (2, axes, tokens), generator=torch.Generator().manual_seed(1))


def test_every_pair_of_a_head_turns_by_one_axis():
    rotary = AxisRotary(16, (2, 2, 2, 2), base=100.0)
    cos, sin = rotary(torch.zeros(1), positions())
    assert cos.shape == (2, 7, 16)
    assert torch.equal(cos[..., :8], cos[..., 8:])  # both of a pair, so lengths are kept
    assert torch.allclose(cos**2 + sin**2, torch.ones_like(cos))
    for axis in range(4):
        moved = positions()
        moved[:, axis] += 1
        changed = (rotary(torch.zeros(1), moved)[0] - cos).abs().amax((0, 1)) > 0
        assert changed.nonzero()[:, 0].tolist() == [2 * axis, 2 * axis + 1, 2 * axis + 8, 2 * axis + 9]


def test_axes_of_no_size_turn_nothing():
    rotary = AxisRotary(8, (3, 0, 1), base=100.0)
    moved = positions(axes=3)
    cos, _ = rotary(torch.zeros(1), moved)
    moved[:, 1] += 5
    assert torch.equal(rotary(torch.zeros(1), moved)[0], cos)


def test_angles_are_taken_in_float32_and_given_in_the_precision_asked():
    rotary = AxisRotary(16, (8,), base=10_000.0).to(torch.bfloat16)
    at = torch.tensor([[[20_001]]])
    cos, _ = rotary(torch.zeros(1, dtype=torch.bfloat16), at)
    exact = torch.cos(20_001 * inverse_frequencies(16, 10_000.0))
    assert cos.dtype == torch.bfloat16
    assert torch.allclose(cos[0, 0, :8].float(), exact, atol=4e-3)


def test_sizes_and_axes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"axes of \(2, 2\) frequencies for 8"):
        AxisRotary(16, (2, 2), base=100.0)
    rotary = AxisRotary(16, (4, 4), base=100.0)
    for wrong in (positions(), positions()[:, 0]):
        with pytest.raises(ValueError, match=r"for 2 axes"):
            rotary(torch.zeros(1), wrong)


def test_a_table_of_the_asked_size_is_left_alone():
    table = torch.rand(64, 3)
    assert resize_table(table, 8) is table


def test_a_table_keeps_its_precision_and_passes_gradients():
    table = torch.rand(64, 3, dtype=torch.bfloat16, requires_grad=True)
    out = resize_table(table, 4)
    assert out.shape == (16, 3)
    assert out.dtype == torch.bfloat16
    out.sum().backward()
    assert table.grad is not None


def test_coordinates_follow_the_scale():
    rows = torch.arange(8.0).repeat_interleave(8)[:, None]  # each value is its own row number
    got = resize_table(rows, 4).reshape(4, 4)[:, 0]
    want = (torch.arange(4) + 0.5) / (4.1 / 8) - 0.5
    assert torch.allclose(got, want, atol=1e-5)


def test_tables_that_are_no_square_and_scales_that_miss_are_refused():
    with pytest.raises(ValueError, match=r"63 rows is no square"):
        resize_table(torch.rand(63, 3), 4)
    with pytest.raises(ValueError, match=r"not 4 a side"):
        resize_table(torch.rand(64, 3), 4, nudge=-0.5)
