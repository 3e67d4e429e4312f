"""Subtitles that a benchmark publishes beside its videos, as words before a question."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playhead.errors import ParseError, SourceError
from playhead.evaluate.find import files_below

LEAD: Final = "This video's subtitles are listed below:"
_TIMES: Final = re.compile(r"[\d:.,]+\s*-->\s*[\d:.,]+.*")
_TAG: Final = re.compile(r"<[^>]+>|\{\\[^}]*\}")


class Subtitles:
    """The subtitle files below a folder; remembers which videos have none.

    Args:
        data: Where to look.
        read: From a file to the lines that are said.
    """

    def __init__(self, data: Path, read: Callable[[Path], list[str]]) -> None:
        self._paths = {path.name: path for path in files_below(data)}
        self._read = read
        self._contexts: dict[str, str] = {}

    def context(self, video: str, file: str) -> str:
        """What stands before a question about a video; nothing where it has no subtitles.

        Raises:
            SourceError: If the file cannot be read.
            ParseError: If it is malformed.
        """
        if video not in self._contexts:
            path = self._paths.get(file)
            said = [] if path is None else self._read(path)
            self._contexts[video] = "\n".join((LEAD, *said)) if said else ""
        return self._contexts[video]

    def notes(self) -> tuple[str, ...]:
        """How many videos were asked about without subtitles for want of a file."""
        without = [video for video, context in self._contexts.items() if not context]
        if not without:
            return ()
        named = ", ".join(without[:3])
        return (
            f"{len(without)} of {len(self._contexts)} videos have no subtitles here, for instance {named}",
        )


def read_srt(path: Path) -> list[str]:
    """The lines of an SRT file in order, without numbers, times, tags and immediate repetitions.

    Raises:
        SourceError: If it cannot be read.
        ParseError: If it is no text, or has no times.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"cannot read {path.name}", found=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ParseError(f"{path.name} is no text", found=f"byte {error.start} is not UTF-8") from error
    said: list[str] = []
    timed = False
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines()]
        at = next((number for number, line in enumerate(lines) if _TIMES.fullmatch(line)), None)
        if at is None:
            continue
        timed = True
        words = " ".join(_TAG.sub("", line).strip() for line in lines[at + 1 :]).strip()
        if words and words != (said[-1] if said else ""):
            said.append(words)
    if text.strip() and not timed:
        raise ParseError(
            f"{path.name} is no SRT file", found="no line of times", allowed="00:00:01,000 --> 00:00:02,000"
        )
    return said
