"""Chance that falls the same way for a seed on every machine and in every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws from a seed of words; rests on ``random.random``, the one method whose numbers Python keeps.

    Args:
        words: What the draws depend on.
    """

    def __init__(self, *words: object) -> None:
        self._draw = random.Random("/".join(map(str, words))).random

    def between(self, low: float, high: float) -> float:
        """A number from ``low`` up to ``high``."""
        return low + (high - low) * self._draw()

    def below(self, count: int) -> int:
        """A whole number from 0 to ``count`` - 1."""
        return int(self._draw() * count)

    def happens(self, share: float) -> bool:
        """Whether something of that probability happens."""
        return self._draw() < share

    def one(self, items: Sequence[T]) -> T:
        """One of several."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """All in another order (Fisher and Yates)."""
        out = list(items)
        for last in range(len(out) - 1, 0, -1):
            other = self.below(last + 1)
            out[last], out[other] = out[other], out[last]
        return out
