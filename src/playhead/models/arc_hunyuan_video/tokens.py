r"""ARC-Hunyuan-Video's tokenizer: the released ``hunyuan.tiktoken`` as an ordinary fast tokenizer.

Byte-level byte-pair encoding: text is put into Unicode's composed form (NFC), cut by a pattern close to cl100k's (but
every digit alone), and merged by rank. Ranks are the order of the file's lines; a line whose bytes came before is
skipped, and the file's own rank column is ignored, as in the released tokenizer. The 217 special tokens come after the
base tokens; with the released 127,957 base tokens ``<|endoftext|>`` is 127957 and ``<vid>`` 128001. Special strings
written in a text are special, no token is ever added by itself, and decoding with ``skip_special_tokens`` drops
every id from the first special one on.

The prompt's rules are in :mod:`playhead.models.arc_hunyuan_video.layout`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from playhead.errors import WeightsError
from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig

VOCAB_FILE: Final = "hunyuan.tiktoken"
BASE_TOKENS: Final = 127_957
"""Base tokens of the released vocabulary."""

_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_EXTRAS: Final = 205
# What a released tokenizer_config.json may say and the vocabulary file already settles.
_SETTLED: Final = (
    "tokenizer_file",
    "added_tokens_decoder",
    "additional_special_tokens",
    "extra_special_tokens",
)
_NAMES: Final = {
    "endoftext": "<|endoftext|>",
    "startoftext": "<|startoftext|>",
    "eos": "<|eos|>",
    "pad": "<|pad|>",
    "img": "<img>",
    "img_end": "</img>",
    "newline": "<newline>",
    "image_context": "<IMG_CONTEXT>",
    "sep": "<sep>",
    "vid": "<vid>",
    "vid_end": "</vid>",
}


# Fields of config.json that name ids the prompt is built of.
_CONFIG_IDS: Final = {
    "im_start_id": "<img>",
    "im_end_id": "</img>",
    "im_newline_id": "<newline>",
    "image_token_id": "<IMG_CONTEXT>",
}


def _special_strings() -> tuple[str, ...]:
    """All special strings in the order of their ids, from the first id after the base tokens on.

    The published table lists image context, separator and video marks first and the newline after them, and then
    exchanges four of them with other entries to meet the ids the model was trained with; this is the exchanged order.
    """
    extras = [f"<|extra_{i}|>" for i in range(_EXTRAS)]
    exchanged, extras[31:34] = extras[31:34], ["<sep>", "<vid>", "</vid>"]
    first = [
        "<|endoftext|>",
        "<|startoftext|>",
        "<|bos|>",
        "<|eos|>",
        "<|pad|>",
        "<img>",
        "</img>",
        "<newline>",
    ]
    return (*first, *exchanged, "<IMG_CONTEXT>", *extras)


SPECIAL_STRINGS: Final = _special_strings()


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """Ids of the special tokens that prompts and answers are built of.

    Attributes:
        endoftext: Ends an answer, and a document in training.
        startoftext: Begins a prompt.
        eos: Never written in prompts; an answer that holds it has ended too.
        pad: Fills up shorter samples of a batch.
        img: Begins a frame.
        img_end: Ends a frame.
        newline: Ends a row of a frame, until positions are known; then it becomes ``image_context``.
        image_context: A position that a picture's vector fills.
        sep: Ends the user's turn.
        vid: Begins the video.
        vid_end: Ends the video.
    """

    endoftext: int
    startoftext: int
    eos: int
    pad: int
    img: int
    img_end: int
    newline: int
    image_context: int
    sep: int
    vid: int
    vid_end: int


class ArcHunyuanVideoTokenizer(PreTrainedTokenizerFast):
    """The tokenizer of ARC-Hunyuan-Video, read from ``hunyuan.tiktoken`` or from a saved ``tokenizer.json``.

    Loads and saves like any tokenizer of transformers; :func:`load_tokenizer` also checks it against a model.
    """

    vocab_files_names = {"vocab_file": VOCAB_FILE, "tokenizer_file": "tokenizer.json"}  # noqa: RUF012 - transformers' own name and type
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012 - transformers' own name and type

    @classmethod
    def convert_to_native_format(cls, trust_remote_code: bool = False, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - transformers' own signature
        """What transformers calls to find the tokenizer behind a folder's files."""
        vocab_file = kwargs.pop("vocab_file", None)
        saved = kwargs.get("tokenizer_file")
        if (saved is None or not Path(saved).is_file()) and vocab_file is not None:
            others = {name: value for name, value in kwargs.items() if name not in _SETTLED}
            return {**others, **_settings(), "tokenizer_object": backend(read_ranks(Path(vocab_file)))}
        native: dict[str, Any] = super().convert_to_native_format(trust_remote_code, **kwargs)  # type: ignore[no-untyped-call]
        return native

    @property
    def base_tokens(self) -> int:
        """How many tokens are no special ones; the first special id."""
        return len(self) - len(SPECIAL_STRINGS)


