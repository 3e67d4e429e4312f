"""How these models are asked and what their numbers mean: two digits, each a hundredth of what was looked at.

Times in a prompt and in an answer are ``00`` to ``99``; a question is asked in the words of the training data, an
answer is held to (or read in) the forms that data has: ``From 12 to 57.``, ``From 12 to 57, text.``, JSON.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from playhead.errors import UnsupportedError, UsageError
from playhead.generate.grammar import FREE_TEXT, Grammar
from playhead.models.end_to_end import Request
from playhead.models.vtimellm.layout import PLACEHOLDER
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, Task
from playhead.tasks.bins import bin_text
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Span

BINS: Final = 100

EventsForm = Literal["json", "lines"]
GroundForm = Literal["question", "dictated"]

_NAME: Final = re.compile(r"\{([a-z]+)\}")
_MOST_ITEMS: Final = 6
_WORDS: Final = r"[A-Za-z][A-Za-z ,'\-]{1,80}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words and forms of one system.

    Attributes:
        events: Whether dense captions are asked for as JSON (VTimeLLM's evaluation) or as lines (LongVALE-LLM's).
        ground: Whether a moment is asked for by VTimeLLM's question, or with the form of the answer dictated
            (LongVALE-LLM's evaluation).
        demo_space: Whether a blank stands before the question, as in VTimeLLM's own demo and dense-captioning
            evaluation, by accident; its training data has none.
    """

    events: EventsForm = "json"
    ground: GroundForm = "question"
    demo_space: bool = False

    def request(self, task: Task, extent: Span) -> Request:
        """A task in the system's words.

        Args:
            task: What is asked.
            extent: What the answer's hundredths are hundredths of, in seconds on the video's clock.

        Raises:
            UsageError: If the user's words hold the video's placeholder.
            UnsupportedError: If the task is none that these models are asked.
        """
        words, grammar = self._words(task)
        if PLACEHOLDER in words:
            raise UsageError(
                f"ask {words!r:.80}", found=f"{PLACEHOLDER} in it", todo=f"write it without {PLACEHOLDER}"
            )
        return Request(words, Clock(extent.duration_s, extent.start_s, BINS), grammar)

    def user_turn(self, words: str) -> str:
        """What the user's turn says: the video, a line end, and the words."""
        return f"{PLACEHOLDER}\n{' ' if self.demo_space else ''}{words}"

    def _words(self, task: Task) -> tuple[str, Grammar]:
        prompts = _prompts()
        if isinstance(task, Describe):
            return prompts["describe"]["ask"], _sentence()
        if isinstance(task, Events):
            return prompts["events"][self.events], _json_items() if self.events == "json" else _lines(
                f"{_WORDS}\\."
            )
        if isinstance(task, Chapters):
            return prompts["chapters"]["lines"], _lines(f"[A-Za-z][A-Za-z '\\-]{{1,30}}: {_WORDS}\\.")
        if isinstance(task, Ground):
            words = _fill(prompts["ground"][self.ground], query=plain_query(task.query))
            return words, Grammar(regex=f" ?From {_range(1)}\\.")  # ends where its last bin begins
        if isinstance(task, Ask):
            return _fill(prompts["ask"]["ask"], question=task.question.strip()), _sentence()
        if isinstance(task, Choose):
            pairs = zip(task.labels, task.options, strict=True)
            options = "\n".join(f"{label}. {option.strip()}" for label, option in pairs)
            words = _fill(prompts["choose"]["ask"], question=task.question.strip(), options=options)
            return words, Grammar(regex=f" ?[{''.join(task.labels)}]")
        raise UnsupportedError(f"ask VTimeLLM for {task.name!r}", todo="use the engine scout")


def plain_query(query: str) -> str:
    """A query as VTimeLLM's evaluation puts it into its question: trimmed, in lower case, less its final period."""
    return query.strip().lower().removesuffix(".")


def fill_times(text: str, seconds: Mapping[str, float], duration_s: float) -> str:
    """Training text with its placeholders ``<s0>``, ``<e0>``, ... as two digits; others are left as they are.

    Args:
        text: What is said in a sample.
        seconds: Placeholder to seconds from the start of the clip used.
        duration_s: Length of the clip used, in seconds.
    """
    if not seconds:
        return text
    written = {name: bin_text(at_s, duration_s, BINS) for name, at_s in seconds.items()}
    names = sorted(written, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), lambda match: written[match[0]], text)


def _fill(template: str, **fields: str) -> str:
    """Put fields into ``{names}`` in one pass, so that nothing within a field is filled again."""
    return _NAME.sub(lambda match: fields.get(match[1], match[0]), template)


@cache
def _prompts() -> dict[str, dict[str, str]]:
    file = resources.files("playhead.models.vtimellm") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


# --- forms of answers: a blank may come first, since Llama's words carry one ---------------------------------------


def _sentence() -> Grammar:
    return Grammar(regex=f" ?{FREE_TEXT.regex}")


@cache
def _range(least: int = 0) -> str:
    """``SS to EE`` of which the second is so much later than the first, so that it is always a stretch of time."""
    after: list[str] = []
    for start in range(BINS - least):
        tens, ones = divmod(start + least, 10)
        ends = [f"{tens}[{ones}-9]"]
        if tens < 9:
            ends.append(f"[{tens + 1}-9][0-9]")
        after.append(f"{start:02d} to ({'|'.join(ends)})")
    return f"({'|'.join(after)})"


def _lines(words: str) -> Grammar:
    line = f"From {_range()}, {words}"
    return Grammar(regex=f" ?{line}(\\n{line}){{0,{_MOST_ITEMS - 1}}}")


def _json_items() -> Grammar:
    item = f'\\{{"event": "{_WORDS}\\.", "timestamps": "from {_range()}"\\}}'
    return Grammar(regex=f" ?\\[{item}(, {item}){{0,{_MOST_ITEMS - 1}}}\\]")
