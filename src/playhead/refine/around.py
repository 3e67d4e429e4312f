"""What every mechanism has in common: an engine inside, whose name, seams and limits are its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playhead.media.clip import Video
from playhead.models.base import Engine
from playhead.refine.mechanisms import seams_of
from playhead.refine.settings import Refinement
from playhead.tasks.base import Task


@dataclass(slots=True)
class Around:
    """A mechanism around an engine; what it does is its ``answer``.

    Attributes:
        engine: Who is asked.
        settings: What is wanted.
    """

    engine: Engine
    settings: Refinement

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    @property
    def seams(self) -> frozenset[str]:
        """The engine's."""
        return seams_of(self.engine)

    @property
    def full_s(self) -> float | None:
        """The engine's: what it looks at with its full density, in seconds (:func:`playhead.refine.length.full_s`)."""
        limit_s: float | None = getattr(self.engine, "full_s", None)
        return limit_s

    def video_tokens(self, video: Video, task: Task) -> int | None:
        """What the engine's last look fills, where it counts that."""
        count: Any = getattr(self.engine, "video_tokens", None)
        return None if count is None else count(video, task)
