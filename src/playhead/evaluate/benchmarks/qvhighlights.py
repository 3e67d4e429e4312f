"""QVHighlights: every moment a sentence is about, and how interesting each two seconds of them are (Lei et al. 2021).

One file is read for two benchmarks. ``qvhighlights-moments`` scores ranked windows. ``qvhighlights-highlights`` needs a rating of
every clip of two seconds; an answer in words gives spans, and a clip is rated by how much of it they cover. The answers of the
test split are not published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Highlights, Loaded
from playhead.evaluate.collect import Collector
from playhead.evaluate.scoring import highlights
from playhead.evaluate.special import highlights_of_spans
from playhead.metrics.formats import highlighted

# sha256 of the file as it lies beside the recorded scores (1,550 queries); its makers publish no digest.
_VAL: Final = AnnotationFile(
    "highlight_val_release.jsonl",
    sha256="f668a1eaea156ec5315e14718999cea043a8cf948d3cafbd8e8d655318c3cd02",
    url="https://github.com/jayleicn/moment_detr/tree/main/data",
)


def load(data: Path, split: str) -> Loaded:
    """Read the validation split."""
    collector = Collector(data, MOMENTS.splits[split])
    for record in collector.rows():
        truth = highlighted(record)
        collector.highlight(
            record.name("qid"),
            (truth.video, f"v_{truth.video}"),
            record.text("query"),
            Highlights(truth),
            duration_s=truth.duration_s,
        )
    return collector.loaded()


MOMENTS: Final = Benchmark(
    name="qvhighlights-moments",
    title="QVHighlights, moment retrieval",
    source="https://arxiv.org/abs/2107.09609",
    licence="CC BY-NC-SA 4.0",
    splits={"val": (_VAL,)},
    videos="clips of 150 s by their ids, NUsG9BgSes0_210.0_360.0.mp4, anywhere under the folder",
    load=load,
    scorers=(highlights(),),
)
HIGHLIGHTS: Final = Benchmark(
    name="qvhighlights-highlights",
    title="QVHighlights, highlight detection from answered spans",
    source=MOMENTS.source,
    licence=MOMENTS.licence,
    splits=MOMENTS.splits,
    videos=MOMENTS.videos,
    load=load,
    scorers=(highlights_of_spans(),),
    notes=("clips are rated by the spans of an answer, not by a model's scores of clips",),
)
