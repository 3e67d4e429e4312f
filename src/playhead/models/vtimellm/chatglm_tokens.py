"""ChatGLM3's tokenizer as transformers' fast one: its SentencePiece file, and nine special tokens behind its pieces.

The special tokens are no pieces of the file: a text that spells one stays text, and only the layout puts them in. So
texts are cut straight by the rules of the file, past whatever the library would find in them.

Published ids: ``[gMASK]`` 64790, ``sop`` 64792, ``<|user|>`` 64795, ``<|assistant|>`` 64796, that is 64,789 pieces and
then the tokens of :data:`SPECIALS` in order; the embedding has 65,024 rows.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers
from tokenizers.models import BPE

from playhead.errors import WeightsError
from playhead.models.vtimellm.pieces import (
    BLANK,
    BYTE,
    CONTROL,
    UNKNOWN,
    USER,
    Piece,
    TextRules,
    merges,
    read_pieces,
    read_text_rules,
    vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerFast

BEGIN: Final = "[gMASK]"
START: Final = "sop"
USER_ROLE: Final = "<|user|>"
ASSISTANT_ROLE: Final = "<|assistant|>"

SPECIALS: Final = (
    "[MASK]",
    BEGIN,
    "[sMASK]",
    START,
    "eop",
    "<|system|>",
    USER_ROLE,
    ASSISTANT_ROLE,
    "<|observation|>",
)
"""The tokens behind the pieces, in the order of their ids."""

CONTROLS: Final = {"<unk>": 0, "<s>": 1, "</s>": 2}
END_ID: Final = 2
_ROWS_APART: Final = 512  # an embedding is filled up with unused rows to a multiple of this at most

_TINY_WORDS: Final = (
    "▁From",
    "▁from",
    "▁to",
    "▁the",
    "▁A",
    "▁video",
    "▁event",
    "▁视频",
    "事件",
    "开始",
    "▁▁",
)
_TINY_LETTERS: Final = "从到的一，。"


def load_tokenizer(folder: Path, *, vocab_size: int | None = None) -> PreTrainedTokenizerFast:
    """The tokenizer of a ChatGLM3 folder, from ``tokenizer.model``, or of a folder saved here, from ``tokenizer.json``.

    Args:
        folder: Folder of the language model.
        vocab_size: Rows of the model's embedding, to be compared.

    Raises:
        WeightsError: If there is none, it cannot be read, or it is not the model's, with both numbers.
    """
    if (path := folder / "tokenizer.model").is_file():
        made = _made(read_pieces(path), read_text_rules(path))
    elif (path := folder / "tokenizer.json").is_file():
        made = _from_json(path)
    else:
        raise WeightsError(
            f"load the tokenizer of {folder}",
            found="neither tokenizer.model nor tokenizer.json",
            todo="put ChatGLM3's tokenizer there",
        )
    check_tokenizer(made, vocab_size, asked=f"load the tokenizer {path}")
    return made


def check_tokenizer(tokenizer: PreTrainedTokenizerFast, vocab_size: int | None, *, asked: str) -> None:
    """Make sure that a tokenizer is ChatGLM3's and the model's.

    Raises:
        WeightsError: Other special tokens, or another number of tokens than the embedding has rows, unused ones aside.
    """
    count = len(tokenizer)
    behind = range(count - len(SPECIALS), count)
    allowed = CONTROLS | dict(zip(SPECIALS, behind, strict=True))
    found = {name: tokenizer.convert_tokens_to_ids(name) for name in allowed}
    if found != allowed:
        raise WeightsError(asked, found=f"special tokens {found}", allowed=str(allowed))
    if vocab_size is not None and not 0 <= vocab_size - count < _ROWS_APART:
        raise WeightsError(
            asked,
            found=f"{count} tokens for an embedding of {vocab_size} rows",
            todo="use the tokenizer that came with the base model",
        )


def special_id(tokenizer: PreTrainedTokenizerFast, name: str) -> int:
    """Id of a special token, which is the vocabulary's own."""
    return int(tokenizer.convert_tokens_to_ids(name))  # type: ignore[arg-type]  # an id for a name


def encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Ids of a text as SentencePiece gives them; special tokens written in it stay text."""
    backend: Any = tokenizer.backend_tokenizer
    ready = text if backend.normalizer is None else backend.normalizer.normalize_str(text)
    added = backend.get_added_tokens_decoder()
    whole = {each.content: at for at, each in added.items() if not each.special}
    if not whole:
        return [piece.id for piece in backend.model.tokenize(ready)]
    longest_first = sorted(whole, key=len, reverse=True)
    ids: list[int] = []
    for part in re.split(f"({'|'.join(map(re.escape, longest_first))})", ready):
        ids += [whole[part]] if part in whole else [piece.id for piece in backend.model.tokenize(part)]
    return ids


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A small vocabulary in ChatGLM3's form: the same special tokens behind the pieces, bytes, ASCII, a few words."""
    texts: dict[str, None] = {}
    for word in _TINY_WORDS:
        texts |= dict.fromkeys(word[:length] for length in range(2, len(word) + 1))
    words = "".join(_TINY_WORDS).replace(BLANK, "")
    letters = dict.fromkeys(
        (
            BLANK,
            *string.digits,
            *string.ascii_letters,
            *string.punctuation,
            *_TINY_LETTERS,
            *(each for each in words if not each.isascii()),
        )
    )
    kinds = {"<unk>": UNKNOWN, "<s>": CONTROL, "</s>": CONTROL}
    pieces = [
        *(Piece(name, 0.0, kinds[name]) for name in CONTROLS),
        *(Piece(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)),
        *(Piece(text, -float(at)) for at, text in enumerate((*texts, *letters))),
    ]
    return _made(pieces, TextRules(fewer_blanks=False))


def _made(pieces: Sequence[Piece], rules: TextRules) -> PreTrainedTokenizerFast:
    """A fast tokenizer of the pieces, with the special tokens behind them."""
    model = BPE(
        vocab=vocabulary(pieces),
        merges=merges(pieces),
        unk_token="<unk>",
        fuse_unk=True,
        byte_fallback=True,
    )
    backend = Tokenizer(model)
    backend.normalizer = normalizers.Sequence(_steps(rules))
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace(BLANK, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            *([decoders.Strip(content=" ", left=1, right=0)] if rules.opening_blank else []),
        ]
    )
    backend.add_tokens([AddedToken(each.text, normalized=False) for each in pieces if each.kind == USER])
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return _wrapped(backend)


def _steps(rules: TextRules) -> list[Any]:
    """What is done to a text before it is cut, in SentencePiece's order."""
    steps: list[Any] = [normalizers.Precompiled(rules.charsmap)] if rules.charsmap else []
    if rules.fewer_blanks:
        steps += [
            normalizers.Replace(Regex("^ +| +$"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    if rules.opening_blank:
        steps.append(normalizers.Prepend(BLANK))
    return [*steps, normalizers.Replace(" ", BLANK)]


def _wrapped(backend: Tokenizer) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    make: Any = PreTrainedTokenizerFast
    made: PreTrainedTokenizerFast = make(
        tokenizer_object=backend,
        unk_token="<unk>",
        eos_token="</s>",
        bos_token="<s>",
        pad_token="<unk>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    return made


def _from_json(path: Path) -> PreTrainedTokenizerFast:
    """From the fast form, as a folder saved here has it."""
    asked = f"read the tokenizer {path}"
    try:
        text = path.read_text(encoding="utf-8")
        model = json.loads(text)["model"]
        plain = model["type"] == "BPE" and model["byte_fallback"] is True
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(asked, found=f"no tokenizer: {error!r}", todo="copy the file again") from error
    if not plain:
        raise WeightsError(
            asked,
            found=f"{model['type']} without byte fallback",
            allowed="ChatGLM3's tokenizer as it is saved here",
        )
    try:
        backend = Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise WeightsError(
            asked, found=f"no tokenizer: {str(error)[:200]}", todo="copy the file again"
        ) from error
    return _wrapped(backend)
