"""LVBench: 1,549 questions on 103 videos of half an hour to hours, four options each (Wang et al. 2024).

A line a video, ``{"key", "type", "qa": [{"uid", "question", "answer", "question_type", "time_reference"}]}``; the options stand in the
question's text, one on a line, as ``(A) ...``. A question may be of several types and counts in each.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, texts
from playhead.evaluate.scoring import multiple_choice
from playhead.metrics.files import Record

_OPTION: Final = re.compile(r"^\s*\(?([A-F])[).]\s*", re.MULTILINE)


def load(data: Path, split: str) -> Loaded:
    """Read the benchmark."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows():
        video, kind = record.name("key"), record.text("type")
        for each in record.items("qa", "a list of questions"):
            row = Record(record.file, record.line, video, each)
            question, options = _parts(row)
            collector.choose(
                row,
                row.name("uid"),
                video,
                question=question,
                options=options,
                answer=row.text("answer"),
                groups={"genre": kind} | {name: name for name in texts(row, "question_type")},
            )
    return collector.loaded()


def _parts(row: Record) -> tuple[str, list[str]]:
    """The question and its options, which are lettered in order."""
    question, *rest = _OPTION.split(row.text("question"))
    letters, options = rest[::2], [each.strip() for each in rest[1::2]]
    if len(options) < 2 or letters != list("ABCDEF"[: len(letters)]):
        raise row.fault("question", row.text("question"), "a question, then a line each for (A), (B), ...")
    return question.strip(), options


BENCHMARK: Final = Benchmark(
    name="lvbench",
    title="LVBench",
    source="https://arxiv.org/abs/2406.08035",
    licence="not checked",
    splits={
        "test": (
            AnnotationFile(
                "video_info.meta.jsonl",
                url="https://huggingface.co/datasets/zai-org/LVBench",
                hub="zai-org/LVBench",
            ),
        )
    },
    videos="files by their YouTube ids (the field key), anywhere under the folder",
    load=load,
    scorers=(multiple_choice(),),
)
