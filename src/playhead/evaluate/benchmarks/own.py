"""``own``: any folder of videos, with a file of tasks and truths in JSON Lines (docs/evaluate.md has the format).

Everything is checked before anything is run: each fault names the file, the line and the field. Spans have to be seconds
inside their video; the length of every video is measured, not taken from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from playhead.errors import MediaError, ParseError, UsageError, nearest
from playhead.evaluate import scoring
from playhead.evaluate.base import (
    AnnotationFile,
    Benchmark,
    Facts,
    Loaded,
    Moments,
    Option,
    Sample,
    Story,
    Truth,
)
from playhead.evaluate.find import VIDEO_SUFFIXES, annotation, digest
from playhead.evaluate.judges import WORDS, judge_by_words
from playhead.media import probe
from playhead.metrics.bounds import SLACK_S, Placed, check_bounds
from playhead.metrics.files import Record, by_key, read_records
from playhead.metrics.told import Caption
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import LABELS, Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Span

TASKS_FILE: Final = "tasks.jsonl"
_COMMON: Final = ("id", "video", "task", "start", "end", "context", "groups")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A task by its name: fields it has beside the common ones, and how both ends are read."""

    fields: tuple[str, ...]
    read: Callable[[Record], tuple[Task, Truth]]


def load(data: Path, split: str) -> Loaded:
    """Read a file of tasks and check it against its videos.

    Args:
        data: A folder that holds ``tasks.jsonl``, or such a file by any name; paths of videos are relative to its folder.
        split: Only ``all``.

    Raises:
        SourceError: There is no such file.
        ParseError: A record is malformed, an id occurs twice, a video is not there, a span lies outside its video or
            the unit is not seconds.
    """
    del split
    file = data if data.is_file() else annotation(data, BENCHMARK.splits["all"][0])
    folder = file.parent
    records = by_key(read_records(file), "id")
    samples = [_sample(record, folder) for record in records.values()]
    durations_s, notes = _durations_s({sample.video: sample.video_id for sample in samples})
    _check_times(samples, records, durations_s, file.name)
    placed = tuple(_with_duration(sample, durations_s) for sample in samples)
    return Loaded(samples=placed, missing={}, annotations={file.name: digest(file)}, notes=notes)


# --- one record -------------------------------------------------------------------------------------------------------


def _sample(record: Record, folder: Path) -> Sample:
    task_name = record.text("task")
    if task_name not in _KINDS:
        raise record.fault("task", task_name, f"one of {', '.join(_KINDS)}; {nearest(task_name, _KINDS)}")
    kind = _KINDS[task_name]
    known = (*_COMMON, *kind.fields)
    for field in record.data:
        if field not in known:
            raise record.fault(field, record.data[field], f"a field of {task_name}; {nearest(field, known)}")
    try:
        task, truth = kind.read(record)
    except UsageError as error:
        raise ParseError(f"{record.file}, line {record.line}: {error}") from error
    context = record.text("context") if "context" in record.data else ""
    if context and task_name not in ("ask", "choose"):
        raise record.fault("context", context, "a context with ask or choose only")
    start_s, end_s = _window(record)
    return Sample(
        id=record.name("id"),
        video=_video(record, folder),
        video_id=record.name("video"),
        task=task,
        truth=truth,
        context=context,
        start_s=start_s,
        end_s=end_s,
        groups=_groups(record),
    )


def _video(record: Record, folder: Path) -> Path:
    name = record.text("video")
    path = folder / name
    if not path.is_file():
        there = [
            each.relative_to(folder).as_posix()
            for each in sorted(folder.rglob("*"))
            if each.suffix.lower() in VIDEO_SUFFIXES
        ]
        hint = nearest(name, there[:50]) if there else "there is no video in that folder"
        raise record.fault("video", name, f"a video file, by its path from {folder}; {hint}")
    return path


def _window(record: Record) -> tuple[float | None, float | None]:
    start_s = record.number("start", 0) if "start" in record.data else None
    end_s = record.number("end", 0) if "end" in record.data else None
    if end_s is not None and end_s <= (start_s or 0.0):
        raise record.fault("end", end_s, f"seconds after the start, {start_s or 0.0:g}")
    return start_s, end_s


def _groups(record: Record) -> Mapping[str, str]:
    groups = record.data.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(each, str) and each for each in groups.values()):
        raise record.fault("groups", groups, 'an object of names by kind, as in {"duration": "short"}')
    return groups


def _ground(record: Record) -> tuple[Task, Truth]:
    spans = [_forwards(record, "spans", span) for span in record.spans("spans")]
    return Ground(record.text("query")), Moments(tuple(Span(*span) for span in spans))


