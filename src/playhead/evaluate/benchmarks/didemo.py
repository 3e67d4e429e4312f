"""DiDeMo: a description and the chunks of five seconds that four people marked for it (Hendricks et al. 2017).

Lists of ``{"annotation_id", "video", "description", "times": [[FIRST, LAST], ...]}``: 4,180 of validation, 4,021 of test. Only the
first 30 s of a video were shown. ``DiDeMo`` is its own evaluation; ``grounding`` takes the stretch most people marked.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector
from playhead.evaluate.scoring import grounding
from playhead.evaluate.special import MOST_SEGMENTS, SEGMENT_S, didemo
from playhead.metrics.files import Record

_SHOWN_S: Final = MOST_SEGMENTS * SEGMENT_S


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows():
        people = _people(record)
        (usual, _), *_ = Counter(people).most_common(1)
        video = record.name("video")
        collector.ground(
            record.name("annotation_id"),
            (video, video.split(".")[0]),
            record.text("description").strip(),
            [usual],
            annotators=[[each] for each in people],
            end_s=_SHOWN_S,
        )
    return collector.loaded()


def _people(record: Record) -> list[tuple[float, float]]:
    """What each person marked, in seconds; the last chunk may reach past the end of the video."""
    allowed = f"a list of [first, last] chunks from 0 to {MOST_SEGMENTS - 1}"
    marked = record.spans("times")
    for first, last in marked:
        if not 0 <= first <= last < MOST_SEGMENTS or first % 1 or last % 1:
            raise record.fault("times", [first, last], allowed)
    if not marked:
        raise record.fault("times", marked, allowed)
    return [(first * SEGMENT_S, (last + 1) * SEGMENT_S) for first, last in marked]


BENCHMARK: Final = Benchmark(
    name="didemo",
    title="DiDeMo",
    source="https://arxiv.org/abs/1708.01641",
    licence="BSD 2-Clause; the videos are Flickr's under Creative Commons licences of their own",
    splits={
        split: (
            AnnotationFile(
                f"{split}_data.json", url="https://github.com/LisaAnne/LocalizingMoments/tree/master/data"
            ),
        )
        for split in ("test", "val")
    },
    videos="files by the names in the annotations, with any ending, anywhere under the folder",
    load=load,
    scorers=(didemo(), grounding()),
    notes=("only the first 30 s of a video are looked at, as in its annotation",),
)
