"""A layout says what every position stands for, and refuses counts that disagree; batches keep what each sample said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.sequence.batch import pad
from playhead.sequence.layout import IGNORED, Layout, Slot
from playhead.timeline import Span


def slot(start: int, length: int, kind: str = "frame") -> Slot:
    return Slot(start, length, kind, Span(0.0, 1.0), 0.5)


def layout(count: int, slots=(), *, labels: bool = False, axes: int | None = None) -> Layout:
    positions = None if axes is None else np.tile(np.arange(count) * 10, (axes, 1))
    return Layout(
        np.arange(1, count + 1), tuple(slots), np.arange(count) + 100 if labels else None, positions
    )


def test_filled_positions_are_those_of_the_slots_in_order() -> None:
    made = layout(10, [slot(1, 2), slot(3, 1, "sound"), slot(7, 3)])
    assert made.filled().tolist() == [1, 2, 3, 7, 8, 9]
    assert made.filled("frame").tolist() == [1, 2, 7, 8, 9]
    assert made.filled("sound").tolist() == [3]
    assert made.filled("speech").tolist() == []
    assert layout(3).filled().dtype == np.int64


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        ([slot(2, 2), slot(3, 1)], "after one that ends at 4"),
        ([slot(4, 1), slot(1, 1)], "after one that ends at 5"),
        ([slot(0, 0)], "length 0"),
        ([slot(4, 2)], "5 ids but slots up to position 6"),
    ],
)
def test_slots_that_overlap_or_leave_the_sequence_are_refused(slots, said) -> None:
    with pytest.raises(ValueError, match=said):
        layout(5, slots)


def test_labels_and_positions_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="5 ids but labels"):
        Layout(np.arange(5), (), np.arange(4))
    with pytest.raises(ValueError, match="5 ids but positions"):
        Layout(np.arange(5), (), None, np.zeros((4, 6), np.int64))


@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    side=st.sampled_from(["left", "right"]),
    axes=st.sampled_from([None, 1, 4]),
    labels=st.booleans(),
)
def test_padding_keeps_every_sample_where_its_mask_says(counts, side, axes, labels) -> None:
    samples = [layout(count, [slot(0, 1)], labels=labels, axes=axes) for count in counts]
    batch = pad(samples, 0, side)
    longest = max(counts)
    assert batch.input_ids_BN.shape == (len(counts), longest)
    for row, each in enumerate(samples):
        here = batch.attention_mask_BN[row] == 1
        assert here.sum() == len(each)
        assert here[-1 if side == "left" else 0]
        assert batch.input_ids_BN[row, here].tolist() == each.input_ids_N.tolist()
        assert (batch.input_ids_BN[row, ~here] == 0).all()
        assert np.flatnonzero(batch.filled_BN[row, here]).tolist() == each.filled().tolist()
        assert not batch.filled_BN[row, ~here].any()
        wanted = np.arange(len(each)) if each.positions is None else each.positions
        assert batch.positions[row][..., here].tolist() == wanted.tolist()
        if labels:
            assert batch.labels_BN[row, here].tolist() == each.labels_N.tolist()
            assert (batch.labels_BN[row, ~here] == IGNORED).all()
    assert (batch.labels_BN is None) != labels


def test_samples_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        pad([], 0, "left")
    with pytest.raises(UsageError, match="some with labels"):
        pad([layout(3), layout(3, labels=True)], 0, "left")
    with pytest.raises(UsageError, match="another shape"):
        pad([layout(3, axes=4), layout(3)], 0, "left")
