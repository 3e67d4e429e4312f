"""``playhead score``: score a file of predictions against the truth, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from playhead.cli import terminal
from playhead.cli.figures import percent, row

if TYPE_CHECKING:
    from playhead.metrics.interval import Estimate, Scores

EXAMPLE = """\b
Examples:
  playhead score predictions.jsonl highlight_val_release.jsonl --as qvhighlights
  playhead score captions.json val_1.json val_2.json --as activitynet-captions
  playhead score spans.jsonl truth.jsonl --as grounding --json
  playhead score 20261130_samples_videomme.jsonl --as lmms-choice
"""

# Those of playhead.metrics.score.KINDS, written here so that --help loads nothing; a test holds the two together.
KIND_NAMES: Final = (
    "qvhighlights, charades-sta, activitynet-captions, vtimellm, youcook2, video-mme, grounding, choice, "
    "lmms-grounding, lmms-choice, vlmeval-grounding, vlmeval-choice"
)

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog=EXAMPLE)
def score(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS", help="File of predictions, may be .gz.")
    ],
    truths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="TRUTH", help="File of the truth; for some kinds several or none."),
    ] = None,
    *,
    kind: Annotated[
        str, typer.Option("--as", metavar="NAME", help=f"What kind of file it is: {KIND_NAMES}.")
    ],
    brief: Annotated[bool, typer.Option("--brief", help="Show only the metrics most papers report.")] = False,
    digits: Annotated[
        int | None,
        typer.Option(min=0, max=12, help="Digits after the point; those published when not given."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=100, max=100_000, help="Draws for the 95 % intervals.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Score a file of predictions: published figures, how sure they are, what could not be read."""
    from playhead.cli.show import clean, table
    from playhead.metrics.score import kind_of, score_files

    shown = kind_of(kind)
    places = shown.digits if digits is None else digits
    scored = score_files(predictions, truths or [], kind)
    parts = [(each, each.estimates(resamples=resamples, seed=seed)) for each in scored]
    if json:
        terminal.result_json({"kind": kind, "scores": [_as_data(*part, places) for part in parts]})
        return
    for each, estimates in parts:
        names = [name for name in _in_order(estimates, shown.first, brief=brief) if estimates[name].n]
        rows = [row(name, estimates[name], places) for name in names]
        missing = (
            f"{each.missing} without a prediction ({'scored 0' if shown.missing_scores_0 else 'not scored'})"
        )
        counts = f"{each.n} {each.what}, {each.unparsable} unparsable, {missing}"
        terminal.result(clean(counts))
        terminal.result(table(rows, head=("metric", "%", "95 % interval", "n")))
        for note in each.notes:
            terminal.result(clean(f"note: {note}"))


def _in_order(estimates: dict[str, Estimate], first: tuple[str, ...], *, brief: bool) -> list[str]:
    """Headline metrics, then the others unless only those are wanted."""
    leading = [name for name in first if name in estimates]
    return leading if brief and leading else [*leading, *(name for name in estimates if name not in leading)]


def _as_data(each: Scores, estimates: dict[str, Estimate], places: int) -> dict[str, Any]:
    """Everything of one kind of item, percentages at full precision and as printed."""
    return {
        "what": each.what,
        "n": each.n,
        "videos": len(set(each.videos)),
        "unparsable": each.unparsable,
        "missing": each.missing,
        "notes": list(each.notes),
        "metrics": {
            name: {
                "percent": _number(found.value),
                "printed": percent(found.value, places),
                "interval_95": None
                if found.low is None or found.high is None
                else [100 * found.low, 100 * found.high],
                "n": found.n,
                "videos": found.videos,
            }
            for name, found in estimates.items()
        },
    }


def _number(fraction: float) -> float | None:
    return None if fraction != fraction else 100 * fraction  # noqa: PLR0124 - NaN: nothing to score
