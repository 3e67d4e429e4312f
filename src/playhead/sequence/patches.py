"""Pictures to the rows a Qwen-type vision encoder reads, and back: pure arithmetic on arrays.

Two pictures (a group) are cut into the same squares; one row holds a square of both. The squares of one merged token
stand together, row by row of tokens, group after group.

Axes: F frame, T group of frames, H row, W column, C channel, P square (T x H x W of the grid), D value of a square.

Source: Qwen2-VL (arXiv 2409.12191), section 2.1; the order of rows and values is that of transformers 5.23,
Qwen2VLVideoProcessor.patchify and Qwen3VLVideoProcessor.patchify.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError

Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

_WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Cut:
    """How pictures are cut.

    Attributes:
        patch_px: Side of a square.
        merge: Squares along each side of a token of the language model.
        group: Pictures that share a token.
        mean_RGB: What is taken from each colour, on a scale of 0 to 1.
        std_RGB: What each colour is then divided by.
    """

    patch_px: int
    merge: int
    group: int
    mean_RGB: tuple[float, float, float]
    std_RGB: tuple[float, float, float]

    @property
    def token_px(self) -> int:
        """Side of a token of the language model."""
        return self.patch_px * self.merge

    @property
    def values(self) -> int:
        """Values of a row."""
        return 3 * self.group * self.patch_px**2

    def grid(self, frames: int, height_px: int, width_px: int) -> tuple[int, int, int]:
        """Groups, rows and columns of squares of so many pictures; an odd picture is a group with itself.

        Raises:
            UsageError: No picture, or sides that are no multiples of a token's.
        """
        if frames < 1 or height_px % self.token_px or width_px % self.token_px or not height_px * width_px:
            raise UsageError(
                "cut pictures into tokens",
                found=f"{frames} of {width_px}x{height_px} pixels",
                allowed=f"1 or more, sides that are multiples of {self.token_px}",
            )
        return -(-frames // self.group), height_px // self.patch_px, width_px // self.patch_px


def cut_frames(frames_FHWC: Pixels, cut: Cut, out_PD: Rows | None = None) -> Rows:
    """Rows of pictures of the right size, float32 of shape (P, D); the last picture is repeated to fill its group.

    Args:
        frames_FHWC: uint8 RGB pictures.
        cut: How they are cut.
        out_PD: Where the rows go, of exactly their shape and contiguous; memory of their own without it.

    Raises:
        UsageError: No picture, or sides that are no multiples of a token's.
    """
    frames, height_px, width_px, _ = frames_FHWC.shape
    groups, rows, columns = cut.grid(frames, height_px, width_px)
    missing = groups * cut.group - frames
    if missing:
        frames_FHWC = np.concatenate([frames_FHWC, np.repeat(frames_FHWC[-1:], missing, axis=0)])
    side, merge = cut.patch_px, cut.merge
    shape = (groups, cut.group, rows // merge, merge, side, columns // merge, merge, side, 3)
    ordered = frames_FHWC.reshape(shape).transpose(0, 2, 5, 3, 6, 8, 1, 4, 7)
    # The mean and the deviation are brought to the scale of the bytes, as transformers does, not the bytes to theirs.
    mean = (np.array(cut.mean_RGB, np.float32) * np.float32(_WHITE))[:, None, None, None]
    std = (np.array(cut.std_RGB, np.float32) * np.float32(_WHITE))[:, None, None, None]
    # Put in order as bytes, a sixth of the time, and made floats as the mean is taken off.
    out = None if out_PD is None else out_PD.reshape(ordered.shape)
    values: Rows = np.subtract(np.ascontiguousarray(ordered), mean, out=out, dtype=np.float32)
    values /= std
    return values.reshape(groups * rows * columns, cut.values)


def join_rows(rows_PD: Rows, grid_THW: tuple[int, int, int], cut: Cut) -> Pixels:
    """The pictures that rows were cut from, uint8 (F, H, W, 3); the repeated one of an odd count included."""
    groups, rows, columns = grid_THW
    side, merge = cut.patch_px, cut.merge
    shape = (groups, rows // merge, columns // merge, merge, merge, 3, cut.group, side, side)
    mean = np.array(cut.mean_RGB, np.float32)[:, None, None, None]
    std = np.array(cut.std_RGB, np.float32)[:, None, None, None]
    colours = (rows_PD.reshape(shape) * std + mean) * _WHITE
    ordered = colours.transpose(0, 6, 1, 3, 7, 2, 4, 8, 5)
    whole = ordered.reshape(groups * cut.group, rows * side, columns * side, 3)
    made: Pixels = whole.round().clip(0, _WHITE).astype(np.uint8)
    return made
