"""``playhead ground``: when something happens."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead ground talk.mp4 "the demo fails" --json"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def ground(
    videos: Videos,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to find, in words.")],
    *,
    options: Options,
) -> None:
    """Find when something happens: every span, or none."""
    run(Job(verb="ground", arguments=(query,)), videos, options)
