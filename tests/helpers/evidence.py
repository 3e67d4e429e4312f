"""Evidence written by hand, for tests of what is made from it."""

from __future__ import annotations

import numpy as np

from playhead.media.clip import MediaInfo
from playhead.perceive.evidence import Evidence
from playhead.timeline import Mark, Sampling, Segment, Span, Transcript


def mark(start_s, end_s, lane, text, confidence=0.9):
    return Mark(Span(start_s, end_s), lane, text, confidence)


def evidence(duration_s, *, sound=True, language="en", **lanes):
    """Evidence of a video from ``lane=[(start, end, text), ...]``; one shot unless ``shots`` are given."""
    lanes.setdefault("shots", [(0.0, duration_s, "shot 1")])
    window = Span(0.0, duration_s)
    marks = {name: tuple(mark(a, b, name, text) for a, b, text in rows) for name, rows in lanes.items()}
    spoken = Transcript(tuple(Segment(m.span, m.text) for m in marks.get("speech", ())), language, 1.0)
    return Evidence(
        info=MediaInfo("drawn", "drawn", duration_s, 0.0, (), None, None),
        window=window,
        sampling=Sampling("drawn", window),
        transcript=spoken if sound else None,
        lanes=marks,
        picture_times_s=np.zeros(0),
        picture_vectors_PD=np.zeros((0, 0), np.float32),
        models=(),
    )
