"""``playhead ask``: a question and its answer, with the seconds it rests on."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead ask talk.mp4 "Who opens the meeting?"
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def ask(
    videos: Videos,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to answer.", show_default=False)],
    *,
    options: Options,
) -> None:
    """Answer a question about a video, with the seconds it rests on."""
    run(Job(verb="ask", arguments=(question,)), videos, options)
