r"""SRT (SubRip): the subtitles that every player reads.

Written here and not by pysubs2, whose writer drops ``{x}`` and breaks lines at ``\N`` (see webvtt.py).
"""

from __future__ import annotations

from playhead.export.cues import caption_cues
from playhead.export.options import DEFAULT, Options
from playhead.timecode import format_time
from playhead.timeline import Answer


def srt(answer: Answer, options: Options = DEFAULT) -> str:
    """Captions as SRT: numbered cues, comma decimals, hours always written.

    SRT has no escapes. ``-->`` inside a text is written ``->``, since a reader could take it for a cue; anything
    that looks like markup (``<i>``) is left as it is and shown as the player pleases.
    """
    blocks = []
    for number, cue in enumerate(caption_cues(answer, options), 1):
        start, end = (format_time(ms / 1000, style="srt") for ms in (cue.start_ms, cue.end_ms))
        text = "\n".join(line.replace("-->", "->") for line in cue.lines)
        blocks.append(f"{number}\n{start} --> {end}\n{text}\n")
    return "\n".join(blocks)
