"""FFmetadata: chapters that ffmpeg writes into a video file (``ffmpeg -i in.mp4 -i chapters.txt -map_chapters 1 ...``)."""

from __future__ import annotations

import re
from typing import Final

from playhead.export.cues import chapter_cues, one_line
from playhead.export.options import DEFAULT, Options
from playhead.timeline import Answer

# https://ffmpeg.org/ffmpeg-formats.html#Metadata-2: these and the newline are escaped with a backslash.
_SPECIAL: Final = re.compile(r"([=;#\\\n])")


def ffmetadata(answer: Answer, options: Options = DEFAULT) -> str:
    """Chapters in FFmpeg's metadata text, in milliseconds, with the video's title where there is one."""
    del options
    lines = [";FFMETADATA1"]
    if title := one_line(answer.title):
        lines.append(f"title={_escape(title)}")
    for cue in chapter_cues(answer.chapters):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={cue.start_ms}", f"END={cue.end_ms}"]
        lines.append(f"title={_escape(' '.join(cue.lines))}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    # FFmpeg takes the newline after any backslash, even an escaped one, as part of the value: a blank keeps them apart.
    return _SPECIAL.sub(r"\\\1", text) + (" " if text.endswith("\\") else "")
