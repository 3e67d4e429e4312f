"""``playhead compare``: two runs of one benchmark, paired by sample, with the interval of their difference."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli import terminal
from playhead.cli.figures import chance, interval, percent

if TYPE_CHECKING:
    from playhead.evaluate.comparison import Compared

EXAMPLE = """\b
Examples:
  playhead compare out/own-scout out/own-scout-tiny
  playhead compare runs/before runs/after --all --json
"""
PLACES = 2

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished evaluation.")],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="Another of the same benchmark.")],
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every metric, not only the main ones and groups.")
    ] = False,
    resamples: Annotated[
        int, typer.Option(min=100, max=100_000, help="Draws for intervals and p-values.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare two runs of a benchmark sample by sample: difference, interval, p-value."""
    from playhead.cli.show import clean, table
    from playhead.evaluate.comparison import compare_runs
    from playhead.evaluate.results import read_finished

    runs = read_finished(first), read_finished(second)
    found, notes = compare_runs(*runs, every=every, resamples=resamples, seed=seed)
    if json:
        folders = [str(run.folder) for run in runs]
        terminal.result_json({"runs": folders, "compared": [asdict(each) for each in found], "notes": notes})
        return
    for part in dict.fromkeys(each.part for each in found):
        rows = [_row(each) for each in found if each.part == part]
        terminal.result(clean(part))
        head = ("metric", "first %", "second %", "difference", "95 % interval", "p", "n", "videos")
        terminal.result(table(rows, head=head))
    for note in notes:
        terminal.result(clean(f"note: {note}"))


def _row(each: Compared) -> tuple[str, ...]:
    found = each.difference
    return (
        each.metric,
        percent(each.first, PLACES),
        percent(each.second, PLACES),
        f"{100 * found.value:+.{PLACES}f}",
        interval(found.low, found.high, PLACES),
        chance(found.p_value),
        str(found.n),
        str(found.videos),
    )
