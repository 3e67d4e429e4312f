"""Whatever a model writes, reading it raises nothing, takes linear time, and keeps every span inside the video."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, Reading, Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.fold import fold
from playhead.tasks.ground import Ground
from playhead.tasks.registry import TASKS
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch
from playhead.timeline import ParseFailure

EVERY_TASK = (
    Watch(), Describe(), Events(), Chapters(), Ground("a dog"), Ground("a dog", reader="vtimellm-published"),
    Ask("Why?"), Choose("What?", ("a cat", "a dog", "no one")), Transcribe(),
)  # fmt: skip

PIECES = [
    "0:05", "1:02:03.4", "12.5", "12.5s", " to ", " - ", "-", "–", ",", "[", "]", "(", ")", "{", "}", "<", ">", '"', "'", ":", "|",
    "\n", " ", "from ", "between ", " and ", "start", "end", "start: ", "end: ", '"start":', '"end":', '"timestamps":', "null", "NaN",
    "1e999", "-5", "99", "100", "9" * 30, "<think>", "</think>", "<answer>", "</answer>", "<span>", "<glue>", "</glue>", "none", "[]",
    "秒", "分", "从", "到", "开始", "结束", "没有", "：", "٣", "½", "\u0000", "\ud800", "İ", "A", "B.", "(C)", "answer is ", "option ", "not ",
    "minutes", " seconds", "s", "ms", "h", "%", "the", "1. ", "- ", "| ", "```", "```json", "\\", "\u2028", "😀",
]  # fmt: skip

HUGE = 1_000_000
ANSWERS_1MB = {
    "digits": "9" * HUGE,
    "spaces": " " * HUGE,
    "colons": ":" * HUGE,
    "clocks": "0:05 - " * (HUGE // 7),
    "numbers": "1 " * (HUGE // 2),
    "number and gaps": ("1" + " " * 15) * (HUGE // 16),
    "number and closers": ("1" + ") " * 8 + "-" + " (" * 8) * (HUGE // 34),
    "starts": ("start" + " " * 30) * (HUGE // 35),
    "labels": ("start 5 " + "x" * 60) * (HUGE // 68),
    "brackets": "[" * HUGE,
    "braces": "{" * HUGE,
    "pairs open": "[1," * (HUGE // 3),
    "objects open": '{"a":' * (HUGE // 5),
    "quotes": "'" * HUGE,
    "open strings": '["' * (HUGE // 2),
    "round": "(" * HUGE,
    "think": "<think>" * (HUGE // 7),
    "answer": "<answer>" * (HUGE // 8),
    "closing": "</answer></think>" * (HUGE // 17),
    "tags": "<span " * (HUGE // 6),
    "lines": "0:05 - 0:09 text\n" * (HUGE // 17),
    "numbering": "1. 1. 1. " * (HUGE // 9),
    "dashes": "-" * HUGE,
    "commas": "5,5,5," * (HUGE // 6),
    "trailing commas": "[1," + " " * HUGE + "]",
    "words": "the answer is not option " * (HUGE // 25),
    "letters": "A B C " * (HUGE // 6),
    "not": "is not " * (HUGE // 7),
    "there is no": "there is no a " * (HUGE // 14),
    "chinese": "从" * (HUGE // 3),
    "arabic digits": "٣" * (HUGE // 2),
    "units": "5 minutes and " * (HUGE // 14),
    "fences": "```\n" * (HUGE // 4),
    "pipes": "|" * HUGE,
    "one long line": "0:05 - 0:09 " + "word " * (HUGE // 5),
    "two on a line": ("0:05 - 0:09 " + "word " * 100) * (HUGE // 512),
    "spaces at ends": " " * (HUGE // 2) + "x" + " " * (HUGE // 2),
}


def holds(task: Task, text: str, clock: Clock) -> None:
    reading = task.read(text, clock)
    if isinstance(reading, ParseFailure):
        assert reading.text == text
        assert reading.reason
        return
    assert isinstance(reading, Reading)
    for event in (*reading.events, *reading.chapters):
        assert clock.start_s <= event.span.start_s <= event.span.end_s
        assert event.span.end_s <= clock.start_s + clock.duration_s + 1e-6


@settings(max_examples=150)
@given(st.text(), st.floats(0, 1e5), st.sampled_from([None, 100]))
def test_any_text_is_read_or_refused(text, duration_s, bins):
    for task in EVERY_TASK:
        holds(task, text, Clock(duration_s, bins=bins))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from([None, 100]))
def test_any_mixture_of_what_answers_are_made_of_is_read_or_refused(text, bins):
    for task in EVERY_TASK:
        holds(task, text, Clock(100.0, start_s=7.0, bins=bins))


def read_within(text: str, limit_s: float) -> None:
    for task in (Ground("a dog"), Events(), Choose("What?", ("a cat", "a dog")), Ask("Why?")):
        begun = time.process_time()
        holds(task, text, Clock(600.0))
        assert time.process_time() - begun < limit_s, task.name


@pytest.mark.parametrize("kind", ANSWERS_1MB)
def test_a_long_answer_takes_linear_time(kind):
    """50 kB take at most 0.3 s here; reading that is quadratic in any place would take minutes."""
    read_within(ANSWERS_1MB[kind][:50_000], limit_s=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ANSWERS_1MB)
def test_a_megabyte_takes_linear_time(kind):
    read_within(ANSWERS_1MB[kind], limit_s=60.0)


@pytest.mark.parametrize("opener", ["[", "{", "(", '[{"a":', "<think>", "<answer>"])
def test_ten_thousand_nested_brackets_are_refused(opener):
    for task in EVERY_TASK:
        if task.name not in ("describe", "ask", "watch", "transcribe"):
            assert isinstance(task.read(opener * 10_000, Clock(60.0)), ParseFailure)
        holds(task, opener * 10_000 + "5", Clock(60.0))


@given(st.text())
def test_folding_keeps_every_position(text):
    assert len(fold(text)) == len(text)


def test_every_task_is_in_the_registry_by_its_name():
    assert all(name == kind.name for name, kind in TASKS.items())
    assert {type(task) for task in EVERY_TASK} == set(TASKS.values())
    assert all(isinstance(task, Task) for task in EVERY_TASK)
