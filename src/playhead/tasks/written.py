"""Answers in words, whether written plainly or as the value of a JSON key."""

from __future__ import annotations

from typing import Final

from playhead.tasks.base import Clock, Reading
from playhead.tasks.structured import find_json
from playhead.tasks.timed import cited_spans, no_times
from playhead.tasks.unwrap import unwrap
from playhead.timeline import ParseFailure

_KEYS: Final = (
    "answer",
    "summary",
    "description",
    "caption",
    "text",
    "response",
    "result",
    "答案",
    "回答",
    "摘要",
    "描述",
)


def read_words(text: str, clock: Clock) -> Reading | ParseFailure:
    """A whole answer in words, with the spans it cites as events; a failure when there are no words in it."""
    wrapped = unwrap(text)
    answer = answer_text(wrapped.answer)
    if not answer:
        return no_times(text, wrapped, "words")
    return Reading(text=answer, thinking=wrapped.thinking, events=cited_spans(wrapped, clock))


def answer_text(answer: str) -> str:
    """The words of an unwrapped answer; empty when it holds no letter or digit."""
    stripped = answer.strip()
    if stripped[:1] == "{" and stripped[-1:] == "}":
        for value in find_json(stripped).values:
            if isinstance(value, dict):
                named = next(
                    (value[key] for key in _KEYS if isinstance(value.get(key), (str, int, float))), None
                )
                stripped = stripped if named is None else str(named).strip()
    return stripped if any(character.isalnum() for character in stripped) else ""
