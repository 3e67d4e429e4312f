"""``playhead transcribe``: what is said, with times."""

from __future__ import annotations

import typer

from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead transcribe talk.mp4 --format srt,vtt --out subtitles"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def transcribe(videos: Videos, *, options: Options) -> None:
    """Write down what is said, with times."""
    run(Job(verb="transcribe"), videos, options)
