"""``playhead ask``: a question and its answer, with the seconds it rests on."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli import looking
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
    zoom: looking.Zoom = None,
    zoom_mode: looking.ZoomMode = None,
    coarse: looking.Coarse = None,
    choose_frames: looking.ChooseFrames = None,
    options: Options,
) -> None:
    """Answer a question about a video, with the seconds it rests on."""
    refined = looking.given(zoom=zoom, zoom_mode=zoom_mode, coarse=coarse, choose_frames=choose_frames)
    run(Job(verb="ask", arguments=(question,), refined=refined), videos, options)
