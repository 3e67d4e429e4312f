"""Rows of official annotation files, whatever they are written in, each with its place, so that a fault is named by it.

JSON and JSON Lines are read as everywhere in playhead; CSV and TSV give text fields; Parquet needs the extra ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playhead.errors import MissingExtraError, ParseError, SourceError
from playhead.metrics.files import Record, read_records
from playhead.metrics.tables import SEPARATORS, read_table, read_text


def read_rows(path: Path, *, inside: str = "", by_id: bool = False) -> Iterator[Record]:
    """Every row of an annotation file, in order.

    Args:
        path: ``.json``, ``.jsonl`` (both possibly ``.gz``), ``.csv``, ``.tsv`` or ``.parquet``.
        inside: For JSON, the field of the document that holds the rows.
        by_id: For JSON, whether the document is an object of rows by their ids.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is not what its name says; names file and line.
        MissingExtraError: If it is Parquet and nothing here reads that.
    """
    suffix = path.suffix.lower()
    if suffix in SEPARATORS:
        return read_table(path)
    if suffix == ".parquet":
        return _read_parquet(path)
    return read_records(path, inside=inside, by_id=by_id)


def read_lines(path: Path) -> Iterator[Record]:
    """Every line of a text file that is not blank, as a record whose data is the line.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is no text.
    """
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            yield Record(path.name, number, "", line.strip())


def _read_parquet(path: Path) -> Iterator[Record]:
    """Rows of a Parquet file; the line of a record is its row, from 1."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError(
            f"cannot read {path.name}",
            found="pyarrow is not installed",
            todo="pip install 'playhead[evaluate]', or put the same rows beside it as .jsonl",
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    yield Record(path.name, number, "", row)
    except ArrowException as error:
        raise ParseError(f"{path.name} is no Parquet file", found=" ".join(str(error).split())) from error
    except OSError as error:
        raise SourceError(f"cannot read {path.name}", found=error.strerror or str(error)) from error
