"""Reading JSON and JSON Lines with the place of every record, so that a fault is named by file, line and field.

Files may be compressed (``.gz``). A file is one JSON document, a list of records or an object of records by their ids; or
JSON Lines, one record a line, whatever its name ends in.
"""

from __future__ import annotations

import bisect
import contextlib
import gzip
import json
import math
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playhead.errors import ParseError, SourceError

_BLANK: Final = re.compile(r"\s*")
_SHOWN: Final = 60
_LINES_TRIED: Final = 5


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file, with where it stands.

    Attributes:
        file: The file's name.
        line: Line it begins on, from 1.
        key: Its id where the file is an object of records by their ids, else empty.
        data: Its content.
    """

    file: str
    line: int
    key: str
    data: Any

    def fault(self, field: str, found: object, allowed: str) -> ParseError:
        """An error about one field of this record."""
        return ParseError(f"{self._where()}: field {field}", found=_show(found), allowed=allowed)

    def lack(self, field: str, allowed: str) -> ParseError:
        """An error about a field that is not there."""
        return ParseError(f"{self._where()}: no field {field}", allowed=allowed)

    def _where(self) -> str:
        return f"{self.file}, line {self.line}" + (f" ({self.key})" if self.key else "")

    def get(self, field: str, allowed: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value of a field that has to be there.

        Raises:
            ParseError: If the record is no object or has no such field.
        """
        if not isinstance(self.data, dict):
            raise self.fault(field, self.data, f"an object with the field {field}")
        if field not in self.data:
            raise self.lack(field, allowed)
        return self.data[field]

    def name(self, field: str) -> str:
        """A name or id: text, or a whole number as text."""
        value = self.get(field, "text or a whole number")
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            raise self.fault(field, value, "text or a whole number")
        return str(value)

    def text(self, field: str) -> str:
        """Text, possibly empty."""
        value = self.get(field, "text")
        if not isinstance(value, str):
            raise self.fault(field, value, "text")
        return value

    def number(self, field: str, least: float = -math.inf) -> float:
        """A finite number, of at least a least one."""
        value = self.get(field, "a number")
        if not is_number(value) or value < least:
            raise self.fault(
                field, value, "a number" if least == -math.inf else f"a number from {least:g} on"
            )
        return float(value)

    def items(self, field: str, allowed: str) -> list[Any]:
        """A list."""
        value = self.get(field, allowed)
        if not isinstance(value, list):
            raise self.fault(field, value, allowed)
        return value

    def spans(self, field: str, *, numbers: int = 2) -> list[tuple[float, ...]]:
        """A list of pairs of seconds (or of pairs with a confidence)."""
        kind = "[start, end]" if numbers == 2 else "[start, end, confidence]"
        return [self.span(field, each, numbers) for each in self.items(field, f"a list of {kind} in seconds")]

    def span(self, field: str, value: object, numbers: int = 2) -> tuple[float, ...]:
        """One pair of seconds (or a pair with a confidence)."""
        kind = "[start, end] in seconds" if numbers == 2 else "[start, end, confidence], times in seconds"
        if not isinstance(value, list) or len(value) != numbers or not all(is_number(each) for each in value):
            raise self.fault(field, value, kind)
        return tuple(float(each) for each in value)


