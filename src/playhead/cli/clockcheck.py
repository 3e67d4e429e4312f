"""``playhead clockcheck``: whether frames and the times a model is told of them are right, on clips with known times."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli import terminal
from playhead.cli.options import read_settings

if TYPE_CHECKING:
    from playhead.clockcheck.check import Verdict

EXAMPLE = """\b
Examples:
  playhead clockcheck qwen3-vl-tiny
  playhead clockcheck transformers
  playhead clockcheck http://localhost:8000/v1 --set model=NAME
  playhead clockcheck arc-hunyuan-video-tiny --json
"""

FAILED = 1

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def clockcheck(
    engine: Annotated[
        str,
        typer.Argument(
            metavar="ENGINE",
            help="An end-to-end engine (a name, a folder, or owner/name on the hub), openai, an endpoint's "
            "address, or another loader: transformers, qwen-vl-utils, vllm.",
        ),
    ],
    *,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where to put the model: cpu, cuda, cuda:1, mps.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the engine's own; may be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Test an engine's clock on clips with known times: pass or fail, and by how many seconds."""
    from playhead.clockcheck.check import check_clock

    options = {**({} if device is None else {"device": device}), **read_settings(settings)}
    verdicts = check_clock(engine, **options)
    passed = all(verdict.passed for verdict in verdicts)
    if json:
        clips = [{**asdict(verdict), "passed": verdict.passed} for verdict in verdicts]
        terminal.result_json({"engine": engine, "versions": _versions(), "passed": passed, "clips": clips})
    else:
        terminal.result(_as_text(verdicts))
    if not passed:
        raise typer.Exit(FAILED)


def _versions() -> dict[str, str]:
    """Releases of what the clips were read and told by."""
    from importlib.metadata import version

    return {name: version(name) for name in ("playhead", "transformers", "av")}


def _as_text(verdicts: list[Verdict]) -> str:
    from playhead.cli.show import clean, table

    head = ("clip", "", "pictures", "frames off by", "told", "told off by", "ids")
    parts = []
    for name in dict.fromkeys(verdict.subject for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.subject == name]
        parts.append(f"{clean(name)}\n{table([_row(verdict) for verdict in own], head=head)}")
        parts += [f"{each.clip}: {clean(fault)}" for each in own for fault in each.faults]
    return "\n".join(parts) + "\n"


def _row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.clip,
        "pass" if verdict.passed else "FAIL",
        str(verdict.pictures) if verdict.pictures is not None else "-",
        _seconds(verdict.frames_off_s),
        verdict.telling,
        _seconds(verdict.told_off_s),
        {True: "right", False: "WRONG", None: "-"}[verdict.ids_right],
    )


def _seconds(off_s: float | None) -> str:
    return "-" if off_s is None else f"{off_s:.3f} s"
