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

_SAME_TABLE: Final = {".parquet": (".jsonl", ".json")}
_SHOWN: Final = 3  # files named in an error


def annotation(data: Path, file: AnnotationFile) -> Path:
    """The path of an annotation file: under the data folder, else from the hub where it is on it.

    Raises:
        SourceError: If it is nowhere, or several files have its name; says where it is expected and where to get it.
        WeightsUnavailableError: If it is on the hub only and cannot be fetched.
    """
    wanted = data / file.path
    names = [wanted] + [wanted.with_suffix(each) for each in _SAME_TABLE.get(wanted.suffix, ())]
    for path in names:
        if path.is_file():
            return path
    everywhere = {each.name for each in names}
    found = [path for path in files_below(data) if path.name in everywhere]
    if len(found) == 1:
        return found[0]
    if not found and file.hub:
        return _from_hub(file)
    raise SourceError(
        f"cannot read the annotations {wanted}",
        found=f"{len(found)} files of that name below it" if found else "no such file",
        allowed=f"the official file at {file.path} under the folder of --data",
        todo=f"get it from {file.url}" if file.url else "put it there",
    )


def _from_hub(file: AnnotationFile) -> Path:
    """An annotation file of a repository of data."""
    from playhead.hub.snapshot import snapshot

    name, _, revision = file.hub.partition("@")
    path = file.hub_path or file.path
    found = snapshot(f"datasets/{name}", revision=revision or "main", files=(path,)) / path
    if not found.is_file():
        raise SourceError(
            f"cannot read the annotations {file.path}",
            found=f"no {path} in the repository datasets/{name}",
            todo="put the official file under the folder of --data",
        )
    return found


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, links to folders followed (a link back to a folder above is not), in order.

    Raises:
        SourceError: If a folder cannot be looked into.
    """
    found: list[Path] = []

    def look_into(place: Path, above: frozenset[Path]) -> None:
        here = place.resolve()
        if here in above:
            return
        for each in sorted(place.iterdir()):
            if each.is_dir():
                look_into(each, above | {here})
            elif each.is_file():
                found.append(each)

    try:
        look_into(folder, frozenset())
    except OSError as error:
        raise SourceError(f"cannot look into {folder}", found=error.strerror or str(error)) from error
    return found


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
        self._by_name: dict[str, Path | None] = {}  # None: several files have this name
        for path in files_below(folder):
            if path.suffix.lower() in VIDEO_SUFFIXES:
                for name in _names(path.relative_to(folder)):
                    other = self._by_name.setdefault(name, path)
                    if other is not None and other.resolve() != path.resolve():
                        self._by_name[name] = None
        self._missing: Counter[str] = Counter()

    def find(self, *names: str) -> Path | None:
        """The file of a video, or None, which is counted under the first name.

        Args:
            names: Names it may have, tried in turn, each with or without its ending and with as much of the folders
                above it as tells it from others: ``v_abc``, ``v_abc.mp4``, ``subfolder/v_abc``.

        Raises:
            SourceError: If several files have the name, so that one of them would be a guess.
        """
        for name in names:
            if name in self._by_name:
                path = self._by_name[name]
                if path is None:
                    raise self._several(name)
                return path
        self._missing[names[0]] += 1
        return None

    def _several(self, name: str) -> SourceError:
        same = [
            inside.as_posix()
            for inside in (path.relative_to(self.folder) for path in files_below(self.folder))
            if inside.suffix.lower() in VIDEO_SUFFIXES and name in _names(inside)
        ]
        return SourceError(
            f"cannot tell which file is the video {name}",
            found=", ".join(same[:_SHOWN]),
            allowed="one file of that name under the folder of --data",
            todo="move the others away, or name a folder that holds only one",
        )

    @property
    def missing(self) -> dict[str, int]:
        """Videos that were looked for and not found, with how often."""
        return dict(self._missing)


def _names(inside: Path) -> set[str]:
    """Everything a video may be called by: its path, and any end of it, with and without its ending."""
    ends = [Path(*inside.parts[at:]) for at in range(len(inside.parts))]
    return {each.as_posix() for each in ends} | {each.with_suffix("").as_posix() for each in ends}


def digests(data: Path, files: Iterable[AnnotationFile]) -> dict[str, str]:
    """The sha256 of annotation files, by their path under the data folder.

    Raises:
        SourceError: If one is missing or cannot be read.
    """
    return {file.path: digest(annotation(data, file)) for file in files}
