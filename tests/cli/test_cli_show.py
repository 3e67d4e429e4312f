"""Answers as text: nothing said twice, and no choice shown without its doubt."""

from __future__ import annotations

import pytest

from playhead.cli import show
from playhead.timeline import Answer, Event, Mark, Sampling, Span

WHOLE = Span(0.0, 10.0)


def answer(task: str = "watch", **fields) -> Answer:
    sampling = fields.pop("sampling", Sampling(policy="all", window=WHOLE))
    return Answer(task=task, source="film.mp4", duration_s=10.0, model="lamp", sampling=sampling, **fields)


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        ("music", "Heard: music", "Heard: music"),
        ("Strong motion", "No sound; strong motion.", "No sound; strong motion."),
        ("Good morning...", "Good morning, all of you.", "Good morning, all of you."),
        ("Opening", "A man greets.", "Opening: A man greets."),
        ("Opening", "", "Opening"),
        ("", "A man greets.", "A man greets."),
    ],
)
def test_a_title_is_shown_only_where_the_text_does_not_say_it(title, text, shown) -> None:
    lines = show.answer(answer("events", events=(Event(WHOLE, text, title=title),))).splitlines()
    assert lines[-1] == f"0:00.000 - 0:10.000  {shown}"


@pytest.mark.parametrize(("count", "shown"), [(1, "1 shot"), (2, "2 shots")])
def test_shots_are_counted_in_grammar(count, shown) -> None:
    marks = tuple(Mark(Span(n, n + 1), "shots", f"shot {n}") for n in range(count))
    assert shown in show.answer(answer(lanes={"shots": marks})).splitlines()


def test_a_choice_that_rests_on_nothing_says_so() -> None:
    text = show.answer(answer("choose", choice="A", text="a dog", reason="the video gave no evidence"))
    assert text.splitlines()[-2:] == ["A. a dog", "(the video gave no evidence)"]


def test_no_choice_gives_its_reason_once() -> None:
    text = show.answer(answer("choose", reason="the video gave no evidence"))
    assert text.splitlines()[-1] == "No answer: the video gave no evidence"
    assert text.count("no evidence") == 1


def test_notes_fit_the_width() -> None:
    sampling = Sampling(policy="all", window=WHOLE, notes=("word " * 100,))
    lines = show.answer(answer(sampling=sampling)).splitlines()
    assert max(map(len, lines)) <= show.PIPED_WIDTH