def is_number(value: object) -> bool:
    """Whether a value is a finite number (true and false are none)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return (
        abs(value) <= sys.float_info.max
    )  # false for NaN, and no float is made of a whole number too long for one


def read_records(path: str | Path, *, inside: str = "", by_id: bool = False) -> Iterator[Record]:
    """Every record of a file, in order.

    Args:
        path: A file, possibly compressed.
        inside: Field of a whole document that holds the records, for instance ``results``.
        by_id: Whether a whole document is an object of records by their ids; else such a document is one record.

    Raises:
        SourceError: If the file is missing or cannot be read.
        ParseError: If it is not JSON, names an id twice, or lacks the field ``inside``.
    """
    text = _read(path)
    scanner = _Scanner(Path(path).name, text)
    start = scanner.skip(0)
    if start == len(text):
        raise ParseError(f"{scanner.file}: no record", found="an empty file", allowed="JSON or JSON Lines")
    if text[start] == "[":
        yield from scanner.children(start)
        return
    try:
        value, end = scanner.value(start)
    except ParseError:
        if scanner.has_lines():
            yield from scanner.lines()
        raise
    if scanner.skip(end) < len(text):
        yield from scanner.lines()
    elif inside:
        where = (
            next((at for key, at, _ in scanner.pairs(start) if key == inside), None)
            if text[start] == "{"
            else None
        )
        if where is None:
            record = Record(scanner.file, scanner.line(start), "", value)
            raise record.lack(inside, "the field that holds the records")
        yield from scanner.children(where)
    elif by_id:
        yield from scanner.children(start)
    else:
        yield Record(scanner.file, scanner.line(start), "", value)


def by_key(records: Iterator[Record], field: str) -> dict[str, Record]:
    """Records by an id that each has only once.

    Raises:
        ParseError: If an id is missing or occurs twice.
    """
    found: dict[str, Record] = {}
    for record in records:
        put(found, record.name(field), record, field)
    return found


def put(found: dict[str, Record], name: str, record: Record, field: str) -> None:
    """Keep a record under a name that is not taken yet.

    Raises:
        ParseError: If it is.
    """
    if name in found:
        raise record.fault(field, name, f"an id of its own; line {found[name].line} has this one")
    found[name] = record


def refuse_unknown(found: Mapping[str, Record], known: Mapping[str, object], field: str) -> None:
    """Raise for the first prediction about something the truth does not have.

    Raises:
        ParseError: If there is one.
    """
    for name, record in found.items():
        if name not in known:
            raise record.fault(
                field,
                name,
                f"one of the {len(known)} of the truth file, for instance {next(iter(known), '-')}",
            )


class _Scanner:
    """A JSON text and the lines it is made of."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self._decoder = json.JSONDecoder(parse_constant=self._no_constant)
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """The line a place lies on, from 1."""
        return bisect.bisect_left(self._ends, at) + 1

    def skip(self, at: int) -> int:
        """The next place that is not blank."""
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int) -> tuple[Any, int]:
        """The JSON value that begins at a place, and where it ends."""
        try:
            return self._decoder.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise self._fault(error.pos, error.msg) from error
        except (RecursionError, ValueError) as error:  # the latter for a whole number of thousands of digits
            raise self._fault(at, str(error)) from error

    def lines(self) -> Iterator[Record]:
        """One record a line, empty lines left out."""
        at = 0
        for number, line in enumerate(self.text.split("\n"), start=1):
            start = len(line) - len(line.lstrip())
            if line.strip():
                try:
                    value, end = self._decoder.raw_decode(line, start)
                except (RecursionError, ValueError) as error:
                    raise self._fault(at + start, getattr(error, "msg", str(error)), number) from error
                if line[end:].strip():
                    raise self._fault(at + end, "something after the record", number)
                yield Record(self.file, number, "", value)
            at += len(line) + 1

    def has_lines(self) -> bool:
        """Whether at least one of the first lines is a record of its own, as a broken file of records still has."""
        for line in self.text.split("\n", _LINES_TRIED)[:_LINES_TRIED]:
            with contextlib.suppress(ValueError, RecursionError, ParseError):
                if isinstance(self._decoder.decode(line), dict):
                    return True
        return False

    def children(self, at: int) -> Iterator[Record]:
        """The records of a list, or of an object by their ids."""
        if self.text[at] == "{":
            first: dict[str, int] = {}
            for key, place, value in self.pairs(at):
                record = Record(self.file, self.line(place), key, value)
                if key in first:
                    raise record.fault("id", key, f"an id of its own; line {first[key]} has this one")
                first[key] = record.line
                yield record
        elif self.text[at] == "[":
            for place, value in self._elements(at):
                yield Record(self.file, self.line(place), "", value)
        else:
            raise self._fault(at, "neither a list nor an object of records")

    def pairs(self, at: int) -> Iterator[tuple[str, int, Any]]:
        """Key, place of the value and value of an object that begins at a place."""
        at = self.skip(at + 1)
        while self._char(at) != "}":
            key, at = self.value(at)
            place = self.skip(self._after(self.skip(at), ":"))
            value, at = self.value(place)
            yield str(key), place, value
            at = self.skip(at)
            at = self.skip(self._after(at, ",")) if self._char(at) != "}" else at

    def _elements(self, at: int) -> Iterator[tuple[int, Any]]:
        at = self.skip(at + 1)
        while self._char(at) != "]":
            place = at
            value, at = self.value(at)
            yield place, value
            at = self.skip(at)
            at = self.skip(self._after(at, ",")) if self._char(at) != "]" else at

    def _after(self, at: int, char: str) -> int:
        if self._char(at) != char:
            raise self._fault(at, f"no {char!r}")
        return at + 1

    def _char(self, at: int) -> str:
        if at >= len(self.text):
            raise self._fault(at, "broken off")
        return self.text[at]

    def _fault(self, at: int, what: str, line: int | None = None) -> ParseError:
        number = line or self.line(at)
        return ParseError(
            f"{self.file}, line {number}: not JSON",
            found=f"{what}: {_show(self.text[at : at + _SHOWN])}",
            allowed="one JSON document, or one record a line",
        )

    def _no_constant(self, name: str) -> Any:  # noqa: ANN401 - never returns
        at = self.text.find(name)
        raise ParseError(
            f"{self.file}, line {self.line(at)}: {name} is no JSON number", allowed="finite numbers, null"
        )


def _read(path: str | Path) -> str:
    place = Path(path)
    try:
        data = place.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"cannot read {place.name}",
            found=getattr(error, "strerror", None) or str(error),
            todo="check the path",
        ) from error
    except UnicodeDecodeError as error:
        raise ParseError(f"{place.name} is no text", found=f"byte {error.start} is not UTF-8") from error


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
