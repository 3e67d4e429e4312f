"""EgoSchema: what somebody does over three minutes, seen through their eyes, five options each (Mangalam et al. 2023).

``questions.json`` has all 5,031 questions, ``subset_answers.json`` the answers of the 500 that are public. The others are scored by its
makers' server only, so ``subset`` is the one split here; scores on the full set are not comparable with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector
from playhead.evaluate.scoring import multiple_choice

_URL: Final = "https://github.com/egoschema/EgoSchema"


def load(data: Path, split: str) -> Loaded:
    """Read the questions whose answers are public."""
    collector = Collector(data, BENCHMARK.splits[split])
    answers = {record.key: record for record in collector.rows(1, by_id=True)}
    for record in collector.rows():
        name = record.name("q_uid")
        if name not in answers:
            continue
        answer = answers[name]
        if not isinstance(answer.data, int) or isinstance(answer.data, bool):
            raise answer.fault("(answer)", answer.data, "the number of the right option, from 0")
        collector.choose(
            record,
            name,
            name,
            question=record.text("question"),
            options=[record.text(f"option {number}") for number in range(5)],
            answer=answer.data,
        )
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="egoschema",
    title="EgoSchema, the public subset",
    source="https://arxiv.org/abs/2308.09126",
    licence="not checked; the videos are Ego4D's under its own licence",
    splits={
        "subset": (
            AnnotationFile("questions.json", url=_URL),
            AnnotationFile("subset_answers.json", url=_URL),
        )
    },
    videos="clips of three minutes by their question's id, anywhere under the folder",
    load=load,
    scorers=(multiple_choice(),),
    notes=("the 500 questions with public answers, not the full 5,031",),
)
