"""The tree of tokens a few labels make, and their probabilities when nothing but a label may be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# (tokens said so far, tokens that may follow) -> probability of each, summing to 1
NextToken = Callable[[tuple[int, ...], tuple[int, ...]], Mapping[int, float]]


@dataclass(slots=True)
class _Node:
    label: str | None = None
    children: dict[int, _Node] = field(default_factory=dict)


class LabelTree:
    """Labels as token sequences that share their beginnings.

    Args:
        tokens_of: Each label's tokens.
        end: The token that ends an answer: where one label continues another ("1", "10"), it stands for stopping.

    Raises:
        ValueError: Two labels have the same tokens, or one has none.
    """

    def __init__(self, tokens_of: Mapping[str, tuple[int, ...]], *, end: int) -> None:
        self.labels = tuple(tokens_of)
        self.depth_tokens = max(len(tokens) for tokens in tokens_of.values()) + 1
        self._end = end
        self._root = _Node()
        for label, tokens in tokens_of.items():
            node = self._root
            for token in tokens:
                node = node.children.setdefault(token, _Node())
            if node is self._root or node.label is not None:
                raise ValueError(f"label {label!r} cannot be told apart from {node.label!r}")
            node.label = label

    def weigh(self, next_token: NextToken) -> dict[str, float]:
        """Probability of each label, in the order given; ``next_token`` is asked only where labels part ways."""
        found: dict[str, float] = {}
        self._walk(self._root, (), 1.0, next_token, found)
        total = sum(found.values())
        return {label: found[label] / total for label in self.labels}

    def _walk(
        self,
        node: _Node,
        said: tuple[int, ...],
        reached: float,
        next_token: NextToken,
        found: dict[str, float],
    ) -> None:
        options = (*node.children, *((self._end,) if node.label is not None and node.children else ()))
        odds = next_token(said, options) if len(options) > 1 else dict.fromkeys(options, 1.0)
        if node.label is not None:
            found[node.label] = reached * odds.get(self._end, 1.0 if not node.children else 0.0)
        for token, child in node.children.items():
            self._walk(child, (*said, token), reached * odds[token], next_token, found)
