"""``playhead describe``: a video in a paragraph."""

from __future__ import annotations

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead describe talk.mp4 --end 2:00"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def describe(
    videos: Videos, *, parts: looking.Parts = None, merge: looking.Merge = None, options: Options
) -> None:
    """Describe a video in a paragraph."""
    run(Job(verb="describe", refined=looking.given(parts=parts, merge=merge)), videos, options)
