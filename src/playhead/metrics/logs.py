"""Logs of other evaluation kits, read with playhead's own grammar of times and options, so that they can be scored again.

lmms-eval writes ``..._samples_TASK.jsonl``, one answer a line with ``doc_id``, ``target`` and ``filtered_resps``;
VLMEvalKit a table with ``index``, ``answer`` and ``prediction`` (xlsx, tsv or json). The former was read in the
source of 0.7.3, the latter is from memory. Neither says how long a video is, so no span is cut to it; and only some
tasks say which video an answer is about: where none is named, every answer stands for a video of its own, and the
intervals are then narrower than they should be.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from playhead.metrics.choice import read_option, score_choice
from playhead.metrics.files import Record, is_number, put, read_records
from playhead.metrics.formats import groups_of
from playhead.metrics.grounding import score_grounding
from playhead.metrics.interval import Scores
from playhead.metrics.tables import SEPARATORS, read_sheet, read_table
from playhead.tasks.base import Clock
from playhead.tasks.ground import Ground
from playhead.timeline import ParseFailure

Source = str | Path

_NO_END_S: Final = 1e7  # no video is that long: times are taken as they are written
_OPTION: Final = re.compile(r"^[ \t]*\(?([A-Z])[.):][ \t]*(\S.*)$", re.MULTILINE)
_LEAST_OPTIONS: Final = 5
_VIDEO_FIELDS: Final = ("videoID", "video_id", "video_path", "video", "video_name")
_GROUP_FIELDS: Final = {
    "duration": "",
    "duration_group": "duration: ",
    "domain": "domain: ",
    "category": "category: ",
    "sub_category": "subject: ",
    "question_category": "category: ",
    "task_category": "task: ",
    "task_type": "task: ",
    "dim": "aspect: ",
}


def score_lmms_grounding(path: Source, _: Sequence[Source] = ()) -> list[Scores]:
    """Spans in lmms-eval's log of a grounding task (Charades-STA, TimeLens)."""
    rows = _lmms_rows(path)
    said = {name: _response(row) for name, row in rows.items()}
    return [_grounding(rows, said, {name: row.get("target", "a span") for name, row in rows.items()})]


def score_lmms_choice(path: Source, _: Sequence[Source] = ()) -> list[Scores]:
    """Options in lmms-eval's log of a multiple-choice task."""
    rows = _lmms_rows(path)
    said = {name: _response(row) for name, row in rows.items()}
    options = {
        name: _options_of(row) or options_in(str(row.data.get("input") or "")) for name, row in rows.items()
    }
    return [
        _choice(rows, said, options, {name: row.get("target", "an option") for name, row in rows.items()})
    ]


def score_vlmeval_grounding(path: Source, _: Sequence[Source] = ()) -> list[Scores]:
    """Spans in VLMEvalKit's table of predictions."""
    rows = _vlmeval_rows(path)
    said = {name: _prediction(row) for name, row in rows.items()}
    return [_grounding(rows, said, {name: row.get("answer", "a span") for name, row in rows.items()})]


def score_vlmeval_choice(path: Source, _: Sequence[Source] = ()) -> list[Scores]:
    """Options in VLMEvalKit's table of predictions."""
    rows = _vlmeval_rows(path)
    said = {name: _prediction(row) for name, row in rows.items()}
    options = {name: _options_of(row) for name, row in rows.items()}
    return [
        _choice(rows, said, options, {name: row.get("answer", "an option") for name, row in rows.items()})
    ]


# --- rows -------------------------------------------------------------------------------------------------------------


def _lmms_rows(path: Source) -> dict[str, Record]:
    """The log's answers by ``doc_id``; what the metrics and the document of an answer say is put beside its own fields."""
    records = list(read_records(path))
    if len(records) == 1 and isinstance(records[0].data, dict) and "logs" in records[0].data:
        records = list(read_records(path, inside="logs"))  # how older versions wrote it
    rows: dict[str, Record] = {}
    for record in records:
        name = record.name("doc_id")
        beside: dict[str, Any] = {}
        for inner in record.data.values():
            if isinstance(inner, dict):
                beside |= inner
                keyed = [key.partition(">>>")[0] for key in inner if key.count(">>>") > 1]
                beside |= {"video": keyed[0]} if keyed else {}
        put(rows, name, replace(record, data=beside | record.data), "doc_id")
    return rows


def _vlmeval_rows(path: Source) -> dict[str, Record]:
    """The table's rows by ``index``."""
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix == ".xlsx":
        records = read_sheet(place)
    elif suffix in SEPARATORS:
        records = read_table(place)
    else:
        records = read_records(place)
    rows: dict[str, Record] = {}
    for record in records:
        put(rows, record.name("index"), record, "index")
    return rows


def _response(record: Record) -> str:
    """What was answered; of several, the first."""
    value = record.get("filtered_resps", "the answer")
    while isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, str):
        raise record.fault("filtered_resps", value, "text, or a list that begins with it")
    return value


