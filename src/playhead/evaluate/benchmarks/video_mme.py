"""Video-MME: 2,700 questions on 900 videos of eleven seconds to an hour, four options each (Fu et al. 2024).

A table of ``question_id, videoID, duration, domain, sub_category, task_type, question, options, answer``. Asked without subtitles
and, as a benchmark of its own, with them: all lines of ``subtitle/VIDEO.srt`` before the question. Others give only the lines
shown near the sampled frames, so scores with subtitles are not comparable across kits.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, texts
from playhead.evaluate.scoring import multiple_choice
from playhead.evaluate.subtitles import Subtitles, read_srt

_GROUPS: Final = {
    "duration": "duration",
    "domain": "domain",
    "subject": "sub_category",
    "task": "task_type",
}
_TABLE: Final = AnnotationFile(
    "videomme/test-00000-of-00001.parquet",
    url="https://huggingface.co/datasets/lmms-lab/Video-MME",
    hub="lmms-lab/Video-MME",
)


def load(data: Path, split: str, *, with_subtitles: bool) -> Loaded:
    """Read the benchmark."""
    collector = Collector(data, WITHOUT.splits[split])
    subtitles = Subtitles(data, read_srt) if with_subtitles else None
    for record in collector.rows():
        video = record.name("videoID")
        collector.choose(
            record,
            record.name("question_id"),
            video,
            question=record.text("question"),
            options=texts(record, "options", 2),
            answer=record.text("answer"),
            context=subtitles.context(video, f"{video}.srt") if subtitles else "",
            groups={kind: record.name(field) for kind, field in _GROUPS.items()},
        )
    return collector.loaded(*(subtitles.notes() if subtitles else ()))


WITHOUT: Final = Benchmark(
    name="video-mme",
    title="Video-MME without subtitles",
    source="https://arxiv.org/abs/2405.21075",
    licence="for academic research only, no redistribution",
    splits={"test": (_TABLE,)},
    videos="files by their YouTube ids, fFjv93ACGo8.mp4, anywhere under the folder",
    load=partial(load, with_subtitles=False),
    scorers=(multiple_choice(),),
)
WITH: Final = Benchmark(
    name="video-mme-subtitles",
    title="Video-MME with subtitles",
    source=WITHOUT.source,
    licence=WITHOUT.licence,
    splits=WITHOUT.splits,
    videos=f"{WITHOUT.videos}; subtitles as fFjv93ACGo8.srt",
    load=partial(load, with_subtitles=True),
    scorers=(multiple_choice(),),
    notes=("all subtitles of a video stand before the question; other kits give a part of them",),
)
