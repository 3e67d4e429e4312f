"""Files in, scores out: one name for every kind of prediction file, with its reader, its metrics and its digits.

The kinds named after a benchmark print what its published evaluation prints, quirks included, and say which; the figures at
full precision or read with more care stand beside them. ``grounding`` and ``choice`` take playhead's own plain form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from playhead.errors import ParseError, UsageError, nearest
from playhead.metrics import captions, formats, java, logs
from playhead.metrics.bounds import Placed, check_bounds
from playhead.metrics.choice import published_letter, read_option, score_choice, shortvid_dimension
from playhead.metrics.files import Record, refuse_unknown
from playhead.metrics.grounding import score_grounding
from playhead.metrics.highlights import score_highlights
from playhead.metrics.interval import Scores
from playhead.metrics.told import Caption
from playhead.metrics.vtimellm import score_vtimellm_log

Source = str | Path


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of prediction file.

    Attributes:
        help: What it is, in one line.
        score: From the prediction file and the truth files (and a running METEOR, where it is used) to scores.
        truths: How many truth files it takes: least and most.
        digits: Digits after the point its published evaluation prints.
        first: Metrics shown first, and alone on request.
        uses_meteor: Whether METEOR and so Java is needed.
        missing_scores_0: Whether what has no prediction scores 0, as published; otherwise it is left out.
    """

    help: str
    score: Callable[..., list[Scores]]
    truths: tuple[int, int] = (1, 1)
    digits: int = 2
    first: tuple[str, ...] = ()
    uses_meteor: bool = False
    missing_scores_0: bool = False


