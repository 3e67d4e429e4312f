"""Positions of the Qwen-VL line: three integers for every token, for time, row and column.

Words have the same number three times, one more than the greatest before them. The tokens of a video begin at such a
number and add their row, their column, and along the time axis:

    Qwen2-VL     the number of their group of pictures (:func:`by_order`)
    Qwen2.5-VL   their seconds times a rate, rounded down (:func:`by_time`)
    Qwen3-VL     nothing: every group is a video of its own, and the time stands before it in words

What follows a video goes on after the greatest number of all three axes. transformers from 5.3 to 5.23 goes on after
the greatest of row and column only, so that in a long video of small pictures words come before what they follow, and
jumps back when the first token is generated.

Source: Qwen2-VL (arXiv 2409.12191), section 2.1; Qwen2.5-VL (2502.13923), section 2.1.2; Qwen3-VL (2511.21631).

Axes: N position in the sequence, A axis (time, row, column), T group of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from playhead.errors import UsageError
from playhead.sequence.layout import Ids
from playhead.sequence.timestamps import Times

_NOISE: Final = 1e-6
"""Steps of a position below which a time counts as having reached the next: times are fractions of a second in binary."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of tokens that stand for pictures.

    Attributes:
        start: Position of the first.
        steps_T: What each group of pictures adds along the time axis, never less than 0.
        rows: Rows of tokens in a picture.
        columns: Columns of tokens.
    """

    start: int
    steps_T: Ids
    rows: int
    columns: int

    def __len__(self) -> int:
        return len(self.steps_T) * self.rows * self.columns


def by_order(groups: int) -> Ids:
    """Qwen2-VL: 0, 1, 2, ... whatever the times are."""
    return np.arange(groups, dtype=np.int64)


def by_time(starts_s: Times, per_second: float) -> Ids:
    """Qwen2.5-VL: whole steps of ``1 / per_second`` seconds since 0; true times, evenly spaced or not.

    Args:
        starts_s: When each group begins, in seconds from the start of what is looked at, ascending.
        per_second: Steps in a second; ``vision_config.tokens_per_second``, 2 in the released checkpoints.

    Raises:
        UsageError: Times that descend or begin before 0.
    """
    if not len(starts_s) or starts_s[0] < 0 or (np.diff(starts_s) < 0).any() or not per_second > 0:
        raise UsageError(
            "positions from times",
            found=f"{starts_s[:4].tolist()} ... at {per_second} per second",
            allowed="ascending seconds from 0, a rate above 0",
        )
    return np.floor(starts_s * per_second + _NOISE).astype(np.int64)


def positions(length: int, blocks: Sequence[Block]) -> Ids:
    """Positions of a sequence of words and pictures, int64 of shape (3, N).

    Args:
        length: Tokens in all, N.
        blocks: The runs that stand for pictures, in their order; all else is words.

    Raises:
        UsageError: Runs that overlap or go past the end.
    """
    made_AN = np.zeros((3, length), np.int64)
    at, number = 0, 0
    for block in blocks:
        if block.start < at or block.start + len(block) > length or not len(block):
            raise UsageError(
                "positions of a sequence",
                found=f"pictures at {block.start} to {block.start + len(block)} after {at}, of {length}",
            )
        words = block.start - at
        made_AN[:, at : block.start] = number + np.arange(words)
        number += words
        steps, rows, columns = np.meshgrid(
            block.steps_T, np.arange(block.rows), np.arange(block.columns), indexing="ij"
        )
        at = block.start + len(block)
        made_AN[:, block.start : at] = number + np.stack([steps.ravel(), rows.ravel(), columns.ravel()])
        number = int(made_AN[:, block.start : at].max()) + 1
    made_AN[:, at:] = number + np.arange(length - at)
    return made_AN


def delta(positions_AN: Ids) -> int:
    """What a cache's length lacks to the position of the next token (transformers' ``rope_deltas``)."""
    return int(positions_AN.max()) + 1 - int(positions_AN.shape[-1])


def following(positions_AN: Ids, count: int = 1) -> Ids:
    """Positions of so many words after a prompt that ends in words, int64 of shape (..., count).

    Args:
        positions_AN: Of the prompt, or of several of them padded on the left, shape (..., N).
        count: How many words.
    """
    made: Ids = positions_AN[..., -1:] + 1 + np.arange(count, dtype=np.int64)
    return made
