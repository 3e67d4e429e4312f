"""Writes down what is in the clip and when, from the constants that drew it."""

from __future__ import annotations

from typing import Any

from demo_clip.programme import (
    BEEP_QUERY,
    BEEP_S,
    CHAPTERS,
    CHOICES,
    GROUNDING,
    LABEL_DELAY_S,
    LABEL_TAIL_S,
    RATE_HZ,
    SHOTS,
    shot_span_s,
    shot_starts_s,
)
from demo_clip.sound import Heard

ALSO_HEARD_AS = {
    "ding": ["ding", "bicycle bell", "bell", "doorbell", "clang", "jingle", "ping"],
    "beep": ["beep", "alarm", "busy signal"],
}
"""AudioSet names, shortened to their first part, that a listener may fairly give each sound."""


def truth(heard: list[Heard]) -> dict[str, Any]:
    """Everything that is true of the clip; times in seconds, spans half-open."""
    starts = shot_starts_s()
    return {
        "file": "demo.mp4",
        "duration": starts[-1],
        "frame_rate": RATE_HZ,
        "language": "en",
        "cuts": starts[1:-1],
        "shots": [
            _item(start, start + shot.duration_s, name=shot.name)
            for shot, start in zip(SHOTS, starts, strict=False)
        ],
        "sentences": [_item(h.start_s, h.end_s, text=h.text) for h in heard if h.kind == "speech"],
        "texts": _texts(),
        "sounds": [
            _item(h.start_s, h.end_s, label=h.kind, accept=ALSO_HEARD_AS[h.kind])
            for h in heard
            if h.kind != "speech"
        ],
        "chapters": [
            _item(shot_span_s(first)[0], shot_span_s(last)[1], title=title) for title, first, last in CHAPTERS
        ],
        "grounding": _grounding(),
        "choices": [
            {"question": question, "options": list(options), "answer": answer}
            for question, options, answer in CHOICES
        ],
    }


def _item(start_s: float, end_s: float, **more: object) -> dict[str, object]:
    return {"start": round(start_s, 3), "end": round(end_s, 3), **more}


def _texts() -> list[dict[str, object]]:
    items = []
    for shot, start in zip(SHOTS, shot_starts_s(), strict=False):
        items += [_item(start, start + shot.duration_s, text=line) for line in shot.lines]
        if shot.label:
            visible = (start + LABEL_DELAY_S, start + shot.duration_s - LABEL_TAIL_S)
            items.append(_item(*visible, text=shot.label))
    return items


def _grounding() -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    for query, shots in GROUNDING:
        spans: list[list[float]] = []
        for span in map(shot_span_s, shots):
            if spans and spans[-1][1] == span[0]:
                spans[-1][1] = span[1]
            else:
                spans.append(list(span))
        items.append({"query": query, "spans": spans})
    beeps = [
        start + after for shot, start in zip(SHOTS, shot_starts_s(), strict=False) for after in shot.beeps_s
    ]
    items.append({"query": BEEP_QUERY, "spans": [[round(beeps[0], 3), round(beeps[-1] + BEEP_S, 3)]]})
    return items
