"""What does an hour of video cost Hour-LLaVA: the first question, the second, and the memory, against the length?

    python benchmarks/hour.py
    python benchmarks/hour.py --minutes 1,10 --markdown benchmarks/hour.md
    python benchmarks/hour.py --size 7b

On a CPU: tiny width, published depth. Pictures, patches, layers, memory tokens and kept tokens are all as published;
only the width is not (vision tower 32, language model 16), chosen so that a second question is about the same share of
the first one's operations as in the 3B and 7B (printed). On an accelerator: the real width, random weights. Times do
not depend on what the weights are.

Clips are H.264, 1280x720, 25 pictures per second: one minute is drawn and its packets are repeated. Every length runs
in processes of its own: one asks two different questions, another asks a third after a restart. CPU seconds are those
of the whole process; "peak" is its largest resident size, mapped pages of stored features included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import av
import numpy as np

from machine import describe_run

MINUTES = (1, 10, 60, 120)
WIDTH_PX, HEIGHT_PX, RATE_HZ, GOP = 1280, 720, 25, 250
QUESTIONS = ("What happens first?", "Which colour is the square?", "How does it end?")
ANSWER_TOKENS = 16
CACHE = "PLAYHEAD_CACHE"
TINY = {
    "hidden_size": 16,
    "intermediate_size": 86,
    "num_hidden_layers": 28,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "mm_hidden_size": 32,
    "vision_config": {
        "hidden_size": 32,
        "intermediate_size": 120,
        "num_hidden_layers": 26,
        "num_attention_heads": 2,
        "image_size": 384,
        "patch_size": 14,
        "vision_use_head": False,
    },
}


SAYS = """What it says. Memory does not grow with the video: pictures pass through in chunks, features lie on disk and are
read as they are needed. A second question decodes, encodes and projects nothing; it costs MemAug and the language model.

