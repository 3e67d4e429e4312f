"""From a video file to a model's inputs, side by side: playhead, transformers' processor, qwen-vl-utils, on the same clips in one run.

    python benchmarks/prepare.py --python OTHER_ENV/bin/python [--work FOLDER] [--repeat 2] [--clips "720p 10 min"]

The inputs are those of Qwen3-VL (rows of squares and their grid), two pictures a second, at most 768, with the same count
and size of pictures on every side. OTHER_ENV holds transformers, torchvision, torchcodec and qwen-vl-utils; this script's own
holds playhead. playhead's rows are given to the encoder a part at a time as its pictures are decoded, as when a question is
asked (the encoder itself takes no time here: it only says it has them). With "held" all pictures are decoded first and cut
then, as those of the next file are while the model answers; with "all rows" the rows are kept in one tensor, as the others'
are. Each side does each clip in a process of its own, taking
turns. CPU seconds (all threads) are counted inside that process from after its imports to the finished rows, the fastest
run counts; peak memory is the process's, with and without what it took after its imports. Then the rows are put together
again and the number in each picture is read: a time is wrong when what the side says of a picture is more than half a frame
from when that picture is shown. Linux only.

torchcodec needs FFmpeg's shared libraries where the loader finds them. A torchvision built for CUDA does not load with a
torch built for the CPU: it misses two operators, which are declared (not defined) here before it is imported; resizing does
not use them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from machine import describe_run
from prepare_clips import LOOP, RATE_HZ, clips, read_strip, variable_time

SIDES = (
    "playhead",
    "playhead, held",
    "playhead, all rows",
    "playhead, resize=pillow",
    "transformers",
    "qwen-vl-utils",
)
ELSEWHERE = ("transformers", "qwen-vl-utils")
PATCH_PX = 16


# --- the sides -----------------------------------------------------------------------------------------------------


def ready(side: str) -> Any:
    """What a side needs before it sees a file."""
    if side.startswith("playhead"):
        from playhead.models.registry import make_engine

        filters = {"resize": "pillow"} if "pillow" in side else {}
        return make_engine("qwen3-vl-tiny", cache=False, device="cpu", **filters)
    import torch

    library = torch.library.Library("torchvision", "DEF")
    with contextlib.suppress(RuntimeError):  # a torchvision that loads has them
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchcodec.decoders  # noqa: F401 - what both read with
    from transformers import Qwen3VLVideoProcessor

    if side == "qwen-vl-utils":
        import qwen_vl_utils  # noqa: F401 - the import is not what is measured
    return library, Qwen3VLVideoProcessor


def rows_of(side: str, tools: Any, path: str, size_px: tuple[int, int], count: int) -> tuple[Any, Any, Any]:
    """What gives the rows of a group of pictures, their grid, and the second said of each picture."""
    if side in {"playhead, held", "playhead, all rows"}:
        return _held_rows(tools, path, whole=side == "playhead, all rows")
    if side.startswith("playhead"):
        return _streamed_rows(tools, path)
    rows_PD, grid, times_s = _other_rows(side, tools, path, size_px, count)
    return _parts_of(rows_PD, grid), grid, times_s


def _streamed_rows(engine: Any, path: str) -> tuple[Any, Any, Any]:
    """The rows as the engine gives them to its encoder; to be read afterwards they are given once more, and kept."""
    import torch
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    from playhead.media.clip import Video

    kept: list[Any] | None = None

    def taken(rows_PD: Any, grids_G3: Any, **_: Any) -> Any:
        del grids_G3
        if kept is not None:
            kept.append(rows_PD.clone())
        return BaseModelOutputWithPooling(pooler_output=(torch.empty(0),))

    engine.net.get_video_features = taken
    look = engine.look_now(Video(path))
    squares = look.data.grid[1] * look.data.grid[2]
    whole: list[Any] = []

    def part(group: int) -> Any:
        nonlocal kept
        if not whole:
            kept = []
            engine.look_now(Video(path))
            whole.append(torch.cat(kept))
        return whole[0][group * squares : (group + 1) * squares]

    return part, look.data.grid, look.times_s


def _held_rows(engine: Any, path: str, *, whole: bool) -> tuple[Any, Any, Any]:
    from playhead.media.clip import Video
    from playhead.models.qwen_vl.held import ENCODE_ROWS

    look = engine.look(Video(path))
    seen = look.data
    if whole:
        return _parts_of(seen.rows_PD, seen.grid), seen.grid, look.times_s
    for _ in seen.held.parts(ENCODE_ROWS):
        pass
    return (lambda group: seen.held.rows(group, group + 1)), seen.grid, look.times_s


def _parts_of(rows_PD: Any, grid: Any) -> Any:
    squares = grid[1] * grid[2]
    return lambda group: rows_PD[group * squares : (group + 1) * squares]


def _other_rows(
    side: str, tools: Any, path: str, size_px: tuple[int, int], count: int
) -> tuple[Any, Any, Any]:
    """Rows, their grid, and the second said of each picture, by transformers' processor."""
    library, processor_class = tools
    del library
    most = size_px[0] * size_px[1] * count
    processor = processor_class(size={"shortest_edge": 4096, "longest_edge": most})
    if side == "transformers":
        made = processor(
            videos=[path], do_sample_frames=True, fps=2, return_metadata=True, return_tensors="pt"
        )
        [metadata] = made["video_metadata"]
        return made["pixel_values_videos"], made["video_grid_thw"][0].tolist(), metadata.timestamps
    from qwen_vl_utils.vision_process import fetch_video
    from transformers.video_utils import VideoMetadata

    pictures, facts = fetch_video({"video": path}, image_patch_size=PATCH_PX, return_video_metadata=True)
    indices = [int(index) for index in facts["frames_indices"]]
    metadata = VideoMetadata(int(facts["total_num_frames"]), fps=facts["fps"], frames_indices=indices)
    made = processor(
        videos=[pictures],
        do_sample_frames=False,
        do_resize=False,
        video_metadata=[metadata],
        return_tensors="pt",
    )
    return made["pixel_values_videos"], made["video_grid_thw"][0].tolist(), metadata.timestamps