def _choose(record: Record) -> tuple[Task, Truth]:
    options = record.items("options", "a list of texts")
    if not all(isinstance(option, str) for option in options):
        raise record.fault("options", options, "a list of texts")
    task = Choose(record.text("question"), tuple(options))
    label = record.text("answer")
    if label not in task.labels:
        raise record.fault(
            "answer", label, f"the letter of the right option, {LABELS[0]} to {task.labels[-1]}"
        )
    return task, Option(label)


def _events(record: Record) -> tuple[Task, Truth]:
    allowed = "a list of {start, end, text}, at least one"
    told = []
    for each in record.items("events", allowed):
        inner = Record(record.file, record.line, "events", each)
        pair = inner.number("start"), inner.number("end")
        told.append(Caption(*_forwards(record, "events", pair), inner.text("text")))
    if not told:
        raise record.fault("events", told, allowed)
    return Events(), Story((tuple(told),))


def _facts(record: Record) -> Facts:
    atoms = record.items("atoms", "a list of texts, at least one")
    if not atoms or not all(isinstance(each, str) and each.strip() for each in atoms):
        raise record.fault("atoms", atoms, "a list of texts, at least one")
    return Facts(record.text("text") if "text" in record.data else "", tuple(atoms))


def _forwards(record: Record, field: str, pair: tuple[float, ...]) -> tuple[float, float]:
    start_s, end_s = pair
    if end_s < start_s:
        raise record.fault(field, [start_s, end_s], "spans that end after they start")
    return start_s, end_s


_KINDS: Final[Mapping[str, _Kind]] = {
    "ground": _Kind(("query", "spans"), _ground),
    "choose": _Kind(("question", "options", "answer"), _choose),
    "events": _Kind(("events",), _events),
    "describe": _Kind(("atoms", "text"), lambda record: (Describe(), _facts(record))),
    "ask": _Kind(
        ("question", "atoms", "text"), lambda record: (Ask(record.text("question")), _facts(record))
    ),
}


# --- against the videos -----------------------------------------------------------------------------------------------


def _durations_s(videos: Mapping[Path, str]) -> tuple[dict[Path, float], tuple[str, ...]]:
    """Measured lengths in seconds; a video that cannot be probed is noted, and its samples will fail and be counted."""
    found: dict[Path, float] = {}
    notes = []
    for path, name in videos.items():
        try:
            found[path] = probe(str(path)).duration_s
        except MediaError as error:
            notes.append(f"the length of {name} could not be measured: {error}")
    return found, tuple(notes)


def _check_times(
    samples: Iterable[Sample], records: Mapping[str, Record], durations_s: Mapping[Path, float], file: str
) -> None:
    """Refuse times outside their video, with what they may be instead of seconds where there are many.

    Raises:
        ParseError: If there are some.
    """
    known = [(sample, durations_s[sample.video]) for sample in samples if sample.video in durations_s]
    check_bounds(
        [Placed(*span, duration_s) for sample, duration_s in known for _, span in _spans(sample)], file
    )
    for sample, duration_s in known:
        inside = f"seconds from 0 to {duration_s:g}, the length of {sample.video_id}"
        for field, span in (*_spans(sample), *_bounds(sample)):
            if span[0] < -SLACK_S or span[1] > duration_s + SLACK_S:
                raise records[sample.id].fault(field, list(span), inside)


def _spans(sample: Sample) -> list[tuple[str, tuple[float, float]]]:
    if isinstance(sample.truth, Moments):
        return [("spans", pair) for pair in scoring.pairs(sample.truth.spans)]
    if isinstance(sample.truth, Story):
        return [("events", (each.start_s, each.end_s)) for each in sample.truth.told[0]]
    return []


def _bounds(sample: Sample) -> list[tuple[str, tuple[float, float]]]:
    given = {"start": sample.start_s, "end": sample.end_s}
    return [(field, (value, value)) for field, value in given.items() if value is not None]


def _with_duration(sample: Sample, durations_s: Mapping[Path, float]) -> Sample:
    return replace(sample, duration_s=durations_s.get(sample.video))


BENCHMARK: Final = Benchmark(
    name="own",
    title="own videos and tasks",
    source="https://github.com/playhead/playhead",
    licence="yours",
    splits={"all": (AnnotationFile(TASKS_FILE),)},
    videos="each under the path its record names, from the folder of the file of tasks",
    load=load,
    scorers=(
        scoring.grounding(),
        scoring.multiple_choice(),
        scoring.event_spans(),
        scoring.dense_captions("youcook2", optional=True),
        scoring.facts(judge_by_words, WORDS),
    ),
)
