"""What ARC-Hunyuan-Video is asked, and which of its ways to answer can be read."""

from __future__ import annotations

import re

import pytest

from playhead.errors import UnsupportedError
from playhead.models.arc_hunyuan_video import dialect
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.timeline import ParseFailure, Span

TASKS = (
    Describe(),
    Events(),
    Chapters(),
    Ground("a red car"),
    Ask("Why {does} it stop?"),
    Choose("Which colour?", ("red", "blue", "green")),
)
CLOCK = Clock(duration_s=90.0)
SUFFIX = (
    "Output the thinking process in <think> </think> and final answer{} in <answer> </answer> tags, i.e., "
    "<think> reasoning process here </think><answer> answer here </answer>."
)


@pytest.mark.parametrize(
    ("task", "scope"),
    [
        (Describe(), ""),
        (Events(), ""),
        (Chapters(), ""),
        (Ask("why?"), ""),
        (Ground("x"), " (only time range)"),
        (Choose("q?", ("a", "b")), " (only option index)"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("language", dialect.LANGUAGES)
def test_every_request_ends_with_the_trained_suffix_in_english(task, scope, language) -> None:
    made = dialect.request(task, last_s=60, language=language)
    assert made.text.endswith("\n" + SUFFIX.format(scope))
    assert made.stop == ("</answer>",)


def test_options_are_one_on_a_line_after_the_question() -> None:
    made = dialect.request(Choose("Which colour?", ("red", "blue")), last_s=60)
    assert made.text.splitlines()[:3] == ["Which colour?", "A.red", "B.blue"]


def test_a_summary_has_a_line_for_the_title_which_may_be_empty() -> None:
    assert dialect.request(Describe(), last_s=60, title="Tea").text.startswith("Title of the video: Tea\n")
    assert dialect.request(Describe(), last_s=60).text.startswith("Title of the video: \n")
    assert dialect.request(Describe(), last_s=60, language="zh", title="茶").text.startswith("视频标题：茶\n")


def test_the_users_words_are_put_in_as_they_are() -> None:
    text = dialect.request(Ask("Why {question} {does} it stop?"), last_s=60).text
    assert text.startswith("Why {question} {does} it stop?\n")


def test_without_thinking_the_question_stands_alone() -> None:
    made = dialect.request(Ask("Why?"), last_s=60, think=False)
    assert made.text == "Why?"
    assert made.grammar.regex is not None
    assert "think" not in made.grammar.regex


def test_the_clock_starts_where_the_window_does() -> None:
    assert dialect.request(Describe(), last_s=60, start_s=12.5).clock == Clock(60, 12.5)


def test_a_task_it_is_not_asked_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="transcribe"):
        dialect.request(Transcribe(), last_s=60)


# --- the grammar -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_s", [0.04, 1, 9.3, 59, 60, 61, 119.97, 300, 900])
def test_a_range_lies_within_the_clip_and_ends_after_it_starts(last_s) -> None:
    pattern = re.compile(dialect.clock_range(last_s))
    top = max(1, -int(-last_s // 1))
    times = sorted({0, 1, 5, 9, 10, 58, 59, 60, 61, 118, 119, 120, 179, 298, 299, 300, 301, 899, 900, 901})
    for start in times:
        for end in times:
            text = f"{_hms(start)} - {_hms(end)}"
            assert (pattern.fullmatch(text) is not None) == (start < end <= top), text


def test_a_very_long_clip_has_times_up_to_its_end() -> None:
    pattern = re.compile(dialect.clock_range(7384))
    for end, there in ((7384, True), (7385, False), (7199, True), (59, True), (10_000, False)):
        assert (pattern.fullmatch(f"00:00:00 - {_hms(end)}") is not None) == there


@pytest.mark.parametrize("language", dialect.LANGUAGES)
@pytest.mark.parametrize("think", [True, False])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_whatever_the_grammar_allows_can_be_read(task, language, think, written_by) -> None:
    made = dialect.request(task, last_s=60, language=language, think=think)
    for seed in range(6):
        text = written_by(made.grammar, seed)
        text = text.partition(made.stop[0])[0]
        reading = task.read(text, made.clock)
        assert not isinstance(reading, ParseFailure), text
        assert bool(reading.thinking) == think
        assert "reversed" not in reading.flags
        for event in (*reading.events, *reading.chapters):
            assert 0 <= event.span.start_s <= event.span.end_s <= 60


def _hms(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


# --- what the released model writes (specification, output grammar) ----------------------------------------------


def read(task, text, clock=CLOCK):
    reading = task.read(text, clock)
    assert not isinstance(reading, ParseFailure), reading
    return reading


GROUNDINGS = {
    "spaces": "<think>It is near the start.</think><answer> 00:00:12 - 00:00:15 </answer>",
    "no spaces": "<think>It is near the start.</think><answer>00:00:12-00:00:15</answer>",
    "span tags": "<think>It is near the start.</think><answer><span>00:00:12 - 00:00:15</span></answer>",
    "no closing tag": "<think>It is near the start.</think><answer>00:00:12 - 00:00:15",
    "thinking names times": "<think>(00:00:40 - 00:00:50) no; (00:00:12 - 00:00:15) It is near the start.</think>"
    "<answer>00:00:12 - 00:00:15</answer>",
    "end token": "<think>It is near the start.</think><answer>00:00:12 - 00:00:15</answer><|endoftext|>",
    "Chinese": "<think>It is near the start.</think><answer>00:00:12 至 00:00:15</answer>",
    "full-width": "<think>It is near the start.</think><answer>（00:00:12 - 00:00:15）</answer>",
}


@pytest.mark.parametrize("text", GROUNDINGS.values(), ids=GROUNDINGS)
def test_groundings_are_read(text) -> None:
    reading = read(Ground("a car"), text)
    assert [event.span for event in reading.events] == [Span(12, 15)]
    assert reading.thinking.endswith("near the start.")


CHAPTERS = {
    "lines": "00:00:00 - 00:00:30 Opening: A man pours tea.\n00:00:30 - 00:01:30 Talk: He talks about it.",
    "dashes": "00:00:00 - 00:00:30 - Opening: A man pours tea.\n00:00:30 - 00:01:30 - Talk: He talks about it.",
    "numbered": "1. Opening: A man pours tea. (00:00:00 - 00:00:30)\n2. Talk: He talks about it. (00:00:30 - 00:01:30)",
    "numbered, range first": "1. (00:00:00 - 00:00:30) Opening: A man pours tea.\n"
    "2. (00:00:30 - 00:01:30) Talk: He talks about it.",
    "bullets": "- 00:00:00-00:00:30: Opening: A man pours tea.\n- 00:00:30-00:01:30: Talk: He talks about it.",
    "range on a line of its own": "00:00:00 - 00:00:30\nOpening: A man pours tea.\n\n"
    "00:00:30 - 00:01:30\nTalk: He talks about it.",
}


@pytest.mark.parametrize("closing", ["</answer>", ""], ids=["closed", "cut"])
@pytest.mark.parametrize("text", CHAPTERS.values(), ids=CHAPTERS)
def test_chapters_are_read(text, closing) -> None:
    reading = read(Chapters(), f"<think>Two parts.</think><answer>{text}{closing}")
    assert [(each.span, each.title, each.text.rstrip(".")) for each in reading.chapters] == [
        (Span(0, 30), "Opening", "A man pours tea"),
        (Span(30, 90), "Talk", "He talks about it"),
    ]
    assert reading.thinking == "Two parts."


def test_chinese_chapters_are_read() -> None:
    text = "<think>两段。</think><answer>00:00:00 - 00:00:30 开场：男子在倒茶。\n00:00:30 - 00:01:30 讲解：他介绍茶叶。</answer>"
    reading = read(Chapters(), text)
    assert [(each.span, each.title, each.text) for each in reading.chapters] == [
        (Span(0, 30), "开场", "男子在倒茶。"),
        (Span(30, 90), "讲解", "他介绍茶叶。"),
    ]
    assert reading.thinking == "两段。"


def test_events_of_several_levels_are_read() -> None:
    text = (
        "<think>I list them.</think><answer>1. (00:00:00 - 00:01:30) A tea lesson.\n"
        "2. (00:00:05 - 00:00:08) Water boils.</answer>"
    )
    reading = read(Events(), text)
    assert [(each.span, each.text) for each in reading.events] == [
        (Span(0, 90), "A tea lesson."),
        (Span(5, 8), "Water boils."),
    ]


@pytest.mark.parametrize("answer", ["B", " B ", "B.blue", "B. blue", "(B)", "选B", "答案：B"])
def test_option_letters_are_read(answer) -> None:
    task = Choose("Which colour?", ("red", "blue", "green"))
    assert read(task, f"<think>Not A or C.</think><answer>{answer}</answer>").choice == "B"


def test_a_summary_keeps_thinking_apart() -> None:
    text = "<think>(00:00:01 - 00:00:04) He smiles.</think><answer>这个视频很幽默。</answer>"
    reading = read(Describe(), text)
    assert (reading.text, reading.thinking) == ("这个视频很幽默。", "(00:00:01 - 00:00:04) He smiles.")


def test_thinking_that_never_ends_is_no_answer() -> None:
    reading = Describe().read("<think>First I look at 00:00:10 - 00:00:20 and", CLOCK)
    assert isinstance(reading, ParseFailure)
    assert "reasoning never ended" in reading.reason


def test_the_words_times_move_to_the_videos_clock() -> None:
    text = "He smiles (00:00:12 - 00:01:02) under a clock that shows 14:30:00."
    moved = dialect.on_the_videos_clock(text, 300.4, 90)
    assert moved == "He smiles (00:05:12 - 00:06:02) under a clock that shows 14:30:00."
    assert dialect.on_the_videos_clock(text, 0.0, 90) == text
