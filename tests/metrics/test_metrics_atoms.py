"""Descriptions by atomic events, with a judge that is a rule so that every verdict is known."""

from __future__ import annotations

import pytest

from playhead.metrics.atoms import score_atoms, sentences


def rule(statement: str, text: str) -> str:
    """Told when its words stand in the text, contradicted when the text denies them."""
    plain, whole = statement.casefold().strip(" ."), text.casefold()
    return "contradicted" if f"no {plain}" in whole else "told" if plain in whole else "absent"


def test_sentences_are_cut() -> None:
    assert sentences("A dog. A cat!  Why?\nNo end") == ["A dog.", "A cat!", "Why?", "No end"]
    assert sentences("一只狗。一只猫。") == ["一只狗。", "一只猫。"]
    assert sentences(" ") == []


def test_what_is_missed_contradicted_and_hallucinated() -> None:
    true = {"v": ["a dog runs", "a door opens", "rain"], "w": ["a cat"], "x": ["a cat"], "unseen": ["a cat"]}
    said = {"v": "A dog runs. No rain. A plane lands.", "w": "A cat.", "x": ""}
    found = score_atoms(said, true, rule)
    assert (found.n, found.unparsable, found.missing) == (3, 1, 1)
    assert {name: values[0] for name, values in found.values.items()} == pytest.approx(
        {
            "recall": 1 / 3,
            "missed": 1 / 3,
            "contradicted": 1 / 3,
            "precision": 1 / 3,
            "hallucinated": 2 / 3,
            "F1": 1 / 3,
        }
    )
    assert found.values["F1"].tolist()[1:] == [1.0, 0.0]
    assert found.values["missed"][2] == 1.0
    assert found.mean("precision") == pytest.approx((1 / 3 + 1) / 2)  # nothing was claimed of x


def test_a_judge_has_three_words() -> None:
    with pytest.raises(ValueError, match="the judge said 'maybe', allowed: told"):
        score_atoms({"v": "A dog."}, {"v": ["a dog"]}, lambda statement, text: "maybe")
    with pytest.raises(ValueError, match="no true event"):
        score_atoms({"v": "A dog."}, {"v": []}, rule)