def _prediction(record: Record) -> str:
    value = record.get("prediction", "text, empty where there is none")
    return "" if value is None else str(value)


def _videos(rows: Mapping[str, Record]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The video of every row, and a note where none is named."""
    found = {}
    for name, row in rows.items():
        field = next((each for each in _VIDEO_FIELDS if isinstance(row.data.get(each), (str, int))), None)
        found[name] = f"row {name}" if field is None else str(row.data[field])
    unnamed = sum(video == f"row {name}" for name, video in found.items())
    note = f"{unnamed} answers name no video: the intervals take each for a video of its own"
    return found, (note,) if unnamed else ()


# --- spans ------------------------------------------------------------------------------------------------------------


def _grounding(rows: Mapping[str, Record], said: Mapping[str, str], targets: Mapping[str, Any]) -> Scores:
    predicted: dict[str, list[tuple[float, float]] | None] = {}
    for name, text in said.items():
        reading = Ground("it").read(text, Clock(_NO_END_S))
        if isinstance(reading, ParseFailure):
            predicted[name] = None
        else:
            predicted[name] = [(each.span.start_s, each.span.end_s) for each in reading.events]
    true = {name: _spans(rows[name], target) for name, target in targets.items()}
    videos, notes = _videos(rows)
    return replace(score_grounding(predicted, true, videos, depths=(1,)), notes=notes)


def _spans(record: Record, target: object) -> list[tuple[float, float]]:
    """A true span, or a list of them, also where it is written as text."""
    allowed = "[start, end] or a list of such pairs, in seconds"
    value = _literal(target)
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(is_number(each) for each in value):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise record.fault("target", target, allowed)
    pairs = []
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(is_number(each) for each in pair):
            raise record.fault("target", target, allowed)
        pairs.append((float(pair[0]), float(pair[1])))
    return pairs


def _literal(value: object) -> object:
    """What a text writes, where it writes a list; the value itself otherwise."""
    if isinstance(value, str) and value.strip()[:1] in "[(":
        try:
            return ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            return value
    return value


# --- options ----------------------------------------------------------------------------------------------------------


def _choice(
    rows: Mapping[str, Record],
    said: Mapping[str, str],
    options: Mapping[str, list[str]],
    targets: Mapping[str, Any],
) -> Scores:
    right, chosen = {}, {}
    for name, row in rows.items():
        known = options[name]
        right[name] = _label(row, targets[name], known)
        place = string.ascii_uppercase.index(right[name])
        texts = known or [""] * max(
            _LEAST_OPTIONS, place + 1
        )  # letters can be read without the options' texts
        chosen[name] = read_option(said[name], texts)[0]
    videos, notes = _videos(rows)
    groups = groups_of({name: replace(row, data=_named(row)) for name, row in rows.items()}, _GROUP_FIELDS)
    return replace(score_choice(chosen, right, videos, groups), notes=notes)


def _named(row: Record) -> dict[str, object]:
    """The fields of a row that can name a group."""
    return {
        key: value
        for key, value in row.data.items()
        if (isinstance(value, str) and value) or (key == "duration_group" and isinstance(value, int))
    }


def _label(record: Record, target: object, options: Sequence[str]) -> str:
    """The letter of the right option, from its letter, its number from 0, or its text."""
    text = str(target).strip()
    letters = string.ascii_uppercase[: len(options) or len(string.ascii_uppercase)]
    if len(text) == 1 and text.isalpha() and text.upper() in letters:
        return text.upper()
    if text.isdecimal() and text not in options and int(text) < len(letters):
        return letters[int(text)]
    if text in options:
        return letters[options.index(text)]
    allowed = "the right option's letter, number from 0, or text"
    raise record.fault(
        "target", target, allowed if options else f"{allowed}, which needs the options in the prompt"
    )


def options_in(prompt: str) -> list[str]:
    """The options that a prompt lists, one on a line with its letter, from A on; the last such list."""
    found: list[str] = []
    best: list[str] = []
    for letter, text in _OPTION.findall(prompt):
        if letter == "A":
            found = []
        if letter == string.ascii_uppercase[len(found) % 26]:
            found.append(text.strip())
            best = found if len(found) > 1 else best
    return list(best)


def _options_of(record: Record) -> list[str]:
    """The options of a row: columns A, B, ..., or a list in ``candidates`` or ``options``."""
    columns = []
    for letter in string.ascii_uppercase:
        value = record.data.get(letter)
        if value is None or value == "":
            break
        columns.append(str(value).strip())
    if len(columns) > 1:
        return columns
    listed = _literal(record.data.get("candidates", record.data.get("options")))
    if not isinstance(listed, (list, tuple)):
        return []
    texts = [str(each).strip() for each in listed]
    bare = options_in("\n".join(texts))
    return bare if len(bare) == len(texts) else texts
