"""Every format an Answer can be written in, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playhead.errors import UsageError, nearest
from playhead.export.ffmetadata import ffmetadata
from playhead.export.json_file import json_text
from playhead.export.markdown import markdown
from playhead.export.options import Options
from playhead.export.page import page
from playhead.export.subrip import srt
from playhead.export.table import csv_table
from playhead.export.webvtt import webvtt, webvtt_chapters
from playhead.export.youtube import youtube
from playhead.timeline import Answer


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format.

    Attributes:
        render: Turns an Answer into the file's text; it touches no file but a video to embed.
        suffix: What the file's name ends in, with its dot.
        needs: Name of the Answer's field without which the file would be empty, or "" when none is.
        about: What it is for, in a line.
    """

    render: Callable[[Answer, Options], str]
    suffix: str
    needs: str
    about: str


FORMATS: Final[dict[str, Exporter]] = {
    "json": Exporter(json_text, ".json", "", "everything, described by answer.schema.json"),
    "vtt": Exporter(webvtt, ".vtt", "transcript", "captions for browsers"),
    "srt": Exporter(srt, ".srt", "transcript", "captions for players and editors"),
    "md": Exporter(markdown, ".md", "", "a report to read"),
    "html": Exporter(page, ".html", "", "a page to look at: video, timeline, transcript"),
    "csv": Exporter(csv_table, ".csv", "", "all timed things as one table"),
    "vtt-chapters": Exporter(webvtt_chapters, ".chapters.vtt", "chapters", "chapters for browsers"),
    "youtube": Exporter(youtube, ".youtube.txt", "chapters", "chapters to paste into a YouTube description"),
    "ffmetadata": Exporter(
        ffmetadata, ".ffmetadata.txt", "chapters", "chapters for ffmpeg to write into a file"
    ),
}


def exporter(name: str) -> Exporter:
    """The format of that name.

    Raises:
        UsageError: If there is none, with the nearest name.
    """
    if name not in FORMATS:
        raise UsageError("unknown format", found=repr(name), todo=nearest(name, FORMATS))
    return FORMATS[name]
