"""``playhead chapters``: a video divided into titled chapters."""

from __future__ import annotations

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead chapters talk.mp4 --format youtube"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def chapters(
    videos: Videos, *, parts: looking.Parts = None, merge: looking.Merge = None, options: Options
) -> None:
    """Divide a video into titled chapters."""
    run(Job(verb="chapters", refined=looking.given(parts=parts, merge=merge)), videos, options)
