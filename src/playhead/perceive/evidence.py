"""What the senses bring home from one pass over a video: lanes of timed marks, and picture vectors.

Axes: P picture, D embedding dimension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from playhead.media.clip import MediaInfo, Times
from playhead.timeline import Mark, Sampling, Span, Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A video as timed evidence: everything an engine that reads evidence may know of it.

    Attributes:
        info: Facts of the file.
        window: The part that was looked at and listened to, in seconds.
        sampling: Which pictures were looked at and how much sound was heard.
        transcript: Speech with word times; None when there was no sound to listen to.
        lanes: Marks by lane, each ascending: ``shots``, ``speech``, ``text``, ``sounds``, ``objects``, ``motion``.
        picture_times_s: Times of the pictures that have a vector, shape (P,).
        picture_vectors_PD: Unit-length float32 picture embeddings, shape (P, D); (0, 0) when there are none.
        models: Names of the weights that wrote the lanes.
    """

    info: MediaInfo
    window: Span
    sampling: Sampling
    transcript: Transcript | None
    lanes: Mapping[str, tuple[Mark, ...]]
    picture_times_s: Times
    picture_vectors_PD: npt.NDArray[np.float32]
    models: tuple[str, ...]
