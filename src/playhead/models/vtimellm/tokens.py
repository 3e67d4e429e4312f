"""Llama-2's tokenizer as these checkpoints were trained with it, from a base folder or made in code.

The checkpoints were trained with transformers 4.31.0, whose tokenizer differs from every later one after ``</s>`` in
the middle of a text: ``USER`` is two tokens there (3308, 1001), and one (11889) since. Texts are therefore encoded in
segments whose neighbours are known, straight by the BPE model; no flag of any library decides.
"""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playhead.errors import WeightsError
from playhead.models.vtimellm.pieces import (
    BLANK,
    BYTE,
    CONTROL,
    UNKNOWN,
    Piece,
    merges,
    read_pieces,
    vocabulary,
)

if TYPE_CHECKING:
    from transformers import LlamaTokenizer

SPECIALS: Final = {"<unk>": 0, "<s>": 1, "</s>": 2}
BEGIN_ID: Final = 1
END_ID: Final = 2
PAD_ID: Final = 0
"""Padding is the unknown token, on the right, as in training."""

# Words of the tiny vocabulary, each built up letter by letter; like Llama-2's, it has ``USER`` as one piece and
# prefers ``▁US`` and ``ER`` where a blank comes before it.
_TINY_FIRST: Final = ("ER", "US", "▁US", "USER")
_TINY_WORDS: Final = ("▁From", "▁from", "▁to", "▁the", "▁A", "▁video", "▁event", "SS", "IST", "ANT", "▁▁")


def load_tokenizer(folder: Path, *, vocab_size: int | None = None) -> LlamaTokenizer:
    """The tokenizer of a base folder: from ``tokenizer.model`` where there is one, else from ``tokenizer.json``.

    Args:
        folder: Folder of the language model.
        vocab_size: Rows of the model's embedding, to be compared.

    Raises:
        WeightsError: If there is none, it cannot be read, or it is not the model's, with both numbers.
    """
    if (path := folder / "tokenizer.model").is_file():
        pieces = read_pieces(path)
        made = _made(vocabulary(pieces), merges(pieces))
    elif (path := folder / "tokenizer.json").is_file():
        made = _from_json(path)
    else:
        raise WeightsError(
            f"load the tokenizer of {folder}",
            found="neither tokenizer.model nor tokenizer.json",
            todo="put the base model's tokenizer there",
        )
    check_tokenizer(made, vocab_size, asked=f"load the tokenizer {path}")
    return made


def check_tokenizer(tokenizer: LlamaTokenizer, vocab_size: int | None, *, asked: str) -> None:
    """Make sure that a tokenizer is Llama's and the model's.

    Raises:
        WeightsError: Another number of tokens than the embedding has rows, or other special tokens.
    """
    found = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIALS}
    if found != SPECIALS:
        raise WeightsError(asked, found=f"special tokens {found}", allowed=str(SPECIALS))
    if vocab_size is not None and len(tokenizer) != vocab_size:
        raise WeightsError(
            asked,
            found=f"{len(tokenizer)} tokens for an embedding of {vocab_size} rows",
            todo="use the tokenizer that came with the base model",
        )


def encode(tokenizer: LlamaTokenizer, text: str, *, opens: bool = True) -> list[int]:
    """Ids of a text as SentencePiece gives them, without special tokens; special tokens written in it stay text.

    Args:
        tokenizer: The tokenizer.
        text: Any text.
        opens: Whether a blank is put before it, as SentencePiece does at the start of a text. Not for a text that goes
            on in the middle of a line.
    """
    return [piece.id for piece in _split(tokenizer, text, opens=opens)]


def encode_after_end(tokenizer: LlamaTokenizer, text: str, *, legacy: bool = False) -> list[int]:
    """Ids of a text that follows ``</s>``, as transformers 4.31.0 gave them.

    Args:
        tokenizer: The tokenizer.
        text: What follows.
        legacy: That version's ``legacy`` flag: True keeps the blank that opens a text (``▁US ER``), False removes it
            after the text was cut (``US ER``), which is what the released checkpoints saw.
    """
    pieces = _split(tokenizer, text, opens=True)
    if legacy or not pieces or text.startswith(" "):
        return [piece.id for piece in pieces]
    bare = pieces[0].value.removeprefix(BLANK)
    known = tokenizer.convert_tokens_to_ids(bare) if bare else None
    if bare and known == SPECIALS["<unk>"]:  # no such piece in a small vocabulary
        first = encode(tokenizer, bare, opens=False)
    else:
        first = [known] if isinstance(known, int) else []
    return [*first, *(piece.id for piece in pieces[1:])]


def tiny_tokenizer() -> LlamaTokenizer:
    """A small vocabulary in Llama's own form: the same special ids, bytes, ASCII, and a few words."""
    texts: dict[str, None] = dict.fromkeys(_TINY_FIRST)
    for word in _TINY_WORDS:
        texts |= dict.fromkeys(word[:length] for length in range(2, len(word) + 1))
    letters = (BLANK, *string.digits, *string.ascii_letters, *string.punctuation)
    kinds = {"<unk>": UNKNOWN, "<s>": CONTROL, "</s>": CONTROL}
    pieces = [
        *(Piece(name, 0.0, kinds[name]) for name in SPECIALS),
        *(Piece(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)),
        *(Piece(text, -float(at)) for at, text in enumerate((*texts, *letters))),
    ]
    return _made(vocabulary(pieces), merges(pieces))


def _split(tokenizer: LlamaTokenizer, text: str, *, opens: bool) -> list[Any]:
    if not text:
        return []
    backend: Any = tokenizer.backend_tokenizer
    return list(backend.model.tokenize((BLANK if opens else "") + text.replace(" ", BLANK)))


def _made(vocab: dict[str, int], pairs: list[tuple[str, str]]) -> LlamaTokenizer:
    from transformers import LlamaTokenizer

    tokenizer: Any = LlamaTokenizer(vocab=vocab, merges=pairs, legacy=False, pad_token="<unk>")
    tokenizer.padding_side = "right"
    made: LlamaTokenizer = tokenizer
    return made


def _from_json(path: Path) -> LlamaTokenizer:
    """From the fast form: its vocabulary and merges, less those that would build a special token from text."""
    asked = f"read the tokenizer {path}"
    try:
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        vocab = {str(text): int(at) for text, at in model["vocab"].items()}
        pairs = [tuple(each.split(" ")) if isinstance(each, str) else tuple(each) for each in model["merges"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            asked, found=f"no BPE tokenizer: {error!r}", allowed="Llama-2's tokenizer.json"
        ) from error
    if not model.get("byte_fallback", False):
        raise WeightsError(asked, found="a BPE without byte fallback", allowed="Llama-2's tokenizer.json")
    kept = [(left, right) for left, right in pairs if left + right not in SPECIALS]
    return _made(vocab, kept)
