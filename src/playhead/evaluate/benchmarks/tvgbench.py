"""TVGBench: 800 queries from five older sets, even in kinds of query, lengths and places (Time-R1, 2025).

A list of ``{"path", "question", "answer": "START-END", "start", "end", "duration", "dataset_name", "qsemtype"}``. Where ``start`` and
``end`` are given, only that part of the file is shown and the answer counts from its beginning; here it is put on the file's
own clock.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, Numbers
from playhead.evaluate.scoring import grounding
from playhead.metrics.files import Record

_ANSWER: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*")


def load(data: Path, split: str) -> Loaded:
    """Read the benchmark."""
    collector, numbers = Collector(data, BENCHMARK.splits[split]), Numbers()
    for record in collector.rows():
        path = PurePosixPath(record.text("path"))
        start_s, end_s = (
            None if record.get(field, "seconds or null") is None else record.number(field, 0)
            for field in ("start", "end")
        )
        first_s, last_s = _answer(record)
        shift_s = start_s or 0.0
        kinds = {
            kind: record.text(field)
            for kind, field in (("query", "qsemtype"), ("dataset", "dataset_name"))
            if field in record.data
        }
        collector.ground(
            numbers.next(path.stem),
            (path.stem, path.name),
            record.text("question").strip(),
            [(first_s + shift_s, last_s + shift_s)],
            start_s=start_s,
            end_s=end_s,
            duration_s=record.number("duration", 0) if start_s is None else None,
            groups=kinds,
        )
    return collector.loaded()


def _answer(record: Record) -> tuple[float, float]:
    match = _ANSWER.fullmatch(record.text("answer"))
    if match is None:
        raise record.fault("answer", record.text("answer"), "START-END in seconds, as in 3.0-10.4")
    return float(match[1]), float(match[2])


BENCHMARK: Final = Benchmark(
    name="tvgbench",
    title="TVGBench",
    source="https://arxiv.org/abs/2503.13377",
    licence="Apache-2.0 (the makers' repository); the videos are those of the sets it draws from",
    splits={
        "test": (
            AnnotationFile(
                "tvgbench.json",
                url="https://github.com/xiaomi-research/time-r1/tree/main/dataset/timer1/annotations",
                hub="Boshenxx/TimeR1-Dataset",
                hub_path="annotations/tvgbench.json",
            ),
        )
    },
    videos="files by the names in the annotations, 02DPI.mp4, anywhere under the folder",
    load=load,
    scorers=(grounding(),),
)
