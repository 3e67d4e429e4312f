"""Answers as files: JSON, subtitles, chapters, tables and a page to look at.

write       an Answer in several formats, whole files or none
names_for   file names for several videos that do not collide
load_answer, load_events   JSON back: ours, and other tools' lists of events
FORMATS     the formats by name
"""

from __future__ import annotations

from playhead.export.files import names_for, write
from playhead.export.foreign import load_events
from playhead.export.json_file import load_answer, schema
from playhead.export.options import Options
from playhead.export.registry import FORMATS, Exporter, exporter

__all__ = [
    "FORMATS",
    "Exporter",
    "Options",
    "exporter",
    "load_answer",
    "load_events",
    "names_for",
    "schema",
    "write",
]
