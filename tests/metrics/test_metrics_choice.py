"""Which option an answer chooses, and accuracy over questions."""

from __future__ import annotations

import pytest

from playhead.metrics import read_option, score_choice
from playhead.metrics.choice import SHORTVID_DIMENSIONS, published_letter, shortvid_dimension

OPTIONS = ["A. Apples.", "B. Candles.", "C. Berries.", "D. The three kinds are of the same number."]


@pytest.mark.parametrize(
    ("answer", "careful", "published"),
    [
        ("B", "B", "B"),
        ("b", "B", None),
        ("B.", "B", "B"),
        ("(B)", "B", "B"),
        ("B. Candles.", "B", "B"),
        ("Candles", "B", "C"),
        ("The answer is B.", "B", "B"),
        ("The best answer is: B", "B", "B"),
        ("Clearly B.", "B", "C"),
        ("A candle is shown, so the answer is (B).", "B", "A"),
        ("<think>A or C?</think><answer>B</answer>", "B", "A"),
        ('{"answer": "B"}', "B", "B"),
        ("Best option: B", "B", "B"),
        ("Berries", "C", "B"),
        ("B or C", None, "B"),
        ("E", None, None),
        ("", None, None),
        ("none of these", None, None),
        ("I cannot tell.", None, None),
        ("答案是B", "B", "B"),
    ],
)
def test_what_is_read(answer, careful, published) -> None:
    assert read_option(answer, OPTIONS)[0] == careful
    assert published_letter(answer) == published


def test_an_unread_answer_has_a_reason() -> None:
    assert read_option("B or C", OPTIONS)[1]


def test_options_that_begin_with_another_letter_keep_it() -> None:
    assert read_option("B. Gates", ["B. Gates", "S. Jobs"])[0] in {"A", None}  # its own label would be A
    assert read_option("A", ["B. Gates", "S. Jobs"])[0] == "A"


def test_accuracy_overall_and_by_group() -> None:
    chosen = {"1": "A", "2": "B", "3": None, "4": "C"}
    right = {"1": "A", "2": "A", "3": "A", "4": "C", "5": "D"}
    groups = {"length": {"1": "short", "2": "short", "3": "long", "4": "long"}, "task": {"1": "count"}}
    videos = dict.fromkeys(right, "v")
    found = score_choice(chosen, right, videos, groups)
    assert {name: found.mean(name) for name in found.values} == {
        "overall": 0.5,
        "short": 0.5,
        "long": 0.5,
        "count": 1.0,
    }
    assert (found.n, found.unparsable, found.missing) == (4, 1, 1)
    clash = score_choice(chosen, right, videos, {"task": {"1": "overall"}})
    assert (clash.mean("overall"), clash.mean("task: overall")) == (0.5, 1.0)
    lenient = score_choice(chosen, right, videos, groups, unread_counts=False)
    assert (lenient.mean("overall"), lenient.mean("long"), lenient.unparsable) == (
        pytest.approx(2 / 3),
        1.0,
        1,
    )


@pytest.mark.parametrize("name", SHORTVID_DIMENSIONS)
def test_the_six_dimensions_are_told_from_their_labels(name) -> None:
    assert shortvid_dimension(name.title()) == name


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Humor & Meme Deconstruction", "humour and meme deconstruction"),
        ("Temporal_Reasoning", "temporal reasoning and localisation"),
        ("counting", None),
    ],
)
def test_labels_are_written_in_many_ways(label, name) -> None:
    assert shortvid_dimension(label) == name
