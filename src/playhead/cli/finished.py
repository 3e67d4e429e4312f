"""Which results are finished already: a small record beside them says what they were made from.

The record of ``out/talk.json`` is ``out/.playhead/talk.json``. A result is finished when its record names the same
content (sha256 of the file; an address stands for itself) and the same options, and every file it lists is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playhead.cli.sources import is_address
from playhead.errors import OutputError, SourceError, UsageError

FOLDER: Final = ".playhead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a set of result files was made from.

    Attributes:
        source: Absolute path or address of the video.
        content: sha256 of the file, or the address.
        made: Verb, engine and every option that changes the result.
        formats: Export formats that were written.
    """

    source: str
    content: str
    made: dict[str, Any]
    formats: list[str]


def describe(source: str, made: dict[str, Any], formats: list[str]) -> Record:
    """The record that a result of this source would have now.

    Raises:
        SourceError: If the file cannot be read.
    """
    if is_address(source):
        return Record(source=source, content=source, made=made, formats=formats)
    from playhead.media import check_path

    check_path(source)  # reading a pipe or a device would not end
    try:
        with Path(source).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(
            f"cannot read {source}",
            found=error.strerror or str(error),
            allowed="a video file, a folder of videos or an address",
            todo="check the path",
        ) from error
    return Record(source=str(Path(source).absolute()), content=content, made=made, formats=formats)


def read(out_dir: Path, name: str) -> Record | None:
    """The record beside a result, or None when there is none or it is of another making."""
    try:
        data = json.loads(_path(out_dir, name).read_text(encoding="utf-8"))
        return Record(**data)
    except (OSError, ValueError, TypeError):
        return None


def write(out_dir: Path, name: str, record: Record) -> None:
    """Leave the record; written whole and then renamed.

    Raises:
        OutputError: If it cannot be written.
    """
    path = _path(out_dir, name)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(record), ensure_ascii=True, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write {path}",
            found=error.strerror or str(error),
            todo="free some space or choose another --out",
        ) from error


def is_finished(out_dir: Path, name: str, wanted: Record) -> bool:
    """Whether a result with this record is there, in every format it lists."""
    there = read(out_dir, name)
    return (
        there is not None
        and (there.content, there.made) == (wanted.content, wanted.made)
        and all(_result(out_dir, name, each).is_file() for each in there.formats)
    )


def refuse_to_replace_another(out_dir: Path, name: str, wanted: Record) -> None:
    """Keep a second video of the same name from replacing the results of the first.

    Raises:
        UsageError: If the results of that name are those of another file.
    """
    there = read(out_dir, name)
    if there is not None and there.source != wanted.source and there.content != wanted.content:
        raise UsageError(
            f"cannot write {out_dir / name}.* for {wanted.source}",
            found=f"the results of another video of that name, {there.source}",
            todo="choose another --out, or replace them with --overwrite",
        )


def _path(out_dir: Path, name: str) -> Path:
    return out_dir / FOLDER / f"{name}.json"


def _result(out_dir: Path, name: str, format_name: str) -> Path:
    from playhead.export import FORMATS

    return out_dir / f"{name}{FORMATS[format_name].suffix if format_name in FORMATS else format_name}"
