"""The systems' tokenizers with their marks: the released one from a folder, or one of 256 bytes made in code."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from transformers import PreTrainedTokenizerFast, Qwen2Tokenizer

from playhead.errors import WeightsError
from playhead.models.pictures.words import byte_tokenizer, encode
from playhead.models.qwen_omni.kinds import KINDS, Marks, omni_of
from playhead.models.qwen_vl.tokens import read_tokenizer

_PADDING: Final = "<|endoftext|>"
_TURNS: Final = ("<|im_start|>", "<|im_end|>")
TINY_VOCABULARY: Final = 256 + 1 + len(_TURNS) + len(fields(Marks))


@dataclass(frozen=True, slots=True)
class TokenIds:
    """The ids a prompt is built with: turns, padding, and each of :class:`playhead.models.qwen_omni.kinds.Marks`."""

    turn_start: int
    turn_end: int
    padding: int
    sound: int
    sound_start: int
    sound_end: int
    vision_start: int
    vision_end: int
    video: int


def open_tokenizer(folder: Path, config: Any) -> PreTrainedTokenizerFast:  # noqa: ANN401 - a configuration of a thinker
    """The tokenizer of a folder of weights.

    Raises:
        WeightsError: No tokenizer there, or not the one these weights were trained with.
    """
    asked = f"the tokenizer of {folder}"
    tokenizer = read_tokenizer(folder, Qwen2Tokenizer, config.text_config.vocab_size, asked=asked)
    token_ids(tokenizer, config, asked=asked)
    return tokenizer


def token_ids(
    tokenizer: PreTrainedTokenizerFast,
    config: Any,  # noqa: ANN401 - a configuration of a thinker
    *,
    asked: str,
) -> TokenIds:
    """The ids of the marks, found by their text and held to what the model's configuration says.

    Raises:
        WeightsError: A mark that is no token, or another one than the model's.
    """
    marks = omni_of(config).marks
    told = {
        marks.sound: config.audio_token_id,
        marks.video: config.video_token_id,
        marks.sound_start: config.audio_start_token_id,
        marks.sound_end: getattr(config, "audio_end_token_id", None),
        marks.vision_start: getattr(config, "vision_start_token_id", None),
        marks.vision_end: getattr(config, "vision_end_token_id", None),
    }
    found: dict[str, int] = {}
    for text in (*_TURNS, _PADDING, *told):
        ids = encode(tokenizer, text, special=True)
        wanted = told.get(text)
        if len(ids) != 1 or wanted not in (None, ids[0]):
            raise WeightsError(
                asked,
                found=f"{text!r} as {ids[:4]}",
                allowed="one token" if wanted is None else f"the token {wanted}",
                todo="use the tokenizer that came with the weights",
            )
        found[text] = ids[0]
    return TokenIds(
        turn_start=found[_TURNS[0]],
        turn_end=found[_TURNS[1]],
        padding=found[_PADDING],
        sound=found[marks.sound],
        sound_start=found[marks.sound_start],
        sound_end=found[marks.sound_end],
        vision_start=found[marks.vision_start],
        vision_end=found[marks.vision_end],
        video=found[marks.video],
    )


def tiny_ids(model_type: str) -> dict[str, int]:
    """The marks of :func:`tiny_tokenizer`, behind its 256 bytes."""
    marks = KINDS[model_type].marks
    names = (_PADDING, *_TURNS, *(getattr(marks, field.name) for field in fields(marks)))
    return {text: 256 + number for number, text in enumerate(names)}


def tiny_tokenizer(model_type: str) -> PreTrainedTokenizerFast:
    """The same class with no merges: every byte is its own token, ids 0 to 255, then the marks."""
    return byte_tokenizer([text for text in tiny_ids(model_type) if text != _PADDING])
