"""Which videos a command line names: files and addresses as they are, a folder as the videos in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

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
        found += _videos_in(Path(word)) if _is_folder(word) else [word]
    once: dict[str, str] = {}
    for source in found:
        once.setdefault(_place(source), source)
    return list(once.values())


def _is_folder(word: str) -> bool:
    try:
        return not is_address(word) and Path(word).is_dir()
    except OSError:  # a name longer than the file system takes; opening it says what is wrong
        return False


def _place(source: str) -> str:
    """What all spellings of one path share (``talk.mp4``, ``./talk.mp4``)."""
    return source if is_address(source) else os.path.abspath(source)  # noqa: PTH100 - Path.absolute keeps ".." apart


def is_address(source: str) -> bool:
    """Whether a source is a URL (http, s3, ...) rather than a path."""
    return "://" in source


def _videos_in(folder: Path) -> list[str]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise SourceError(f"cannot list the folder {folder}", found=error.strerror or str(error)) from error
    videos = [str(entry) for entry in entries if entry.suffix.lower() in VIDEO_ENDINGS and not entry.is_dir()]
    if not videos:
        raise SourceError(
            f"cannot find a video in the folder {folder}",
            found=f"{len(entries)} entries, none ending like a video" if entries else "nothing in it",
            allowed="files such as .mp4, .mov, .mkv, .webm, .avi directly in the folder",
            todo="name another folder, or the files themselves",
        )
    return videos
