r"""WebVTT: captions and chapters for browsers (W3C WebVTT, https://www.w3.org/TR/webvtt1/).

Written here and not by pysubs2, whose writer passes every text through its own style syntax: ``{x}`` vanishes, ``\N``
breaks the line, and ``<`` and ``&`` stay bare, which a browser then reads as markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from playhead.export.cues import Cue, caption_cues, chapter_cues
from playhead.export.options import DEFAULT, Options
from playhead.timecode import format_time
from playhead.timeline import Answer


def webvtt(answer: Answer, options: Options = DEFAULT) -> str:
    """Captions as WebVTT; hours are always written, and a file without speech is a valid one without cues."""
    return _document(caption_cues(answer, options))


def webvtt_chapters(answer: Answer, options: Options = DEFAULT) -> str:
    """Chapters as WebVTT, to be loaded with ``<track kind="chapters">``."""
    del options
    return _document(chapter_cues(answer.chapters))


def _document(cues: Iterable[Cue]) -> str:
    blocks = ["WEBVTT\n"]
    for cue in cues:
        start, end = (format_time(ms / 1000, style="vtt") for ms in (cue.start_ms, cue.end_ms))
        blocks.append("\n".join([f"{start} --> {end}", *map(_escape, cue.lines)]) + "\n")
    return "\n".join(blocks)


def _escape(text: str) -> str:
    """Characters that open markup, and with ``>`` the arrow that would open a cue, as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
