"""``playhead engines``: which mechanism runs on which engine."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli import terminal

EXAMPLE = """\b
Examples:
  playhead engines
  playhead engines --table
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def engines(
    *,
    table: Annotated[
        bool, typer.Option("--table", help="Print every mechanism and engine as a table in Markdown.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what each engine can do for a mechanism: zoom, votes, budgets, clocks."""
    from playhead.refine.table import ALL, cells, engine_seams, markdown

    if json:
        told = {
            name: {
                "needs": sorted(ALL[name].needs),
                "option": ALL[name].option,
                "source": ALL[name].source,
                "engines": row,
            }
            for name, row in cells().items()
        }
        terminal.result_json({"seams": {k: sorted(v) for k, v in engine_seams().items()}, "mechanisms": told})
    elif table:
        terminal.result(markdown())
    else:
        from playhead.cli.show import table as drawn

        rows = []
        for name, row in cells().items():
            able = [engine for engine, runs in row.items() if runs]
            where = "all engines" if len(able) == len(row) else ", ".join(able) or "none yet"
            rows.append((name, where, ALL[name].option))
        terminal.result(drawn(rows, head=("mechanism", "runs on", "asked for by")))
