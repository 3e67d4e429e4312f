"""NExT-QA, multiple choice: why, how, before and after, in home videos, five options each (Xiao et al. 2021).

Tables of ``video, question, answer, qid, type, a0, ..., a4`` with the right option's number: 4,996 questions of validation, 8,564 of test.
Its open-ended questions by the same name are another benchmark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, whole
from playhead.evaluate.scoring import multiple_choice

OPTIONS: Final = ("a0", "a1", "a2", "a3", "a4")
_KINDS: Final = {"C": "causal", "T": "temporal", "D": "descriptive"}
_TYPES: Final = {
    "CW": "why",
    "CH": "how",
    "TN": "before and after",
    "TP": "before and after",
    "TC": "when",
    "DC": "count",
    "DL": "location",
    "DO": "other",
}


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows():
        video = record.name("video")
        collector.choose(
            record,
            f"{video}_{record.name('qid')}",
            video,
            question=record.text("question"),
            options=[record.text(option) for option in OPTIONS],
            answer=whole(record, "answer"),
            groups=groups_of(record.text("type")),
        )
    return collector.loaded()


def groups_of(kind: str) -> dict[str, str]:
    """The groups of a type of question, such as ``CW``."""
    return {"kind": _KINDS.get(kind[:1], kind), "type": _TYPES.get(kind, kind)}


BENCHMARK: Final = Benchmark(
    name="next-qa",
    title="NExT-QA, multiple choice",
    source="https://arxiv.org/abs/2105.08276",
    licence="MIT",
    splits={
        split: (
            AnnotationFile(
                f"nextqa/{split}.csv", url="https://github.com/doc-doc/NExT-QA/tree/main/dataset/nextqa"
            ),
        )
        for split in ("test", "val")
    },
    videos="VidOR's files by their ids, 4010069381.mp4, anywhere under the folder",
    load=load,
    scorers=(multiple_choice(),),
    notes=("val and test are both reported by the name NExT-QA: name the split with the score",),
)
