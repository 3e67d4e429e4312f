"""How sure a score is: means with 95 % intervals, clustered by video, and two runs compared item by item.

Every metric of this package is a mean of one value an item (a query, a question, a video), and keeps these values, so
that a mean, its interval and a comparison all come from the same numbers. Questions about one video are not
independent: whole videos are drawn, with everything asked about them (cluster bootstrap; Field and Welsh 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES: Final = 2000
_CELLS: Final = (
    2_000_000  # of a table of draws at once, so that a hundred thousand videos need no more memory
)
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval.

    Attributes:
        value: The mean, as a fraction where the metric is one (0.5394, not 53.94).
        low: Lower end of the interval, None where there are fewer than two videos.
        high: Upper end.
        n: Items the mean is over.
        videos: Videos these items belong to.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    videos: int


@dataclass(frozen=True, slots=True)
class Scores:
    """One value an item for every metric of one kind of item.

    Attributes:
        what: What an item is, in the plural: ``queries``, ``questions``, ``videos``.
        items: A name for every item, each only once.
        videos: The video of every item.
        values: One array a metric, NaN for an item the metric is not about (another length class, another group).
        unparsable: Items whose answer could not be read; they are scored as wrong and counted here.
        missing: Items of the truth without any prediction.
        notes: What a reader of the numbers must know.
    """

    what: str
    items: tuple[str, ...]
    videos: tuple[str, ...]
    values: Mapping[str, Floats]
    unparsable: int = 0
    missing: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = {len(self.items), len(self.videos), *(len(each) for each in self.values.values())}
        if len(lengths) != 1:
            raise ValueError(f"items, videos and values differ in number: {sorted(lengths)}")
        if len(set(self.items)) != len(self.items):
            raise ValueError("two items have one name")

    @property
    def n(self) -> int:
        """How many items were scored."""
        return len(self.items)

    def mean(self, metric: str) -> float:
        """The mean of a metric over the items it is about; NaN when there are none."""
        values = np.asarray(self.values[metric], dtype=np.float64)
        kept = values[~np.isnan(values)]
        return float(kept.mean()) if len(kept) else float("nan")

    def estimates(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Estimate]:
        """Every metric's mean and 95 % interval.

        Args:
            resamples: How many times the videos are drawn anew.
            seed: Of the draws; the same seed gives the same intervals.
        """
        sums_CM, counts_CM, metrics = self._by_video()
        drawn_BM = _draw_means(sums_CM, counts_CM, resamples, seed)
        found = {}
        for column, metric in enumerate(metrics):
            about = int((counts_CM[:, column] > 0).sum())
            low, high = _ends(drawn_BM[:, column]) if about > 1 else (None, None)
            found[metric] = Estimate(self.mean(metric), low, high, int(counts_CM[:, column].sum()), about)
        return found

    def _by_video(self) -> tuple[Floats, Floats, list[str]]:
        """Sums and numbers of values of every video (rows) for every metric (columns)."""
        metrics = list(self.values)
        names = {video: row for row, video in enumerate(dict.fromkeys(self.videos))}
        rows = np.array([names[video] for video in self.videos], dtype=np.intp)
        table_NM = np.stack([np.asarray(self.values[each], dtype=np.float64) for each in metrics], axis=1)
        known_NM = ~np.isnan(table_NM)
        sums_CM, counts_CM = np.zeros((len(names), len(metrics))), np.zeros((len(names), len(metrics)))
        np.add.at(sums_CM, rows, np.where(known_NM, table_NM, 0.0))
        np.add.at(counts_CM, rows, known_NM.astype(np.float64))
        return sums_CM, counts_CM, metrics


@dataclass(frozen=True, slots=True)
class Difference:
    """How two runs differ on the items both have.

    Attributes:
        value: Mean of the second run less mean of the first.
        low: Lower end of the 95 % interval, None with fewer than two videos.
        high: Upper end.
        p_value: Chance of a difference at least as large if the two runs were alike (two-sided; signs of whole
            videos flipped at random).
        n: Items compared.
        videos: Videos they belong to.
    """

    value: float
    low: float | None
    high: float | None
    p_value: float
    n: int
    videos: int


def compare(
    first: Scores, second: Scores, metric: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Compare two runs on one metric, item by item.

    Args:
        first: One run.
        second: Another run, of the same benchmark.
        metric: A metric both have.
        resamples: How many draws for the interval and for the p-value.
        seed: Of the draws.

    Raises:
        ValueError: If the runs have no item in common, or state different videos for one.
    """
    where = {item: at for at, item in enumerate(second.items)}
    both = [(at, where[item]) for at, item in enumerate(first.items) if item in where]
    if any(first.videos[one] != second.videos[other] for one, other in both):
        raise ValueError("the two runs name different videos for one item")
    ones, others = (np.array([pair[side] for pair in both], dtype=np.intp) for side in (0, 1))
    gaps_N = (
        np.asarray(second.values[metric])[others] - np.asarray(first.values[metric])[ones] if both else ()
    )
    kept = [at for at, gap in enumerate(gaps_N) if not np.isnan(gap)]
    if not kept:
        raise ValueError(f"the two runs have no item in common for {metric}")
    paired = Scores(
        first.what,
        tuple(first.items[both[at][0]] for at in kept),
        tuple(first.videos[both[at][0]] for at in kept),
        {metric: np.asarray([gaps_N[at] for at in kept])},
    )
    found = paired.estimates(resamples=resamples, seed=seed)[metric]
    sums_CM, _, _ = paired._by_video()
    p_value = _flip_signs(sums_CM[:, 0], resamples, seed)
    return Difference(found.value, found.low, found.high, p_value, found.n, found.videos)


