"""Vectors go where the layout says, in order, and gradients reach both sides."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

# ruff: noqa: E402 - torch may be absent, and what is imported next needs it
from playhead.nn.fuse import splice
from playhead.sequence.batch import pad
from playhead.sequence.layout import Layout, Slot
from playhead.timeline import Span


def test_vectors_fill_the_places_of_a_padded_batch_sample_by_sample() -> None:
    span = Span(0.0, 1.0)
    one = Layout(np.arange(5), (Slot(1, 2, "frame", span), Slot(4, 1, "sound", span)))
    two = Layout(np.arange(3), (Slot(0, 2, "frame", span),))
    batch = pad([one, two], 9, "left")
    embeds_BND = torch.zeros(2, 5, 4)
    vectors_MD = torch.arange(1, 6)[:, None].expand(5, 4).float()
    fused = splice(embeds_BND, torch.from_numpy(batch.filled_BN), vectors_MD)
    assert fused[:, :, 0].tolist() == [[0, 1, 2, 0, 3], [0, 0, 4, 5, 0]]


def test_gradients_reach_words_and_vectors() -> None:
    embeds_BND = torch.zeros(1, 4, 2, requires_grad=True)
    vectors_MD = torch.ones(2, 2, requires_grad=True)
    filled_BN = torch.tensor([[True, False, True, False]])
    splice(embeds_BND, filled_BN, vectors_MD).sum().backward()
    assert embeds_BND.grad[0, :, 0].tolist() == [0, 1, 0, 1]
    assert vectors_MD.grad.tolist() == [[1, 1], [1, 1]]


def test_precision_is_that_of_the_words() -> None:
    fused = splice(
        torch.zeros(1, 2, 2, dtype=torch.bfloat16), torch.tensor([[True, False]]), torch.ones(1, 2)
    )
    assert fused.dtype == torch.bfloat16


@pytest.mark.parametrize("count", [1, 3])
def test_counts_that_disagree_are_refused_with_both(count) -> None:
    with pytest.raises(ValueError, match=f"2 positions to fill but {count} vectors"):
        splice(torch.zeros(1, 3, 2), torch.tensor([[True, True, False]]), torch.zeros(count, 2))
