"""Prompts, answers in words, and wrappings."""

import json
import re

import pytest

from playhead.errors import UsageError
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, PromptStyle, Reading
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.registry import TASKS
from playhead.tasks.timecode import find_times
from playhead.tasks.unwrap import unwrap
from playhead.tasks.watch import Watch
from playhead.tasks.wording import LANGUAGES
from playhead.timeline import ParseFailure

CLOCK = Clock(60.0)
EXAMPLES = {"ground": Ground("a dog jumps"), "ask": Ask("Why?"), "choose": Choose("What?", ("a", "b"))}
STYLES = [
    PromptStyle(language=language, times=times, think=think)
    for language in LANGUAGES
    for times in ("seconds", "clock", "bins")
    for think in (False, True)
]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_every_task_is_asked_in_every_style(name, style):
    task = EXAMPLES.get(name) or TASKS[name]()
    prompt = task.render(style)
    assert len(prompt.text) > 12
    assert not re.search(r"\{[a-z]+\}", prompt.text)
    assert ("<answer>" in prompt.text) == style.think
    assert any("\u4e00" <= character <= "\u9fff" for character in prompt.text) == (style.language == "zh")
    if style.think:
        assert prompt.json_schema is None
    json.dumps(prompt.json_schema)


def test_the_user_s_words_are_put_in_as_they_are():
    assert (
        "{question} {options} {query} %s \\1"
        in Ask("{question} {options} {query} %s \\1").render(PromptStyle()).text
    )


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match="'fr'"):
        Describe().render(PromptStyle(language="fr"))  # type: ignore[arg-type]


@pytest.mark.parametrize("times", ["seconds", "clock"])
def test_the_schema_allows_what_the_reader_reads(times):
    jsonschema = pytest.importorskip("jsonschema")
    start, end = (12.5, 30.0) if times == "seconds" else ("00:00:12.5", "00:00:30")
    style = PromptStyle(times=times)
    events = [{"start": start, "end": end, "text": "A man enters."}]
    jsonschema.validate(events, Events().render(style).json_schema)
    assert Events().read(json.dumps(events), CLOCK).events[0].span.start_s == 12.5
    spans = [[start, end]]
    jsonschema.validate(spans, Ground("x").render(style).json_schema)
    assert Ground("x").read(json.dumps(spans), CLOCK).events[0].span.end_s == 30
    whole = {
        "title": "t",
        "summary": "s",
        "events": events,
        "chapters": [{"start": start, "end": end, "title": "t", "text": ""}],
    }
    jsonschema.validate(whole, Watch().render(style).json_schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"start": start}], Events().render(style).json_schema)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("A dog jumps.", "A dog jumps."),
        ("<think>hm</think>A dog jumps.", "A dog jumps."),
        ("<think>hm</think><answer>A dog jumps.", "A dog jumps."),
        ("<answer>第一</answer><answer> </answer>", "第一"),
        ('{"answer": "A dog jumps."}', "A dog jumps."),
        ('```json\n{"summary": "A dog jumps."}\n```', "A dog jumps."),
        ("A dog jumps.<|im_end|>", "A dog jumps."),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ('{"mood": "happy"}', '{"mood": "happy"}'),
    ],
)
def test_answers_in_words_are_read(answer, text):
    for task in (Describe(), Ask("Why?")):
        assert task.read(answer, CLOCK).text == text


@pytest.mark.parametrize(
    "answer", ["", " ", "...", "<think>A dog", "<answer></answer>", '{"answer": ""}', "[]"]
)
def test_no_words_are_a_failure(answer):
    for task in (Describe(), Ask("Why?")):
        failure = task.read(answer, CLOCK)
        assert isinstance(failure, ParseFailure)
        assert failure.text == answer
        assert failure.reason
        assert "time" not in failure.reason  # words were asked for


def test_the_seconds_an_answer_rests_on_are_kept():
    reading = Ask("Why?").read("<answer>It is wet.</answer><glue>[(5.0, 9.0)]</glue>", CLOCK)
    assert isinstance(reading, Reading)
    assert reading.text == "It is wet."
    assert [(e.span.start_s, e.span.end_s, e.flags) for e in reading.events] == [(5, 9, ("cited",))]


@pytest.mark.parametrize("question", ["", "   ", "?"])
def test_an_empty_question_is_refused(question):
    with pytest.raises(UsageError, match="ask a question"):
        Ask(question)


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("x", "x", ""),
        ("<think>a</think>b", "b", "a"),
        ("a</think>b", "b", "a"),
        ("<think>a", "", "a"),
        ("<think>a<answer>b", "b", "a"),
        ("<think>a</think><answer>b</answer>c", "b", "a"),
        ("< think >a</ think >< answer >b</ answer >", "b", "a"),
        ("<answer>a</answer><answer>b</answer>", "b", ""),
        ("<answer>a</answer><answer></answer>", "a", ""),
        ("<thinking>a</thinking>b", "b", "a"),
        ("b</answer>", "b", ""),
        ("<think>a</think>b</answer>", "b", "a"),
        ("```json\n[1]\n```", "[1]", ""),
        ("<span class='x'>b</span>", "b", ""),
        ("<12.5 seconds>", "<12.5 seconds>", ""),
    ],
)
def test_answers_are_unwrapped(text, answer, thinking):
    wrapped = unwrap(text)
    assert (wrapped.answer, wrapped.thinking) == (answer, thinking)


def test_moments_can_be_left_out():
    assert find_times("At 0:05.", moments=False) == ()
    assert len(find_times("At 0:05.")) == 1
