"""Timed things in JSON, as models write it: any of the usual keys, in fences or prose, broken off or badly quoted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playhead.tasks.timecode import RawTime, find_times, read_time

_MAX_DEPTH: Final = 40
_MAX_TRIES: Final = 40
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_FLAT_OBJECT: Final = re.compile(r"\{[^{}]*\}")
_OPENERS: Final = re.compile(r"[\[{]")
_START_KEYS: Final = frozenset(
    [
        "start",
        "starttime",
        "starts",
        "startsec",
        "startsecond",
        "startseconds",
        "starts",
        "begin",
        "begintime",
        "beginsec",
        "from",
        "starttimeoffset",
        "startoffset",
        "startms",
        "starttimems",
        "starttimemillis",
        "startmillis",
        "startmilliseconds",
        "startts",
        "starttimestamp",
        "开始",
        "开始时间",
        "起始时间",
    ]
)
_END_KEYS: Final = frozenset(
    [
        "end",
        "endtime",
        "ends",
        "endsec",
        "endsecond",
        "endseconds",
        "stop",
        "stoptime",
        "to",
        "finish",
        "finishtime",
        "endtimeoffset",
        "endoffset",
        "endms",
        "endtimems",
        "endtimemillis",
        "endmillis",
        "endmilliseconds",
        "endts",
        "endtimestamp",
        "结束",
        "结束时间",
    ]
)
_RANGE_KEYS: Final = frozenset(
    [
        "timestamp",
        "timestamps",
        "time",
        "times",
        "timerange",
        "timespan",
        "interval",
        "intervals",
        "span",
        "spans",
        "segment",
        "segments",
        "range",
        "ranges",
        "window",
        "timeinterval",
        "timewindow",
        "timestep",
        "时间",
        "时间段",
        "时间戳",
    ]
)
_PRESENCE_KEYS: Final = ("found", "present", "exists", "visible", "occurs", "happens")
_LENGTH_KEYS: Final = frozenset(
    ["duration", "length", "durations", "durationsec", "durationseconds", "durationms", "时长"]
)
_TEXT_KEYS: Final = (
    "sentence", "sentences", "caption", "captions", "description", "event", "text", "summary", "content", "activity",
    "action", "label", "描述", "内容", "事件", "文本", "摘要",
)  # fmt: skip
_TITLE_KEYS: Final = ("title", "headline", "chapter", "heading", "name", "标题", "章节")


@dataclass(frozen=True, slots=True)
class TimedItem:
    """One timed thing as written; ``end`` is None where only a start was given."""

    start: RawTime
    end: RawTime | None
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Json:
    """JSON found in a text.

    Attributes:
        values: The top-level values that are lists or objects, in order.
        cut: Whether a list or object broke off, so that something may be missing.
    """

    values: tuple[object, ...] = ()
    cut: bool = False

    @property
    def items(self) -> list[TimedItem]:
        """Every timed thing in the values, in order."""
        return [item for value in self.values for item in timed_items(value)]

    @property
    def says_nothing(self) -> bool:
        """Whether it is an explicit "nothing": an empty list, ``"spans": null``, ``"found": false``."""
        return any(
            value == [] or (isinstance(value, dict) and _object_says_nothing(value)) for value in self.values
        )


def _object_says_nothing(value: dict[str, object]) -> bool:
    fields = {_plain_key(key): item for key, item in value.items()}
    return (
        [] in value.values()
        or any(fields.get(key) is False for key in _PRESENCE_KEYS)
        or any(fields[key] is None for key in fields.keys() & _RANGE_KEYS)
    )


def find_json(text: str) -> Json:
    """Lists and objects in a text; a list that breaks off gives the objects that were complete."""
    if _depth(text) > _MAX_DEPTH:
        return Json()
    for written in (text, _mend(text)):
        values, cut = _decode_all(written)
        if any(_has_content(value) for value in values):
            return Json(tuple(values), cut)
    flat = tuple(_flat_objects(text)) or tuple(_flat_objects(_mend(text)))
    return Json(flat, cut=True) if flat else Json(tuple(values))


def timed_items(value: object, depth: int = 0) -> list[TimedItem]:
    """Every timed thing within a JSON value, in order."""
    if depth > _MAX_DEPTH:
        return []
    if isinstance(value, dict):
        return _from_object(value, depth)
    if isinstance(value, list):
        pair = _pair(value)
        if pair is not None:
            return [pair]
        return [item for part in value for item in timed_items(part, depth + 1)]
    return []


def _from_object(value: dict[str, object], depth: int) -> list[TimedItem]:
    fields = {_plain_key(key): item for key, item in value.items()}
    text, title = _words(fields, _TEXT_KEYS), _words(fields, _TITLE_KEYS)
    start, end = _keyed_time(fields, _START_KEYS), _keyed_time(fields, _END_KEYS)
    length = _keyed_time(fields, _LENGTH_KEYS)
    if start is not None and end is None and length is not None:
        end = RawTime(start.value + length.value, start.bare, start.whole and length.whole)
    if start is not None:
        return [TimedItem(start, end, text, title)]
    for key in fields.keys() & _RANGE_KEYS:
        sentences = fields.get("sentences")
        items = _range_value(fields[key], depth)
        if items and isinstance(sentences, list) and len(sentences) == len(items):
            return [
                TimedItem(item.start, item.end, str(sentence).strip())
                for item, sentence in zip(items, sentences, strict=True)
            ]
        if items:
            return [TimedItem(i.start, i.end, i.text or text, i.title or title) for i in items]
    return [
        item
        for part in value.values()
        if isinstance(part, (dict, list))
        for item in timed_items(part, depth + 1)
    ]


def _range_value(value: object, depth: int) -> list[TimedItem]:
    """Times under a key such as ``timestamps``: a pair, a list of pairs, a text, or one time."""
    if isinstance(value, str):
        found = find_times(value)
        if found:
            return [TimedItem(item.start, item.end) for item in found]
        single = read_time(value)
        return [] if single is None else [TimedItem(single, None)]
    if isinstance(value, (int, float)):
        time = _time(value)
        return [] if time is None else [TimedItem(time, None)]
    return timed_items(value, depth + 1)


def _pair(value: list[object]) -> TimedItem | None:
    """``[start, end]`` or ``[start, end, "text"]``, or None."""
    if len(value) not in (2, 3) or (
        len(value) == 3 and not (isinstance(value[2], str) and read_time(value[2]) is None)
    ):
        return None
    start, end = _time(value[0]), _time(value[1])
    if start is None or end is None:
        return None
    return TimedItem(start, end, str(value[2]) if len(value) == 3 else "")


def _time(value: object, scale: float = 1.0) -> RawTime | None:
    """A JSON value as a time; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if not -1e12 < value < 1e12:
            return None
        return RawTime(float(value) * scale, bare=scale == 1.0, whole=isinstance(value, int))
    if isinstance(value, str):
        time = read_time(value)
        return RawTime(time.value * scale) if time is not None and time.bare and scale != 1.0 else time
    if isinstance(value, dict):  # a protobuf Duration written out
        seconds, nanos = _time(value.get("seconds")), _time(value.get("nanos", 0))
        return RawTime(seconds.value + nanos.value / 1e9) if seconds and nanos else None
    return None


