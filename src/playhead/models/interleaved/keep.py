"""What was encoded of a video as it is kept on disk, and found again.

Axes: M token, D width.
"""

from __future__ import annotations

import torch

from playhead.media.clip import MediaInfo
from playhead.models.end_to_end import Look
from playhead.models.interleaved.pictures import Seen
from playhead.models.kept import Entry
from playhead.models.pictures import keep
from playhead.models.pictures.keep import Recalled


def entry_of(look: Look[Seen], features_MD: torch.Tensor) -> Entry:
    """A look with its features as it is kept."""
    seen = look.data
    arrays = {"grids_F2": seen.grids_F2, "kept_M": seen.kept_M, "small_F": seen.small_F}
    return keep.entry_of(look, seen.told, arrays, {"features_MD": features_MD})


def look_of(entry: Entry, info: MediaInfo, *, device: torch.device) -> Look[Seen]:
    """A kept look with its features, its pictures left out.

    Args:
        entry: As it was kept.
        info: The container's facts.
        device: Where the features go.

    Raises:
        KeyError: Something is missing in it.
    """
    kept = Recalled(entry)
    seen = Seen(
        prepared=None,
        grids_F2=kept.array("grids_F2"),
        times_s=kept.times_s,
        told=kept.told,
        moments=kept.moments(),
        kept_M=kept.mask("kept_M"),
        small_F=kept.mask("small_F"),
        features_MD=entry.tensors["features_MD"].to(device),
    )
    return kept.look(info, seen)
