"""Scores as text: per cents with the digits that are published, intervals, p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.metrics.interval import Estimate


def percent(fraction: float, places: int) -> str:
    """A fraction as per cent; a dash for NaN, where there is nothing to score."""
    return "-" if fraction != fraction else f"{100 * fraction:.{places}f}"  # noqa: PLR0124 - NaN


def interval(low: float | None, high: float | None, places: int) -> str:
    """Both ends of an interval in per cent; a dash where there is none."""
    return "-" if low is None or high is None else f"{percent(low, places)} to {percent(high, places)}"


def row(name: str, found: Estimate, places: int) -> tuple[str, ...]:
    """A metric as a row: name, per cent, interval, number of items."""
    return name, percent(found.value, places), interval(found.low, found.high, places), str(found.n)


def chance(p_value: float) -> str:
    """A p-value."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
