"""``playhead watch``: what happens in a video, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from playhead.cli import looking
from playhead.cli.job import Job, run
from playhead.cli.options import Options, with_options

FORMATS = ("json", "vtt", "srt", "md", "html")
EXAMPLE = """\b
Examples:
  playhead watch talk.mp4
  playhead watch recordings/ --out timelines --format json,html
  playhead watch talk.mp4 --start 1:30 --end 4:00 --json

Writes NAME.json, .vtt, .srt, .md and .html to the folder out, or to --out, unless only --json is given. Without a
video, the clip that comes with playhead is watched."""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
@with_options
def watch(
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEO", help="Video files, folders of videos, or addresses.", show_default=False
        ),
    ] = None,
    *,
    parts: looking.Parts = None,
    merge: looking.Merge = None,
    options: Options,
) -> None:
    """What happens in a video, and when: events, chapters, summary, transcript."""
    job = Job(verb="watch", formats=FORMATS, refined=looking.given(parts=parts, merge=merge))
    run(job, videos or [_bundled_clip(quiet=options.quiet)], options)


def _bundled_clip(*, quiet: bool) -> str:
    from playhead.cli import terminal
    from playhead.demo import demo_path

    if not quiet:
        terminal.say("no video named, watching the clip that comes with playhead")
    return str(demo_path())
