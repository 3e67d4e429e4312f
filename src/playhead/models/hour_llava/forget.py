"""What the language model is shown of the memory: positions kept in every frame, and frames kept of all.

Everything here is arithmetic on indices; vectors come in only where a rule looks at them. A memory token is named by
its row: frame f holds rows 65f to 65f + 64, the last of which is the learned newline. Frames keep their true times by
their index: row r belongs to memory frame ``r // 65``, and memory frame m is picture ``repeat_index(pictures)[m]``.

Source: arXiv 2506.05332 (one quarter of the positions, one quarter of the frames, at most 512 frames); seeds, the
smallest memory of 128 frames and the order of draws from the released code.

Axes: T memory frame, P position inside a frame, K kept frame, D width, R kept row.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch

from playhead.errors import UsageError

FRAME_SIDE: Final = 8
FRAME_POSITIONS: Final = FRAME_SIDE**2
FRAME_TOKENS: Final = FRAME_POSITIONS + 1
"""Memory tokens of a frame: 8 x 8 positions and a newline."""
LEAST_FRAMES: Final = 128
MOST_KEPT_FRAMES: Final = 512
KEPT_PART: Final = 4
"""One of so many positions, and one of so many frames, is kept."""
WINDOW_FRAMES: Final = 9
"""Frames a key frame is compared within: itself and four on either side."""

Spatial = Literal["random", "uniform"]
Temporal = Literal["uniform", "keyframe", "question"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a video's memory.

    Attributes:
        rows_R: int64 rows of memory, ascending.
        frames_K: int64 memory frames the rows belong to, ascending.
        memory_frames: Number of memory frames T.
    """

    rows_R: torch.Tensor
    frames_K: torch.Tensor
    memory_frames: int

    @property
    def memory_tokens(self) -> int:
        """Tokens of the whole memory."""
        return self.memory_frames * FRAME_TOKENS


def plan_memory(
    pictures: int,
    *,
    seed: int | torch.Generator = 0,
    spatial: Spatial = "random",
    frames_K: torch.Tensor | None = None,
) -> Kept:
    """Which memory tokens of a video the language model is shown.

    Args:
        pictures: Number of pictures encoded, at least 1; fewer than 128 are repeated up to 128 memory frames.
        seed: Seed of the random positions (see :func:`seed_of`), or a CPU generator to go on drawing from.
        spatial: ``random``, a quarter of each frame's positions drawn anew, or ``uniform``, every other row and column.
        frames_K: Memory frames to keep, ascending; None for evenly spaced ones (:func:`uniform_frames`).

    Raises:
        UsageError: If there is no picture or the rule is not known.
    """
    if pictures < 1:
        raise UsageError("plan a memory", found=f"{pictures} pictures", allowed="1 or more")
    frames = max(pictures, LEAST_FRAMES)
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    picks_TP = spatial_positions(frames, FRAME_SIDE, FRAME_SIDE, spatial, generator)
    newline_T1 = torch.full((frames, 1), FRAME_POSITIONS)
    if frames_K is None:
        frames_K = uniform_frames(frames)
    kept_KP = torch.cat((picks_TP, newline_T1), dim=1)[frames_K]
    return Kept((kept_KP + frames_K[:, None] * FRAME_TOKENS).flatten(), frames_K, frames)


def seed_of(content: str) -> int:
    """A seed of 63 bits that is always the same for the same content, such as a file's sha256."""
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8]) >> 1


def repeat_index(pictures: int) -> torch.Tensor:
    """For every memory frame the picture it shows: 0, 1, 2, ... or, below 128 pictures, each repeated evenly."""
    if pictures >= LEAST_FRAMES:
        return torch.arange(pictures)
    return _even(pictures, LEAST_FRAMES)


def spatial_positions(
    frames: int, rows: int, columns: int, rule: Spatial, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Positions kept in every frame of a grid, ascending, as (frames, kept).

    Args:
        frames: Number of frames.
        rows: Height of the grid.
        columns: Width of the grid.
        rule: ``random`` keeps ``ceil(rows * columns / 4)``, those of the smallest of one uniform draw for all frames;
            ``uniform`` keeps every other row and column, from the first.
        generator: CPU generator of the draw; None for torch's own.

    Raises:
        UsageError: If the rule is not known.
    """
    if rule == "random":
        count = -(-rows * columns // KEPT_PART)
        noise_TP = torch.rand(frames, rows * columns, generator=generator)
        return noise_TP.argsort(dim=1)[:, :count].sort(dim=1).values
    if rule == "uniform":
        grid = torch.arange(rows * columns).reshape(rows, columns)[::2, ::2]
        return grid.flatten().expand(frames, -1)
    raise UsageError("keep positions of a frame", found=repr(rule), allowed="random or uniform")


def uniform_frames(frames: int) -> torch.Tensor:
    """A quarter of the frames, at most 512, evenly from the first to the last."""
    kept_K = _even(frames, _count(frames))
    kept_K[-1] = frames - 1
    return kept_K


def keyframe_frames(means_TD: torch.Tensor) -> torch.Tensor:
    """The quarter of the frames least like their eight neighbours in time, at most 512, ascending.

    Args:
        means_TD: Mean SigLIP feature of every memory frame; at the ends of the video there are fewer neighbours.
    """
    unit_TD = torch.nn.functional.normalize(means_TD.float(), dim=-1)
    frames, half = unit_TD.shape[0], WINDOW_FRAMES // 2
    total_T, count_T = (torch.zeros(frames, device=unit_TD.device) for _ in range(2))
    for step in range(1, min(half, frames - 1) + 1):
        near_T = (unit_TD[step:] * unit_TD[:-step]).sum(dim=-1)
        total_T[step:] += near_T
        total_T[:-step] += near_T
        count_T[step:] += 1
        count_T[:-step] += 1
    return _best(-total_T / count_T.clamp(min=1))


def question_frames(means_TD: torch.Tensor, question_D: torch.Tensor) -> torch.Tensor:
    """The quarter of the frames most like the question, at most 512, ascending.

    Args:
        means_TD: Mean projected token of every memory frame.
        question_D: Mean embedding of the question's tokens.
    """
    return _best(torch.nn.functional.cosine_similarity(means_TD.float(), question_D.float()[None], dim=-1))


def _best(score_T: torch.Tensor) -> torch.Tensor:
    """Frames of the highest scores, the earlier of equals, ascending."""
    order_T = score_T.argsort(descending=True, stable=True)
    return order_T[: _count(score_T.shape[0])].sort().values.cpu()


def _count(frames: int) -> int:
    return max(1, min(MOST_KEPT_FRAMES, frames // KEPT_PART))


def _even(frames: int, count: int) -> torch.Tensor:
    return torch.from_numpy(
        np.linspace(0, frames - 1, count).astype(np.int64)
    )  # torch's own rounds otherwise