What it does not say. This is not the real width. The share of a second question depends on what the first one costs
besides: a smaller picture, a lower rate or a file that is cheap to decode raises it, a real tower on a CPU lowers it. The
operations of the published sizes are printed for that reason: at one hour, decoding left out, a second question of the
7B is about a tenth of the first. Peaks include Python, torch and transformers at rest, and the pages of stored features
that happen to be mapped."""


def draw_minute(path: Path) -> None:
    """A minute of moving squares on a slowly changing ground."""
    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    ground = ((rows // 4 + columns // 8) % 160 + 40).astype(np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.gop_size = GOP
        for number in range(60 * RATE_HZ):
            picture = np.repeat(np.roll(ground, number // 5, axis=1)[:, :, None], 3, axis=2)
            left, top = 7 * number % (WIDTH_PX - 200), 3 * number % (HEIGHT_PX - 200)
            picture[top : top + 200, left : left + 200] = (255, number % 256, 40)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


def repeat(minute: Path, path: Path, times: int) -> None:
    """The same packets so many times after one another; nothing is encoded again."""
    with av.open(str(path), "w") as out:
        copy, ticks = None, 0
        for _ in range(times):
            with av.open(str(minute)) as source:
                stream = source.streams.video[0]
                if copy is None:
                    copy = out.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.dts is not None and packet.pts is not None:
                        packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                        packet.stream = copy
                        out.mux(packet)
                ticks += round(60 / Fraction(stream.time_base))


def engine(size: str) -> Any:
    """The engine of a size, with random weights."""
    import torch

    from playhead.models.family import EngineOptions
    from playhead.models.hour_llava import config as configs
    from playhead.models.hour_llava.engine import HourLlava
    from playhead.models.hour_llava.family import tiny_model
    from playhead.models.hour_llava.model import HourLlavaForCausalLM
    from playhead.models.hour_llava.tokens import tiny_tokenizer

    options = EngineOptions(max_new_tokens=ANSWER_TOKENS)
    if size == "tiny":
        return HourLlava(
            "hour-llava-tiny-width", tiny_model(**TINY), tiny_tokenizer(), options, random_weights=True
        )
    make = {"3b": configs.config_3b, "7b": configs.config_7b}[size]
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = HourLlavaForCausalLM(make())
    torch.set_default_dtype(torch.float32)
    return HourLlava(f"hour-llava-{size}", model, tiny_tokenizer(), options, random_weights=True)


def child(video: Path, size: str, questions: list[str], threads: int) -> None:
    """Ask questions in this process and print what each cost as a line of JSON."""
    import torch

    from playhead.media.clip import Video
    from playhead.tasks.ask import Ask

    torch.set_num_threads(threads)
    asked = engine(size)
    on_gpu = asked.model.device.type == "cuda"
    rest_mb = peak_mb()
    marks: list[dict[str, Any]] = []
    for question in questions:
        stages: dict[str, float] = {}
        before, cpu_before = time.perf_counter(), cpu_s()
        last = [cpu_before]

        def told(stage: str, done: float, total: float | None, stages=stages, last=last) -> None:
            del done, total
            now = cpu_s()
            stages[stage] = stages.get(stage, 0.0) + now - last[0]
            last[0] = now

        answer = asked.answer(Video(str(video)), Ask(question), progress=told)
        if on_gpu:
            torch.cuda.synchronize()
        look = asked._last[1]
        marks.append(
            {
                "wall_s": time.perf_counter() - before,
                "cpu_s": cpu_s() - cpu_before,
                "peak_mb": peak_mb(),
                "rest_mb": rest_mb,
                "gpu_mb": torch.cuda.max_memory_allocated() / 1e6 if on_gpu else 0.0,
                "stages": stages,
                "pictures": len(look.times_s),
                "shown": len(asked.kept(look, question).rows_R),
                "duration_s": answer.duration_s,
            }
        )
    print(json.dumps(marks))


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def run_child(
    video: Path, options: argparse.Namespace, cache: Path, questions: list[str]
) -> list[dict[str, Any]]:
    words = [sys.executable, __file__, "--child", str(video), "--ask", json.dumps(questions)]
    words += ["--size", options.size, "--threads", str(options.threads)]
    told = {**os.environ, CACHE: str(cache), "OMP_NUM_THREADS": str(options.threads)}
    done = subprocess.run(words, env=told, stdout=subprocess.PIPE, text=True, check=True)
    marks: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return marks


def stored_mb(cache: Path) -> float:
    return sum(path.stat().st_size for path in (cache / "hour-llava").glob("*.rows")) / 1e6


def measure(minute: Path, minutes: int, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All numbers of one length."""
    video, cache = folder / f"{minutes}.mp4", folder / f"cache-{minutes}"
    repeat(minute, video, minutes)
    print(f"{minutes} min: asking", file=sys.stderr)
    first, second = run_child(video, options, cache, list(QUESTIONS[:2]))
    (later,) = run_child(video, options, cache, list(QUESTIONS[2:]))
    found = {
        "minutes": minutes,
        "first": first,
        "second": second,
        "later": later,
        "stored_mb": stored_mb(cache),
        "file_mb": video.stat().st_size / 1e6,
    }
    video.unlink()
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    heads = (
        "video", "pictures", "memory tokens", "shown", "first: CPU s", "of it looking", "wall s", "second: CPU s", "wall s",
        "second / first, CPU", "wall", "after a restart: CPU s", "peak MB, first", "second", "restarted", "at rest", "stored MB",
    )  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "| --: " * len(heads) + "|"]
    for row in rows:
        first, second, later = row["first"], row["second"], row["later"]
        cells = [
            f"{row['minutes']} min",
            f"{first['pictures']}",
            f"{65 * max(128, first['pictures'])}",
            f"{first['shown']}",
            f"{first['cpu_s']:.1f}",
            f"{first['stages'].get('looking', 0.0):.1f}",
            f"{first['wall_s']:.1f}",
            f"{second['cpu_s']:.1f}",
            f"{second['wall_s']:.1f}",
            f"{second['cpu_s'] / first['cpu_s']:.1%}",
            f"{second['wall_s'] / first['wall_s']:.1%}",
            f"{later['cpu_s']:.1f}",
            f"{first['peak_mb']:.0f}",
            f"{second['peak_mb']:.0f}",
            f"{later['peak_mb']:.0f}",
            f"{first['rest_mb']:.0f}",
            f"{row['stored_mb']:.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if rows[0]["first"]["gpu_mb"]:
        peaks = ", ".join(f"{row['minutes']} min {row['second']['gpu_mb']:.0f} MB" for row in rows)
        lines += ["", f"Peak memory of the accelerator: {peaks}."]
    return "\n".join(lines)


def shares() -> str:
    """The share of a second question in the operations of the first, at the widths measured and published."""
    from playhead.models.hour_llava.config import config_3b, config_7b, tiny_config
    from playhead.models.hour_llava.plan import PROMPT_TOKENS, operations

    told = []
    for name, config in (("here", tiny_config(259, **TINY)), ("3B", config_3b()), ("7B", config_7b())):
        work = operations(config, 3600, 3600 * 65, 512 * 17 + PROMPT_TOKENS)
        again = work.recall + work.read
        told.append(f"{name} {again / (work.look + again):.1%}")
    return f"Share of a second question in the first one's operations at 1 h, decoding not counted: {', '.join(told)}."


def main() -> None:
    """Measure all lengths and print, or write, the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", default=",".join(map(str, MINUTES)), help="lengths, comma separated")
    parser.add_argument(
        "--size", choices=["auto", "tiny", "3b", "7b"], default="auto", help="auto: 7b on an accelerator"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads torch computes with; 1 repeats best")
    parser.add_argument(
        "--markdown", type=Path, help="write the table with command, commit and hardware here"
    )
    parser.add_argument("--json", type=Path, help="write all measurements here")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ask", default="[]", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.size == "auto":
        import torch

        options.size = "7b" if torch.cuda.is_available() else "tiny"
    if options.child is not None:
        child(options.child, options.size, json.loads(options.ask), options.threads)
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_minute(folder / "minute.mp4")
        for minutes in map(int, options.minutes.split(",")):
            rows.append(measure(folder / "minute.mp4", minutes, options, folder))
            print(table(rows[-1:]), file=sys.stderr)
    versions = ", ".join(f"{each} {metadata.version(each)}" for each in ("torch", "transformers"))
    width = "tiny width, published depth" if options.size == "tiny" else f"{options.size.upper()}, real width"
    text = "\n\n".join(
        [
            f"{describe_run()} {versions}. {width}, random weights; {options.threads} thread(s) of torch.",
            table(rows),
            shares(),
        ]
    )
    print(text)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(f"# An hour on bounded memory\n\n{text}\n\n{SAYS}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
