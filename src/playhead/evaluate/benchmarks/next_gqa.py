"""NExT-GQA: questions of NExT-QA whose answer has to be shown in time as well (Xiao et al. 2024).

A table like NExT-QA's, with the right option's *text*, beside ``{VIDEO: {"duration", "location": {QID: [[start, end], ...]}}}``: 3,358
questions of validation, 5,553 of test. Every question is asked twice, for an option and for a span, and a question counts for
Acc@GQA when the option is right and half of the span lies inside the evidence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.benchmarks.next_qa import OPTIONS, groups_of
from playhead.evaluate.collect import Collector, place_of
from playhead.evaluate.scoring import grounding
from playhead.evaluate.special import grounded_choice, inside
from playhead.metrics.files import Record

_URL: Final = "https://github.com/doc-doc/NExT-GQA/tree/main/datasets/nextgqa"


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    places = {record.key: record for record in collector.rows(1, by_id=True)}
    for record in collector.rows():
        video, number = record.name("video_id"), record.name("qid")
        if video not in places:
            raise record.fault("video_id", video, "a video of the file of spans")
        place = places[video]
        spans = Record(place.file, place.line, video, place.get("location", "spans by question"))
        options = [record.text(option) for option in OPTIONS]
        more: dict[str, Any] = {
            "groups": groups_of(record.text("type")),
            "duration_s": place.number("duration", 0),
        }
        name, question = f"{video}_{number}", record.text("question")
        answer = place_of(record, record.text("answer"), options)
        collector.choose(
            record, f"{name}/choose", video, question=question, options=options, answer=answer, **more
        )
        asked = f"what answers the question: {question}? {options[answer]}"
        collector.ground(f"{name}/ground", video, asked, spans.spans(number), **more)
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="next-gqa",
    title="NExT-GQA",
    source="https://arxiv.org/abs/2309.01327",
    licence="MIT (NExT-QA's; not checked for the spans)",
    splits={
        split: (
            AnnotationFile(f"nextgqa/{split}.csv", url=_URL),
            AnnotationFile(f"nextgqa/gsub_{split}.json", url=_URL),
        )
        for split in ("test", "val")
    },
    videos="VidOR's files by their ids, 2574374895.mp4, anywhere under the folder",
    load=load,
    scorers=(grounded_choice(), inside(), grounding()),
    notes=("the span is asked for with the right answer named in the query, apart from the choice",),
)
