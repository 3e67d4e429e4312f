"""``ask``: a free question about a video, answered in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.check import require_words
from playhead.tasks.wording import prompt
from playhead.tasks.written import read_words
from playhead.timeline import ParseFailure


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer a question.

    Attributes:
        question: What the user wants to know.

    Raises:
        UsageError: If the question is empty.
    """

    question: str
    name: ClassVar[str] = "ask"

    def __post_init__(self) -> None:
        require_words(self.question, "ask a question")

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask it."""
        return prompt(self.name, style, question=self.question.strip())

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The answer in words, with the spans it cites as events; a failure when there are no words in it."""
        return read_words(text, clock)
