"""``describe``: what happens in a video, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.wording import prompt
from playhead.tasks.written import read_words
from playhead.timeline import ParseFailure


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what happens in the video."""

    name: ClassVar[str] = "describe"

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask for a description."""
        return prompt(self.name, style)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The description; a failure when there are no words in it."""
        return read_words(text, clock)
