"""Descriptions judged by their atomic events: what was missed, and what was told that is not there.

A true description is a list of atomic events ("a man opens a red door"); a predicted one is cut into atomic claims. A judge,
which is any function (a language model behind a prompt, a person, a rule), says of one statement and one text whether the
text tells it, contradicts it, or says nothing of it. The judge is part of the number: name it wherever the number stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import numpy as np

from playhead.metrics.interval import Scores, fractions

Verdict = Literal["told", "contradicted", "absent"]
Judge = Callable[[str, str], Verdict]
Cut = Callable[[str], Sequence[str]]

VERDICTS: Final[tuple[Verdict, ...]] = ("told", "contradicted", "absent")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")


def sentences(text: str) -> list[str]:
    """A description cut after its sentences: the simplest claims there are without a model."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def score_atoms(
    predicted: Mapping[str, str],
    true: Mapping[str, Sequence[str]],
    judge: Judge,
    *,
    cut: Cut = sentences,
) -> Scores:
    """Score descriptions of videos by their atomic events.

    Metrics: ``recall`` (true events that are told), ``missed`` (not told), ``contradicted`` (told otherwise; the three
    add up to 1), ``precision`` (claims that the true events tell), ``hallucinated`` (the other claims), ``F1``.

    Args:
        predicted: A description of every video; an empty one is unparsable and scores 0, without a say on precision.
        true: Atomic events of every video, at least one. Videos without a description are missing.
        judge: Says of a statement and a text: ``told``, ``contradicted`` or ``absent``.
        cut: Cuts a description into claims.

    Raises:
        ValueError: If a video has no true event or the judge says something else.
    """
    videos = tuple(video for video in true if video in predicted)
    rows: dict[str, list[float]] = {
        name: [] for name in ("recall", "missed", "contradicted", "precision", "hallucinated", "F1")
    }
    for video in videos:
        if not true[video]:
            raise ValueError(f"{video} has no true event")
        text, whole = predicted[video], " ".join(true[video])
        found = [_verdict(judge, event, text) for event in true[video]] if text.strip() else ["absent"]
        claims = [_verdict(judge, claim, whole) for claim in cut(text)]
        recall = found.count("told") / len(found)
        precision = claims.count("told") / len(claims) if claims else float("nan")
        both = recall + precision
        rows["recall"].append(recall)
        rows["missed"].append(found.count("absent") / len(found))
        rows["contradicted"].append(found.count("contradicted") / len(found))
        rows["precision"].append(precision)
        rows["hallucinated"].append(1 - precision)
        rows["F1"].append(2 * recall * precision / both if both > 0 else 0.0)
    return Scores(
        "videos",
        videos,
        videos,
        {name: fractions(values) for name, values in rows.items()},
        unparsable=int(np.sum([not predicted[video].strip() for video in videos])),
        missing=len(true) - len(videos),
    )


def _verdict(judge: Judge, statement: str, text: str) -> Verdict:
    verdict = judge(statement, text)
    if verdict not in VERDICTS:
        raise ValueError(f"the judge said {verdict!r}, allowed: {', '.join(VERDICTS)}")
    return verdict
