"""Forms as masks: how much of each pixel of a square box a form covers, computed, so that no drawing library decides.

Axes: H row, W column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.float32]
_Plane = npt.NDArray[np.float64]
_FINE: Final = 4  # a pixel is judged at 4 x 4 points


def _star(x: _Plane, y: _Plane) -> npt.NDArray[np.bool_]:
    """Five points; between the middle of a point and the notch beside it the edge is straight."""
    fifth = 2 * np.pi / 5
    angle = np.abs((np.arctan2(x, -y) + fifth / 2) % fifth - fifth / 2)
    radius = np.hypot(x, y)
    along, across = radius * np.cos(angle), radius * np.sin(angle)
    tip, notch = 0.97, 0.42
    notch_x, notch_y = notch * np.cos(fifth / 2), notch * np.sin(fifth / 2)
    return np.asarray((tip - along) * notch_y - across * (tip - notch_x) >= 0)


_INSIDE: Final[dict[str, Callable[[_Plane, _Plane], npt.NDArray[np.bool_]]]] = {
    "circle": lambda x, y: np.hypot(x, y) <= 0.9,
    "square": lambda x, y: np.maximum(np.abs(x), np.abs(y)) <= 0.8,
    "triangle": lambda x, y: (y <= 0.8) & (np.abs(x) * 1.75 <= y + 0.85),
    "diamond": lambda x, y: np.abs(x) * 1.25 + np.abs(y) <= 0.95,
    "cross": lambda x, y: (
        (np.minimum(np.abs(x), np.abs(y)) <= 0.28) & (np.maximum(np.abs(x), np.abs(y)) <= 0.88)
    ),
    "ring": lambda x, y: (np.hypot(x, y) <= 0.9) & (np.hypot(x, y) >= 0.52),
    "star": _star,
}
FORMS: Final = tuple(_INSIDE)


@lru_cache(maxsize=64)
def mask(form: str, side_px: int) -> Mask:
    """Shares of 0 to 1 of shape (side, side)."""
    steps = (np.arange(side_px * _FINE) + 0.5) / (side_px * _FINE) * 2 - 1
    x, y = np.meshgrid(steps, steps)
    inside = _INSIDE[form](x, y)
    shares = inside.reshape(side_px, _FINE, side_px, _FINE).mean(axis=(1, 3))
    return np.asarray(shares, np.float32)
