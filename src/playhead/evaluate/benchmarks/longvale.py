"""LongVALE: events that are seen, heard and spoken, in videos of four minutes (Geng et al. 2024, CVPR 2025).

1,171 videos with 13,867 events for evaluation, in the layout of ActivityNet Captions. Two benchmarks are read from one file: when
an event happens, and all events of a video. Sound belongs to the question: an engine that hears nothing is at a disadvantage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, timed
from playhead.evaluate.scoring import dense_captions, grounding

_FILE: Final = AnnotationFile(
    "longvale-annotations-eval.json",
    url="https://huggingface.co/datasets/ttgeng233/LongVALE",
    hub="ttgeng233/LongVALE",
)


def load_grounding(data: Path, split: str) -> Loaded:
    """Read every event as a query."""
    collector = Collector(data, GROUNDING.splits[split])
    for record in collector.rows(by_id=True):
        duration_s = record.number("duration", 0)
        for number, told in enumerate(timed(record)):
            span = (told.start_s, told.end_s)
            name = f"{record.key}/{number}"
            collector.ground(name, record.key, told.text.strip(), [span], duration_s=duration_s)
    return collector.loaded()


def load_captions(data: Path, split: str) -> Loaded:
    """Read every video with all its events."""
    collector = Collector(data, CAPTIONS.splits[split])
    for record in collector.rows(by_id=True):
        duration_s = record.number("duration", 0)
        collector.tell(record.key, record.key, [timed(record)], duration_s=duration_s)
    return collector.loaded()


_VIDEOS: Final = "files by their YouTube ids, ZYTmgi1pAIE.mp4, anywhere under the folder"

GROUNDING: Final = Benchmark(
    name="longvale-grounding",
    title="LongVALE, omni-modal grounding",
    source="https://arxiv.org/abs/2411.19772",
    licence="CC BY-NC-SA 4.0",
    splits={"eval": (_FILE,)},
    videos=_VIDEOS,
    load=load_grounding,
    scorers=(grounding(),),
)
CAPTIONS: Final = Benchmark(
    name="longvale-captions",
    title="LongVALE, omni-modal dense captioning",
    source=GROUNDING.source,
    licence=GROUNDING.licence,
    splits=GROUNDING.splits,
    videos=_VIDEOS,
    load=load_captions,
    scorers=(dense_captions("vtimellm"),),
)