def child(asked: dict[str, Any]) -> None:
    """One side, one clip, one process; the result goes to stdout as JSON."""
    tools = ready(asked["side"])
    before_mb, cpu_s, wall_s = peak_mb(), time.process_time(), time.perf_counter()
    part, grid, times_s = rows_of(asked["side"], tools, asked["path"], asked["size_px"], asked["count"])
    cpu_s, wall_s, most_mb = time.process_time() - cpu_s, time.perf_counter() - wall_s, peak_mb()
    numbers = []
    for group in range(grid[0]):
        numbers += numbers_of(part(group), grid, asked["height_px"])
    said = {
        "cpu_s": cpu_s,
        "wall_s": wall_s,
        "peak_mb": most_mb,
        "more_mb": most_mb - before_mb,
        "size_px": [grid[2] * PATCH_PX, grid[1] * PATCH_PX],
        "times_s": [float(at) for at in times_s],
        "numbers": numbers,
    }
    print(json.dumps(said))


def numbers_of(rows_PD: Any, grid: Any, height_px: int) -> list[int]:
    """The numbers of a group's two pictures; rows stand by tokens of 2 x 2 squares, values by colour, picture, row, column."""
    rows, columns = grid[1], grid[2]
    shape = (rows // 2, columns // 2, 2, 2, 3, 2, PATCH_PX, PATCH_PX)
    whole = (
        np.asarray(rows_PD)
        .reshape(shape)
        .transpose(5, 0, 2, 6, 1, 3, 7, 4)
        .reshape(2, rows * PATCH_PX, columns * PATCH_PX, 3)
    )
    return [read_strip((picture + 1) * 127.5, height_px) for picture in whole]


def peak_mb() -> float:
    """Peak resident memory of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# --- measuring -----------------------------------------------------------------------------------------------------


def measure(python: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What one child process says."""
    command = [python, __file__, "--child", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout.strip().splitlines()
    if done.returncode == -9:
        return {"failed": "killed: more memory than the machine has"}
    if done.returncode or not said:
        return {"failed": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:80]}
    told: dict[str, Any] = json.loads(said[-1])
    return told


def wrong_times(said: dict[str, Any], clip: str, count: int) -> tuple[int, float]:
    """How many times are wrong, and the worst by how many seconds."""
    shown = [
        float(variable_time(number)) if "variable" in clip else number / RATE_HZ for number in range(count)
    ]
    wrong, worst_s = 0, 0.0
    for at_s, number in zip(said["times_s"], said["numbers"], strict=False):
        same = shown[number::LOOP] if 0 <= number < min(count, LOOP) else []
        off_s = min((abs(at_s - each) for each in same), default=float("inf"))
        wrong += off_s > 0.5 / 60
        worst_s = max(worst_s, off_s)
    return wrong, worst_s


def report(folder: Path, other: str, repeat: int, names: list[str], sides: list[str]) -> None:
    python = {side: other if side in ELSEWHERE else sys.executable for side in SIDES}
    print(
        "| clip | side | pictures | size | CPU s | ratio | slowest | wall s | peak MB | above its imports | wrong times | worst by |"
    )
    print("| --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for name, (path, count, height_px) in clips(folder, names).items():
        asked = {"path": str(path), "height_px": height_px, "size_px": [0, 0], "count": 0}
        runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for _ in range(repeat):
            for side in sides:
                said = measure(python[side], {**asked, "side": side})
                runs[side].append(said)
                if side == "playhead" and "failed" not in said:
                    asked.update(size_px=said["size_px"], count=len(said["times_s"]))
        for side, each in runs.items():
            print(row(name, side, each, base=runs["playhead"], count=count), flush=True)


def row(clip: str, side: str, runs: list[dict[str, Any]], *, base: list[dict[str, Any]], count: int) -> str:
    """A line of the table: the fastest run, the ratio to playhead's fastest."""
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return f"| {clip} | {side} | {failed} |" + " - |" * 9
    best = min(runs, key=lambda run: run["cpu_s"])
    ratio = best["cpu_s"] / min(run["cpu_s"] for run in base)
    wrong, worst_s = wrong_times(best, clip, count)
    width_px, height_px = best["size_px"]
    return (
        f"| {clip} | {side} | {len(best['times_s'])} | {width_px}x{height_px} | {best['cpu_s']:.1f} | {ratio:.2f} "
        f"| {max(run['cpu_s'] for run in runs):.1f} | {best['wall_s']:.1f} | {max(run['peak_mb'] for run in runs):.0f} "
        f"| {max(run['more_mb'] for run in runs):.0f} | {wrong} | {worst_s:.2f} s |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="Python with transformers, torchvision, torchcodec, qwen-vl-utils",
    )
    parser.add_argument("--work", type=Path, help="folder to draw in, kept (default: a temporary one)")
    parser.add_argument("--repeat", type=int, default=2, help="runs per side and clip; the fastest counts")
    parser.add_argument("--clips", nargs="*", default=[], help="only these")
    parser.add_argument(
        "--sides", nargs="*", default=list(SIDES), help="only these; playhead has to be first"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(json.loads(asked.child))
        return
    print(describe_run(), end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        work = asked.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        report(work, asked.python, asked.repeat, asked.clips, asked.sides)


if __name__ == "__main__":
    main()
