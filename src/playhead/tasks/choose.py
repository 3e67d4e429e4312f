"""``choose``: a multiple-choice question about a video, answered with an option's letter."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import ClassVar, Final

from playhead.errors import UsageError
from playhead.tasks.base import Clock, Prompt, PromptStyle, Reading
from playhead.tasks.check import require_words
from playhead.tasks.options import chosen_label
from playhead.tasks.timed import cited_spans, no_times
from playhead.tasks.unwrap import unwrap
from playhead.tasks.wording import prompt
from playhead.timeline import ParseFailure

LABELS: Final = string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose one option.

    Attributes:
        question: What is asked.
        options: What may be chosen, in order; they are labelled ``A``, ``B``, ...
        repeats: Whether two options may say the same, as in ten questions of Video-MME; only letters tell them apart.

    Raises:
        UsageError: If the question is empty, there are fewer than 2 or more than 26 options, one is empty, or two are
            the same and may not be.
    """

    question: str
    options: tuple[str, ...]
    repeats: bool = False
    name: ClassVar[str] = "choose"

    def __post_init__(self) -> None:
        require_words(self.question, "ask a question")
        object.__setattr__(self, "options", tuple(self.options))
        if not all(isinstance(option, str) for option in self.options):
            raise UsageError("cannot choose", found=f"{self.options!r:.80}", allowed="a list of str")
        if not 2 <= len(self.options) <= len(LABELS):
            raise UsageError(
                "cannot choose", found=f"{len(self.options)} options", allowed=f"2 to {len(LABELS)} options"
            )
        seen: dict[str, str] = {}
        for option in self.options:
            if not option.strip():
                raise UsageError("cannot choose", found="an empty option", todo="give every option some text")
            same = " ".join(option.casefold().split())
            if same in seen and not self.repeats:
                raise UsageError(
                    "cannot choose", found=f"the option {option!r} twice", todo="give each option once"
                )
            seen[same] = option

    @property
    def labels(self) -> tuple[str, ...]:
        """The options' letters: ``A``, ``B``, ..."""
        return tuple(LABELS[: len(self.options)])

    def render(self, style: PromptStyle) -> Prompt:
        """The words that ask it, one option on each line."""
        lines = "\n".join(
            f"{label}. {option.strip()}" for label, option in zip(self.labels, self.options, strict=True)
        )
        schema: dict[str, object] = {"type": "string", "enum": list(self.labels)}
        return prompt(self.name, style, schema, question=self.question.strip(), options=lines)

    def read(self, text: str, clock: Clock) -> Reading | ParseFailure:
        """The chosen letter, with the spans the answer cites as events; a failure when it is not one letter."""
        wrapped = unwrap(text)
        if not any(character.isalnum() for character in wrapped.answer):
            return no_times(text, wrapped)
        label, reason = chosen_label(wrapped.answer, self.options)
        if label is None:
            return ParseFailure(text, reason)
        return Reading(choice=label, thinking=wrapped.thinking, events=cited_spans(wrapped, clock))
