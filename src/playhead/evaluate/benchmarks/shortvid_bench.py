"""ShortVid-Bench: a thousand questions on shorts of daily life, in six dimensions, six options each (ARC-Hunyuan-Video, 2025).

A list of ``{"video", "question", "candidates", "answer", "problem_type", "data_type"}``, the last two not in every copy; names and
fields as another evaluation of it uses them. The paper's own table is on an earlier version of 400 questions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, Numbers, texts
from playhead.evaluate.scoring import multiple_choice
from playhead.metrics.choice import shortvid_dimension


def load(data: Path, split: str) -> Loaded:
    """Read the benchmark."""
    collector, numbers = Collector(data, BENCHMARK.splits[split]), Numbers()
    for record in collector.rows():
        video = record.name("video")
        kinds = {
            kind: record.text(field)
            for kind, field in (("dimension", "problem_type"), ("kind", "data_type"))
            if record.data.get(field)
        }
        if "dimension" in kinds:
            kinds["dimension"] = shortvid_dimension(kinds["dimension"]) or kinds["dimension"]
        collector.choose(
            record,
            numbers.next(video),
            video,
            question=record.text("question"),
            options=texts(record, "candidates", 2),
            answer=record.text("answer"),
            groups=kinds,
        )
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="shortvid-bench",
    title="ShortVid-Bench",
    source="https://arxiv.org/abs/2507.20939",
    licence="Apache-2.0",
    splits={
        "test": (
            AnnotationFile(
                "ShortVid-Bench-1k.json",
                url="https://huggingface.co/datasets/TencentARC/ShortVid-Bench",
                hub="TencentARC/ShortVid-Bench",
            ),
        )
    },
    videos="files by the names in the annotations, anywhere under the folder",
    load=load,
    scorers=(multiple_choice(),),
    notes=("the released 1,000 questions; the paper's table used 400",),
)
