"""Features as the authors publish and train on them: one ``.pt`` file for a video, read without running code in it.

Axes: T frame, P place in the 8 x 8 grid, C channel.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch

from playhead.errors import WeightsError
from playhead.models.hour_llava.forget import FRAME_POSITIONS
from playhead.sequence.layout import Ids


def resampled(stored: int, duration_s: float) -> Ids:
    """Which stored frames the released loader uses: ``min(stored, int(duration))`` of them, evenly.

    A clip of 60.04 s that was stored as 128 frames is used as 60; one that states less than a second leaves none.

    Args:
        stored: Frames in the file.
        duration_s: The length the file states.

    Returns:
        int64 row numbers, ascending.
    """
    return np.linspace(0, stored - 1, min(stored, int(duration_s))).astype(np.int64)


def read_features(path: Path, channels: int) -> tuple[torch.Tensor, float]:
    """Features and the stated duration of a published file: a dict of ``vid_feat`` (T, 64, C) and ``duration``.

    Args:
        path: The ``.pt`` file.
        channels: Channels of the model's vision tower.

    Returns:
        The features, memory-mapped where torch can, of shape (T, 64, C), and the duration in seconds.

    Raises:
        WeightsError: The file cannot be read, or holds something else.
    """
    asked = f"read features of {path}"
    try:
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(asked, found=str(error)[:300], allowed="a .pt file saved by torch") from error
    if not isinstance(held, dict) or not {"vid_feat", "duration"} <= held.keys():
        raise WeightsError(
            asked,
            found=f"{sorted(held) if isinstance(held, dict) else type(held).__name__}",
            allowed="vid_feat and duration",
        )
    features_TPC, duration_s = held["vid_feat"], float(held["duration"])
    if features_TPC.ndim == 4:  # (T, 8, 8, C) is the same in memory
        features_TPC = features_TPC.flatten(1, 2)
    if features_TPC.ndim != 3 or tuple(features_TPC.shape[1:]) != (FRAME_POSITIONS, channels):
        raise WeightsError(
            asked,
            found=f"features of shape {tuple(features_TPC.shape)}",
            allowed=f"(frames, {FRAME_POSITIONS}, {channels})",
        )
    if int(duration_s) < 1:
        raise WeightsError(
            asked,
            found=f"a stated duration of {duration_s:g} s, which leaves no frame",
            allowed="1 s and more",
        )
    return features_TPC, duration_s