def _draw_means(sums_CM: Floats, counts_CM: Floats, resamples: int, seed: int) -> Floats:
    """Means over videos drawn with replacement, one row a draw."""
    random = np.random.default_rng(seed)
    clusters = len(sums_CM)
    if not clusters:
        return np.full((resamples, sums_CM.shape[1]), np.nan)
    drawn = []
    for many in _batches(resamples, clusters):
        times_BC = random.multinomial(clusters, np.full(clusters, 1 / clusters), size=many)
        counts_BM = times_BC @ counts_CM
        drawn.append(
            np.divide(times_BC @ sums_CM, counts_BM, out=np.full_like(counts_BM, np.nan), where=counts_BM > 0)
        )
    return np.concatenate(drawn)


def _batches(resamples: int, clusters: int) -> list[int]:
    """How many draws to make at once, again and again."""
    most = max(1, _CELLS // clusters)
    return [min(most, resamples - done) for done in range(0, resamples, most)]


def _ends(drawn_B: Floats) -> tuple[float | None, float | None]:
    kept = drawn_B[~np.isnan(drawn_B)]
    if not len(kept):
        return None, None
    low, high = np.quantile(kept, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(low), float(high)


def _flip_signs(gaps_C: Floats, resamples: int, seed: int) -> float:
    """Share of sign flips, and of the difference found itself, that are at least as far from nothing."""
    random = np.random.default_rng(seed)
    found = abs(float(gaps_C.sum()))
    slack = 1e-12 * max(1.0, float(np.abs(gaps_C).sum()))  # equal differences in another order of adding
    as_far = 0
    for many in _batches(resamples, len(gaps_C)):
        signs_BC = random.integers(0, 2, size=(many, len(gaps_C))) * 2.0 - 1.0
        as_far += int((np.abs(signs_BC @ gaps_C) >= found - slack).sum())
    return (1 + as_far) / (1 + resamples)


def fractions(values: Sequence[float | bool]) -> Floats:
    """Values as an array of floats."""
    return np.asarray(values, dtype=np.float64)
