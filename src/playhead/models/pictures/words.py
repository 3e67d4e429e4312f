"""Prompts of words and places, built part by part; a user's words never become marks.

Axes: N position in the sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerFast, Qwen2Tokenizer

from playhead.sequence.layout import Ids, Slot


def encode(tokenizer: Any, text: str, *, special: bool = False) -> list[int]:  # noqa: ANN401 - a tokenizer of transformers
    """Ids of a text; without ``special``, a user who writes ``<|im_end|>`` gets its letters, not the token."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=not special)["input_ids"]
    return ids


def byte_tokenizer(marks: Sequence[str], tokenizer_class: Any = Qwen2Tokenizer) -> PreTrainedTokenizerFast:  # noqa: ANN401 - a class of transformers
    """A tokenizer of bytes with no merges: every byte is its own token, ids 0 to 255, then padding and the marks."""
    vocabulary = {letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))}
    made: PreTrainedTokenizerFast = tokenizer_class(
        vocab=vocabulary, merges=[], extra_special_tokens=list(marks)
    )
    return made


class Parts:
    """A prompt under construction; words between two marks are encoded as a whole, as a tokenizer would.

    Args:
        tokenizer: A tokenizer of transformers.

    Attributes:
        ids: What is encoded so far; words wait for the next mark.
        slots: The places so far.
    """

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - a tokenizer of transformers
        self._tokenizer = tokenizer
        self._words = ""
        self.ids: list[int] = []
        self.slots: list[Slot] = []

    def text(self, words: str) -> None:
        """Add words."""
        self._words += words

    def mark(self, token: int) -> None:
        """Add one token."""
        self.flush()
        self.ids.append(token)

    def flush(self) -> None:
        """Encode the words that wait, so that the next token's position is ``len(ids)``."""
        if self._words:
            self.ids.extend(encode(self._tokenizer, self._words))
            self._words = ""

    def array(self) -> Ids:
        """All of it, int64."""
        self.flush()
        return np.array(self.ids, np.int64)
