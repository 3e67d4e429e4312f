"""``playhead ground``: when something happens."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, Videos, with_options

EXAMPLE = """\b
Example:
  playhead ground talk.mp4 "the demo fails" --json
  playhead ground talk.mp4 "the demo fails" --zoom 2 --votes 3"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def ground(
    videos: Videos,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to find, in words.")],
    *,
    zoom: looking.Zoom = None,
    zoom_mode: looking.ZoomMode = None,
    votes: looking.Votes = None,
    snap: looking.Snap = None,
    unsure: looking.Unsure = None,
    coarse: looking.Coarse = None,
    choose_frames: looking.ChooseFrames = None,
    options: Options,
) -> None:
    """Find when something happens: every span, or none."""
    refined = looking.given(
        zoom=zoom,
        zoom_mode=zoom_mode,
        votes=votes,
        snap=snap,
        unsure=unsure,
        coarse=coarse,
        choose_frames=choose_frames,
    )
    run(Job(verb="ground", arguments=(query,), refined=refined), videos, options)
