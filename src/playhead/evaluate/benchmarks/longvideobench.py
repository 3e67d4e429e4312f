"""LongVideoBench: questions that refer to a moment of a long video, four or five options each (Wu et al. 2024).

``lvb_val.json`` is a list of ``{"id", "video_path", "question", "candidates", "correct_choice", "duration_group",
"question_category", "subtitle_path"}``: 1,337 questions of validation; answers of the test split are not published. Many questions quote
subtitles: they are asked without and, as a benchmark of its own, with all of them before the question.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, texts, whole
from playhead.evaluate.scoring import multiple_choice
from playhead.evaluate.subtitles import Subtitles
from playhead.metrics.files import read_records

_LENGTHS: Final = {"15": "8 to 15 s", "60": "15 to 60 s", "600": "3 to 10 min", "3600": "15 to 60 min"}


def load(data: Path, split: str, *, with_subtitles: bool) -> Loaded:
    """Read the validation split."""
    collector = Collector(data, WITHOUT.splits[split])
    subtitles = Subtitles(data, read_lines) if with_subtitles else None
    for record in collector.rows():
        video = PurePosixPath(record.text("video_path"))
        length = record.name("duration_group")
        context = ""
        if subtitles is not None:
            context = subtitles.context(video.name, PurePosixPath(record.text("subtitle_path")).name)
        collector.choose(
            record,
            record.name("id"),
            (video.stem, video.as_posix()),
            question=record.text("question"),
            options=texts(record, "candidates", 2),
            answer=whole(record, "correct_choice"),
            field="correct_choice",
            context=context,
            groups={
                "duration": _LENGTHS.get(length, length),
                "category": record.text("question_category"),
            },
        )
    return collector.loaded(*(subtitles.notes() if subtitles else ()))


def read_lines(path: Path) -> list[str]:
    """What is said, from one of the benchmark's own files: a list of ``{"line"}`` or of ``{"text", "timestamp"}``."""
    said = [record.text("line" if "line" in record.data else "text").strip() for record in read_records(path)]
    return [line for line in said if line]


WITHOUT: Final = Benchmark(
    name="longvideobench",
    title="LongVideoBench without subtitles",
    source="https://arxiv.org/abs/2407.15754",
    licence="CC BY-NC-SA 4.0",
    splits={
        "val": (
            AnnotationFile(
                "lvb_val.json",
                url="https://huggingface.co/datasets/longvideobench/LongVideoBench",
                hub="longvideobench/LongVideoBench",
            ),
        )
    },
    videos="files by the names in the annotations, anywhere under the folder",
    load=partial(load, with_subtitles=False),
    scorers=(multiple_choice(),),
)
WITH: Final = Benchmark(
    name="longvideobench-subtitles",
    title="LongVideoBench with subtitles",
    source=WITHOUT.source,
    licence=WITHOUT.licence,
    splits=WITHOUT.splits,
    videos=f"{WITHOUT.videos}; subtitles by theirs",
    load=partial(load, with_subtitles=True),
    scorers=(multiple_choice(),),
    notes=("all subtitles of a video stand before the question; its makers put them between the frames",),
)
