"""Answers as files: all of them whole, or none."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import unquote, urlsplit

from playhead.errors import OutputError
from playhead.export.options import DEFAULT, Options
from playhead.export.registry import exporter
from playhead.timeline import Answer

# Windows refuses these characters and names; a name must stay well below the 255 bytes file systems take.
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_NAME_LIMIT_BYTES: Final = 150


def write(
    answer: Answer, out_dir: str | Path, formats: Iterable[str], name: str, options: Options = DEFAULT
) -> list[Path]:
    """Write an Answer in several formats; either every file is there whole afterwards, or none is new.

    Args:
        answer: What to write.
        out_dir: Folder, made when it is missing.
        formats: Names of :data:`playhead.export.FORMATS`.
        name: File name without suffix, as :func:`names_for` gives it.
        options: Choices about the contents.

    Returns:
        The files, in the order of the formats.

    Raises:
        UsageError: If a format is unknown or cannot hold this Answer.
        OutputError: If the folder or a file cannot be written (disk full, no permission).
    """
    folder = Path(out_dir)
    placed = replace(options, folder=folder)
    chosen = [exporter(item) for item in dict.fromkeys(formats)]
    contents = [(folder / f"{name}{item.suffix}", item.render(answer, placed)) for item in chosen]
    return write_texts(contents)


def write_texts(contents: Sequence[tuple[Path, str]]) -> list[Path]:
    """Write texts as UTF-8, each first beside its place and all renamed at the end.

    Raises:
        OutputError: If one cannot be written; files that were there before stay as they were.
    """
    path = Path()
    try:
        with contextlib.ExitStack() as stack:
            ready: list[tuple[Path, Path]] = []
            for path, text in contents:
                path.parent.mkdir(parents=True, exist_ok=True)
                ready.append((stack.enter_context(_beside(path, text)), path))
            for temporary, path in ready:
                temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}",
            found=error.strerror or str(error),
            todo="free space or choose another folder with --out",
        ) from error
    return [path for path, _ in contents]


@contextlib.contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """A complete temporary file in the same folder, removed at the end unless it was renamed away."""
    # A path may hold bytes that are no UTF-8; Python carries them as lone surrogates, written here as \udcXX.
    data = text.encode("utf-8", errors="backslashreplace")
    temporary = path.parent / f".playhead-{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def names_for(sources: Sequence[str]) -> list[str]:
    """File names for the results of several videos, one each, that no two share and every file system takes.

    A name is the video's own without its suffix. Videos that would share one (``a/talk.mp4``, ``b/talk.mov``) also
    get six letters made from their full name, the same in every run.

    Args:
        sources: Paths or addresses, as the caller named them.
    """
    stems = [_stem(source) for source in sources]
    uses = Counter(map(_folded, stems))
    return [
        f"{stem}-{_tag(source)}" if uses[_folded(stem)] > 1 else stem
        for stem, source in zip(stems, sources, strict=True)
    ]


def _stem(source: str) -> str:
    parts = urlsplit(source)
    if len(parts.scheme) > 1 and parts.netloc:
        last = unquote(PurePosixPath(parts.path).name) or parts.netloc
    else:
        last = PureWindowsPath(source).name if "\\" in source else Path(source).name
    text = (
        PurePosixPath(last).stem.encode("utf-8", errors="replace").decode("utf-8")
    )  # lone surrogates become ?
    stem = _FORBIDDEN.sub("_", text).strip(" .")
    stem = stem.encode("utf-8")[:_NAME_LIMIT_BYTES].decode("utf-8", errors="ignore").rstrip(" .")
    return f"_{stem}" if not stem or _RESERVED.fullmatch(stem) else stem


def _folded(stem: str) -> str:
    """A name as file systems compare it that ignore case and compose letters."""
    return unicodedata.normalize("NFC", stem).casefold()


def _tag(source: str) -> str:
    is_address = bool(urlsplit(source).netloc)
    full = source if is_address else os.path.abspath(source)  # noqa: PTH100 - Path.absolute keeps ".." apart
    return hashlib.sha256(full.encode("utf-8", errors="surrogateescape")).hexdigest()[:6]
