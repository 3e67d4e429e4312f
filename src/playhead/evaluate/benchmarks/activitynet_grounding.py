"""ActivityNet Captions asked sentence by sentence, when it happens (Krishna et al. 2017).

``val_1.json`` and ``val_2.json`` are two people's sentences about the same videos: ``{VIDEO: {"duration", "timestamps",
"sentences"}}``. Papers on language models mean the 17,031 sentences of ``val_2``, those before them often ``val_1`` or both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, timed
from playhead.evaluate.scoring import grounding

CAPTIONS_URL: Final = "https://cs.stanford.edu/people/ranjaykrishna/densevid/captions.zip"


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    for record in collector.rows(by_id=True):
        duration_s = record.number("duration", 0)
        for number, told in enumerate(timed(record)):
            span = (told.start_s, told.end_s)
            name = f"{record.key}/{number}"
            collector.ground(name, record.key, told.text.strip(), [span], duration_s=duration_s)
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="activitynet-grounding",
    title="ActivityNet Captions, grounding",
    source="https://arxiv.org/abs/1705.00754",
    licence="not stated",
    splits={
        split: (AnnotationFile(f"{split}.json", url=CAPTIONS_URL),) for split in ("val_2", "val_1", "train")
    },
    videos="ActivityNet's files by their ids, v_uqiMw7tQ1Cc.mp4, anywhere under the folder",
    load=load,
    scorers=(grounding(),),
    notes=("val_1 and val_2 are other people's sentences: their scores are not comparable",),
)
