"""How long does ``watch`` take, stage by stage, and how long a second question about the same file?

    python benchmarks/watch.py
    python benchmarks/watch.py --llm qwen2.5-0.5b --markdown benchmarks/watch.md
    python benchmarks/watch.py talk.mp4

Without a file: the bundled clip, and a narrated clip of about three minutes drawn for the occasion (left out, with the
reason, where espeak-ng is not installed). One untimed run comes first, so that weights are here and libraries imported.
The timed watch starts a new engine that keeps and reads no cache: loading its models counts. Then one more, untimed,
watch fills the cache, and a question to the same engine is timed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import playhead
from long_clip import draw_long_clip, narrator
from machine import describe_run
from playhead.api import Session
from playhead.demo import demo_path
from playhead.timeline import Answer
from stages import StageClock, table

DEMO_QUESTION = "What does the rocket wait for?"
LONG_QUESTION = "How many times does a contented cat purr in a second?"
OWN_QUESTION = "What is this video about?"

LoadEngine = Callable[[bool], Session]


def timed(work: Callable[[StageClock], Answer]) -> tuple[StageClock, Answer]:
    """Run a piece of work under a stage clock."""
    clock = StageClock()
    with clock.run():
        answer = work(clock)
    return clock, answer


def measure(load: LoadEngine, path: Path, question: str) -> str:
    """Time ``watch`` without a cache and a question with one; a report in Markdown."""
    cold = load(False)
    clock, answer = timed(lambda progress: cold.watch(path, progress=progress))
    duration_s = answer.duration_s
    lines = [
        f"## {path.name}: {duration_s:.1f} s",
        "",
        "### watch, nothing cached",
        "",
        table(clock, duration_s),
    ]
    warm = load(True)
    warm.watch(path)
    clock, answer = timed(lambda progress: warm.ask(path, question, progress=progress))
    lines += [
        "",
        f"### second question: {question}",
        "",
        table(clock, duration_s),
        "",
        f"Answer: {answer.text}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the clips and print, or write, the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*", type=Path, help="files to time instead of the two own clips")
    parser.add_argument("--engine", default="scout")
    parser.add_argument("--llm", help="language model of the engine; its default if not given")
    parser.add_argument("--question", default=OWN_QUESTION, help="what to ask about files of your own")
    parser.add_argument(
        "--markdown", type=Path, help="write the report with command, commit and hardware here"
    )
    options = parser.parse_args()
    more = {"llm": options.llm} if options.llm else {}

    def load(cache: bool) -> Session:
        return playhead.load(options.engine, cache=cache, **more)

    load(False).watch(demo_path())  # weights fetched, files in the page cache, libraries imported
    reports: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        jobs = [(path, options.question) for path in options.videos]
        if not jobs:
            jobs.append((demo_path(), DEMO_QUESTION))
            if narrator() is None:
                reports.append("The three-minute clip was left out: espeak-ng is not installed.")
            else:
                jobs.append((Path(folder) / "three_minutes.mp4", LONG_QUESTION))
                draw_long_clip(jobs[-1][0])
        for path, question in jobs:
            print(f"timing {path.name}", file=sys.stderr)
            reports.append(measure(load, path, question))
    text = "\n\n".join([describe_run(), *reports])
    print(text)
    if options.markdown:
        options.markdown.write_text(f"# Seconds per stage of `watch`\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
