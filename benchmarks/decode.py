"""Decoding side by side: playhead, plain PyAV, torchcodec and transformers' loader on the same files in one run.

    python benchmarks/decode.py [--minutes 4] [--python OTHER_ENV/bin/python] [--work FOLDER]

Draws a 720p H.264 file whose pictures carry their own number, and two remuxes of the very same pictures: one with a
variable frame rate, one whose video starts late behind its sound. Then every side does every task in a process of its
own, all sides taking turns. CPU seconds (all threads) are counted inside that process, from after its imports to the
last picture; the fastest of several runs counts, the slowest is shown. Peak memory is the process's. Linux only. A frame is
wrong when its picture is not the one on show at the time that was asked for, or when the side names a time for it that
is more than half a frame off. torchcodec and transformers may live in another environment (``--python``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

RATE_HZ = 30
WIDTH_PX, HEIGHT_PX = 1280, 720
CELLS, STRIP_PX = 16, 48
KEY_EVERY = 250
LATE_S = 4
SIDES = (
    "playhead",
    "pyav sequential",
    "pyav seek each",
    "torchcodec",
    "transformers pyav",
    "transformers torchcodec",
)
ELSEWHERE = ("torchcodec", "transformers pyav", "transformers torchcodec")


# --- the files -------------------------------------------------------------------------------------------------


def draw_strip(number: int) -> np.ndarray:
    bits = [1, 0, *((number >> bit) & 1 for bit in range(CELLS - 2))]
    return np.repeat(np.repeat(np.asarray([bits], np.uint8) * 200 + 25, STRIP_PX, 0), WIDTH_PX // CELLS, 1)


def read_strip(picture_HWC: np.ndarray) -> int:
    height, width = picture_HWC.shape[:2]
    row = int(STRIP_PX / 2 * height / HEIGHT_PX)
    centres = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    cells = [int(picture_HWC[row - 4 : row + 4, at - 4 : at + 4].mean() > 128) for at in centres]
    if cells[:2] != [1, 0]:
        return -1
    return sum(bit << place for place, bit in enumerate(cells[2:]))


def draw_constant(path: Path, count: int) -> None:
    import av

    random = np.random.default_rng(0)
    coarse = random.integers(40, 220, (5, 24, 40), np.uint8)
    scenes = [np.repeat(np.repeat(scene, 64, 0), 64, 1) for scene in coarse]
    scenes = [np.clip(scene + random.normal(0, 6, scene.shape), 0, 255).astype(np.uint8) for scene in scenes]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.gop_size = KEY_EVERY
        grey = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
        for number in range(count):
            scene = scenes[number // 200 % len(scenes)]
            top, left = number % 200 * 2, number % 200 * 4
            luma = scene[top : top + HEIGHT_PX, left : left + WIDTH_PX].copy()
            luma[:STRIP_PX] = draw_strip(number)
            frame = av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), format="yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def variable_tick(number: int) -> int:
    """Milliseconds of a frame in the variable twin: 30 per second for a third, then 60, then 15."""
    third, left = divmod(number, 600)
    step = (33, 16, 66)
    return sum(step[i % 3] * 600 for i in range(third)) + left * step[third % 3]


def remux(source: Path, path: Path, tick: object, sound_s: float = 0.0) -> None:
    """The same coded pictures at other times."""
    import av

    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        old = given.streams.video[0]
        new = out.add_stream_from_template(old)
        new.time_base = Fraction(1, 1000)
        if sound_s:
            track = out.add_stream("aac", rate=16_000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            for block in range(int(sound_s * 16_000) // 1024):
                frame.sample_rate, frame.pts, frame.time_base = 16_000, block * 1024, Fraction(1, 16_000)
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
        for packet in given.demux(old):
            if packet.pts is None or packet.dts is None:
                continue
            number, order = (round(ticks * old.time_base * RATE_HZ) for ticks in (packet.pts, packet.dts))
            packet.stream, packet.time_base = new, Fraction(1, 1000)
            packet.pts, packet.dts = tick(number), tick(max(0, order)) + min(0, order) * 33 - 200
            packet.duration = tick(number + 1) - tick(number)
            out.mux(packet)


def true_times(kind: str, count: int) -> np.ndarray:
    if kind == "constant":
        return np.arange(count) / RATE_HZ
    if kind == "variable":
        return np.asarray([variable_tick(number) for number in range(count)]) / 1000
    return np.asarray([round(number * 1000 / RATE_HZ) for number in range(count)]) / 1000 + LATE_S


# --- the tasks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """What a side is asked for: pictures at these times, or, for loaders that know no times, this many."""

    path: str
    times_s: list[float]
    rate_hz: float | None
    size_px: int | None


def jobs(kind: str, path: Path, truth: np.ndarray) -> dict[str, Job]:
    first, last = float(truth[0]), float(truth[-1])
    inside = 0.01  # never on a frame's edge
    dense = np.arange(np.ceil(first), last, 1.0) + inside
    middle = first + 0.6 * (last - first)
    window = np.arange(middle, middle + 30, 0.5) + inside

    def spread(count: int) -> list[float]:
        return (first + (np.arange(count) + 0.5) * (last - first) / count).tolist()

    made = {
        "dense, 1 per second": Job(str(path), dense.tolist(), 1.0, None),
        "dense, 448x448": Job(str(path), dense.tolist(), 1.0, 448),
        "16 spread": Job(str(path), spread(16), None, None),
        "64 spread": Job(str(path), spread(64), None, None),
        "30 s at 2 per second": Job(str(path), window.tolist(), None, None),
    }
    if kind != "constant":
        return {"64 spread": made["64 spread"], "30 s at 2 per second": made["30 s at 2 per second"]}
    return made


class CannotError(Exception):
    """A side has no way to do a task."""


def run_side(side: str, job: Job) -> list[tuple[float, int]]:
    """Do a job; give the time the side names for each picture, and the number read from the picture."""
    if side == "playhead":
        from playhead.media import Video, stream_frames

        size = None if job.size_px is None else (job.size_px, job.size_px)
        frames = stream_frames(Video(job.path), times_s=np.asarray(job.times_s), size=size)
        return [(frame.pts_s, read_strip(frame.pixels_HWC)) for frame in frames]
    if side.startswith("pyav"):
        return run_pyav(job, seek=side.endswith("each"))
    if side == "torchcodec":
        from torchcodec.decoders import VideoDecoder
        from torchcodec.transforms import Resize

        resize = None if job.size_px is None else [Resize((job.size_px, job.size_px))]
        decoder = VideoDecoder(job.path, dimension_order="NHWC", transforms=resize)
        batch = decoder.get_frames_played_at(job.times_s)
        return [
            (float(at), read_strip(p.numpy())) for at, p in zip(batch.pts_seconds, batch.data, strict=True)
        ]
    return run_transformers(job, backend=side.split()[1])


def run_pyav(job: Job, *, seek: bool) -> list[tuple[float, int]]:
    import av

    found = []
    with av.open(job.path) as container:
        stream = container.streams.video[0]

        def keep(frame: av.VideoFrame) -> None:
            size = {} if job.size_px is None else {"width": job.size_px, "height": job.size_px}
            found.append((frame.time, read_strip(frame.to_ndarray(format="rgb24", **size))))

        def take(targets: list[float]) -> None:
            last, todo = None, list(targets)
            for frame in container.decode(stream):
                while todo and frame.time > todo[0] and last is not None:
                    keep(last)
                    todo.pop(0)
                if not todo:
                    return
                last = frame
            for _ in todo:
                keep(last)

        if not seek:
            take(job.times_s)
        else:
            for target in job.times_s:
                container.seek(int(target / stream.time_base), stream=stream)
                take([target])
    return found


def run_transformers(job: Job, backend: str) -> list[tuple[float, int]]:
    from transformers.video_utils import load_video

    if job.size_px is not None:
        raise CannotError("no size")
    if job.times_s[0] > 20:
        raise CannotError("no window")
    how = {"fps": job.rate_hz} if job.rate_hz else {"num_frames": len(job.times_s)}
    pictures, facts = load_video(job.path, backend=backend, **how)
    stamps = facts.timestamps
    pictures = pictures if isinstance(pictures, np.ndarray) else pictures.numpy()
    if pictures.shape[-1] != 3:
        pictures = pictures.transpose(0, 2, 3, 1)
    return [(float(at), read_strip(picture)) for at, picture in zip(stamps, pictures, strict=False)]


def import_side(side: str) -> None:
    """What a side costs before it does anything."""
    if side == "playhead":
        import playhead.media  # noqa: F401 - the import is what is measured
    elif side.startswith("pyav"):
        import av  # noqa: F401 - the import is what is measured
    elif side == "torchcodec":
        import torchcodec.decoders
        import torchcodec.transforms
    else:
        import transformers.video_utils  # noqa: F401 - the import is what is measured

        if side.endswith("torchcodec"):
            import torchcodec.decoders  # noqa: F401 - the import is what is measured


def child(side: str, job: Job | None) -> None:
    """One side, one task, one process; the result goes to stdout as JSON."""
    try:
        import_side(side)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        frames = [] if job is None else run_side(side, job)
        cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    except ImportError as error:
        print(json.dumps({"missing": str(error).splitlines()[0]}))
    except CannotError as error:
        print(json.dumps({"cannot": str(error)}))
    except Exception as error:  # noqa: BLE001 - another library's failure is a result of this benchmark
        print(json.dumps({"failed": f"{type(error).__name__}: {error}".splitlines()[0][:60]}))
    else:
        print(json.dumps({"frames": frames, "cpu_s": cpu_s, "wall_s": wall_s, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Peak resident memory of this process; the kernel's own count (``ru_maxrss``) starts at the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# --- measuring -------------------------------------------------------------------------------------------------


def measure(python: str, side: str, job: Job | None) -> dict:
    """What one child process says of one task."""
    told = json.dumps({"side": side, "job": None if job is None else job.__dict__})
    done = subprocess.run(
        [python, __file__, "--child", told],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    said = done.stdout.strip().splitlines()
    return json.loads(said[-1]) if said else {"failed": f"ended with status {done.returncode}"}


def measure_all(python: dict[str, str], sides: list[str], job: Job, repeat: int) -> dict[str, list[dict]]:
    """Every side ``repeat`` times, taking turns, so that a busy moment of the machine hits all of them."""
    results: dict[str, list[dict]] = {side: [] for side in sides}
    for _ in range(repeat):
        for side in sides:
            results[side].append(measure(python[side], side, job))
    return results


def count_wrong(frames: list[tuple[float, int]], job: Job, truth: np.ndarray, *, by_time: bool) -> int:
    half_s = 0.5 * float(np.diff(truth).min())
    wrong = abs(len(frames) - len(job.times_s)) if by_time else 0
    asked = np.searchsorted(truth, job.times_s, side="right") - 1
    for at, (named_s, number) in enumerate(frames):
        off = number < 0 or number >= len(truth) or abs(named_s - truth[number]) > half_s
        other = by_time and at < len(asked) and number != asked[at]
        wrong += bool(off or other)
    return wrong


def report(folder: Path, minutes: float, other: str, repeat: int) -> None:
    count = int(minutes * 60 * RATE_HZ)
    files = {kind: folder / f"{kind}.mp4" for kind in ("constant", "variable", "late")}
    if not files["constant"].exists():
        draw_constant(files["constant"], count)
    remux(files["constant"], files["variable"], variable_tick)
    late = true_times("late", count + 1)
    remux(files["constant"], files["late"], lambda number: round(late[number] * 1000) if number <= count else 0,
          sound_s=float(late[-1]))  # fmt: skip
    size_mb = files["constant"].stat().st_size / 1e6
    print(f"{count} frames, {WIDTH_PX}x{HEIGHT_PX}, H.264, {size_mb:.0f} MB, a key frame every {KEY_EVERY}\n")
    python = {side: other if side in ELSEWHERE else sys.executable for side in SIDES}
    idle = {side: measure(python[side], side, None) for side in SIDES}
    for side, result in idle.items():
        if "missing" in result:
            print(f"not installed, left out: {side} ({result['missing']})\n")
    sides = [side for side in SIDES if "missing" not in idle[side]]
    print("| file | task | side | CPU s | ratio | slowest CPU s | peak MB | frames | wrong |")
    print("| --- | --- | --- | --: | --: | --: | --: | --: | --: |")
    for kind, path in files.items():
        truth = true_times(kind, count)
        for task, job in jobs(kind, path, truth).items():
            fit = [side for side in sides if worth_it(side, task)]
            lines(kind, task, job, truth=truth, results=measure_all(python, fit, job, repeat))


def worth_it(side: str, task: str) -> bool:
    """A seek for every picture is only of use where pictures are far apart."""
    return side != "pyav seek each" or task in {"16 spread", "30 s at 2 per second"}


def lines(kind: str, task: str, job: Job, *, truth: np.ndarray, results: dict[str, list[dict]]) -> None:
    """Print a task's rows: the fastest run of each side, the slowest beside it, the ratio to playhead's fastest."""
    base_s = min(run["cpu_s"] for run in results["playhead"])
    for side, runs in results.items():
        bad = next((run for run in runs if "frames" not in run), None)
        if bad is not None:
            print(
                f"| {kind} | {task} | {side} | - | - | - | - | - | {bad.get('cannot') or bad.get('failed')} |"
            )
            continue
        by_time = not side.startswith("transformers")
        wrong = max(count_wrong(run["frames"], job, truth, by_time=by_time) for run in runs)
        cpu_s = [run["cpu_s"] for run in runs]
        peak_mb = max(run["peak_mb"] for run in runs)
        print(
            f"| {kind} | {task} | {side} | {min(cpu_s):.2f} | {min(cpu_s) / base_s:.2f} | {max(cpu_s):.2f} "
            f"| {peak_mb:.0f} | {len(runs[0]['frames'])} | {wrong} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=4.0, help="length of the drawn video")
    parser.add_argument("--python", default=sys.executable, help="Python with torchcodec and transformers")
    parser.add_argument("--work", type=Path, help="folder to draw in, kept (default: a temporary one)")
    parser.add_argument("--repeat", type=int, default=3, help="runs per side and task; the fastest counts")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        told = json.loads(asked.child)
        child(told["side"], None if told["job"] is None else Job(**told["job"]))
        return
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    if asked.work:
        asked.work.mkdir(parents=True, exist_ok=True)
        report(asked.work, asked.minutes, asked.python, asked.repeat)
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), asked.minutes, asked.python, asked.repeat)


if __name__ == "__main__":
    main()
