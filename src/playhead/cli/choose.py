"""``playhead choose``: a multiple-choice question about a video."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options
from playhead.errors import UsageError

EXAMPLE = """\b
Example:
  playhead choose talk.mp4 "Where is it held?" -o "in a park" -o "in a hall"
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def choose(
    videos: Videos,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to answer.", show_default=False)],
    option: Annotated[
        list[str],
        typer.Option("--option", "-o", metavar="TEXT", help="One possible answer; give two or more."),
    ],
    *,
    zoom: looking.Zoom = None,
    zoom_mode: looking.ZoomMode = None,
    votes: looking.Votes = None,
    coarse: looking.Coarse = None,
    choose_frames: looking.ChooseFrames = None,
    options: Options,
) -> None:
    """Answer a multiple-choice question about a video."""
    if len(option) < 2:
        raise UsageError(
            "cannot choose",
            found=f"{len(option)} option",
            allowed="two or more",
            todo='give each as -o "TEXT"',
        )
    refined = looking.given(
        zoom=zoom, zoom_mode=zoom_mode, votes=votes, coarse=coarse, choose_frames=choose_frames
    )
    run(Job(verb="choose", arguments=(question, tuple(option)), refined=refined), videos, options)
