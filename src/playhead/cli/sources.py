"""Which videos a command line names: files and addresses as they are, a folder as the videos in it."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from playhead.errors import SourceError

# Endings that a folder is searched for; a file that is named is opened whatever it is called.
VIDEO_ENDINGS: Final = frozenset(
    {
        ".3g2",
        ".3gp",
        ".asf",
        ".avi",
        ".divx",
        ".dv",
        ".f4v",
        ".flv",
        ".m2ts",
        ".m2v",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogm",
        ".ogv",
        ".qt",
        ".rm",
        ".rmvb",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
        ".y4m",
    }
)


def expand(words: list[str]) -> list[str]:
    """Turn what was named into videos, each once: a folder gives the videos directly in it, by name.

    Raises:
        SourceError: If a folder holds no video.
    """
    found: list[str] = []
    for word in words:
        found += _videos_in(Path(word)) if not is_address(word) and Path(word).is_dir() else [word]
    return list(dict.fromkeys(found))


def is_address(source: str) -> bool:
    """Whether a source is a URL (http, s3, ...) rather than a path."""
    return "://" in source


def short_names(sources: list[str]) -> dict[str, str]:
    """A file name without ending for each source's results, no two alike: ``talk``, else ``talk.mkv``, else a hash."""
    stems = {source: _file_name(source).stem or "video" for source in sources}
    for clash in _clashes(stems):
        stems[clash] = _file_name(clash).name
    for clash in _clashes(stems):
        stems[clash] = (
            f"{stems[clash]}-{hashlib.sha256(clash.encode(errors='surrogateescape')).hexdigest()[:8]}"
        )
    return stems


def _videos_in(folder: Path) -> list[str]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise SourceError(f"cannot list the folder {folder}", found=error.strerror or str(error)) from error
    videos = [str(entry) for entry in entries if entry.suffix.lower() in VIDEO_ENDINGS and entry.is_file()]
    if not videos:
        raise SourceError(
            f"cannot find a video in the folder {folder}",
            found=f"{len(entries)} entries, none ending like a video" if entries else "nothing in it",
            allowed="files such as .mp4, .mov, .mkv, .webm, .avi directly in the folder",
            todo="name another folder, or the files themselves",
        )
    return videos


def _file_name(source: str) -> PurePosixPath | Path:
    return PurePosixPath(unquote(urlsplit(source).path)) if is_address(source) else Path(source)


def _clashes(names: dict[str, str]) -> list[str]:
    counts = Counter(
        name.lower() for name in names.values()
    )  # names that differ in case are one file on many disks
    return [source for source, name in names.items() if counts[name.lower()] > 1]
