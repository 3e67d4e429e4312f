"""TimeLens-Bench: Charades-STA, ActivityNet Captions and QVHighlights with queries and moments set right (TimeLens, 2025).

Three benchmarks, named apart from the sets they come from: their scores are not comparable with those. Each file is
``{VIDEO: {"duration", "spans", "queries"}}``, one span a query. Queries are asked without the full stop at their end.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, timed
from playhead.evaluate.scoring import grounding

_BLANKS: Final = re.compile(r"\s+")


def load(data: Path, split: str, *, file: AnnotationFile) -> Loaded:
    """Read one of the three."""
    del split
    collector = Collector(data, (file,))
    for record in collector.rows(by_id=True):
        duration_s = record.number("duration", 0)
        for number, told in enumerate(timed(record, "queries", "spans")):
            query = _BLANKS.sub(" ", told.text).strip().strip(".").strip()
            name = f"{record.key}/{number}"
            span = (told.start_s, told.end_s)
            collector.ground(name, record.key, query, [span], duration_s=duration_s)
    return collector.loaded()


def _benchmark(name: str, origin: str) -> Benchmark:
    file = AnnotationFile(
        f"{name}-timelens.json",
        url="https://huggingface.co/datasets/TencentARC/TimeLens-Bench",
        hub="TencentARC/TimeLens-Bench",
    )
    return Benchmark(
        name=f"timelens-{name}",
        title=f"TimeLens-Bench, {origin}",
        source="https://arxiv.org/abs/2512.14698",
        licence="not checked; the makers' code is BSD-3-Clause, the videos are those of the older set",
        splits={"test": (file,)},
        videos=f"{origin}'s files by the names in the annotations, anywhere under the folder",
        load=partial(load, file=file),
        scorers=(grounding(),),
        notes=(f"queries and moments of {origin} set right: not comparable with scores on the older set",),
    )


CHARADES: Final = _benchmark("charades", "Charades-STA")
ACTIVITYNET: Final = _benchmark("activitynet", "ActivityNet Captions")
QVHIGHLIGHTS: Final = _benchmark("qvhighlights", "QVHighlights")
