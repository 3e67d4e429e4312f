"""How VTimeLLM is asked, and that whatever its grammars let through can be read as seconds."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.errors import UnsupportedError, UsageError
from playhead.models.vtimellm.dialect import Dialect, fill_times, plain_query
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock, Reading
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.published import Caption, merge_similar, published_captions, published_events
from playhead.tasks.transcribe import Transcribe
from playhead.timeline import ParseFailure, Span

EXTENT = Span(10.0, 60.0)
TASKS = [Describe(), Events(), Chapters(), Ground("a dog"), Ask("Why?"), Choose("Which?", ("x", "y", "z"))]
DIALECTS = [Dialect(), Dialect(events="lines", ground="dictated", demo_space=True)]


def test_a_moment_is_asked_for_in_the_published_words():
    request = Dialect().request(Ground("  A man is Cooking. "), EXTENT)
    assert request.text == "During which frames can we see a man is cooking?"
    assert Dialect().user_turn(request.text) == f"<video>\n{request.text}"
    assert Dialect(demo_space=True).user_turn("x") == "<video>\n x"


@pytest.mark.parametrize(
    ("query", "plain"), [("A dog.", "a dog"), ("Wait..", "wait."), (" U.S. ", "u.s"), ("É", "é")]
)
def test_a_query_is_made_plain_as_published(query, plain):
    assert plain_query(query) == plain


def test_users_words_are_put_in_once_and_unchanged():
    words = Dialect().request(Ask("What is {query} {question}?"), EXTENT).text
    assert words == "What is {query} {question}?"
    words = Dialect().request(Choose("{options}", ("a", "{question}")), EXTENT).text
    assert words.startswith("{options}\nA. a\nB. {question}\n")


def test_the_placeholder_in_a_users_words_is_refused():
    with pytest.raises(UsageError, match="<video> in it"):
        Dialect().request(Ask("What is <video>?"), EXTENT)


def test_a_task_the_models_were_never_asked_is_refused():
    with pytest.raises(UnsupportedError, match="transcribe"):
        Dialect().request(Transcribe(), EXTENT)


@pytest.mark.parametrize(
    ("task", "answer", "spans"),
    [
        (Ground("x"), "From 20 to 60.", [(20.0, 40.0)]),
        (Events(), "From 00 to 09, a dog runs.\nFrom 10 to 99, it sleeps.", [(10.0, 15.0), (15.0, 60.0)]),
        (Events(), '[{"event": "a dog runs.", "timestamps": "from 00 to 49"}]', [(10.0, 35.0)]),
        (Events(), "A dog runs, from 00 to 49.", [(10.0, 35.0)]),
    ],
)
def test_two_digits_are_hundredths_of_what_was_looked_at(task, answer, spans):
    reading = task.read(answer, Dialect().request(task, EXTENT).clock)
    assert len(reading.events) == len(spans)
    for event, span in zip(reading.events, spans, strict=True):
        assert (event.span.start_s, event.span.end_s) == pytest.approx(span)


@pytest.mark.parametrize(
    ("task", "answers"),
    [
        (TASKS[0], [" A dog runs."]),
        (TASKS[2], [" From 00 to 41, Start: a dog runs.\nFrom 42 to 99, End: it sleeps."]),
        (TASKS[3], [" From 12 to 57.", "From 12 to 57."]),
        (TASKS[5], [" B", "C"]),
    ],
)
def test_the_trained_forms_are_let_through(task, answers):
    grammar = Dialect().request(task, EXTENT).grammar
    assert all(re.fullmatch(grammar.regex, answer) for answer in answers)


def test_the_published_forms_of_dense_captions_are_let_through():
    lines = Dialect(events="lines").request(Events(), EXTENT).grammar.regex
    assert re.fullmatch(lines, " From 00 to 09, a dog runs.\nFrom 10 to 10, it sleeps.")
    objects = Dialect().request(Events(), EXTENT).grammar.regex
    one = '{"event": "a dog runs.", "timestamps": "from 00 to 49"}'
    assert re.fullmatch(objects, f"[{one}, {one}]")
    assert not re.fullmatch(objects, f"[{one.replace('49', '5')}]")


def test_a_range_that_ends_before_it_starts_is_never_let_through():
    regex = Dialect().request(Ground("x"), EXTENT).grammar.regex
    let = {(a, b) for a in range(100) for b in range(100) if re.fullmatch(regex, f"From {a:02d} to {b:02d}.")}
    assert let == {(a, b) for a in range(100) for b in range(a + 1, 100)}


@pytest.mark.parametrize("dialect", DIALECTS, ids=["json", "lines"])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@settings(max_examples=12, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_whatever_a_grammar_lets_through_can_be_read(task, dialect, data):
    request = dialect.request(task, EXTENT)
    text = data.draw(st.from_regex(f"\\A{request.grammar.regex}\\Z"))
    reading = task.read(text, request.clock)
    assert isinstance(reading, Reading), (text, reading)
    for event in (*reading.events, *reading.chapters):
        assert 10.0 <= event.span.start_s <= event.span.end_s <= 60.0 + 1e-9
    if task.name in ("events", "ground"):
        assert reading.events
    if task.name == "chapters":
        assert reading.chapters


def test_placeholders_of_training_text_become_two_digits():
    assert fill_times("<s0> to <e0>, <s00>", {"<s0>": 9.4, "<e0>": 54.2}, 54.2) == "17 to 99, <s00>"
    assert fill_times("<s1> <s10>", {"<s1>": 1, "<s10>": 10}, 100) == "01 10"
    assert fill_times("<s1>", {}, 100) == "<s1>"
    with pytest.raises(ValueError, match="no bin"):
        fill_times("<s1>", {"<s1>": -1.0}, 100)


def test_published_dense_captions_are_on_the_windows_clock():
    answer = '[{"event": "a", "timestamps": "from 00 to 49"}, {"event": "b", "timestamps": "from 90 to 10"}]'
    events = published_events(answer, 50.0, 10.0)
    assert [(each.text, each.span) for each in events] == [("a", Span(10.0, 35.0))]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "none",
        "[",
        "[1]",
        '[{"event": "a"}]',
        '["a"]',
        '[{"event": "a", "timestamps": "from x to y"}]',
        "[[]]",
    ],
)
def test_published_reading_gives_nothing_on_any_fault(answer):
    assert published_captions(answer) == []
    assert isinstance(
        Events().read(answer, Dialect().request(Events(), EXTENT).clock), (ParseFailure, Reading)
    )


def test_other_sentences_are_not_merged():
    captions = [Caption("a dog", 0, 10), Caption("a cat", 10, 20), Caption("a cat", 22, 30)]
    assert merge_similar(captions) == captions


def test_the_published_reading_is_an_option_of_the_task():
    answer = 'Sure: [{"event": "A dog.", "timestamps": "from 10 to 29"}]'
    reading = Events(reader="vtimellm-published").read(answer, Clock(50.0, 100.0, bins=100))
    assert [(event.text, event.span) for event in reading.events] == [("A dog.", Span(105.0, 115.0))]
    lines = Events(reader="vtimellm-published").read("From 10 to 29, a dog.", Clock(50.0, bins=100))
    assert "published evaluation" in lines.reason
    with pytest.raises(UsageError, match="vtimellm-published"):
        Events(reader="published")
