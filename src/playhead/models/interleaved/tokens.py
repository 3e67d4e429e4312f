"""Tokenizers with their marks and chat templates: those of a folder, or one of 256 bytes made in code.

A chat template is rendered once with stand-ins for the video and for the user's words, and cut there; what a user
writes is encoded as letters, whatever it looks like.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from playhead.errors import WeightsError
from playhead.models.folder import read_json
from playhead.models.interleaved.kinds import Kind
from playhead.models.pictures.words import Parts, byte_tokenizer, encode

_PADDING: Final = "<|endoftext|>"
_TURN_END: Final = "<|im_end|>"
_MARKS: Final = (
    "<|im_start|>",
    _TURN_END,
    "<|image_pad|>",
    "<|video_pad|>",
    "<image>",
    "<video>",
    "<img>",
    "</img>",
    "<IMG_CONTEXT>",
)
TINY_IDS: Final = {text: 256 + number for number, text in enumerate((_PADDING, *_MARKS))}
"""The marks of :func:`tiny_tokenizer`, behind its 256 bytes."""
TINY_VOCABULARY: Final = 256 + len(TINY_IDS)

_WORDS: Final = "the-words-of-the-user"


@dataclass(frozen=True, slots=True)
class Chat:
    """What a prompt is built with.

    Attributes:
        tokenizer: The family's.
        before: What the template has before the video.
        middle: Between the video and the user's words.
        after: After these, up to where an answer begins.
        special: Matches a mark in the template's text.
        begin: Id of the mark before a picture's places, or None.
        end: Id of the mark after them, or None.
        place: Id of a place.
        end_ids: Ids that end an answer; the first pads.
    """

    tokenizer: Any
    before: str
    middle: str
    after: str
    special: re.Pattern[str]
    begin: int | None
    end: int | None
    place: int
    end_ids: tuple[int, ...]

    def put(self, parts: Parts, template: str) -> None:
        """Add a piece of the template: its marks as tokens, the rest as words."""
        at = 0
        for found in self.special.finditer(template):
            parts.text(template[at : found.start()])
            parts.mark(int(self.tokenizer.convert_tokens_to_ids(found[0])))
            at = found.end()
        parts.text(template[at:])


def read_tokenizer(folder: Path) -> Any:  # noqa: ANN401 - a tokenizer of transformers
    """The tokenizer of a folder, with the folder's chat template.

    Raises:
        WeightsError: No tokenizer there, or one that cannot be read.
    """
    asked = f"the tokenizer of {folder}"
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "tokenizer.model")):
        raise WeightsError(
            asked,
            found="no tokenizer.json, vocab.json or tokenizer.model",
            todo="use the whole released folder",
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(asked, found=str(error)[:300], todo="use the whole released folder") from error
    if (folder / "chat_template.json").is_file():  # a processor's own file in older releases
        tokenizer.chat_template = read_json(folder / "chat_template.json").get("chat_template")
    return tokenizer


def open_tokenizer(folder: Path, config: Any) -> Any:  # noqa: ANN401 - a configuration and a tokenizer of transformers
    """The tokenizer of a folder of weights.

    Raises:
        WeightsError: No tokenizer there, or one with more tokens than the model has.
    """
    tokenizer = read_tokenizer(folder)
    if len(tokenizer) > config.text_config.vocab_size:
        raise WeightsError(
            f"the tokenizer of {folder}",
            found=f"{len(tokenizer)} tokens for a model of {config.text_config.vocab_size}",
            todo="use the tokenizer that came with the weights",
        )
    return tokenizer


def chat_of(kind: Kind, tokenizer: Any, config: Any, *, asked: str) -> Chat:  # noqa: ANN401 - of transformers
    """How a family's prompts are built.

    Raises:
        WeightsError: A mark that is no token or not the model's, or a chat template that cannot be used.
    """
    place = _one(tokenizer, kind.token_name(), asked, kind.token_id(config))
    before, middle, after = _pieces(kind, tokenizer, asked)
    named = sorted((str(each) for each in tokenizer.added_tokens_decoder.values()), key=len, reverse=True)
    end = _one(tokenizer, _TURN_END, asked)
    padding = tokenizer.pad_token_id
    return Chat(
        tokenizer=tokenizer,
        before=before,
        middle=middle,
        after=after,
        special=re.compile("|".join(re.escape(each) for each in named)),
        begin=_one(tokenizer, kind.begin, asked) if kind.begin else None,
        end=_one(tokenizer, kind.end, asked) if kind.end else None,
        place=place,
        end_ids=tuple(dict.fromkeys((end, *(() if padding is None else (padding,))))),
    )


def _one(tokenizer: Any, text: str, asked: str, wanted: int | None = None) -> int:  # noqa: ANN401 - of transformers
    """The id of a mark, held to what the model's configuration says."""
    ids = encode(tokenizer, text, special=True)
    if len(ids) != 1 or (wanted is not None and ids[0] != wanted):
        raise WeightsError(
            asked,
            found=f"{text!r} as the tokens {ids[:4]}",
            allowed="one token" if wanted is None else f"the token {wanted}",
            todo="use the tokenizer that came with the weights",
        )
    return ids[0]


def _pieces(kind: Kind, tokenizer: Any, asked: str) -> tuple[str, str, str]:  # noqa: ANN401 - of transformers
    """The chat template before the video, between it and the user's words, and after these."""
    from jinja2 import TemplateError

    message = {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": _WORDS}]}
    template = tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else kind.template
    try:
        text = tokenizer.apply_chat_template(
            [message], chat_template=template, tokenize=False, add_generation_prompt=True
        )
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{asked}: its chat template", found=str(error)[:200], todo="use the released chat template"
        ) from error
    before, video, rest = text.partition(kind.video_mark)
    middle, words, after = rest.partition(_WORDS)
    if not video or not words or kind.video_mark in rest or _WORDS in after:
        raise WeightsError(
            f"{asked}: its chat template",
            found=json.dumps(text[:200]),
            allowed=f"a video once, as {kind.video_mark}, before the user's words",
            todo="use the released chat template",
        )
    return before, middle, after


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of bytes with the marks of all these families."""
    return byte_tokenizer(_MARKS)
