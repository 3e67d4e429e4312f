"""Which mechanism runs on which engine, worked out from what mechanisms need and what engines say they can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from playhead.models.mechanisms import MECHANISMS as OF_FAMILIES
from playhead.models.mechanisms import Mechanism
from playhead.models.presets import PRESETS
from playhead.models.registry import make_engine
from playhead.refine.mechanisms import MECHANISMS as AROUND
from playhead.refine.mechanisms import seams_of

ALL: Final[Mapping[str, Mechanism]] = {**OF_FAMILIES, **AROUND}
"""Every mechanism: first those a family's own preparation takes, then those that are put around any engine."""

_TINY: Final = "-tiny"


def engine_seams() -> dict[str, frozenset[str]]:
    """The seams of every model system by its name, light to ask: nothing is loaded and no endpoint called."""
    endpoint = make_engine(
        "openai", base_url="http://localhost/v1", model="any"
    )  # asks for nothing until it answers
    made = {"scout": seams_of(make_engine("scout")), "openai": seams_of(endpoint)}
    for preset in PRESETS.values():
        if preset.tiny:
            made[preset.name.removesuffix(_TINY)] = preset.seams
    return made


def cells() -> dict[str, dict[str, bool]]:
    """For every mechanism, which engine has what it needs."""
    engines = engine_seams()
    return {
        name: {engine: not mechanism.missing(seams) for engine, seams in engines.items()}
        for name, mechanism in ALL.items()
    }


def markdown() -> str:
    """The table as Markdown: a row for each mechanism, a column for each engine."""
    table = cells()
    engines = list(engine_seams())
    lines = [
        "| mechanism | asked for by | source | " + " | ".join(engines) + " |",
        "| --- | --- | --- |" + " :-: |" * len(engines),
    ]
    for name, mechanism in ALL.items():
        marks = " | ".join("yes" if table[name][engine] else "-" for engine in engines)
        lines.append(f"| {name} | `{mechanism.option}` | {mechanism.source} | {marks} |")
    return "\n".join(lines)
