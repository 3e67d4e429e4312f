"""Read the pieces of a SentencePiece file, and put them together as SentencePiece does.

transformers 5 converts such a file by the order of its pieces and drops their scores; Llama-2's runs of blanks have the
lowest score and low ids, so that two blanks would come out as other tokens than the model was trained on. Here the
scores decide. The file is a protocol buffer of three known fields; no further library is needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playhead.errors import WeightsError

BLANK: Final = "▁"
"""How SentencePiece writes a blank."""

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)
_MODEL_BPE: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of a vocabulary.

    Attributes:
        text: What it stands for, blanks as ``▁``, bytes as ``<0x0A>``.
        score: The higher, the earlier it is put together.
        kind: SentencePiece's type: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    """

    text: str
    score: float = 0.0
    kind: int = NORMAL


@dataclass(frozen=True, slots=True)
class TextRules:
    """What a SentencePiece file says is done to a text before it is cut.

    Attributes:
        charsmap: SentencePiece's compiled table of characters to be replaced; empty for none.
        opening_blank: Whether a blank is put before a text.
        fewer_blanks: Whether blanks at both ends are dropped and runs of blanks become one.
    """

    charsmap: bytes = b""
    opening_blank: bool = True
    fewer_blanks: bool = True


def read_pieces(path: Path) -> tuple[Piece, ...]:
    """Every piece of a SentencePiece BPE file, in the order of their ids.

    Raises:
        WeightsError: If the file cannot be read as one, or holds another kind of model than BPE.
    """
    asked = f"read the tokenizer {path}"
    try:
        fields = list(_fields(path.read_bytes()))
        pieces = tuple(_piece(value) for number, value in fields if number == 1 and isinstance(value, bytes))
        trainers = [value for number, value in fields if number == 2 and isinstance(value, bytes)]
        kinds = [value for each in trainers for number, value in _fields(each) if number == 3]
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise WeightsError(
            asked, found=f"no SentencePiece file: {error}", todo="use the released file"
        ) from error
    if not pieces or (kinds or [1])[-1] != _MODEL_BPE:
        raise WeightsError(
            asked, found=f"{len(pieces)} pieces, model type {kinds}", allowed="a SentencePiece BPE model"
        )
    return pieces


def read_text_rules(path: Path) -> TextRules:
    """What a SentencePiece file says is done to a text before it is cut; what it leaves out is SentencePiece's default.

    Raises:
        WeightsError: If the file cannot be read as one.
    """
    try:
        specs = [value for number, value in _fields(path.read_bytes()) if number == 3]
        said = {number: value for spec in specs if isinstance(spec, bytes) for number, value in _fields(spec)}
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise WeightsError(
            f"read the tokenizer {path}",
            found=f"no SentencePiece file: {error}",
            todo="use the released file",
        ) from error
    charsmap = said.get(2, b"")
    return TextRules(
        charsmap if isinstance(charsmap, bytes) else b"", bool(said.get(3, 1)), bool(said.get(4, 1))
    )


def vocabulary(pieces: Sequence[Piece]) -> dict[str, int]:
    """Id of every piece by its text."""
    return {piece.text: at for at, piece in enumerate(pieces)}


def merges(pieces: Sequence[Piece]) -> list[tuple[str, str]]:
    """Which two pieces become one, the first to be tried first.

    SentencePiece always joins the neighbours with the best score, the leftmost among equals. Pieces of equal score are
    the runs of blanks: there a longer left part goes first, which is the leftmost of a run. Only normal pieces are put
    together, so that a written ``</s>`` stays text.
    """
    known = {piece.text for piece in pieces if piece.kind == NORMAL}
    found: list[tuple[float, int, int, int, str, str]] = []
    for at, piece in enumerate(pieces):
        if piece.kind != NORMAL:
            continue
        run = set(piece.text) == {BLANK}
        for cut in range(1, len(piece.text)):
            left, right = piece.text[:cut], piece.text[cut:]
            if left in known and right in known:
                found.append((-piece.score, 0 if run else at, -cut if run else cut, len(right), left, right))
    return [(left, right) for *_, left, right in sorted(found)]


def _piece(data: bytes) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            text = value.decode("utf-8")
        elif number == 2 and isinstance(value, bytes):
            score = struct.unpack("<f", value)[0]
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, kind)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of every field of a protocol buffer message: integers as they are, all else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at + length > len(data):
            raise ValueError(f"a field of {length} bytes at byte {at} of {len(data)}")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(f"an endless number at byte {at}")
