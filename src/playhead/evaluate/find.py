"""Where a benchmark's files lie: annotation files under the data folder, videos by their names, what is missing counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from playhead.errors import SourceError
from playhead.evaluate.base import AnnotationFile

VIDEO_SUFFIXES: Final = frozenset(
    (
        ".mp4",
        ".mkv",
        ".webm",
        ".avi",
        ".mov",
        ".m4v",
        ".mpg",
        ".mpeg",
        ".flv",
        ".ogv",
        ".wmv",
        ".ts",
        ".gif",
        ".3gp",
    )
)


def annotation(data: Path, file: AnnotationFile) -> Path:
    """The path of an annotation file that has to be there.

    Raises:
        SourceError: If it is not; says where it is expected and where to get it.
    """
    path = data / file.path
    if not path.is_file():
        raise SourceError(
            f"cannot read the annotations {path}",
            found="no such file",
            allowed=f"the official file at {file.path} under the folder of --data",
            todo=f"get it from {file.url}" if file.url else "put it there",
        )
    return path


def digest(path: Path) -> str:
    """The sha256 of a file, as hexadecimal digits.

    Raises:
        SourceError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"cannot read {path}", found=error.strerror or str(error)) from error


class Videos:
    """The video files below a folder, found by their names with or without an ending; remembers which were not there.

    Args:
        folder: Where to look, its subfolders too.

    Raises:
        SourceError: If there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SourceError(
                f"cannot look for videos in {folder}", found="no such folder", todo="check the path of --data"
            )
        self.folder = folder
        self._by_name: dict[str, Path] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file():
                inside = path.relative_to(folder)
                for name in (inside.as_posix(), inside.with_suffix("").as_posix(), path.name, path.stem):
                    self._by_name.setdefault(name, path)
        self._missing: Counter[str] = Counter()

    def find(self, *names: str) -> Path | None:
        """The file of a video, or None, which is counted under the first name.

        Args:
            names: Names it may have, tried in turn: ``v_abc.mp4``, ``v_abc``, ``subfolder/v_abc``.
        """
        for name in names:
            if name in self._by_name:
                return self._by_name[name]
        self._missing[names[0]] += 1
        return None

    @property
    def missing(self) -> dict[str, int]:
        """Videos that were looked for and not found, with how often."""
        return dict(self._missing)


def digests(data: Path, files: Iterable[AnnotationFile]) -> dict[str, str]:
    """The sha256 of annotation files, by their path under the data folder.

    Raises:
        SourceError: If one is missing or cannot be read.
    """
    return {file.path: digest(annotation(data, file)) for file in files}
