"""Qwen2's tokenizer as the family uses it: the released one from a folder, or one of 256 bytes made in code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from transformers import Qwen2Tokenizer

from playhead.errors import WeightsError

TURN_START: Final = "<|im_start|>"
TURN_END: Final = "<|im_end|>"
PADDING: Final = "<|endoftext|>"
TINY_VOCABULARY: Final = 259
"""Tokens of :func:`tiny_tokenizer`: 256 bytes and three special ones."""


@dataclass(frozen=True, slots=True)
class TokenIds:
    """The ids a prompt is built with.

    Attributes:
        turn_start: ``<|im_start|>``.
        turn_end: ``<|im_end|>``, which ends an answer.
        newline: The lone newline; merged ones such as a full stop with two newlines are other ids.
        padding: ``<|endoftext|>``; it also holds the places that video tokens will fill.
    """

    turn_start: int
    turn_end: int
    newline: int
    padding: int


def open_tokenizer(folder: Path, vocabulary: int) -> Qwen2Tokenizer:
    """The tokenizer of a folder of weights.

    Args:
        folder: Holds ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``.
        vocabulary: Rows of the model's embedding table.

    Raises:
        WeightsError: No tokenizer there, or not the one these weights were trained with.
    """
    asked = f"the tokenizer of {folder}"
    whole = (folder / "tokenizer.json").is_file()
    if not whole and not ((folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()):
        raise WeightsError(
            asked,
            found="neither tokenizer.json nor vocab.json with merges.txt",
            todo="use the whole released folder",
        )
    try:
        tokenizer: Qwen2Tokenizer = Qwen2Tokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(asked, found=str(error)[:300], todo="use the whole released folder") from error
    ids = token_ids(tokenizer, asked=asked)
    if max(len(tokenizer), *_all(ids)) > vocabulary:
        raise WeightsError(
            asked,
            found=f"{len(tokenizer)} tokens for a model of {vocabulary}",
            todo="use the tokenizer that came with the weights",
        )
    return tokenizer


def token_ids(tokenizer: Qwen2Tokenizer, *, asked: str = "a Qwen2 tokenizer") -> TokenIds:
    """The special ids, found by their text.

    Raises:
        WeightsError: The tokenizer has no turns, so it is not the one of a chat model.
    """
    found = {text: encode(tokenizer, text, special=True) for text in (TURN_START, TURN_END, PADDING, "\n")}
    for text, ids in found.items():
        if len(ids) != 1:
            raise WeightsError(
                asked,
                found=f"{text!r} as {len(ids)} tokens",
                allowed="one",
                todo="use the tokenizer that came with the weights",
            )
    start, end, padding, newline = (found[text][0] for text in (TURN_START, TURN_END, PADDING, "\n"))
    return TokenIds(turn_start=start, turn_end=end, newline=newline, padding=padding)


def _all(ids: TokenIds) -> tuple[int, ...]:
    return (ids.turn_start, ids.turn_end, ids.newline, ids.padding)


def encode(tokenizer: Qwen2Tokenizer, text: str, *, special: bool = False) -> list[int]:
    """Ids of a text; without ``special``, a user who writes ``<|im_end|>`` gets its letters, not the token."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=not special)["input_ids"]
    return ids


def tiny_tokenizer() -> Qwen2Tokenizer:
    """The same class with no merges: every byte is its own token, ids 0 to 255, then the three special tokens."""
    vocabulary = {letter: byte for byte, letter in enumerate(_byte_letters())}
    return Qwen2Tokenizer(vocab=vocabulary, merges=[], extra_special_tokens=[TURN_START, TURN_END])


def _byte_letters() -> list[str]:
    """The letters byte-level BPE writes the 256 bytes with, in the order of the bytes."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    odd = iter(range(256, 512))
    return [chr(byte if byte in plain else next(odd)) for byte in range(256)]
