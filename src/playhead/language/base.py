"""What playhead asks of a language model; how it runs is its own affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Message = Mapping[str, str]


class LanguageModel(Protocol):
    """A chat model that can be held to a JSON schema and asked for probabilities over labels."""

    name: str

    @property
    def context_tokens(self) -> int:
        """Room for prompt and answer together."""
        ...

    def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> str:
        """Continue a conversation; with ``schema`` the reply is JSON that follows it, unless ``max_tokens`` cut it.

        Raises:
            ParseError: What the model wrote cannot be read.
        """
        ...

    def choose(self, messages: Sequence[Message], labels: Sequence[str]) -> dict[str, float]:
        """Probability of each label as the next words, renormalised over the labels so that they sum to 1."""
        ...

    def count_tokens(self, text: str) -> int:
        """Number of tokens of a text."""
        ...

    def close(self) -> None:
        """Free what the model holds."""
        ...
