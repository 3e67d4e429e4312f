"""``playhead make-bench``: a benchmark of drawn clips with events of known times, from a seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli import terminal

if TYPE_CHECKING:
    from playhead.evaluate.synthetic.make import Bench, Made

EXAMPLE = """\b
Examples:
  playhead make-bench bench --seed 7
  playhead make-bench bench --seed 7 --clips 10 --levels single,brief
  playhead evaluate own --data bench --engine scout
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def make_bench(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make it in.")],
    *,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, other clips.")] = 0,
    clips: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many clips; without it each level with each timing once."),
    ] = None,
    levels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[,NAME]", help="single, several, overlapping, brief, alike; all if not given."
        ),
    ] = None,
    size: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Size of the pictures.")] = "640x360",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Draw a benchmark from a seed: clips with events of known times, and the tasks to score engines by."""
    from playhead.cli import progress_bars
    from playhead.evaluate.synthetic.levels import LEVELS
    from playhead.evaluate.synthetic.make import Bench, make_bench
    from playhead.evaluate.synthetic.timing import TIMINGS

    chosen = tuple(name.strip() for word in levels or () for name in word.split(",")) or tuple(LEVELS)
    count = len(chosen) * len(TIMINGS) if clips is None else clips
    bench = Bench(seed=seed, clips=count, levels=chosen, size_px=_size(size))
    with progress_bars.shown(quiet=quiet) as progress:
        made = make_bench(folder, bench, progress=progress)
    if json:
        terminal.result_json(_as_data(folder, bench, made))
        return
    terminal.result(_table(bench, made))
    if not quiet:
        kept = f", {made.kept} of them from before" if made.kept else ""
        terminal.say(f"{bench.clips} clips{kept}; score an engine: playhead evaluate own --data {folder}")


def _size(words: str) -> tuple[int, int]:
    """Width and height.

    Raises:
        UsageError: If it is no size.
    """
    from playhead.errors import UsageError

    width, by, height = words.lower().partition("x")
    if not by or not width.isdecimal() or not height.isdecimal():
        raise UsageError(f"cannot use --size {words!r}", allowed="WIDTHxHEIGHT", todo="as in --size 640x360")
    return int(width), int(height)


def _table(bench: Bench, made: Made) -> str:
    """A line a level: clips, seconds, tasks of each kind."""
    from playhead.cli.show import table

    kinds = list(dict.fromkeys(task["task"] for task in made.tasks))
    rows = []
    for level in bench.levels:
        inside = [bench.clip(number) for number in range(bench.clips)]
        names = [clip.name for clip in inside if clip.level == level]
        counts = Counter(task["task"] for task in made.tasks if task["groups"]["level"] == level)
        seconds = f"{sum(made.durations_s[name] for name in names):.0f}"
        rows.append((level, str(len(names)), seconds, *(str(counts[kind]) for kind in kinds)))
    return table(rows, head=("level", "clips", "seconds", *kinds))


def _as_data(folder: Path, bench: Bench, made: Made) -> dict[str, object]:
    from playhead.evaluate.synthetic.make import TASKS_FILE

    return {
        "tasks_file": str(folder / TASKS_FILE),
        "seed": bench.seed,
        "clips": bench.clips,
        "kept": made.kept,
        "seconds": round(sum(made.durations_s.values()), 3),
        "tasks": dict(Counter(task["task"] for task in made.tasks)),
    }
