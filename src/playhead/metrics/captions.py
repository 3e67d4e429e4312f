"""Dense captioning: how well timed sentences tell what happens, and when.

Three evaluations are published, and their numbers differ:

    ActivityNet   every prediction is paired with every true event it overlaps by at least t, or with garbage when with
                  none; BLEU, METEOR, ROUGE-L and CIDEr of each video's pairs, mean over videos, then over t in
                  0.3, 0.5, 0.7, 0.9 (Krishna et al. 2017 and its released code, as the 2018 challenge has it)
    VTimeLLM      the same METEOR and CIDEr over the videos that were answered, and SODA_c
    YouCook2      the same METEOR and CIDEr, SODA_c, and F1 of precision and recall of the spans (TimeChat's released code)

In all of them the rarity of a phrase is counted within one video (CIDEr), a video's METEOR is that of all its pairs taken
together, and letters outside ASCII become blanks (not in YouCook2's). The released code pairs with random letters; here
the garbage is a fixed word a pair, which changes no score and no run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from playhead.metrics import java, ngrams
from playhead.metrics.interval import Floats, Scores, fractions
from playhead.metrics.soda import score_soda
from playhead.metrics.told import Caption, Captions, Told, published_iou

OVERLAPS: Final = (0.3, 0.5, 0.7, 0.9)
MOST_EVENTS: Final = 1000
LANGUAGE: Final = ("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "CIDEr")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"

Groups = Mapping[float, Mapping[str, list[tuple[str, str]]]]


def score_activitynet(
    predicted: Told,
    references: Sequence[Told],
    *,
    meteor: java.Meteor | None = None,
    overlaps: Sequence[float] = OVERLAPS,
) -> Scores:
    """Score dense captions as the ActivityNet Captions evaluation does; items are all videos of the references.

    With ground-truth proposals (sentences told for the true spans) it is the same evaluation. A video without a
    prediction scores 0 and is counted as missing.

    Args:
        predicted: Captions of every video; the first 1,000 count.
        references: One or more people's true captions of every video.
        meteor: One that runs already; started and ended here when None.
        overlaps: Least overlaps averaged over.

    Raises:
        MissingExtraError: If Java or the extra ``metrics`` is missing.
    """
    videos = tuple(dict.fromkeys(video for told in references for video in told))
    kept = {video: tuple(predicted.get(video, ()))[:MOST_EVENTS] for video in videos}
    groups = _paired(kept, [{v: told.get(v, ()) for v in videos} for told in references], overlaps, _ascii)
    with _running(meteor) as program:
        values = _language(groups, videos, LANGUAGE, program)
    found = [
        [
            _covered(kept[video], [told[video] for told in references if video in told], least)
            for least in overlaps
        ]
        for video in videos
    ]
    values["Recall"] = fractions([float(np.mean([recall for _, recall in each])) for each in found])
    values["Precision"] = fractions([float(np.mean([precision for precision, _ in each])) for each in found])
    return Scores("videos", videos, videos, values, missing=sum(video not in predicted for video in videos))


def score_vtimellm(
    predicted: Told, true: Told, *, meteor: java.Meteor | None = None, overlaps: Sequence[float] = OVERLAPS
) -> Scores:
    """Score dense captions as VTimeLLM's released evaluation does: SODA_c, METEOR and CIDEr over the answered videos.

    SODA_c calls METEOR with the true sentence as the hypothesis, as SODA's own code does. A video answered with nothing
    that could be read scores 0; one without an answer is left out and counted as missing.

    Args:
        predicted: Captions of every video that was answered.
        true: The true captions.
        meteor: One that runs already; started and ended here when None.
        overlaps: Least overlaps that METEOR and CIDEr are averaged over.

    Raises:
        MissingExtraError: If Java or the extra ``metrics`` is missing.
    """
    videos = tuple(video for video in true if video in predicted)
    groups = _paired(predicted, [{video: true[video] for video in videos}], overlaps, _ascii)
    said, told = ([_clean(side[video], _ascii) for video in videos] for side in (predicted, true))
    with _running(meteor) as program:
        values = {"SODA_c": fractions(score_soda(said, told, program))}
        values |= _language(groups, videos, ("METEOR", "CIDEr"), program)
    return Scores(
        "videos",
        videos,
        videos,
        values,
        unparsable=sum(not predicted[video] for video in videos),
        missing=len(true) - len(videos),
    )


def score_youcook2(
    predicted: Told, true: Told, *, meteor: java.Meteor | None = None, overlaps: Sequence[float] = OVERLAPS
) -> Scores:
    """Score dense captions as TimeChat's released evaluation of YouCook2 does; items are all videos of the truth.

    F1 is of the precision and the recall of the spans, both averaged over the overlaps, video by video. A span turned
    round is turned back, and a video without a prediction scores 0. ``SODA_c`` is as published: captions in the order
    told, and their METEOR mixed up from the eleventh on (``timechat_columns``); ``SODA_c, by time`` is as SODA defines it.

    Args:
        predicted: Captions of every video.
        true: The true captions.
        meteor: One that runs already; started and ended here when None.
        overlaps: Least overlaps averaged over.

    Raises:
        MissingExtraError: If Java or the extra ``metrics`` is missing.
    """
    videos = tuple(true)
    said = {video: [_forwards(each) for each in predicted.get(video, ())] for video in videos}
    events = {video: [_forwards(each) for each in true[video]] for video in videos}
    groups = _paired(said, [events], overlaps, str)
    sides = [said[video] for video in videos], [events[video] for video in videos]
    with _running(meteor) as program:
        values = _language(groups, videos, ("CIDEr", "METEOR"), program)
        soda = score_soda(*sides, program, in_order=False, timechat_columns=True)
        soda_by_time = score_soda(*sides, program)
    found = [[_covered(said[video], [events[video]], least) for least in overlaps] for video in videos]
    precision = [float(np.mean([each[0] for each in one])) for one in found]
    recall = [float(np.mean([each[1] for each in one])) for one in found]
    values |= {
        "SODA_c": fractions(soda),
        "SODA_c, by time": fractions(soda_by_time),
        "Precision_Mean": fractions(precision),
        "Recall_Mean": fractions(recall),
        "F1_Score": fractions(
            [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall, strict=True)]
        ),
    }
    return Scores("videos", videos, videos, values, missing=sum(video not in predicted for video in videos))


def _paired(
    predicted: Told, references: Sequence[Told], overlaps: Sequence[float], clean: Callable[[str], str]
) -> Groups:
    """For every overlap and video the pairs of sentences, as words; garbage where a prediction meets nothing."""
    sentences = [each.text for told in (predicted, *references) for one in told.values() for each in one]
    words = java.tokenize(clean(each) for each in sentences)
    videos = dict.fromkeys(video for told in references for video in told)
    groups: dict[float, dict[str, list[tuple[str, str]]]] = {}
    for least in overlaps:
        groups[least] = {}
        for video in videos:
            pairs: list[tuple[str, str]] = []
            events = [each for told in references for each in told.get(video, ())]
            for said in predicted.get(video, ()):
                span = (said.start_s, said.end_s)
                met = [each for each in events if published_iou(span, (each.start_s, each.end_s)) >= least]
                true_words = [words[clean(each.text)] for each in met] or [_garbage(len(pairs))]
                pairs += [(words[clean(said.text)], each) for each in true_words]
            groups[least][video] = pairs
    return groups


def _running(meteor: java.Meteor | None) -> contextlib.AbstractContextManager[java.Meteor]:
    """The METEOR given, left running; or a new one, ended after use."""
    return java.Meteor() if meteor is None else contextlib.nullcontext(meteor)


def _language(
    groups: Groups, videos: Sequence[str], names: Sequence[str], meteor: java.Meteor
) -> dict[str, Floats]:
    """Every named score of every video, averaged over the overlaps; 0 for a video without pairs."""
    scorers: dict[str, Callable[[list[tuple[str, str]]], float]] = {
        "ROUGE_L": ngrams.rouge_l,
        "CIDEr": ngrams.cider,
    }
    tables: dict[str, Floats] = {name: np.zeros((len(groups), len(videos))) for name in names}
    for row, by_video in enumerate(groups.values()):
        for column, pairs in enumerate(by_video[video] for video in videos):
            if not pairs:
                continue
            for name in names:
                if name in scorers:
                    tables[name][row, column] = scorers[name](pairs)
            if "Bleu_1" in names:
                for size, value in enumerate(ngrams.bleu(pairs), start=1):
                    tables[f"Bleu_{size}"][row, column] = value
    if "METEOR" in names:
        each = meteor.score([by_video[video] for by_video in groups.values() for video in videos])
        tables["METEOR"] = np.array([score for score, _ in each]).reshape(len(groups), len(videos))
    return {name: tables[name].mean(axis=0) for name in names}


def _covered(predicted: Captions, references: Sequence[Captions], least: float) -> tuple[float, float]:
    """Precision and recall of spans overlapping by more than a least overlap, each for the reference it is best with."""
    best_precision = best_recall = 0.0
    for events in references:
        hits = [
            (row, column)
            for row, said in enumerate(predicted)
            for column, event in enumerate(events)
            if published_iou((said.start_s, said.end_s), (event.start_s, event.end_s)) > least
        ]
        if predicted:
            best_precision = max(best_precision, len({row for row, _ in hits}) / len(predicted))
        best_recall = (
            max(best_recall, len({column for _, column in hits}) / len(events)) if events else best_recall
        )
    return best_precision, best_recall


def _clean(captions: Captions, clean: Callable[[str], str]) -> list[Caption]:
    return [Caption(each.start_s, each.end_s, clean(each.text)) for each in captions]


def _ascii(text: str) -> str:
    """Text with a blank for every letter outside ASCII."""
    return "".join(letter if ord(letter) < 128 else " " for letter in text)


def _forwards(caption: Caption) -> Caption:
    return Caption(min(caption.start_s, caption.end_s), max(caption.start_s, caption.end_s), caption.text)


def _garbage(number: int) -> str:
    """A word no caption holds, another one for every number, of letters as the released code draws them."""
    tail = ""
    while number or not tail:
        number, digit = divmod(number, len(_LETTERS))
        tail = _LETTERS[digit] + tail
    return f"qzxjvqkxzj{tail}"
