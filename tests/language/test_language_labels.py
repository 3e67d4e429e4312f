"""The tree of labels, on probabilities written by hand."""

from __future__ import annotations

import pytest

from playhead.language.labels import LabelTree

END = 99


def table(rows):
    asked = []

    def next_token(said, allowed):
        asked.append(said)
        odds = {token: rows[said][token] for token in allowed}
        total = sum(odds.values())
        return {token: share / total for token, share in odds.items()}

    return next_token, asked


def test_single_tokens_are_renormalised_over_the_labels():
    next_token, _ = table({(): {1: 0.2, 2: 0.1, 3: 0.1, 4: 0.6}})
    assert LabelTree({"A": (1,), "B": (2,), "C": (3,)}, end=END).weigh(next_token) == pytest.approx(
        {"A": 0.5, "B": 0.25, "C": 0.25}
    )


def test_a_label_that_another_continues_may_stop_or_go_on():
    next_token, asked = table({(): {1: 0.6, 2: 0.4}, (1,): {0: 0.1, END: 0.3}})
    odds = LabelTree({"1": (1,), "10": (1, 0), "2": (2,)}, end=END).weigh(next_token)
    assert odds == pytest.approx({"1": 0.45, "10": 0.15, "2": 0.4})
    assert asked == [(), (1,)]


def test_nothing_is_asked_where_there_is_no_choice():
    next_token, asked = table({(): {1: 0.5, 7: 0.5}})
    odds = LabelTree({"none": (7, 8, 9), "A": (1,)}, end=END).weigh(next_token)
    assert odds == pytest.approx({"none": 0.5, "A": 0.5})
    assert asked == [()]
    assert list(odds) == ["none", "A"]


def test_labels_that_part_ways_later():
    next_token, asked = table({(5,): {1: 0.9, 2: 0.1}})
    assert LabelTree({"part 1": (5, 1), "part 2": (5, 2)}, end=END).weigh(next_token) == pytest.approx(
        {"part 1": 0.9, "part 2": 0.1}
    )
    assert asked == [(5,)]


def test_labels_of_the_same_tokens_are_refused():
    with pytest.raises(ValueError, match="told apart"):
        LabelTree({"A": (1,), "a": (1,)}, end=END)
    with pytest.raises(ValueError, match="told apart"):
        LabelTree({"": ()}, end=END)
