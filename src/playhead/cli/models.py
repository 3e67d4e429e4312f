"""``playhead models``: which engines and weights there are, and fetching weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from playhead.cli import terminal

if TYPE_CHECKING:
    from playhead.hub import WeightState
    from playhead.models.family import Preset

EXAMPLE = """\b
Examples:
  playhead models
  playhead models --json
  playhead models pull qwen2.5-1.5b
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True, epilog=EXAMPLE)
def models(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List engines and weights, or fetch weights: models pull NAME."""
    if context.invoked_subcommand is None:
        _show(as_json=json)


@app.command("list", epilog="Example: playhead models list --json")
def list_(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List engines and weights: size, licence, and whether they are here."""
    _show(as_json=json)


@app.command(epilog="Example: playhead models pull whisper-base smollm2-135m")
def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Weights to fetch.", show_default=False)],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Fetch weights into the cache, checked by sha256; an interrupted download goes on where it stopped."""
    from playhead import hub
    from playhead.cli import progress_bars

    for name in names:
        with progress_bars.shown(quiet=quiet) as progress:
            place = hub.fetch(name, progress=progress)
        terminal.result(f"{name}  {place}")


def _show(*, as_json: bool) -> None:
    from playhead import hub
    from playhead.models.presets import PRESETS
    from playhead.models.registry import engine_names

    states = {state.weight.name: state for state in hub.list_weights()}
    engines = [_engine(name, states) for name in engine_names() if name not in PRESETS]
    models = [_model(preset) for preset in PRESETS.values()]
    if as_json:
        weights = [_as_data(state) for state in states.values()]
        terminal.result_json({"engines": engines, "models": models, "weights": weights})
        return
    from playhead.cli.show import table

    rows = [
        (
            engine["name"],
            _size(engine["size_bytes"]),
            " and ".join(engine["licences"]) or "-",
            _here(engine["here"]),
            "not told" if engine["weights"] is None else ", ".join(engine["weights"]) or "needs none",
        )
        for engine in engines
    ]
    terminal.result(table(rows, head=("engine", "size", "licence", "here", "weights")) + "\n")
    told = [row for model in models for row in _rows_of(model)]
    head = ("model", "parameters", "here", "what it is, where it is from, licence of the weights")
    terminal.result("\n" + table(told, head=head) + "\n\n")
    rows = [
        (
            state.weight.name,
            _size(state.weight.size_bytes),
            state.weight.licence,
            _here(state.place is not None),
            state.weight.what,
        )
        for state in states.values()
    ]
    terminal.result(table(rows, head=("weights", "size", "licence", "here", "what")))


def _engine(name: str, states: dict[str, WeightState]) -> dict[str, Any]:
    """An engine and its weights in its own settings; None for all that an engine from outside does not tell."""
    from playhead.models.registry import WEIGHTS

    if name not in WEIGHTS:
        return {"name": name, "weights": None, "size_bytes": None, "licences": [], "here": None}
    needed = [states[weight] for weight in WEIGHTS[name]]
    return {
        "name": name,
        "weights": list(WEIGHTS[name]),
        "size_bytes": sum(state.weight.size_bytes for state in needed),
        "licences": sorted({state.weight.licence for state in needed}),
        "here": all(state.place is not None for state in needed),
    }


def _model(preset: Preset) -> dict[str, Any]:
    from playhead.hub.folder import local_folder
    from playhead.hub.snapshot import is_here
    from playhead.models.folder import repository_of

    chosen = local_folder(None)
    kept = chosen is not None and (chosen / preset.name).is_dir()
    names = [repository_of(each) for each in preset.repositories]
    return {
        "name": preset.name,
        "parameters": preset.parameters,
        "licence": preset.licence,
        "repositories": list(preset.repositories),
        "about": preset.about,
        "tiny": preset.tiny,
        "here": preset.tiny or kept or (bool(names) and all(is_here(name) for name in names)),
    }


def _rows_of(model: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """A model in the table: what is long stands beneath what it is, so that its name is never cut."""
    told = [model["about"].rstrip("."), _origin(model)]
    if model["licence"] and not model["tiny"]:
        told.append(f"licence: {model['licence']}")
    beside = (model["name"], _count(model["parameters"]), _here(model["here"]))
    return [(*(("", "", "") if line else beside), words) for line, words in enumerate(told)]


def _origin(model: dict[str, Any]) -> str:
    """Where a model's weights come from, in a few words."""
    if model["tiny"]:
        return "random weights, nothing to fetch"
    places = ", ".join(model["repositories"])
    return f"from {places}" if places else "weights in parts, by hand"


def _count(parameters: int | None) -> str:
    return "-" if parameters is None else f"{parameters / 1e9:.2f} G"


def _size(size_bytes: int | None) -> str:
    return "-" if size_bytes is None else f"{size_bytes / 1e6:.0f} MB"


def _here(here: bool | None) -> str:
    return "here" if here else "-"


def _as_data(state: WeightState) -> dict[str, Any]:
    weight = state.weight
    return {
        "name": weight.name,
        "what": weight.what,
        "size_bytes": weight.size_bytes,
        "licence": weight.licence,
        "homepage": weight.homepage,
        "sources": list(weight.sources),
        "here": state.place is not None,
        "place": None if state.place is None else str(state.place),
    }
