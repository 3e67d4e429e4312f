"""CSV: every timed thing of an Answer as one table, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from playhead.export.options import DEFAULT, Options
from playhead.timeline import Answer, Span

COLUMNS: Final = ("start", "end", "kind", "title", "text", "confidence", "flags")
_KIND_ORDER: Final = {"chapter": 0, "event": 1, "speech": 2}


def csv_table(answer: Answer, options: Options = DEFAULT) -> str:
    """All chapters, events, sentences and marks in order of time: seconds, kind, title, text, confidence, flags.

    ``kind`` is ``chapter``, ``event``, ``speech``, or the name of an evidence lane. Texts are written as they are; a
    spreadsheet may read one that begins with ``=`` as a formula, so import such a file as text.
    """
    del options
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for span, kind, *rest in sorted(
        _rows(answer), key=lambda row: (row[0], _KIND_ORDER.get(row[1], 3), row[1])
    ):
        writer.writerow([_seconds(span.start_s), _seconds(span.end_s), kind, *rest])
    return out.getvalue()


def _rows(answer: Answer) -> Iterator[tuple[Span, str, str, str, str, str]]:
    for kind, events in (("chapter", answer.chapters), ("event", answer.events)):
        for event in events:
            confidence = _confidence(event.confidence)
            yield event.span, kind, event.title, event.text, confidence, " ".join(event.flags)
    for segment in answer.transcript.segments if answer.transcript else ():
        yield segment.span, "speech", "", segment.text, _confidence(segment.confidence), ""
    for lane, marks in answer.lanes.items():
        # The speech lane repeats the transcript's sentences.
        if lane == "speech" and answer.transcript is not None:
            continue
        for mark in marks:
            yield mark.span, lane, "", mark.text, _confidence(mark.confidence), ""


def _seconds(time_s: float) -> str:
    return f"{time_s:.3f}"


def _confidence(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