def score_files(
    predictions: Source, truths: Sequence[Source], kind: str, *, meteor: java.Meteor | None = None
) -> list[Scores]:
    """Score a prediction file against its truth.

    Args:
        predictions: The prediction file; may be compressed.
        truths: The truth files: one, for ``activitynet-captions`` also several people's, for ``video-mme`` none when the
            predictions carry the answers.
        kind: A name in ``KINDS``.
        meteor: One that runs already, where the kind uses it; started and ended here when None.

    Returns:
        Scores of every kind of item in the file.

    Raises:
        UsageError: If the kind is unknown or takes another number of truth files.
        SourceError: If a file cannot be read.
        ParseError: If a file is malformed.
        MissingExtraError: If METEOR is needed and cannot be run.
    """
    found = kind_of(kind)
    least, most = found.truths
    if not least <= len(truths) <= most:
        allowed = str(least) if least == most else f"{least} to {most}"
        raise UsageError(f"truth files for {kind}", found=str(len(truths)), allowed=allowed)
    more = {"meteor": meteor} if found.uses_meteor else {}
    scored = [each for each in found.score(predictions, truths, **more) if each.n]
    if not scored:
        raise ParseError(
            f"nothing of {Path(predictions).name} is in the truth", todo="are these files a pair?"
        )
    return scored


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UsageError: If there is none.
    """
    if name not in KINDS:
        raise UsageError(f"no kind of prediction file {name!r}", todo=nearest(name, KINDS))
    return KINDS[name]


def _qvhighlights(path: Source, truths: Sequence[Source]) -> list[Scores]:
    true = formats.qvhighlights_truth(truths[0])
    predicted, _ = formats.qvhighlights_predictions(path)
    scored = score_highlights(predicted, true)
    placed = [
        Placed(window[0], window[1], true[name].duration_s)
        for name, each in predicted.items()
        if name in true
        for window in each.windows or ()
    ]
    notes = check_bounds(placed, Path(path).name)
    if unknown := sum(name not in true for name in predicted):
        notes += (f"{unknown} predicted queries are not in the truth and are left out, as published",)
    return [_noted(scored, *notes)]


def _charades(path: Source, truths: Sequence[Source]) -> list[Scores]:
    true, videos = formats.charades_truth(truths[0])
    predicted, records = formats.charades_predictions(path)
    refuse_unknown(records, true, "id")
    return [score_grounding(predicted, true, videos, depths=(1,))]


def _activitynet(path: Source, truths: Sequence[Source], meteor: java.Meteor | None) -> list[Scores]:
    told = [formats.activitynet_truth(each) for each in truths]
    predicted, records = formats.activitynet_predictions(path)
    durations_s: dict[str, float] = {}
    for _, each in told:
        durations_s |= each
    notes = _check_captions(predicted, durations_s, path)
    if unknown := sum(name not in durations_s for name in records):
        notes += (f"{unknown} predicted videos are not in the truth and are left out, as published",)
    return [_noted(captions.score_activitynet(predicted, [each for each, _ in told], meteor=meteor), *notes)]


def _youcook2(path: Source, truths: Sequence[Source], meteor: java.Meteor | None) -> list[Scores]:
    true = formats.youcook2_truth(truths[0])
    predicted, records = formats.youcook2_predictions(path)
    refuse_unknown(records, true, "video")
    return [captions.score_youcook2(predicted, true, meteor=meteor)]


def _vtimellm(path: Source, truths: Sequence[Source], meteor: java.Meteor | None) -> list[Scores]:
    true, durations_s = formats.activitynet_truth(truths[0])
    return score_vtimellm_log(*formats.vtimellm_log(path), true, durations_s, meteor=meteor)


def _video_mme(path: Source, truths: Sequence[Source]) -> list[Scores]:
    replies = formats.video_mme_replies(path)
    truth = formats.video_mme_replies(truths[0]) if truths else replies
    refuse_unknown(replies, truth, "question_id")
    right = {name: _letter(record) for name, record in truth.items()}
    said = {name: _said(record, "response") for name, record in replies.items()}
    videos = {name: record.name("videoID") for name, record in truth.items()}
    fields = {"duration": "", "domain": "domain: ", "sub_category": "subject: ", "task_type": "task: "}
    groups = formats.groups_of(truth, fields)
    published = score_choice(
        {name: published_letter(text) for name, text in said.items()},
        right,
        videos,
        groups,
        unread_counts=False,
    )
    careful = score_choice(
        {name: read_option(text, _options(truth[name]))[0] for name, text in said.items()}, right, videos
    )
    correct = ", ".join(
        f"{name} {int(sum(published.values[name] == 1))}"
        for name in published.values
        if name == "overall" or name in groups.get("duration", {}).values()
    )
    notes = (f"right: {correct}", _VIDEO_MME_NOTE)
    values = {**published.values, "overall, read with care": careful.values["overall"]}
    return [replace(published, values=values, notes=notes)]


_VIDEO_MME_NOTE: Final = (
    "letters as Video-MME's evaluation reads them, unread answers left out of the means; "
    "'overall, read with care' is playhead's own reading, with unread answers wrong"
)


def _choice(path: Source, truths: Sequence[Source]) -> list[Scores]:
    truth, replies = formats.own_records(truths[0]), formats.own_records(path)
    refuse_unknown(replies, truth, "id")
    right = {name: _letter(record) for name, record in truth.items()}
    chosen = {
        name: read_option(_said(each, "answer"), _options(truth[name]))[0] for name, each in replies.items()
    }
    groups = formats.groups_of(truth, {"group": "", "problem_type": ""})
    for way in groups.values():
        way |= {name: shortvid_dimension(label) or label for name, label in way.items()}
    return [score_choice(chosen, right, {name: each.name("video") for name, each in truth.items()}, groups)]


def _grounding(path: Source, truths: Sequence[Source]) -> list[Scores]:
    truth, found = formats.own_records(truths[0]), formats.own_records(path)
    refuse_unknown(found, truth, "id")
    predicted = {
        name: None if each.get("spans", "a list of [start, end], or null") is None else each.spans("spans")
        for name, each in found.items()
    }
    true = {name: each.spans("spans") for name, each in truth.items()}
    durations_s = {
        name: each.number("duration_s", 0) for name, each in truth.items() if "duration_s" in each.data
    }
    placed = [
        Placed(span[0], span[1], durations_s[name])
        for name, spans in predicted.items()
        if name in durations_s
        for span in spans or ()
    ]
    scored = score_grounding(predicted, true, {name: each.name("video") for name, each in truth.items()})
    return [_noted(scored, *check_bounds(placed, Path(path).name))]


def _said(record: Record, field: str) -> str:
    """What was replied; null is a reply that says nothing."""
    return "" if record.get(field, "text or null") is None else record.text(field)


def _letter(record: Record) -> str:
    answer = record.text("answer").strip()
    if len(answer) != 1 or not answer.isalpha():
        raise record.fault("answer", answer, "the letter of the right option")
    return answer.upper()


def _options(record: Record) -> list[str]:
    field = "candidates" if "candidates" in record.data and "options" not in record.data else "options"
    options = record.items(field, "a list of texts")
    if not 2 <= len(options) <= 26 or not all(isinstance(each, str) for each in options):
        raise record.fault(field, options, "2 to 26 texts")
    return options


def _check_captions(
    predicted: Mapping[str, Sequence[Caption]], durations_s: Mapping[str, float], path: Source
) -> tuple[str, ...]:
    placed = [
        Placed(each.start_s, each.end_s, durations_s[video])
        for video, told in predicted.items()
        if video in durations_s
        for each in told
    ]
    return check_bounds(placed, Path(path).name)


def _noted(scored: Scores, *notes: str) -> Scores:
    return replace(scored, notes=(*scored.notes, *notes))


_HEADLINES: Final = tuple(f"MR-full-{each}" for each in ("R1@0.5", "R1@0.7", "mAP", "mAP@0.5", "mAP@0.75"))
_SPANS_FIRST: Final = ("R1@0.3", "R1@0.5", "R1@0.7", "mIoU")
KINDS: Final[Mapping[str, Kind]] = {
    "qvhighlights": Kind(
        "moments and highlights of QVHighlights: JSON Lines with qid, pred_relevant_windows, pred_saliency_scores",
        _qvhighlights,
        first=(
            *_HEADLINES,
            *(f"MR-{each}-mAP" for each in ("long", "middle", "short")),
            *(
                f"HL-min-{rating}-{each}"
                for rating in ("Fair", "Good", "VeryGood")
                for each in ("mAP", "Hit1")
            ),
        ),
    ),
    "charades-sta": Kind(
        "moments of Charades-STA as TimeChat writes them: an object of timestamp by query id",
        _charades,
        first=_SPANS_FIRST,
    ),
    "activitynet-captions": Kind(
        "dense captions of ActivityNet: results by video with sentence and timestamp; one truth file or several",
        _activitynet,
        truths=(1, 9),
        digits=4,
        uses_meteor=True,
        missing_scores_0=True,
    ),
    "vtimellm": Kind(
        "VTimeLLM's evaluation log: JSON Lines of answers to captioning and grounding",
        _vtimellm,
        uses_meteor=True,
        first=("soda_c", "METEOR", "CIDEr", "mIoU", "R1@0.3", "R1@0.5", "R1@0.7"),
    ),
    "youcook2": Kind(
        "dense captions of YouCook2 as TimeChat writes them",
        _youcook2,
        digits=1,
        uses_meteor=True,
        missing_scores_0=True,
    ),
    "video-mme": Kind(
        "replies to Video-MME: JSON Lines with question_id, response, and answer unless a truth file is given",
        _video_mme,
        truths=(0, 1),
        first=("overall", "short", "medium", "long", "overall, read with care"),
    ),
    "grounding": Kind(
        "any grounding: JSON Lines with id and spans; truth with id, video, spans, duration_s", _grounding
    ),
    "choice": Kind(
        "any multiple choice: JSON Lines with id and answer; truth with id, video, options, answer", _choice
    ),
    "lmms-grounding": Kind(
        "lmms-eval's samples of a grounding task, which carry the truth",
        logs.score_lmms_grounding,
        truths=(0, 0),
        first=_SPANS_FIRST,
    ),
    "lmms-choice": Kind(
        "lmms-eval's samples of a multiple-choice task",
        logs.score_lmms_choice,
        truths=(0, 0),
        first=("overall",),
    ),
    "vlmeval-grounding": Kind(
        "VLMEvalKit's predictions of a grounding task (.xlsx, .tsv or .json)",
        logs.score_vlmeval_grounding,
        truths=(0, 0),
        first=_SPANS_FIRST,
    ),
    "vlmeval-choice": Kind(
        "VLMEvalKit's predictions of a multiple-choice task (.xlsx, .tsv or .json)",
        logs.score_vlmeval_choice,
        truths=(0, 0),
        first=("overall",),
    ),
}
