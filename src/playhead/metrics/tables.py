"""Rows of tables (CSV, TSV, spreadsheets) with the place of each, so that a fault is named by file, line and field."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playhead.errors import MissingExtraError, ParseError, SourceError
from playhead.metrics.files import Record

SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
_WIDEST_FIELD: Final = 2**31 - 1  # characters; a picture or a whole transcript may stand in one


def read_table(path: Path) -> Iterator[Record]:
    """Every row of a ``.csv`` or ``.tsv``, fields as text; the line is the last one of the row.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is no table, or a row has more or fewer fields than the first.
    """
    csv.field_size_limit(_WIDEST_FIELD)
    lines = read_text(path).splitlines(keepends=True)
    rows = csv.reader(lines, delimiter=SEPARATORS[path.suffix.lower()])
    try:
        head = next(rows, None)
        if not head:
            raise _empty(path)
        for row in rows:
            if not row:
                continue
            record = Record(path.name, rows.line_num, "", dict(zip(head, row, strict=False)))
            if len(row) != len(head):
                raise record.fault("(all)", f"{len(row)} fields", f"{len(head)}: {', '.join(head)}")
            yield record
    except csv.Error as error:
        raise ParseError(f"{path.name}, line {rows.line_num}: not a table", found=str(error)) from error


def read_sheet(path: Path) -> Iterator[Record]:
    """Every row of the first sheet of an ``.xlsx``; empty cells are None, the line is the row.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is no spreadsheet.
        MissingExtraError: If nothing here reads spreadsheets.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise MissingExtraError(
            f"cannot read {path.name}",
            found="openpyxl is not installed",
            todo="pip install 'playhead[metrics]', or save it as .tsv",
        ) from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise SourceError(f"cannot read {path.name}", found=error.strerror or str(error)) from error
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ParseError(f"{path.name} is no spreadsheet", found=" ".join(str(error).split())) from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = [str(each) for each in next(rows, ()) if each is not None]
        if not head:
            raise _empty(path)
        for number, row in enumerate(rows, start=2):
            if any(cell is not None for cell in row):
                yield Record(path.name, number, "", dict(zip(head, row, strict=False)))
    finally:
        book.close()


def read_text(path: Path) -> str:
    """A text file.

    Raises:
        SourceError: If it cannot be read.
        ParseError: If it is no text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"cannot read {path.name}", found=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ParseError(f"{path.name} is no text", found=f"byte {error.start} is not UTF-8") from error


def _empty(path: Path) -> ParseError:
    return ParseError(
        f"{path.name}: no record", found="an empty file", allowed="a table with a first line of names"
    )
