"""Choices a caller may make about exported files; every exporter reads the ones it knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CaptionSource = Literal["transcript", "events", "transcript-or-events"]
VideoMode = Literal["link", "embed", "none"]

EMBED_LIMIT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to write an Answer.

    Attributes:
        captions: What subtitles are made of: the ``transcript``, the ``events``, or the transcript where there is
            speech and the events otherwise.
        overlaps: Whether cues that overlap in time are kept (``True``) or cut at the next cue's start (``False``).
        video: How the page gets its video: ``link`` (relative to the page), ``embed`` (a data: URL inside it) or
            ``none``.
        embed_limit_bytes: Largest video file that ``embed`` takes in.
        folder: Folder the file is written to, which relative links start from; None is the current folder.
    """

    captions: CaptionSource = "transcript"
    overlaps: bool = True
    video: VideoMode = "link"
    embed_limit_bytes: int = EMBED_LIMIT_BYTES
    folder: Path | None = None


DEFAULT = Options()
