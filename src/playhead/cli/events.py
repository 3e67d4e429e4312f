"""``playhead events``: the events of a video with start and end."""

from __future__ import annotations

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead events talk.mp4 --json"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def events(
    videos: Videos, *, parts: looking.Parts = None, merge: looking.Merge = None, options: Options
) -> None:
    """List the events of a video with start and end."""
    run(Job(verb="events", refined=looking.given(parts=parts, merge=merge)), videos, options)
