"""VTimeLLM's released evaluation of its own log, repeated with its quirks, beside the same at full precision.

An answer to grounding is read by a pattern of two digits, ``to`` or ``and``, and two digits; its overlap, in fractions of
the video, is rounded to two decimals before it is averaged or compared (0.298 counts at 0.3). Dense captions are read from
one line of JSON, neighbours that say the same are joined, and hundredths become seconds (specification, section A9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from playhead.metrics import java
from playhead.metrics.captions import score_vtimellm
from playhead.metrics.files import Record
from playhead.metrics.grounding import THRESHOLDS, score_grounding
from playhead.metrics.interval import Scores
from playhead.metrics.told import Caption, Told
from playhead.tasks.bins import published_bin_range
from playhead.tasks.published import BINS, merge_similar, published_captions

Key = tuple[str, int, str]


def score_vtimellm_log(
    told: Mapping[str, Record],
    grounded: Mapping[Key, Record],
    true: Told,
    durations_s: Mapping[str, float],
    *,
    meteor: java.Meteor | None = None,
) -> list[Scores]:
    """Score a log: dense captions over videos, grounding over queries; what the log does not hold is left out.

    Args:
        told: Answers to captioning, by video.
        grounded: Answers to grounding, by video, number of the sentence, and query.
        true: The true captions of every video; their sentences are the queries.
        durations_s: Length of every video in seconds.
        meteor: One that runs already; started and ended here when None.

    Raises:
        ParseError: If the log names a video or sentence the truth does not have.
        MissingExtraError: If captions are to be scored and METEOR cannot be run.
    """
    for record in (*told.values(), *grounded.values()):
        if record.name("video_id") not in true:
            raise record.fault(
                "video_id", record.name("video_id"), f"one of the {len(true)} videos of the truth"
            )
    scored = []
    if told:
        found = {
            video: read_captions(record.text("answer"), durations_s[video]) for video, record in told.items()
        }
        dense = score_vtimellm(found, true, meteor=meteor)
        scored.append(replace(dense, values={_published(name): each for name, each in dense.values.items()}))
    if grounded:
        scored.append(_grounding(grounded, true, durations_s))
    return scored


def read_captions(answer: str, duration_s: float) -> list[Caption]:
    """The dense captions the released evaluation reads of an answer, in seconds; none when any of it cannot be read."""
    return [
        Caption(each.start_bin * duration_s / BINS, (each.end_bin + 1) * duration_s / BINS, each.text)
        for each in merge_similar(published_captions(answer))
    ]


def _published(name: str) -> str:
    return "soda_c" if name == "SODA_c" else name


def _grounding(grounded: Mapping[Key, Record], true: Told, durations_s: Mapping[str, float]) -> Scores:
    """Published figures, and the unrounded ones under names that say so. Overlaps are of fractions of the video."""
    predicted: dict[str, list[tuple[float, float]] | None] = {}
    wanted, videos = {}, {}
    for (video, sentence, query), record in grounded.items():
        events = true[video]
        if sentence >= len(events):
            raise record.fault("info.sentence_id", sentence, f"a sentence from 0 to {len(events) - 1}")
        name = f"{video}/{sentence}/{query}"
        bins = published_bin_range(record.text("answer"))
        predicted[name] = None if bins is None else [(bins[0] / BINS, bins[1] / BINS)]
        event, length_s = events[sentence], durations_s[video]
        if length_s <= 0:
            raise record.fault("video_id", video, "a video of more than 0 s")
        wanted[name], videos[name] = [(event.start_s / length_s, event.end_s / length_s)], video
    rounded, exact = (
        score_grounding(predicted, wanted, videos, depths=(1,), vtimellm_rounding=each)
        for each in (True, False)
    )
    shown = ("mIoU", *(f"R1@{each:g}" for each in THRESHOLDS))
    values = {name: rounded.values[name] for name in shown}
    values |= {f"{name}, not rounded": exact.values[name] for name in shown}
    note = "every overlap is rounded to two decimals before it is used, as published; 'not rounded' is not"
    return replace(rounded, values=values, notes=(note,))