def _keyed_time(fields: dict[str, object], keys: frozenset[str]) -> RawTime | None:
    for key, value in fields.items():
        stem = key.removesuffix("s") if key.endswith("s") and not key.endswith("ms") else key
        if key in keys or stem in keys:
            in_ms = key.endswith(("ms", "millis", "milliseconds"))
            time = _time(value, 0.001 if in_ms else 1.0)
            if time is not None:
                return time
    return None


def _plain_key(key: str) -> str:
    return re.sub(r"[\s_.-]", "", key[:60]).lower()


def _words(fields: dict[str, object], keys: tuple[str, ...]) -> str:
    return next((str(fields[key]).strip() for key in keys if isinstance(fields.get(key), str)), "")


def _has_content(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value))


def _decode_all(text: str) -> tuple[list[object], bool]:
    """Lists and objects in order, and whether one ran into the text's end; gives up after a bounded number of tries."""
    decoder = json.JSONDecoder(parse_constant=lambda _: None)
    values: list[object] = []
    at, failures, cut, length = 0, 0, False, len(text.rstrip())
    while failures < _MAX_TRIES and (opener := _OPENERS.search(text, at)):
        try:
            value, at = decoder.raw_decode(text, opener.start())
            values.append(value)
        except json.JSONDecodeError as error:
            cut = cut or error.pos >= length or error.msg.startswith("Unterminated")
            failures, at = failures + 1, opener.end()
        except (ValueError, RecursionError):  # an integer of thousands of digits
            failures, at = failures + 1, opener.end()
    return values, cut


def _flat_objects(text: str) -> Iterator[object]:
    failures = 0
    for match in _FLAT_OBJECT.finditer(text):
        try:
            yield json.loads(match[0])
        except (ValueError, RecursionError):
            failures += 1
            if failures > _MAX_TRIES:
                return


def _mend(text: str) -> str:
    """JSON from the usual slips: single quotes, round brackets, Python's None, a comma before a closing bracket."""
    if '"' not in text:
        text = re.sub(r"'([^'\\\n]{0,2000})'", r'"\1"', text)
    text = re.sub(r"\(([^()\[\]{}\"]{0,200})\)", r"[\1]", text)
    text = re.sub(r"\b(?:None|nan|NaN)\b", "null", text)
    return re.sub(r",[ \t\r\n]{0,50}([\]}])", r"\1", text)


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest
