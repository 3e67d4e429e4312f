"""Every benchmark by name: ours in a plain dict, others through the entry-point group ``playhead.benchmarks``.

Names stand beside the module and the attribute that hold them, so that listing them imports nothing.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from playhead.errors import ParseError, UsageError, nearest
from playhead.evaluate.base import Benchmark, Loaded

ENTRY_POINT_GROUP: Final = "playhead.benchmarks"

# Name -> "module:attribute" of a Benchmark.
BENCHMARKS: Final[dict[str, str]] = {
    "activitynet-captions": "playhead.evaluate.benchmarks.activitynet_captions:BENCHMARK",
    "activitynet-grounding": "playhead.evaluate.benchmarks.activitynet_grounding:BENCHMARK",
    "charades-sta": "playhead.evaluate.benchmarks.charades_sta:BENCHMARK",
    "didemo": "playhead.evaluate.benchmarks.didemo:BENCHMARK",
    "egoschema": "playhead.evaluate.benchmarks.egoschema:BENCHMARK",
    "longvale-captions": "playhead.evaluate.benchmarks.longvale:CAPTIONS",
    "longvale-grounding": "playhead.evaluate.benchmarks.longvale:GROUNDING",
    "longvideobench": "playhead.evaluate.benchmarks.longvideobench:WITHOUT",
    "longvideobench-subtitles": "playhead.evaluate.benchmarks.longvideobench:WITH",
    "lvbench": "playhead.evaluate.benchmarks.lvbench:BENCHMARK",
    "mlvu": "playhead.evaluate.benchmarks.mlvu:BENCHMARK",
    "mvbench": "playhead.evaluate.benchmarks.mvbench:BENCHMARK",
    "next-gqa": "playhead.evaluate.benchmarks.next_gqa:BENCHMARK",
    "next-qa": "playhead.evaluate.benchmarks.next_qa:BENCHMARK",
    "own": "playhead.evaluate.benchmarks.own:BENCHMARK",
    "qvhighlights-highlights": "playhead.evaluate.benchmarks.qvhighlights:HIGHLIGHTS",
    "qvhighlights-moments": "playhead.evaluate.benchmarks.qvhighlights:MOMENTS",
    "shortvid-bench": "playhead.evaluate.benchmarks.shortvid_bench:BENCHMARK",
    "tempcompass": "playhead.evaluate.benchmarks.tempcompass:BENCHMARK",
    "timelens-activitynet": "playhead.evaluate.benchmarks.timelens:ACTIVITYNET",
    "timelens-charades": "playhead.evaluate.benchmarks.timelens:CHARADES",
    "timelens-qvhighlights": "playhead.evaluate.benchmarks.timelens:QVHIGHLIGHTS",
    "tvgbench": "playhead.evaluate.benchmarks.tvgbench:BENCHMARK",
    "video-mme": "playhead.evaluate.benchmarks.video_mme:WITHOUT",
    "video-mme-subtitles": "playhead.evaluate.benchmarks.video_mme:WITH",
    "videomarathon-qa": "playhead.evaluate.benchmarks.videomarathon_qa:BENCHMARK",
    "youcook2": "playhead.evaluate.benchmarks.youcook2:BENCHMARK",
}


def benchmark_names() -> list[str]:
    """Names of all benchmarks, ours and those of installed packages."""
    return sorted({*BENCHMARKS, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))})


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of that name.

    Raises:
        UsageError: If there is none.
    """
    if name in BENCHMARKS:
        module, _, attribute = BENCHMARKS[name].partition(":")
        found: Benchmark = getattr(importlib.import_module(module), attribute)
        return found
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            joined: Benchmark = point.load()
            return joined
    raise UsageError(f"no benchmark {name!r}", todo=nearest(name, benchmark_names()))


def split_of(benchmark: Benchmark, split: str | None) -> str:
    """The split of that name, the first one when None.

    Raises:
        UsageError: If the benchmark has no such split.
    """
    if split is None:
        return next(iter(benchmark.splits))
    if split not in benchmark.splits:
        raise UsageError(f"no split {split!r} of {benchmark.name}", todo=nearest(split, benchmark.splits))
    return split


def load_benchmark(benchmark: Benchmark, data: Path, split: str | None = None) -> Loaded:
    """The samples of a benchmark, checked.

    Args:
        benchmark: The benchmark.
        data: Folder that holds its annotation files and videos; of ``own`` also a file of tasks.
        split: Name of the split; the first one when None.

    Raises:
        SourceError: If an annotation file is missing.
        ParseError: If one is malformed, two samples have one id, or no sample's video is there.
        UsageError: If there is no such split.
    """
    loaded = benchmark.load(data, split_of(benchmark, split))
    seen: set[str] = set()
    for sample in loaded.samples:
        if sample.id in seen:
            raise ParseError(
                f"{benchmark.name}: two samples have the id {sample.id!r}", allowed="each id once"
            )
        seen.add(sample.id)
    if not loaded.samples:
        raise ParseError(
            f"{benchmark.name}: none of its videos is under {data}",
            found=f"{len(loaded.missing)} missing, for instance {', '.join([*loaded.missing][:3])}",
            allowed=benchmark.videos,
        )
    return loaded
