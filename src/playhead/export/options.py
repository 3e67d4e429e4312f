"""Choices a caller may make about exported files; every exporter reads the ones it knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playhead.errors import UsageError

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
        cue_s: Longest that a subtitle made of speech may stand, in seconds; a longer sentence becomes several, where
            its words have times. None sets no limit.
        cue_chars: Most letters of a subtitle, over its two lines; a Chinese, Japanese or Korean letter counts as
            42/16. None sets no limit and breaks no line.
        video: How the page gets its video: ``link`` (relative to the page), ``embed`` (a data: URL inside it) or
            ``none``.
        embed_limit_bytes: Largest video file that ``embed`` takes in.
        folder: Folder the file is written to, which relative links start from; None is the current folder.

    Raises:
        UsageError: If a limit is not positive.
    """

    captions: CaptionSource = "transcript"
    overlaps: bool = True
    cue_s: float | None = 7.0
    cue_chars: int | None = 84
    video: VideoMode = "link"
    embed_limit_bytes: int = EMBED_LIMIT_BYTES
    folder: Path | None = None

    def __post_init__(self) -> None:
        for name, limit in (("cue_s", self.cue_s), ("cue_chars", self.cue_chars)):
            if limit is not None and not limit > 0:
                raise UsageError(
                    f"export with {name}", found=str(limit), allowed="a number above 0, or None for no limit"
                )


DEFAULT = Options()
