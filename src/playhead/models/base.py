"""What every engine offers: an answer to a task about a part of a video."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from playhead.media.clip import Video
from playhead.progress import Progress, silent
from playhead.tasks.base import Task
from playhead.timeline import Answer


@runtime_checkable
class Engine(Protocol):
    """One model system behind the one call all share."""

    name: str

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video, with times in seconds on the video's own clock.

        Raises:
            MediaError: The file cannot give what the task needs.
            WeightsError: The engine's weights are not to be had.
            UnsupportedError: The engine does not offer the task.
        """
        ...
