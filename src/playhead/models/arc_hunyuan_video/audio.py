"""Sound to vectors, and vectors onto the frames they were heard with.

The encoder is transformers' Whisper encoder as it is: 50 vectors a second, 1500 for each 30 s chunk, silence included.

Axes: K chunk of 30 s, M vector of all chunks in a row, F frame, S slot of a frame, D width.
"""

from __future__ import annotations

import torch
from torch import nn

from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video.reconcile import NOTHING


def projector(audio_width: int, width: int) -> nn.Sequential:
    """The two-layer perceptron between the speech encoder and the decoder; the released weights call it ``mlp2``."""
    return nn.Sequential(
        nn.LayerNorm(audio_width),
        nn.Linear(audio_width, width),
        nn.GELU(),
        nn.Linear(width, width),
    )


def add_sound(frames_FSD: torch.Tensor, sound_MD: torch.Tensor, index_FS: torch.Tensor) -> torch.Tensor:
    """Add to each slot of each frame the sound vector named for it.

    Args:
        frames_FSD: Vectors of the pictures.
        sound_MD: Vectors of the sound, chunk after chunk.
        index_FS: int64 row of ``sound_MD`` for each slot, -1 where none is added.

    Raises:
        UsageError: If the index is not of one entry per slot, or names a row that is not there; with both numbers.
    """
    if index_FS.shape != frames_FSD.shape[:2]:
        raise UsageError(
            "add sound to frames",
            found=f"an index of shape {tuple(index_FS.shape)}",
            allowed=f"one entry for each slot of each frame, {tuple(frames_FSD.shape[:2])}",
        )
    last, first = int(index_FS.max()), int(index_FS.min())
    if last >= sound_MD.shape[0] or first < NOTHING:
        raise UsageError(
            "add sound to frames",
            found=f"indices from {first} to {last} for {sound_MD.shape[0]} sound vectors",
            allowed=f"{NOTHING} (nothing) to {sound_MD.shape[0] - 1}",
        )
    index_FS = index_FS.to(sound_MD.device)
    heard_FSD = sound_MD[index_FS.clamp(min=0)] * (index_FS != NOTHING).unsqueeze(-1)
    return frames_FSD + heard_FSD.to(frames_FSD.device, frames_FSD.dtype)
