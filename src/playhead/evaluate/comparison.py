"""Two runs of one benchmark compared, sample by sample: the difference, its interval, and how likely chance makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from playhead.errors import UsageError
from playhead.evaluate.results import Finished, is_first
from playhead.metrics.interval import RESAMPLES, Difference, Scores, compare

# What both runs have to share: without it their numbers are about different things.
_SAME: Final = ("benchmark", "split", "annotations")


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric of two runs, on the items both have.

    Attributes:
        part: The scorer's name.
        metric: The metric's.
        first: Mean of the first run on these items, as a fraction.
        second: Mean of the second run.
        difference: Second less first, with interval and p-value.
    """

    part: str
    metric: str
    first: float
    second: float
    difference: Difference


def compare_runs(
    first: Finished, second: Finished, *, every: bool = False, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[list[Compared], list[str]]:
    """Compare two finished runs, paired by sample, with whole videos drawn anew.

    Args:
        first: One run.
        second: Another run of the same benchmark, split and annotations.
        every: Whether every metric is compared, not only the first ones and these within each group.
        resamples: Draws for intervals and p-values.
        seed: Of the draws.

    Returns:
        The metrics both runs have, and sentences on what a reader must know.

    Raises:
        UsageError: The runs are not of the same benchmark, split and annotations, or share no sample.
    """
    refuse_different(first, second)
    found, notes = [], _notes(first, second)
    for name, mine in first.scores.items():
        other = second.scores.get(name)
        if other is None:
            notes.append(f"{name} was scored in the first run only")
            continue
        if not set(mine.items) & set(other.items):
            raise UsageError("cannot compare two runs", found=f"no sample in common for {name}")
        for metric in mine.values:
            if metric in other.values and (every or is_first(metric, first.first[name])):
                found += _compared(name, metric, mine, other, resamples=resamples, seed=seed)
    return found, notes


def refuse_different(first: Finished, second: Finished) -> None:
    """Keep numbers about different things from being compared.

    Raises:
        UsageError: If benchmark, split or annotations differ.
    """
    for field in _SAME:
        one, two = (run.manifest["settings"].get(field) for run in (first, second))
        if one != two:
            raise UsageError(
                f"cannot compare {first.folder} with {second.folder}",
                found=f"{field} {_short(one)} and {_short(two)}",
                allowed="runs of one benchmark, split and annotation file",
            )


def _compared(
    name: str, metric: str, mine: Scores, other: Scores, *, resamples: int, seed: int
) -> list[Compared]:
    """The comparison, or nothing where no common item is one the metric is about."""
    try:
        difference = compare(mine, other, metric, resamples=resamples, seed=seed)
    except ValueError:  # a group without a common item
        return []
    common = set(mine.items) & set(other.items)
    means = [_within(scores, common).mean(metric) for scores in (mine, other)]
    return [Compared(name, metric, means[0], means[1], difference)]


def _within(scores: Scores, items: set[str]) -> Scores:
    kept = [at for at, item in enumerate(scores.items) if item in items]
    return Scores(
        scores.what,
        tuple(scores.items[at] for at in kept),
        tuple(scores.videos[at] for at in kept),
        {name: values[kept] for name, values in scores.values.items()},
    )


def _notes(first: Finished, second: Finished) -> list[str]:
    notes = []
    for name in first.scores.keys() & second.scores.keys():
        mine, other = (set(run.scores[name].items) for run in (first, second))
        if mine != other:
            notes.append(
                f"{name}: {len(mine & other)} samples are in both runs and compared; "
                f"{len(mine - other)} are in the first only, {len(other - mine)} in the second only"
            )
    for name, value in _differing(first.manifest["settings"], second.manifest["settings"]).items():
        notes.append(f"{name}: {_short(value[0])} and {_short(value[1])}")
    return sorted(notes)


def _differing(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Settings in which the runs differ, for the reader: usually what is compared."""
    names = ("engine", "options", "versions", "limit")
    return {name: (one.get(name), two.get(name)) for name in names if one.get(name) != two.get(name)}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
