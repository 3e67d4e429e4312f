"""How alike neighbouring pictures are, and the tokens each is granted for it (slow and fast pictures).

Axes: F frame, H row, W column, C colour channel.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError, nearest
from playhead.media.clip import Pixels
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import Opened, no_pictures
from playhead.media.sampling.base import Selection
from playhead.media.sampling.keye import slow_fast

_SIDE_PX: Final = 112
_PATCH_PX: Final = 14
_FLAT: Final = 4.0  # grey levels of deviation below which a patch has no pattern but noise


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowFast:
    """Settings of slow and fast pictures.

    Attributes:
        budget_tokens: Visual tokens for the whole video.
        rate_hz: Pictures per second of the base.
        max_frames: Most pictures of the base.
        min_tokens: Fewest tokens of a slow picture.
        max_tokens: Most tokens of a slow picture.

    Source: Keye-VL-1.5 (arXiv 2509.01563); the budget, the rate and the bounds are not published constants.
    """

    budget_tokens: int = 24_576
    rate_hz: float = 2.0
    max_frames: int = 1024
    min_tokens: int = 32
    max_tokens: int = 768

    @property
    def base(self) -> str:
        """The policy that chooses the pictures."""
        return f"per-second:rate_hz={self.rate_hz:g},max_frames={self.max_frames}"


def read_keye(spec: str) -> SlowFast:
    """Settings from text, as in ``keye1.5:budget_tokens=8192,rate_hz=1``.

    Raises:
        UsageError: An unknown name or a value that is not allowed.
    """
    known = {each.name: each for each in fields(SlowFast)}
    values: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in spec.partition(":")[2].split(","))):
        name, _, text = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"frames={spec!r:.60}", found=f"parameter {name!r}", todo=nearest(name, known))
        whole = name != "rate_hz"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = -1
        if not 0 < value < 1e9:
            raise UsageError(f"frames={spec!r:.60}", found=part, allowed="a number above 0")
        values[name] = value
    return SlowFast(**values)  # type: ignore[arg-type]  # each was read as its own kind


def grant(media: Opened, base: Selection, settings: SlowFast) -> Selection:
    """Tokens for every picture of a selection by how it differs from the one before; the file is read once for it.

    Raises:
        UsageError: The budget is too small for the slow pictures there are.
        MediaError: No picture decodes.
    """
    return slow_fast(
        base,
        similarities(media, base),
        settings.budget_tokens,
        min_tokens=settings.min_tokens,
        max_tokens=settings.max_tokens,
    )


def similarities(media: Opened, base: Selection) -> npt.NDArray[np.float64]:
    """For each picture how alike it is to the one before, 0 to 1; the first one is like nothing.

    A picture that does not decode counts as like nothing.
    """
    if media.table is None or media.index is None:
        raise no_pictures(media.info)
    made_F = np.zeros(len(base))
    before: Pixels | None = None
    numbers = iter(range(len(base)))
    for frame in read_rows(media, media.table, base.indices, lambda *_: (_SIDE_PX, _SIDE_PX), Damage()):
        number = next(each for each in numbers if media.index.times_s[base.indices[each]] == frame.pts_s)
        if before is not None:
            made_F[number] = similarity(before, frame.pixels_HWC)
        before = frame.pixels_HWC
    return made_F


def similarity(first_HWC: Pixels, second_HWC: Pixels) -> float:
    """The mean over patches of the cosine between two pictures' patches, 0 to 1, of any one size.

    Grey levels are taken less the patch's own mean where both patches vary, so that a shade in common is no likeness;
    flat patches are alike as far as their shades are.
    """
    first, second = _patches(first_HWC), _patches(second_HWC)
    shade = 1.0 - np.abs(first.mean(axis=1) - second.mean(axis=1)) / 255.0
    first, second = first - first.mean(axis=1, keepdims=True), second - second.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    flat = np.maximum(*lengths) < _FLAT * first.shape[1] ** 0.5
    product = np.maximum(lengths[0] * lengths[1], 1e-9)
    cosine = np.clip((first * second).sum(axis=1) / product, 0.0, 1.0)
    return float(np.where(flat, shade, np.minimum(cosine, shade)).mean())


def _patches(pixels_HWC: Pixels) -> npt.NDArray[np.float64]:
    """Grey patches of a picture, one a row."""
    grey = pixels_HWC.astype(np.float64).mean(axis=2)
    rows, columns = grey.shape[0] // _PATCH_PX, grey.shape[1] // _PATCH_PX
    cut = grey[: rows * _PATCH_PX, : columns * _PATCH_PX]
    shaped = cut.reshape(rows, _PATCH_PX, columns, _PATCH_PX).transpose(0, 2, 1, 3)
    made: npt.NDArray[np.float64] = shaped.reshape(rows * columns, -1)
    return made
