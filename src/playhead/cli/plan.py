"""``playhead plan``: frames, tokens, memory and seconds of an answer before anything runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playhead.cli import sources, terminal
from playhead.cli.options import Videos, read_settings, read_time
from playhead.errors import PlayheadError
from playhead.timecode import format_time

if TYPE_CHECKING:
    from playhead.models.family import Plan

EXAMPLE = """\b
Examples:
  playhead plan talk.mp4 --engine hour-llava-7b
  playhead plan talk.mp4 --engine vtimellm-7b --start 60 --end 120 --json
  playhead plan talk.mp4 --engine arc-hunyuan-video --sheet seen.png
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def plan(
    videos: Videos,
    *,
    engine: Annotated[
        str, typer.Option(help="Which engine would answer: a name, a folder, or owner/name on the hub.")
    ] = "scout",
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where it would compute: cpu, cuda, cuda:1, mps.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the engine's own; may be repeated."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin here: 12.5, 1:02.5 or 01:02:03.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Stop here.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: one document, or one line for each file.")
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw what the model would see: a .png, .jpg or .webp of its pictures."
        ),
    ] = None,
    pictures: Annotated[int, typer.Option(metavar="N", min=1, help="Most pictures on the sheet.")] = 24,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a sheet that is there.")] = False,
) -> None:
    """Say what an answer would take: frames, tokens, memory, seconds."""
    window = {"start_s": read_time("--start", start), "end_s": read_time("--end", end)}
    options = {**({} if device is None else {"device": device}), **read_settings(settings)}
    names = sources.expand(videos)
    if sheet is not None:
        from playhead.cli import sheet as drawing
        from playhead.media.clip import Video

        drawing.check_place(sheet, videos=len(names), overwrite=overwrite)
        drawing.draw(sheet, Video(names[0], window["start_s"], window["end_s"]), engine, pictures, options)
    failures: list[tuple[str, PlayheadError]] = []
    for name in names:
        try:
            _plan_one(name, engine, window, options, as_json=json, many=len(names) > 1)
        except PlayheadError as error:
            if len(names) == 1:
                raise
            failures.append((name, error))
    if failures:
        from playhead.cli.job import list_failures

        list_failures(failures, len(names))


def _plan_one(
    name: str,
    engine: str,
    window: dict[str, float | None],
    options: dict[str, Any],
    *,
    as_json: bool,
    many: bool,
) -> None:
    from playhead import api

    made = api.plan(name, engine, window=api.Window(**window), **options)  # type: ignore[typeddict-item]  # its own keys
    if as_json:
        terminal.result_json(asdict(made), lines=many)
    else:
        terminal.result(_as_text(made) + ("\n\n" if many else ""))
    terminal.flush()


def _as_text(made: Plan) -> str:
    from playhead.cli.show import clean, table

    whole = f"{format_time(made.window.start_s)} to {format_time(made.window.end_s)}"
    rows = [
        ("looked at", f"{whole}, {made.frames} pictures, {made.audio_s:.1f} s of sound"),
        ("tokens", f"{made.video_tokens} of pictures and sound" + _memory_tokens(made)),
        ("memory", f"{_size(made.peak_bytes)} at the peak, {_size(made.weights_bytes)} of it weights"),
        ("operations", _operations(made)),
        ("time", _seconds(made)),
    ]
    lines = [clean(f"{made.source}  {made.engine}"), table(rows)]
    return "\n".join([*lines, *(clean(f"note: {note}") for note in made.notes)])


def _memory_tokens(made: Plan) -> str:
    return f", {made.memory_tokens} kept beside the language model" if made.memory_tokens else ""


def _operations(made: Plan) -> str:
    if made.flops is None:
        return "not counted"
    each = (
        ""
        if made.answer_flops_per_token is None
        else f", {made.answer_flops_per_token:.2e} for each further one"
    )
    return f"{made.flops:.2e} to the first word{each}"


def _seconds(made: Plan) -> str:
    if made.seconds is None:
        return "not estimated"
    return f"about {made.seconds:.1f} s on this machine for an answer of {made.answer_tokens} tokens, decoding not counted"


def _size(size_bytes: int) -> str:
    from playhead.models.machine import gigabytes

    return gigabytes(size_bytes)