def read_ranks(path: Path) -> dict[bytes, int]:
    """Base tokens of a ``.tiktoken`` file with their ids: the order of lines, duplicates skipped.

    Source: the released tokenizer of ARC-Hunyuan-Video, which ignores the file's own rank column.

    Raises:
        WeightsError: If the file is missing, a line cannot be read, or one of the 256 single bytes is not there.
    """
    asked = f"read the vocabulary {path}"
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise WeightsError(
            asked, found=str(error), allowed=f"a file like the released {VOCAB_FILE}"
        ) from error
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        try:
            token = base64.b64decode(parts[0], validate=True)
        except binascii.Error as error:
            raise WeightsError(asked, found=f"line {number}: {error}", allowed="base64 and a rank") from error
        ranks.setdefault(token, len(ranks))
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise WeightsError(
            asked,
            found=f"{len(ranks)} tokens without {len(missing)} of the 256 single bytes",
            todo=f"use the whole released {VOCAB_FILE}",
        )
    return ranks


def backend(ranks: Mapping[bytes, int]) -> Tokenizer:
    """The tokenizer of the ``tokenizers`` library for base tokens and their ids.

    Merges are not stored in such a file: every way to make a token of two other ones is a merge, tried in the order of
    the made token's rank. That is what merging by rank does, except where two overlapping pairs of neighbours make the
    same bytes in different ways, which trained vocabularies hardly ever meet.
    """
    spelled = {token: _spell(token) for token in ranks}
    merges: list[tuple[str, str]] = []
    for token in sorted(ranks, key=ranks.__getitem__):
        pairs = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
        known = [pair for pair in pairs if pair[0] in ranks and pair[1] in ranks]
        known.sort(key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
        merges += [(spelled[left], spelled[right]) for left, right in known]
    vocabulary = {spelled[token]: rank for token, rank in ranks.items()}
    made = Tokenizer(BPE(vocabulary, merges, fuse_unk=False, ignore_merges=True))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    # Looked for in the composed text, as upstream does: a combining mark can take the last character of one away.
    made.add_special_tokens([AddedToken(text, normalized=True, special=True) for text in SPECIAL_STRINGS])
    return made


def make_tokenizer(ranks: Mapping[bytes, int]) -> ArcHunyuanVideoTokenizer:
    """A tokenizer of base tokens and their ids, with the released special tokens after them."""
    return ArcHunyuanVideoTokenizer(tokenizer_object=backend(ranks), **_settings())  # type: ignore[no-untyped-call]


def tiny_tokenizer(merges: Sequence[bytes] = ()) -> ArcHunyuanVideoTokenizer:
    """A tokenizer made in code: the 256 bytes, a few merged pairs, and the released special tokens after them.

    Args:
        merges: More base tokens; by default a few that English answers about times and Chinese ones use.
    """
    known = merges or tuple(
        text.encode() for text in ("th", "the", " the", "in", " a", "<th", "er", "00", ":00", "：", "视频")
    )
    tokens = dict.fromkeys([*(bytes([byte]) for byte in range(256)), *known])
    return make_tokenizer({token: rank for rank, token in enumerate(tokens)})


def load_tokenizer(folder: Path, config: ArcHunyuanVideoConfig | None = None) -> ArcHunyuanVideoTokenizer:
    """The tokenizer of a model folder, checked: a saved ``tokenizer.json``, else the released ``hunyuan.tiktoken``.

    Args:
        folder: The released folder, or one written by ``save_pretrained``.
        config: The model's, or None for no check against a model.

    Raises:
        WeightsError: If neither file is there or can be read, or it does not fit; see :func:`check_tokenizer`.
    """
    asked = f"load the tokenizer of {folder}"
    if (folder / "tokenizer.json").is_file():
        try:
            made: ArcHunyuanVideoTokenizer = ArcHunyuanVideoTokenizer.from_pretrained(
                folder, local_files_only=True
            )
        except Exception as error:  # the tokenizers library raises bare Exception for a file it cannot read
            raise WeightsError(asked, found=str(error)[:500], todo="check tokenizer.json") from error
    elif (folder / VOCAB_FILE).is_file():
        made = make_tokenizer(read_ranks(folder / VOCAB_FILE))
    else:
        raise WeightsError(
            asked, found="neither file", allowed=f"{VOCAB_FILE} or tokenizer.json", todo="fetch it"
        )
    check_tokenizer(made, config, asked=asked)
    return made


def check_tokenizer(
    tokenizer: PreTrainedTokenizerFast,
    config: ArcHunyuanVideoConfig | None = None,
    *,
    asked: str = "use this tokenizer",
) -> None:
    """Refuse a tokenizer that does not fit the family, or a model's embedding and ids.

    Raises:
        WeightsError: If special tokens do not follow the base tokens in the released order, there are more ids than
            the embedding has rows, or the config gives frames other ids; with both numbers.
    """
    base = len(tokenizer) - len(SPECIAL_STRINGS)
    table = tokenizer.get_vocab()
    for offset, text in enumerate(SPECIAL_STRINGS):
        if table.get(text) != base + offset:
            raise WeightsError(
                asked,
                found=f"{text} with id {table.get(text)} in a vocabulary of {len(tokenizer)}",
                allowed=f"id {base + offset}: {base} base tokens, then {len(SPECIAL_STRINGS)} special ones",
                todo=f"use the tokenizer the model was trained with ({VOCAB_FILE})",
            )
    if config is None:
        return
    if len(tokenizer) > config.text.vocab_size:
        raise WeightsError(
            asked,
            found=f"{len(tokenizer)} ids for an embedding of {config.text.vocab_size} rows",
            allowed="at most as many ids as rows",
            todo="use the tokenizer and the config.json of one model",
        )
    for name, text in _CONFIG_IDS.items():
        if getattr(config.text, name) != table[text]:
            raise WeightsError(
                asked,
                found=f"{text} with id {table[text]} where config.json has {name} {getattr(config.text, name)}",
                allowed="the same ids in both",
                todo="use the tokenizer and the config.json of one model",
            )


def config_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """The fields of a model's text config that name ids of this tokenizer, for a config made in code."""
    table = tokenizer.get_vocab()
    ends = {"pad_token_id": "<|pad|>", "bos_token_id": "<|startoftext|>", "eos_token_id": "<|eos|>"}
    named = {**_CONFIG_IDS, **ends, "eod_token_id": "<|endoftext|>"}
    return {name: table[text] for name, text in named.items()}


def special_ids(tokenizer: PreTrainedTokenizerFast) -> SpecialIds:
    """Ids of the special tokens that prompts and answers are built of.

    Raises:
        WeightsError: If the tokenizer lacks one.
    """
    table = tokenizer.get_vocab()
    lost = [text for text in _NAMES.values() if text not in table]
    if lost:
        raise WeightsError(
            "find ARC-Hunyuan-Video's special tokens",
            found=f"a tokenizer of {len(tokenizer)} ids without {', '.join(lost)}",
            allowed=f"one with all {len(_NAMES)}",
        )
    return SpecialIds(**{name: table[text] for name, text in _NAMES.items()})


def _settings() -> dict[str, Any]:
    return {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|pad|>",
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
    }


def _spell(token: bytes) -> str:
    """Bytes as the printable characters byte-level tokenizers write them in."""
    return "".join(_LETTERS[byte] for byte in token)


def _letters() -> tuple[str, ...]:
    """Printable character of every byte: itself where it is visible in Latin-1, else one from U+0100 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return tuple(chr(byte if byte in visible else 0x100 + hidden.index(byte)) for byte in range(256))


_LETTERS: Final = _letters()
