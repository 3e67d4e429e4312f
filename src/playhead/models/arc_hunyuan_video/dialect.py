"""How ARC-Hunyuan-Video is asked, and in which form it answers.

A request is the question, a line feed, and the suffix the model was trained with, whose scope depends on the task. An
answer is ``<think>...</think><answer>...</answer>``; times in it are clocks, ``HH:MM:SS - HH:MM:SS``, that count from
the start of what the model saw, as the labels burnt into its pictures do. Reading answers is the tasks' own business
(``playhead.tasks``); here is what both ends agree on.

Source: the released code of ARC-Hunyuan-Video for the suffix and the order; its report (arXiv 2507.20939) and demos
for the conventions of each task, told in our own words in ``prompts.toml``.
"""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from playhead.errors import UnsupportedError
from playhead.generate.grammar import Grammar
from playhead.generate.grammars import clock_times
from playhead.media.overlay import hms
from playhead.models.end_to_end import Request
from playhead.models.merge_words import fields, filled
from playhead.tasks.base import Clock, Language, Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
STOP: Final = "</answer>"
ORDERED_S: Final = 900
"""Longest stretch, in seconds, for which a grammar can say that a range ends after it starts without growing large."""

# One sentence a random model can finish: no digits, so that nothing in it looks like a time; %d characters at most.
_WORDS: Final = {"en": r"[A-Za-z][A-Za-z ,'\-]{1,%d}", "zh": r"[\u4e00-\u9fa5][\u4e00-\u9fa5，、]{1,%d}"}
_STOPS: Final = {"en": "[.]", "zh": "。"}
_THINK_CHARS, _LINE_CHARS, _TEXT_CHARS, _TITLE_CHARS = 40, 32, 96, 12
_MAX_LINES, _MAX_RANGES = 4, 2
_CLOCK: Final = re.compile(r"(?<![0-9:])([0-9]{2}):([0-5][0-9]):([0-5][0-9])(?![0-9]|:[0-9])")


def request(
    task: Task,
    *,
    last_s: float,
    start_s: float = 0.0,
    language: Language = "en",
    think: bool = True,
    title: str = "",
) -> Request:
    """A task in the model's own words, what times in its answer mean, and the texts it may answer.

    Args:
        task: Any task but ``watch``.
        last_s: The last time the model is told, in seconds from the start of what it saw.
        start_s: Where that start lies on the video's own clock, in seconds.
        language: Language of the question; the suffix is English in both, as in training.
        think: Whether the suffix is added, which asks for reasoning before the answer. Without it the question stands
            alone; no released prompt is without.
        title: The video's title, which the summary's prompt has a line for; it may be empty.

    Raises:
        UnsupportedError: If the task is none of these.
    """
    lines = prompts()[language]
    if task.name not in lines:
        raise UnsupportedError(f"ARC-Hunyuan-Video is not asked to {task.name}", allowed=", ".join(lines))
    question = filled(lines[task.name], title=title, **fields(task))
    text = f"{question}\n{suffix(task.name)}" if think else question
    clock = Clock(duration_s=last_s, start_s=start_s)
    return Request(text, clock, grammar(task, last_s, language=language, think=think), stop=(STOP,))


def suffix(task: str) -> str:
    """The words that end every request, with the scope of the task's answer; empty scope for most."""
    table = prompts()
    return filled(table["suffix"], scope=table["scope"].get(task, ""))


# --- answers ---------------------------------------------------------------------------------------------------


def grammar(task: Task, last_s: float, *, language: Language = "en", think: bool = True) -> Grammar:
    """The texts that are an answer to a task; reasoning and sentences are short, so that any model comes to an end.

    Ranges begin and end at whole seconds from 0 to the last label, and end after they begin (where what was seen is at
    most :data:`ORDERED_S` long). Sentences hold no digits: a grammar is for models that cannot write on their own.
    """
    if isinstance(task, Choose):
        answer = f"[{''.join(task.labels)}]"
    elif isinstance(task, Ground):
        one = clock_range(last_s)
        answer = f"{one}(, {one}){{0,{_MAX_RANGES - 1}}}"
    elif task.name in ("events", "chapters"):
        title = _WORDS[language] % _TITLE_CHARS + ": " if task.name == "chapters" else ""
        line = f"{clock_range(last_s)} {title}{sentence(language, _LINE_CHARS)}"
        answer = f"{line}(\\n{line}){{0,{_MAX_LINES - 1}}}"
    else:
        answer = sentence(language, _TEXT_CHARS)
    return tagged(answer, language=language, think=think)


def tagged(answer: str, *, language: Language = "en", think: bool = True) -> Grammar:
    """An answer (a regular expression) in its tags, after a short reasoning where one is asked for."""
    if not think:
        return Grammar(regex=answer)
    return Grammar(regex=f"<think>{sentence(language, _THINK_CHARS)}</think><answer>{answer}{STOP}")


def sentence(language: Language = "en", most_chars: int = _TEXT_CHARS) -> str:
    """A regular expression for a sentence without digits."""
    return _WORDS[language] % most_chars + _STOPS[language]


def clock_range(last_s: float) -> str:
    """A regular expression for ``HH:MM:SS - HH:MM:SS`` within 0 to ``last_s``, rounded up to a whole second, at least 1."""
    last = max(1, math.ceil(last_s))
    if last > ORDERED_S:
        return f"{clock_times(last)} - {clock_times(last)}"
    ranges = []
    for minute in range(last // 60 + 1):
        top = min(59, last - 60 * minute)
        head = f"00:{minute:02d}:"
        ranges += [f"{head}{second:02d} - {head}{_two(second + 1, top)}" for second in range(top)]
        if minute < last // 60:
            later = [f"00:{last // 60:02d}:{_two(0, last % 60)}"]
            if minute + 1 < last // 60:
                later.append(f"00:{_two(minute + 1, last // 60 - 1)}:[0-5][0-9]")
            ranges.append(f"{head}[0-5][0-9] - ({'|'.join(later)})")
    return f"({'|'.join(ranges)})"


def _two(first: int, last: int) -> str:
    """A regular expression for the two-digit numbers from ``first`` to ``last``."""
    parts = []
    for tens in range(first // 10, last // 10 + 1):
        low = first % 10 if tens == first // 10 else 0
        high = last % 10 if tens == last // 10 else 9
        parts.append(f"{tens}[{low}-{high}]")
    return f"({'|'.join(parts)})"


def on_the_videos_clock(text: str, start_s: float, last_s: float) -> str:
    """A model's words with their ``HH:MM:SS`` moved from the clock of what it saw to the whole video's.

    Args:
        text: Words that may name times.
        start_s: Where what it saw starts on the video's clock, in seconds; whole seconds are written.
        last_s: The last time it was told; a later one is no time of the video (a clock on the wall) and stays.
    """

    def moved(match: re.Match[str]) -> str:
        at_s = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        return hms(at_s + start_s) if at_s <= last_s else match[0]

    return _CLOCK.sub(moved, text) if start_s else text


# --- words -----------------------------------------------------------------------------------------------------


@cache
def prompts() -> dict[str, Any]:
    """All words of ``prompts.toml``."""
    file = resources.files("playhead.models.arc_hunyuan_video") / "prompts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
