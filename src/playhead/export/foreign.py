"""Events from other tools' JSON: lists in which times go by many names and many units.

Understood are lists of objects, lists of ``[start, end]`` pairs, such lists inside objects, and ActivityNet's parallel
``timestamps`` and ``sentences``. The names are those of TwelveLabs, Azure, AWS, Google and common data sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from playhead.errors import ParseError
from playhead.export.json_file import read_json
from playhead.timecode import seconds_or_none
from playhead.timeline import Event, Span

# Compared in lower case, without "_" and "-". A name in the second table is in milliseconds.
_START_S: Final = (
    "start",
    "starttime",
    "startsec",
    "starts",
    "startseconds",
    "starttimeoffset",
    "startoffset",
    "begin",
    "from",
)
_END_S: Final = ("end", "endtime", "endsec", "ends", "endseconds", "endtimeoffset", "endoffset", "stop", "to")
_START_MS: Final = (
    "startms",
    "starttimems",
    "startmillis",
    "starttimemillis",
    "starttimestampmillis",
    "startmilliseconds",
)
_END_MS: Final = ("endms", "endtimems", "endmillis", "endtimemillis", "endtimestampmillis", "endmilliseconds")
_TEXT: Final = (
    "text",
    "description",
    "caption",
    "sentence",
    "summary",
    "transcript",
    "label",
    "name",
    "query",
    "title",
)
_TITLE: Final = ("title", "headline")
_CONFIDENCE: Final = ("confidence", "score")
_PAIR: Final = ("timestamp", "span", "segment", "interval", "range", "window")

Data = Mapping[str, Any]


def load_events(path_or_text: str | Path) -> tuple[Event, ...]:
    """Read events from JSON of another tool, whatever it calls its times.

    A number is seconds, or milliseconds where its name says so (``startTimeMs``, ``endMillis``); a string is a clock
    (``"1:02"``, ``"01:02:03.5"``) or seconds (``"12.5s"``).

    Args:
        path_or_text: A path, or JSON text.

    Returns:
        Events in the order of the file; none for an empty list.

    Raises:
        SourceError: If the file cannot be read.
        ParseError: If it is no JSON, holds no list of timed things, or one of them has a time that cannot be read.
    """
    data = read_json(path_or_text)
    found = list(_events(data))
    if not found and not _is_empty(data):
        raise ParseError(
            "cannot find events in the JSON",
            found=_shape(data),
            allowed="objects with start and end (or start_time, startTimeMs, ...), or [start, end] pairs",
        )
    return tuple(found)


def _events(data: object) -> Iterator[Event]:
    if _is_pair(data):
        assert isinstance(data, list)
        yield _event({}, data[0], data[1], 1.0)
    elif isinstance(data, list):
        for item in data:
            yield from _events(item)
    elif isinstance(data, dict):
        yield from _from_object(data)


def _from_object(data: Data) -> Iterator[Event]:
    plain = {_plain(key): value for key, value in data.items()}
    for starts, ends, unit_s in ((_START_MS, _END_MS, 0.001), (_START_S, _END_S, 1.0)):
        start, end = _first(plain, starts), _first(plain, ends)
        if start is not None and end is not None:
            yield _event(plain, start, end, unit_s)
            return
    pair = _first(plain, _PAIR)
    if _is_pair(pair):
        yield _event(plain, pair[0], pair[1], 1.0)
        return
    times, texts = plain.get("timestamps"), plain.get("sentences") or plain.get("captions")
    if isinstance(times, list) and isinstance(texts, list):
        if len(times) != len(texts):
            raise ParseError(
                "cannot read timestamps and sentences",
                found=f"{len(times)} timestamps but {len(texts)} sentences",
            )
        for span, text in zip(times, texts, strict=True):
            yield from _from_object({"span": span, "text": text})
        return
    # A label with its occurrences (Azure: instances; Google: segments): each carries the label's own text.
    own = {key: value for key, value in data.items() if not isinstance(value, (list, dict))}
    for value in data.values():
        if isinstance(value, list):
            yield from _events([{**own, **item} if isinstance(item, dict) else item for item in value])
        elif isinstance(value, dict):
            yield from _from_object({**own, **value})


def _event(plain: Data, start: object, end: object, unit_s: float) -> Event:
    start_s, end_s = _time_s(start, unit_s), _time_s(end, unit_s)
    flags = () if start_s <= end_s else ("reversed",)
    metadata = plain.get("metadata")
    inner = {_plain(key): value for key, value in metadata.items()} if isinstance(metadata, dict) else {}
    texts = {**inner, **plain}
    title, text = _first(texts, _TITLE), _first(texts, _TEXT)
    confidence = _first(texts, _CONFIDENCE)
    is_number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    return Event(
        Span(min(start_s, end_s), max(start_s, end_s)),
        text=text if isinstance(text, str) else "",
        title=title if isinstance(title, str) else "",
        confidence=float(confidence) if is_number else None,
        flags=flags,
    )


def _time_s(value: object, unit_s: float) -> float:
    """Seconds from a number in the given unit, or from a string that may be a clock, seconds, or a bare number."""
    if isinstance(value, str):
        text = value.strip().lower()
        try:
            return _finite(float(text) * unit_s, value)
        except ValueError:
            seconds = seconds_or_none(text)
            if seconds is not None:
                return seconds
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return _finite(value * unit_s, value)
    raise ParseError(
        "cannot read a time", found=repr(value)[:80], allowed="12.5, '12.5s', '1:02' or '01:02:03.5'"
    )


def _finite(seconds: float, written: object) -> float:
    if not math.isfinite(seconds) or seconds < 0:
        raise ParseError("cannot read a time", found=repr(written)[:80], allowed="finite seconds, 0 or more")
    return seconds


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(item, (int, float, str)) and not isinstance(item, bool) for item in value)
    )


def _is_empty(data: object) -> bool:
    """Whether the JSON says that there are no events: an empty list, or an object whose lists are all empty."""
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return bool(lists) and all(not value for value in lists)
    return data == []


def _first(data: Data, names: Sequence[str]) -> Any:  # noqa: ANN401 - plain JSON data of any shape
    return next((data[name] for name in names if data.get(name) is not None), None)


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


def _shape(data: object) -> str:
    if isinstance(data, dict):
        return f"an object with {', '.join(map(repr, list(data)[:6])) or 'nothing'}"
    return f"a {type(data).__name__}"
