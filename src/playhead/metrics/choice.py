"""Multiple choice: accuracy overall and by group, and which option an answer in free text chooses.

An answer that chooses no option, or several, is wrong and counted as unparsable. ``published_letter`` is the reading of
Video-MME's released evaluation, which takes the first capital A to D anywhere ("Clearly B" is C) and leaves what it cannot
read out of the count: for numbers that are to be compared with published ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from playhead.metrics.interval import Scores
from playhead.tasks.options import chosen_label
from playhead.tasks.unwrap import unwrap

# The six dimensions of ShortVid-Bench (ARC-Hunyuan-Video, section 8), each with the stem that tells it in a label.
SHORTVID_DIMENSIONS: Final[Mapping[str, str]] = {
    "temporal reasoning and localisation": "tempor",
    "affective intent classification": "affect",
    "creator intent taxonomy": "creator",
    "narrative comprehension": "narrat",
    "humour and meme deconstruction": "humo",
    "creative innovation analysis": "innovat",
}

_LABELLED: Final = re.compile(r"\s*[\[(]?([A-Z])[\])]?\s*[.):,]\s*")
# Two of the published phrases are missing a comma after them and so are one with the next.
_PUBLISHED_PHRASES: Final = (
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option isThe correct option is",
    "Best answer:Best option:",
)


def read_option(answer: str, options: Sequence[str]) -> tuple[str | None, str]:
    """The letter that an answer in free text chooses, or None and the reason.

    Args:
        answer: What a model wrote, reasoning and tags included.
        options: The options' texts in order, with or without their letters ("A. Apples").
    """
    texts = [without_label(option, place) for place, option in enumerate(options)]
    return chosen_label(unwrap(answer).answer, texts)


def published_letter(answer: str) -> str | None:
    """The letter Video-MME's released evaluation reads: the first of A to D in capitals, stock phrases taken out first."""
    text = answer.strip()
    for phrase in _PUBLISHED_PHRASES:
        text = text.replace(phrase, "")
    match = re.search("[ABCD]", text)
    return match[0] if match else None


def shortvid_dimension(label: str) -> str | None:
    """The dimension of ShortVid-Bench a label stands for, None when it is none of the six."""
    plain = label.casefold()
    return next((name for name, stem in SHORTVID_DIMENSIONS.items() if stem in plain), None)


def score_choice(
    chosen: Mapping[str, str | None],
    right: Mapping[str, str],
    videos: Mapping[str, str],
    groups: Mapping[str, Mapping[str, str]] | None = None,
    *,
    unread_counts: bool = True,
) -> Scores:
    """Accuracy overall (``overall``) and within every group (by its name).

    Args:
        chosen: The letter chosen for every question; None for an answer that could not be read.
        right: The right letter of every question. Questions without an answer are missing.
        videos: The video of every question.
        groups: For any number of ways to group, the group of every question; a question may be in none.
        unread_counts: Whether an unreadable answer is wrong; otherwise it is left out of the means, as some published
            evaluations do.
    """
    items = tuple(question for question in right if question in chosen)
    unread = [chosen[question] is None for question in items]
    hits = np.array([float(chosen[question] == right[question]) for question in items])
    if not unread_counts:
        hits[np.array(unread, dtype=bool)] = np.nan
    values = {"overall": hits}
    for kind, way in (groups or {}).items():
        for name in sorted({way[question] for question in items if question in way}):
            inside = np.array([way.get(question) == name for question in items])
            values[name if name not in values else f"{kind}: {name}"] = np.where(inside, hits, np.nan)
    return Scores(
        "questions",
        items,
        tuple(videos[question] for question in items),
        values,
        unparsable=sum(unread),
        missing=len(right) - len(items),
    )


def without_label(option: str, place: int) -> str:
    """An option's text without its own letter in front."""
    match = _LABELLED.match(option)
    return option[match.end() :] if match and ord(match[1]) - ord("A") == place else option
