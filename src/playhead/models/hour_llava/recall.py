"""A video's memory as MemAug reads it: some tokens at a time, wherever they lie and however far they are prepared.

Axes: T picture, P position of a picture, C feature width, M memory token, D width of the language model, R row.
"""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

import torch

from playhead.errors import UsageError
from playhead.models.hour_llava.forget import FRAME_POSITIONS, FRAME_TOKENS, repeat_index

CHUNK_TOKENS: Final = 256 * FRAME_TOKENS
"""Memory tokens read at once: 256 frames, 120 MB in 16-bit floats at 7B width."""


class Memory(Protocol):
    """Projected memory tokens of one sample, read in pieces."""

    def __len__(self) -> int:
        """Number of memory tokens M."""
        ...

    def read(self, first: int, stop: int) -> torch.Tensor:
        """Tokens ``first`` to ``stop``, (stop - first, D), on the model's device and in its type."""
        ...

    def rows(self, rows_R: torch.Tensor) -> torch.Tensor:
        """The tokens of some rows, (R, D)."""
        ...


class Tokens:
    """Memory that is projected already: a tensor, memory-mapped or not.

    Args:
        tokens_MD: The tokens.
        like: A tensor of the device and type the tokens are wanted in.
    """

    def __init__(self, tokens_MD: torch.Tensor, like: torch.Tensor) -> None:
        self._tokens_MD, self._like = tokens_MD, like

    def __len__(self) -> int:
        return int(self._tokens_MD.shape[0])

    def read(self, first: int, stop: int) -> torch.Tensor:
        """Tokens ``first`` to ``stop``."""
        return self._tokens_MD[first:stop].to(self._like)

    def rows(self, rows_R: torch.Tensor) -> torch.Tensor:
        """The tokens of some rows."""
        return self._tokens_MD[rows_R.to(self._tokens_MD.device)].to(self._like)


class Frames:
    """Memory that is one row a picture: features yet to be projected, or projected frames with their newlines.

    A video of fewer than 128 pictures is repeated up to 128 memory frames.

    Args:
        frames_TPX: (T, P, C) features or (T, P + 1, D) projected tokens, memory-mapped or not.
        prepare: From some of these rows to their projected tokens (T, P + 1, D) on the model's device.
    """

    def __init__(self, frames_TPX: torch.Tensor, prepare: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._frames_TPX, self._prepare = frames_TPX, prepare
        self._shown_T = repeat_index(int(frames_TPX.shape[0]))

    def __len__(self) -> int:
        return int(self._shown_T.shape[0]) * FRAME_TOKENS

    def read(self, first: int, stop: int) -> torch.Tensor:
        """Tokens ``first`` to ``stop``."""
        start, end = first // FRAME_TOKENS, -(-stop // FRAME_TOKENS)
        shown = self._shown_T[start:end]
        low, high = int(shown[0]), int(shown[-1]) + 1
        tokens_TPD = self._prepare(self._frames_TPX[low:high])
        tokens_TPD = tokens_TPD[(shown - low).to(tokens_TPD.device)]
        return tokens_TPD.flatten(0, 1)[first - start * FRAME_TOKENS : stop - start * FRAME_TOKENS]

    def rows(self, rows_R: torch.Tensor) -> torch.Tensor:
        """The tokens of some rows; every picture among them is prepared once."""
        rows_R = rows_R.cpu()
        pictures_R = self._shown_T[rows_R // FRAME_TOKENS]
        needed, place_R = pictures_R.unique(return_inverse=True)
        tokens_TPD = self._prepare(self._frames_TPX[needed.to(self._frames_TPX.device)])
        return tokens_TPD[place_R.to(tokens_TPD.device), (rows_R % FRAME_TOKENS).to(tokens_TPD.device)]


def open_memory(
    memory: torch.Tensor, project: Callable[[torch.Tensor], torch.Tensor], newline_D: torch.Tensor
) -> Memory:
    """A sample's memory, told apart by its shape.

    Args:
        memory: (T, 64, C) pooled features, (T, 65, D) projected frames with newlines, (M, D) projected tokens, or
            features (I, S * S, C) of still images of one tile each, S other than 8.
        project: The projector, from (..., C) to (..., D).
        newline_D: The learned newline, on the model's device and in its type.

    Raises:
        UsageError: If the shape is none of these.
    """
    if memory.ndim == 2 and memory.shape[1] == newline_D.shape[0]:
        return Tokens(memory, newline_D)
    if memory.ndim == 3 and memory.shape[0] > 0:
        if memory.shape[1:] == (FRAME_TOKENS, newline_D.shape[0]):
            return Frames(memory, lambda part: part.to(newline_D))
        if memory.shape[1] == FRAME_POSITIONS:
            return Frames(memory, lambda part: with_newlines(project(part.to(newline_D)), newline_D))
        if math.isqrt(memory.shape[1]) ** 2 == memory.shape[1]:
            return Tokens(with_newlines(project(memory.to(newline_D)), newline_D).flatten(0, 1), newline_D)
    raise UsageError(
        "read a memory",
        found=f"shape {tuple(memory.shape)}",
        allowed=f"(T, {FRAME_POSITIONS}, C), (T, {FRAME_TOKENS}, {newline_D.shape[0]}), (M, {newline_D.shape[0]}) "
        "or (I, S * S, C)",
    )


def with_newlines(tokens_TPD: torch.Tensor, newline_D: torch.Tensor) -> torch.Tensor:
    """Put the newline behind the tokens of every picture: (T, P, D) to (T, P + 1, D)."""
    newline_T1D = newline_D.to(tokens_TPD).expand(tokens_TPD.shape[0], 1, -1)
    return torch.cat((tokens_TPD, newline_T1D), dim=1)
