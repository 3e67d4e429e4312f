"""What a task is: how to ask a model, and how to read what it answers. A task knows no model.

A model family says in which style it wants to be asked (:class:`PromptStyle`) and what the numbers in its answers
mean (:class:`Clock`); the task owns the words on both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

from playhead.timeline import Event, ParseFailure, Transcript

Language = Literal["en", "zh"]
TimeStyle = Literal["seconds", "clock", "bins", "frames"]


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """How a model family wants to be asked.

    Attributes:
        language: Language of the prompt.
        times: How times are to be written in the answer: ``12.5`` seconds, ``00:01:02`` clock, two-digit bins, or the
            numbers of pictures.
        think: Whether reasoning in ``<think>`` tags is asked for before an ``<answer>``.
    """

    language: Language = "en"
    times: TimeStyle = "seconds"
    think: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """What the numbers in an answer mean.

    Attributes:
        duration_s: Length of what the model saw, in seconds; times past it are clipped and flagged.
        start_s: Where that part begins on the whole video's clock; added to every time read.
        bins: Number of equal parts the duration is cut into when bare integers are bins (VTimeLLM: 100), else None.
        frames_s: When each picture begins, in seconds from the start, where whole numbers name pictures (NumPro),
            the first by 0; else None. A range ends with its last picture: when the next one begins.
    """

    duration_s: float
    start_s: float = 0.0
    bins: int | None = None
    frames_s: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to say to the model, less its chat template.

    Attributes:
        text: The request.
        json_schema: Schema the answer must follow, for engines that can constrain decoding, or None.
    """

    text: str
    json_schema: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read from a model's answer; times are seconds on the whole video's clock.

    Attributes:
        title: A short name for the whole video.
        text: Summary, description, answer or transcript in words.
        thinking: Reasoning that came before the answer.
        events: Timed events; for ``ground`` the spans found; for ``ask`` and ``choose`` the spans cited.
        chapters: Timed chapters, ascending.
        choice: Letter of the chosen option.
        transcript: Spoken words with times.
        flags: What was not right with the answer as a whole: ``reversed``, ``outside``, ``clipped``, ``cut off``, ...
    """

    title: str = ""
    text: str = ""
    thinking: str = ""
    events: tuple[Event, ...] = ()
    chapters: tuple[Event, ...] = ()
    choice: str | None = None
    transcript: Transcript | None = None
    flags: tuple[str, ...] = ()


@runtime_checkable
class Task(Protocol):
    """One kind of question about a video."""

    name: ClassVar[str]

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for it."""
        ...

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """What an answer says, or why it cannot be read."""
        ...
