"""YouCook2: the steps of a recipe and when they are done (Zhou et al. 2018), scored as TimeChat and its successors do.

One document, ``{"database": {VIDEO: {"subset", "duration", "annotations": [{"segment", "sentence"}]}}}``; validation has 457 videos,
of which fewer can still be downloaded. Clip captioning by the same name is another task and is not this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector
from playhead.evaluate.scoring import dense_captions
from playhead.metrics.files import Record
from playhead.metrics.told import Caption

_SUBSETS: Final = {"val": "validation", "train": "training"}


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows(inside="database", by_id=True):
        if record.text("subset") == _SUBSETS[split]:
            told = [_step(record, each) for each in record.items("annotations", "a list of steps")]
            duration_s = record.number("duration", 0)
            collector.tell(record.key, record.key, [told], duration_s=duration_s)
    return collector.loaded()


def _step(record: Record, data: object) -> Caption:
    step = Record(record.file, record.line, record.key, data)
    start_s, end_s = step.span("segment", step.get("segment", "[start, end] in seconds"))
    return Caption(start_s, end_s, step.text("sentence"))


_FILE: Final = AnnotationFile(
    "youcookii_annotations_trainval.json", url="http://youcook2.eecs.umich.edu/download"
)

BENCHMARK: Final = Benchmark(
    name="youcook2",
    title="YouCook2, dense captioning",
    source="https://arxiv.org/abs/1703.09788",
    licence="not checked",
    splits=dict.fromkeys(_SUBSETS, (_FILE,)),
    videos="files by their YouTube ids, xHr8X2Wpmno.mp4, anywhere under the folder",
    load=load,
    scorers=(dense_captions("youcook2"),),
)
