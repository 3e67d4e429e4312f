"""What every engine offers: an answer to a task about a part of a video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from playhead.media.clip import Video
from playhead.progress import Progress, silent
from playhead.tasks.base import Task
from playhead.timeline import Answer


@runtime_checkable
class Engine(Protocol):
    """One model system behind the one call all share."""

    @property
    def name(self) -> str:
        """Name it was loaded by."""
        ...

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video, with times in seconds on the video's own clock.

        Raises:
            MediaError: The file cannot give what the task needs.
            WeightsError: The engine's weights are not to be had.
            UnsupportedError: The engine does not offer the task.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to a model and what it wrote, word for word.

    Attributes:
        prompt: The user's turn, less the chat template and what stands for the video.
        written: The model's own text, before anything is read from it.
        finished: Whether the model ended by itself, rather than at its longest allowed length.
    """

    prompt: str
    written: str
    finished: bool


@runtime_checkable
class Overheard(Protocol):
    """An engine that tells every exchange with its model to whoever asks, so that answers can be read again later."""

    on_exchange: Callable[[Exchange], None] | None


@runtime_checkable
class Prepares(Protocol):
    """An engine that can look at the next video while its model answers about another."""

    def prepare(self, video: Video, *, progress: Progress = silent) -> None:
        """Do ahead, from another thread, what answering about a video takes before its model is needed.

        What is prepared is kept until the video is asked about, of the last few videos only. An engine, or a setting of
        it, for which there is nothing to do ahead returns at once.

        Raises:
            PlayheadError: As answering would; asking about the video raises the same again.
        """
        ...
