"""Charts as SVG that needs no script: histograms, intervals, spans on a timeline. Colours come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from playhead.evaluate.scoring import Pairs

_WIDTH: Final = 640
_HEIGHT: Final = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 22, 14, 30
_LANE: Final = 18


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis of a histogram.

    Attributes:
        edges: Edges of the bars, ascending.
        ticks: Where labels stand, with their texts.
        name: What is counted, for those who cannot see it.
    """

    edges: Sequence[float]
    ticks: Sequence[tuple[float, str]]
    name: str


def histogram(values: Sequence[float], axis: Axis, *, width: int = _WIDTH) -> str:
    """A histogram; values outside the axis are counted in its first or last bar.

    Args:
        values: What is counted.
        axis: Bars and labels.
        width: Its own width, against which letters keep their size.
    """
    edges = np.asarray(axis.edges, dtype=np.float64)
    kept = np.clip(np.asarray(values, dtype=np.float64), edges[0], np.nextafter(edges[-1], edges[0]))
    counts, _ = np.histogram(kept, edges)
    most = max(int(counts.max(initial=0)), 1)
    inner_width, inner_height = width - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(value: float) -> float:
        return float(_LEFT + (value - edges[0]) / (edges[-1] - edges[0]) * inner_width)

    parts = [_gridlines(most, inner_height, width)]
    for count, low, high in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        height = count / most * inner_height
        tip = f"{low:.3g} to {high:.3g}: {count}"
        parts.append(
            f'<rect class="bar" x="{x(low) + 0.75:.2f}" y="{_TOP + inner_height - height:.2f}" '
            f'width="{max(1.0, x(high) - x(low) - 1.5):.2f}" height="{height:.2f}"><title>{escape(tip)}</title></rect>'
        )
    base = _TOP + inner_height
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{base}" y2="{base}"/>')
    for at, text in axis.ticks:
        parts.append(
            f'<text class="tick" x="{x(at):.2f}" y="{base + 18}" text-anchor="middle">{escape(text)}</text>'
        )
    label = f"{axis.name}: {len(values)} values"
    return (
        f'<svg class="chart" viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _gridlines(most: int, inner_height: int, width: int) -> str:
    """Lines at the greatest count and at half of it."""
    parts = []
    for count in dict.fromkeys((most, most // 2)):
        if count:
            y = _TOP + inner_height * (1 - count / most)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.2f}" y2="{y:.2f}"/>'
                f'<text class="tick" x="{_LEFT - 7}" y="{y + 4:.2f}" text-anchor="end">{count}</text>'
            )
    return "".join(parts)


def interval_bar(value: float, low: float | None, high: float | None) -> str:
    """A value with its interval on a line from 0 to 1."""
    parts = ['<line class="rail" x1="0" x2="100" y1="7" y2="7"/>']
    if low is not None and high is not None:
        left, right = 100 * _unit(low), 100 * _unit(high)
        parts.append(f'<line class="range" x1="{left:.2f}" x2="{max(right, left + 0.6):.2f}" y1="7" y2="7"/>')
    if value == value:  # noqa: PLR0124 - not NaN
        parts.append(
            f'<line class="point" x1="{100 * _unit(value):.2f}" x2="{100 * _unit(value):.2f}" y1="2" y2="12"/>'
        )
    return (
        '<svg class="interval" viewBox="-1 0 102 14" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def spans_lanes(true: Pairs, found: Pairs, start_s: float, end_s: float) -> str:
    """True spans above predicted ones, over a stretch of time; the shared parts can be seen at a glance."""
    length_s = max(end_s - start_s, 1e-9)

    def rect(span: tuple[float, float], style: str, y: int) -> str:
        left = 1000 * _unit((span[0] - start_s) / length_s)
        right = 1000 * _unit((span[1] - start_s) / length_s)
        tip = f"{span[0]:.2f} to {span[1]:.2f} s"
        return (
            f'<rect class="{style}" x="{left:.2f}" y="{y}" width="{max(3.0, right - left):.2f}" height="{_LANE - 6}" '
            f'rx="2"><title>{tip}</title></rect>'
        )

    parts = [f'<rect class="lane" x="0" y="{y}" width="1000" height="{_LANE - 2}"/>' for y in (1, _LANE + 3)]
    parts += [rect(span, "true", 3) for span in true]
    parts += [rect(span, "found", _LANE + 5) for span in found]
    return (
        f'<svg class="lanes" viewBox="0 0 1000 {2 * _LANE + 4}" preserveAspectRatio="none" role="img" '
        f'aria-label="{len(true)} true and {len(found)} predicted spans">{"".join(parts)}</svg>'
    )


def _unit(fraction: float) -> float:
    return min(1.0, max(0.0, fraction))
