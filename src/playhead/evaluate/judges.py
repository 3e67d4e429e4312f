"""Judges of whether a text tells a statement: a rule without a model, named beside every number it makes."""

from __future__ import annotations

import re
from typing import Final

from playhead.metrics.atoms import Verdict

WORDS: Final = "words in common (knows no paraphrase and no contradiction)"

_LEAST_SHARE: Final = 0.6
_WORD: Final = re.compile(r"\w+")
_SHORTEST: Final = 3  # shorter words are articles, prepositions, pronouns


def judge_by_words(statement: str, text: str) -> Verdict:
    """Told when three fifths of the statement's words stand in the text; a plural matches its singular.

    A lower bound for what a reader would accept: other words for the same thing are not seen, and a text that denies a
    statement in its own words is taken to tell it. Good for facts that have to be named, such as names and numbers.
    """
    wanted, have = _words(statement), _words(text)
    if not wanted:
        return "absent"
    return "told" if len(wanted & have) >= _LEAST_SHARE * len(wanted) else "absent"


def _words(text: str) -> set[str]:
    found = (word.casefold() for word in _WORD.findall(text))
    return {
        word.removesuffix("s")
        for word in found
        if len(word) >= _SHORTEST or word.isdigit() or not word.isascii()
    }
