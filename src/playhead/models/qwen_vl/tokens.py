"""Qwen's tokenizer with the marks of pictures: the released one from a folder, or one of 256 bytes made in code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from transformers import PreTrainedTokenizerFast, Qwen2Tokenizer

from playhead.errors import WeightsError
from playhead.models.pictures.words import byte_tokenizer, encode
from playhead.models.qwen_vl.kinds import kind_of

_PADDING: Final = "<|endoftext|>"
_MARKS: Final = (
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
TINY_IDS: Final = {text: 256 + number for number, text in enumerate((_PADDING, *_MARKS))}
"""The marks of :func:`tiny_tokenizer`, behind its 256 bytes."""
TINY_VOCABULARY: Final = 256 + len(TINY_IDS)


@dataclass(frozen=True, slots=True)
class TokenIds:
    """The ids a prompt is built with.

    Attributes:
        turn_start: ``<|im_start|>``.
        turn_end: ``<|im_end|>``, which ends an answer.
        vision_start: ``<|vision_start|>``.
        vision_end: ``<|vision_end|>``.
        video: ``<|video_pad|>``, the place of a token of pictures.
        padding: ``<|endoftext|>``.
    """

    turn_start: int
    turn_end: int
    vision_start: int
    vision_end: int
    video: int
    padding: int


def open_tokenizer(folder: Path, config: Any) -> PreTrainedTokenizerFast:  # noqa: ANN401 - a configuration of the line
    """The tokenizer of a folder of weights.

    Args:
        folder: Holds ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``.
        config: The model's configuration.

    Raises:
        WeightsError: No tokenizer there, or not the one these weights were trained with.
    """
    asked = f"the tokenizer of {folder}"
    tokenizer = read_tokenizer(
        folder, kind_of(config).tokenizer_class, config.text_config.vocab_size, asked=asked
    )
    token_ids(tokenizer, config, asked=asked)
    return tokenizer


def read_tokenizer(
    folder: Path,
    tokenizer_class: Any,  # noqa: ANN401 - a class of transformers
    vocabulary: int,
    *,
    asked: str,
) -> PreTrainedTokenizerFast:
    """A tokenizer of Qwen's from a folder; its marks are not looked at.

    Raises:
        WeightsError: No tokenizer there, or one of more tokens than the model has.
    """
    whole = (folder / "tokenizer.json").is_file()
    if not whole and not ((folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()):
        raise WeightsError(
            asked,
            found="neither tokenizer.json nor vocab.json with merges.txt",
            todo="use the whole released folder",
        )
    try:
        tokenizer: PreTrainedTokenizerFast = tokenizer_class.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(asked, found=str(error)[:300], todo="use the whole released folder") from error
    if len(tokenizer) > vocabulary:
        raise WeightsError(
            asked,
            found=f"{len(tokenizer)} tokens for a model of {vocabulary}",
            todo="use the tokenizer that came with the weights",
        )
    return tokenizer


def token_ids(
    tokenizer: PreTrainedTokenizerFast,
    config: Any,  # noqa: ANN401 - a configuration of the line
    *,
    asked: str = "a Qwen-VL tokenizer",
) -> TokenIds:
    """The ids of the marks, found by their text and held to what the model's configuration says.

    Raises:
        WeightsError: A mark that is no token, or another one than the model's.
    """
    found = {text: encode(tokenizer, text, special=True) for text in (_PADDING, *_MARKS)}
    told = {
        "<|vision_start|>": config.vision_start_token_id,
        "<|vision_end|>": config.vision_end_token_id,
        "<|video_pad|>": config.video_token_id,
    }
    for text, ids in found.items():
        if len(ids) != 1 or told.get(text, ids[0]) != ids[0]:
            wanted = f"the token {told[text]}" if text in told else "one token"
            raise WeightsError(
                asked,
                found=f"{text!r} as {ids[:4]}",
                allowed=wanted,
                todo="use the tokenizer that came with the weights",
            )
    padding, start, end, vision_start, vision_end, _, video = (ids[0] for ids in found.values())
    return TokenIds(start, end, vision_start, vision_end, video, padding)


def tiny_tokenizer(tokenizer_class: Any = Qwen2Tokenizer) -> PreTrainedTokenizerFast:  # noqa: ANN401 - a class of transformers
    """The same class with no merges: every byte is its own token, ids 0 to 255, then the marks."""
    return byte_tokenizer(_MARKS, tokenizer_class)
