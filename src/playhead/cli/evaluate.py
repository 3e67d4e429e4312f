"""``playhead evaluate``: run a benchmark with an engine, resumable, with a log, a manifest, scores and a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playhead.cli import running, terminal
from playhead.cli.figures import row
from playhead.cli.options import read_settings
from playhead.errors import UsageError

if TYPE_CHECKING:
    from playhead.evaluate.run import Run

EXAMPLE = """\b
Examples:
  playhead evaluate --list
  playhead evaluate own --data clips
  playhead evaluate charades-sta --engine qwen3-vl-8b --data /data/charades --out runs/qwen
"""
PLACES = 2

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def evaluate(
    benchmark: Annotated[
        str | None, typer.Argument(metavar="BENCHMARK", help="Its name; --list shows them.")
    ] = None,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of its annotations and videos; of own also a file of tasks."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="Which engine answers: a name, a folder, or owner/name on the hub.")
    ] = "scout",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The run's folder; out/BENCHMARK-ENGINE when not given."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Split; the first when not given.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only N samples, evenly chosen.")
    ] = None,
    llm: Annotated[str | None, typer.Option(metavar="NAME", help="Language model of the engine.")] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where to compute: cpu, cuda, cuda:1, mps.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the engine's own; may be repeated."),
    ] = None,
    no_ahead: Annotated[
        bool, typer.Option("--no-ahead", help="Do not prepare the next video while the engine answers.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Ask again what failed in an earlier go.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew in the same folder.")] = False,
    resamples: Annotated[
        int, typer.Option(min=100, max=100_000, help="Draws for the 95 % intervals.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    every: Annotated[
        bool, typer.Option("--all", help="Print every metric, not only the main ones and groups.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, only results and errors.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the benchmarks and end.")] = False,
) -> None:
    """Run a benchmark with an engine: logged, resumable, scores with intervals and a page."""
    if list_:
        terminal.result(_listing())
        return
    if benchmark is None or data is None:
        missing = "BENCHMARK" if benchmark is None else "--data DIR"
        raise UsageError(
            f"evaluate: {missing} is needed", todo="playhead evaluate --list shows the benchmarks"
        )
    from playhead.evaluate.registry import find_benchmark
    from playhead.evaluate.report import write_report
    from playhead.evaluate.run import Choice, run_benchmark

    found = find_benchmark(benchmark)
    given = {"llm": llm, "device": device}
    options = {name: value for name, value in given.items() if value is not None}
    choice = Choice(
        data=data,
        out=out or Path("out") / f"{found.name}-{_slug(engine)}",
        engine=engine,
        options={**options, **read_settings(settings)},
        split=split,
        limit=limit,
        ahead=not no_ahead,
        retry=retry,
        overwrite=overwrite,
        resamples=resamples,
        seed=seed,
    )
    with running.watching(quiet=quiet) as (progress, watcher):
        done = run_benchmark(found, choice, progress=progress, watcher=watcher)
    page = write_report(choice.out, done)
    if json:
        terminal.result_json(_as_data(done, choice.out))
    else:
        terminal.result(_as_text(done, every=every))
    if not quiet:
        terminal.say(f"wrote {page}, and scores.json, manifest.json, samples.jsonl beside it")


def _listing() -> str:
    """A line for every benchmark; names stand whole, for they have to be typed."""
    from playhead.cli.show import clean
    from playhead.evaluate.registry import benchmark_names, find_benchmark

    found = [find_benchmark(name) for name in benchmark_names()]
    width = max(len(each.name) for each in found)
    lines = (
        f"{each.name:<{width}}  "
        + clean(f"{each.title}; splits: {', '.join(each.splits)}; annotations: {each.licence}")
        for each in found
    )
    return "\n".join(lines)


def _slug(engine: str) -> str:
    """An engine's name as part of a folder's name."""
    return re.sub(r"[^\w.@-]+", "-", Path(engine).name if Path(engine).is_dir() else engine).strip("-")


def _as_text(done: Run, *, every: bool) -> str:
    from playhead.cli.show import clean, table
    from playhead.evaluate.results import is_first

    counts, lines = done.manifest["counts"], []
    lines.append(
        f"{counts['samples']} samples, {counts['answered']} answered, {counts['failed']} failed, "
        f"{counts['unparsable']} unparsable; {counts['missing_videos']} videos missing"
        f" ({counts['samples_of_missing_videos']} samples left out)"
    )
    for part in done.parts:
        head = f"{part.name}: {part.scores.n} {part.scores.what}, {part.scores.unparsable} unparsable"
        rows = [
            row(name, found, PLACES)
            for name, found in part.estimates.items()
            if every or is_first(name, part.first)
        ]
        lines += ["", clean(head), table(rows, head=("metric", "%", "95 % interval", "n")).rstrip("\n")]
        lines += [clean(f"note: {note}") for note in part.scores.notes]
    lines += [clean(f"note: {note}") for note in done.notes]
    return "\n".join(lines)


def _as_data(done: Run, out: Path) -> dict[str, Any]:
    from playhead.evaluate.results import part_as_data

    return {
        "out": str(out),
        "manifest": done.manifest,
        "scores": [part_as_data(part) for part in done.parts],
        "notes": list(done.notes),
    }
