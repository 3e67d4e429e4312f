"""ActivityNet Captions asked as a whole: everything that happens in a video and when (Krishna et al. 2017).

Split ``val`` scores against both people's captions, as the challenge does; ``val_1`` and ``val_2`` against one person's, as
papers on language models do (VTimeLLM, on ``val_2``). A video that only one of them described has that one's captions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.benchmarks.activitynet_grounding import CAPTIONS_URL
from playhead.evaluate.collect import Collector, timed
from playhead.evaluate.scoring import dense_captions
from playhead.metrics.told import Caption


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector = Collector(data, BENCHMARK.splits[split])
    told: dict[str, list[list[Caption]]] = {}
    durations_s: dict[str, float] = {}
    for number in range(len(BENCHMARK.splits[split])):
        for record in collector.rows(number, by_id=True):
            told.setdefault(record.key, []).append(timed(record))
            durations_s[record.key] = record.number("duration", 0)
    for video, people in told.items():
        collector.tell(video, video, people, duration_s=durations_s[video])
    return collector.loaded()


_FILES: Final = tuple(AnnotationFile(f"{name}.json", url=CAPTIONS_URL) for name in ("val_1", "val_2"))

BENCHMARK: Final = Benchmark(
    name="activitynet-captions",
    title="ActivityNet Captions, dense captioning",
    source="https://arxiv.org/abs/1705.00754",
    licence="not stated",
    splits={"val": _FILES, "val_1": _FILES[:1], "val_2": _FILES[1:]},
    videos="ActivityNet's files by their ids, v_uqiMw7tQ1Cc.mp4, anywhere under the folder",
    load=load,
    scorers=(dense_captions("activitynet"), dense_captions("vtimellm")),
    notes=("the VTimeLLM evaluation takes the first person's captions of every video",),
)
