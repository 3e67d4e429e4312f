"""Questions in the form of VideoMarathon: conversations about videos of minutes to an hour (Hour-LLaVA, 2025).

A list of ``{"video", "data_source", "conversations": [{"from": "human", "value"}, {"from": "gpt", "value"}, ...]}``, the form of its training file;
its makers publish no evaluation split and no scores. A question with lettered options is multiple choice; any other is open, and the
sentences of its answer are what has to be said. ``video`` is looked for below its source's folder first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Facts, Loaded
from playhead.evaluate.collect import Collector, Numbers
from playhead.evaluate.judges import WORDS, judge_by_words
from playhead.evaluate.scoring import facts, multiple_choice
from playhead.metrics.atoms import sentences
from playhead.metrics.files import Record

_OPTION: Final = re.compile(r"^\s*\(?([A-H])[).:]\s+", re.MULTILINE)
_PICTURE: Final = re.compile(r"\s*<(?:image|video)>\s*")
_TAIL: Final = re.compile(r"\n\s*(?:Answer with|Please|Respond)[^\n]*\s*\Z")


def load(data: Path, split: str) -> Loaded:
    """Read a file of conversations."""
    collector, numbers = Collector(data, BENCHMARK.splits[split]), Numbers()
    for record in collector.rows():
        video, source = record.text("video"), record.data.get("data_source", "")
        names = (f"{source}/{video}", video) if source else (video,)
        for asked, said in _turns(record):
            name = numbers.next(video)
            groups = {"source": str(source)} if source else {}
            question, *rest = _OPTION.split(asked)
            options = [_TAIL.sub("", each).strip() for each in rest[1::2]]
            if len(options) > 1:
                collector.choose(
                    record,
                    name,
                    names,
                    question=question.strip(),
                    options=options,
                    answer=said.strip()[:1],
                    field="conversations",
                    groups=groups,
                )
            else:
                truth = Facts(said.strip(), tuple(sentences(said)))
                collector.ask(name, names, asked, truth, groups=groups)
    return collector.loaded()


def _turns(record: Record) -> Iterator[tuple[str, str]]:
    """Questions and answers of a conversation, in order."""
    turns = [
        Record(record.file, record.line, record.key, each)
        for each in record.items("conversations", "questions and answers in turn")
    ]
    who = [turn.text("from") for turn in turns]
    if not turns or who != ["human", "gpt"] * (len(turns) // 2):
        raise record.fault("conversations", who, "human and gpt in turn")
    for asked, said in zip(turns[::2], turns[1::2], strict=True):
        yield _PICTURE.sub("", asked.text("value")).strip(), said.text("value")


BENCHMARK: Final = Benchmark(
    name="videomarathon-qa",
    title="VideoMarathon-style questions",
    source="https://arxiv.org/abs/2506.05332",
    licence="Apache-2.0 by its card, for academic use",
    splits={
        "all": (
            AnnotationFile("videomarathon.json", url="https://huggingface.co/datasets/jylins/videomarathon"),
        )
    },
    videos="files by the names in the annotations, videos/activitynet/..., anywhere under the folder",
    load=load,
    scorers=(multiple_choice(), facts(judge_by_words, WORDS)),
    notes=(
        "training data of Hour-LLaVA; hold questions of your own apart before you compare models with it",
    ),
)
