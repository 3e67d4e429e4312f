"""MLVU: long videos of films, surveillance, games and daily life; its multiple-choice tasks (Zhou et al. 2024).

``dev`` is seven lists, ``json/1_plotQA.json`` and on, of ``{"video", "duration", "question", "candidates", "answer", "question_type"}`` with the
right option's text; ``test`` is one such list with nine tasks, harder and with more options. Their scores are not comparable.
M-Avg is the mean of the tasks' accuracies. The two tasks answered in sentences need a judge and are not here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, Numbers, place_of, texts
from playhead.evaluate.special import mean_over

_DEV: Final = (
    "1_plotQA",
    "2_needle",
    "3_ego",
    "4_count",
    "5_order",
    "6_anomaly_reco",
    "7_topic_reasoning",
)


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    files = BENCHMARK.splits[split]
    collector = Collector(data, files)
    for number, file in enumerate(files):
        numbers, folder = Numbers(), Path(file.path).stem
        for record in collector.rows(number):
            video = record.name("video")
            options = texts(record, "candidates", 2)
            named = record.name("question_id") if "question_id" in record.data else numbers.next(video)
            collector.choose(
                record,
                f"{folder}/{named}" if split == "dev" else named,
                (f"{folder}/{video}", video) if split == "dev" else video,
                question=record.text("question"),
                options=options,
                answer=place_of(record, record.name("answer"), options),
                duration_s=record.number("duration", 0) if "duration" in record.data else None,
                groups={"task": record.text("question_type")},
            )
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="mlvu",
    title="MLVU, multiple choice",
    source="https://arxiv.org/abs/2406.04264",
    licence="CC BY-NC-SA 4.0 (not checked here)",
    splits={
        "dev": tuple(
            AnnotationFile(
                f"json/{name}.json",
                url="https://huggingface.co/datasets/MLVU/MVLU",
                hub="MLVU/MVLU",
                hub_path=f"MLVU/json/{name}.json",
            )
            for name in _DEV
        ),
        "test": (
            AnnotationFile(
                "test-ground-truth/test_mcq_gt.json",
                url="https://huggingface.co/datasets/MLVU/MLVU_Test",
                hub="MLVU/MLVU_Test",
            ),
        ),
    },
    videos="dev: folders by task, video/1_plotQA/..., test: files by the names in the annotations",
    load=load,
    scorers=(mean_over("task", "M-Avg"),),
    notes=("dev and test have other questions, tasks and numbers of options: name the split with the score",),
)
