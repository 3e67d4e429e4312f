"""TempCompass: action, direction, speed, order and change of attributes in pairs of videos that differ in one (Liu et al. 2024).

A file a way to ask, ``{VIDEO: {ASPECT: [{"question", "answer"}]}}``; each is a split here. Options stand in the question's text. Yes or no is
asked as two options. Its captioning questions need a judge and are not here; nor does a language model judge answers that
name no option, as its makers' script does: they are wrong and counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, place_of
from playhead.evaluate.scoring import multiple_choice
from playhead.metrics.files import Record

_SPLITS: Final = ("multi-choice", "yes_no", "caption_matching")


def load(data: Path, split: str) -> Loaded:
    """Read a way to ask."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows(by_id=True):
        if not isinstance(record.data, dict):
            raise record.fault("(all)", record.data, "an object of questions by aspect")
        for aspect, questions in record.data.items():
            for number, each in enumerate(questions if isinstance(questions, list) else [questions]):
                row = Record(record.file, record.line, record.key, each)
                question, options, right = _parts(row, split)
                collector.choose(
                    row,
                    f"{record.key}/{aspect}/{number}",
                    record.key,
                    question=question,
                    options=options,
                    answer=right,
                    groups={"aspect": aspect.replace("_", " ")},
                )
    return collector.loaded()


def _parts(row: Record, split: str) -> tuple[str, list[str], int]:
    """A question, its options and the right one's place."""
    text, answer = row.text("question"), row.text("answer").strip()
    if split == "yes_no":
        return text, ["yes", "no"], place_of(row, answer.lower(), ["yes", "no"])
    question, *lines = (line.strip() for line in text.splitlines() if line.strip())
    mark = ":" if split == "caption_matching" else "."  # Sentence A: ..., Option 1: ..., or A. ...
    parts = [line.partition(mark) for line in lines]
    if len(parts) < 2 or not all(said for _, _, said in parts):
        raise row.fault(
            "question", text, f"a question, then a line for every option, its label before a {mark!r}"
        )
    right = place_of(row, answer.partition(mark)[0], [label for label, _, _ in parts])
    return question, [said.strip() for _, _, said in parts], right


BENCHMARK: Final = Benchmark(
    name="tempcompass",
    title="TempCompass",
    source="https://arxiv.org/abs/2403.00476",
    licence="not checked",
    splits={
        split: (
            AnnotationFile(
                f"questions/{split}.json", url="https://github.com/llyx97/TempCompass/tree/main/questions"
            ),
        )
        for split in _SPLITS
    },
    videos="files by the ids in the annotations, 1034419625.mp4, 1034419625_reverse.mp4, anywhere under the folder",
    load=load,
    scorers=(multiple_choice(),),
    notes=("papers report one split, or the mean of all four ways to ask: name which",),
)
