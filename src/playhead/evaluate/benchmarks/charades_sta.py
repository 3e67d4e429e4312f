"""Charades-STA: one sentence and one moment, in half-minute films of people at home (Gao et al. 2017).

A line of its text files is ``VIDEO START END##SENTENCE``, times in seconds: 3,720 lines of test, 12,408 of training. A fifth
of its queries fit several moments and a third of its boundaries are off (TimeLens, 2025): report ``timelens-charades`` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, Numbers
from playhead.evaluate.scoring import grounding
from playhead.metrics.files import Record, is_number

_LINE: Final = "VIDEO START END##SENTENCE, times in seconds"


def load(data: Path, split: str) -> Loaded:
    """Read a split."""
    collector, numbers = Collector(data, BENCHMARK.splits[split]), Numbers()
    for record in collector.lines():
        video, start_s, end_s, query = _parts(record)
        collector.ground(numbers.next(video), video, query, [(start_s, end_s)])
    return collector.loaded()


def _parts(record: Record) -> tuple[str, float, float, str]:
    head, _, query = record.data.partition("##")
    words = head.split()
    try:
        video, start_s, end_s = words[0], *(float(each) for each in words[1:])
    except (ValueError, IndexError) as error:
        raise record.fault("(line)", record.data, _LINE) from error
    if not query.strip() or not (is_number(start_s) and is_number(end_s)):
        raise record.fault("(line)", record.data, _LINE)
    return video, start_s, end_s, query.strip()


BENCHMARK: Final = Benchmark(
    name="charades-sta",
    title="Charades-STA",
    source="https://arxiv.org/abs/1705.02101",
    licence="not stated for the sentences; the videos are Charades', for non-commercial use",
    splits={
        split: (AnnotationFile(f"charades_sta_{split}.txt", url="https://github.com/jiyanggao/TALL"),)
        for split in ("test", "train")
    },
    videos="Charades' files by their ids, 3MSZA.mp4, anywhere under the folder",
    load=load,
    scorers=(grounding(),),
)
