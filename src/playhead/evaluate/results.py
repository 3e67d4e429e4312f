"""The scores of a run as files: means with intervals for people, one value an item for comparisons."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.errors import ParseError, SourceError
from playhead.evaluate.base import Outcome, Scorer
from playhead.evaluate.manifest import read_manifest
from playhead.export.files import write_texts
from playhead.metrics.interval import Estimate, Scores

SCORES: Final = "scores.json"
VALUES: Final = "values.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one scorer says of a run.

    Attributes:
        name: The scorer's.
        scores: One value an item and metric.
        estimates: Means with intervals, the first metrics first.
        first: Metrics shown first.
    """

    name: str
    scores: Scores
    estimates: Mapping[str, Estimate]
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished run as it is read back.

    Attributes:
        folder: Where it is.
        manifest: What it was made with.
        scores: One value an item and metric, by the scorer's name.
        first: Metrics shown first, by the scorer's name.
    """

    folder: Path
    manifest: Mapping[str, Any]
    scores: Mapping[str, Scores]
    first: Mapping[str, tuple[str, ...]]


def score_outcomes(
    scorers: Sequence[Scorer], outcomes: Sequence[Outcome], *, resamples: int, seed: int
) -> list[Part]:
    """Scores of every scorer that has something to score."""
    parts = []
    for scorer in scorers:
        mine = [outcome for outcome in outcomes if isinstance(outcome.sample.truth, scorer.truth)]
        scores = scorer.score(mine) if mine else None
        if scores is None or not scores.n:
            continue
        estimates = scores.estimates(resamples=resamples, seed=seed)
        names = [*(name for name in scorer.first if name in estimates), *estimates]
        ordered = {name: estimates[name] for name in dict.fromkeys(names) if estimates[name].n}
        parts.append(Part(name=scorer.name, scores=scores, estimates=ordered, first=scorer.first))
    return parts


def write_results(folder: Path, parts: Sequence[Part], notes: Sequence[str]) -> None:
    """Write scores and values, both whole or neither.

    Raises:
        OutputError: If they cannot be written.
    """
    scores = {"scores": [part_as_data(part) for part in parts], "notes": list(notes)}
    values = {"scorers": [_values(part) for part in parts]}
    write_texts(
        [
            (folder / SCORES, json.dumps(scores, ensure_ascii=False, indent=1, allow_nan=False) + "\n"),
            (folder / VALUES, json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"),
        ]
    )


def is_first(metric: str, first: Sequence[str]) -> bool:
    """Whether a metric is one of the first, or one of them within a group; of choices every group is."""
    return tuple(first) == ("overall",) or metric in first or metric.split(", ", maxsplit=1)[0] in first


def part_as_data(part: Part) -> dict[str, Any]:
    """One scorer's scores as JSON data; fractions, not per cents."""
    return {
        "name": part.name,
        "what": part.scores.what,
        "n": part.scores.n,
        "videos": len(set(part.scores.videos)),
        "unparsable": part.scores.unparsable,
        "missing": part.scores.missing,
        "notes": list(part.scores.notes),
        "metrics": {
            name: {
                "value": found.value,
                "interval_95": None if found.low is None or found.high is None else [found.low, found.high],
                "n": found.n,
                "videos": found.videos,
            }
            for name, found in part.estimates.items()
        },
    }


def read_finished(folder: Path) -> Finished:
    """A finished run.

    Raises:
        SourceError: If there is none, or it is not finished.
        ParseError: If its files are malformed.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise SourceError(
            f"no run in {folder}", found="no manifest.json", todo="give the --out of an evaluation"
        )
    path = folder / VALUES
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        scorers = data["scorers"]
        return Finished(
            folder=folder,
            manifest=manifest,
            scores={each["name"]: _scores(each) for each in scorers},
            first={each["name"]: tuple(each["first"]) for each in scorers},
        )
    except FileNotFoundError as error:
        raise SourceError(
            f"the run in {folder} is not finished", todo="run the same command again; it goes on"
        ) from error
    except OSError as error:
        raise SourceError(f"cannot read {path}", found=error.strerror or str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(
            f"{path} holds no values of a run", found=f"{type(error).__name__}: {error}"
        ) from error


def _values(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "what": part.scores.what,
        "first": list(part.first),
        "items": list(part.scores.items),
        "videos": list(part.scores.videos),
        "values": {
            name: [None if math.isnan(value) else float(value) for value in values]
            for name, values in part.scores.values.items()
        },
        "unparsable": part.scores.unparsable,
    }


def _scores(data: Mapping[str, Any]) -> Scores:
    return Scores(
        data["what"],
        tuple(data["items"]),
        tuple(data["videos"]),
        {
            name: np.array([math.nan if value is None else value for value in values], dtype=np.float64)
            for name, values in data["values"].items()
        },
        unparsable=data["unparsable"],
    )
