"""Prediction and truth files of the published evaluations, read into what the metrics take.

Every reader names file, line and field of a fault. Ids that occur twice and predictions about something the truth does not
have are errors; where the published evaluation passes over the latter, the reader of its file says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playhead.metrics.files import Record, by_key, is_number, put, read_records
from playhead.metrics.highlights import CLIP_S, RATERS, Highlighted, Retrieved
from playhead.metrics.told import Caption

Source = str | Path


def qvhighlights_predictions(path: Source) -> tuple[dict[str, Retrieved], dict[str, Record]]:
    """Windows and clip scores by query (``qid``), and the records they came from; JSON Lines or a list.

    Fields: ``pred_relevant_windows`` ``[[start, end, confidence], ...]`` and ``pred_saliency_scores``, at least one.
    """
    records = by_key(read_records(path), "qid")
    return {name: _retrieved(record) for name, record in records.items()}, records


def _retrieved(record: Record) -> Retrieved:
    windows = scores = None
    if "pred_relevant_windows" in record.data:
        windows = record.spans("pred_relevant_windows", numbers=3)
    if "pred_saliency_scores" in record.data or windows is None:
        scores = record.items("pred_saliency_scores", "a list of numbers, one a clip of two seconds")
        if not all(is_number(each) for each in scores):
            raise record.fault("pred_saliency_scores", scores, "a list of finite numbers")
    return Retrieved(windows, scores)


def qvhighlights_truth(path: Source) -> dict[str, Highlighted]:
    """The truth by query (``qid``), as QVHighlights publishes it: JSON Lines."""
    return {name: highlighted(record) for name, record in by_key(read_records(path), "qid").items()}


def highlighted(record: Record) -> Highlighted:
    """The truth of one query of QVHighlights.

    Raises:
        ParseError: If a field is missing or malformed.
    """
    duration_s = record.number("duration", 0)
    clips = record.items("relevant_clip_ids", "a list of whole numbers")
    ratings = record.items("saliency_scores", "three ratings for every relevant clip")
    count = int(duration_s / CLIP_S)
    for clip in clips:
        if not isinstance(clip, int) or isinstance(clip, bool) or not 0 <= clip < count:
            raise record.fault("relevant_clip_ids", clip, f"a clip from 0 to {count - 1}")
    if len(ratings) != len(clips):
        raise record.fault("saliency_scores", ratings, f"{len(clips)} entries, one a relevant clip")
    for each in ratings:
        if (
            not isinstance(each, list)
            or len(each) != RATERS
            or not all(rating in range(5) for rating in each)
        ):
            raise record.fault("saliency_scores", each, "three ratings from 0 to 4")
    return Highlighted(record.name("vid"), duration_s, record.spans("relevant_windows"), clips, ratings)


def charades_predictions(path: Source) -> tuple[dict[str, list[tuple[float, ...]] | None], dict[str, Record]]:
    """Spans by query as TimeChat writes them: an object of ``{"timestamp": [[start, end], ...]}`` by the query's id.

    A query without a span is one whose answer could not be read: every query of this benchmark has a moment.
    """
    records: dict[str, Record] = {}
    for record in read_records(path, by_id=True):
        if not record.key:
            raise record.fault("id", record.data, "an object of predictions by their ids")
        records[record.key] = record
    return {name: record.spans("timestamp") or None for name, record in records.items()}, records


def charades_truth(path: Source) -> tuple[dict[str, list[tuple[float, ...]]], dict[str, str]]:
    """The true span and the video of every query as TimeChat writes them: ``{"annotations": [...]}``."""
    records = by_key(read_records(path, inside="annotations"), "id")
    spans = {
        name: [each.span("timestamp", each.get("timestamp", "[start, end]"))]
        for name, each in records.items()
    }
    return spans, {name: each.name("image_id") for name, each in records.items()}


def activitynet_predictions(path: Source) -> tuple[dict[str, list[Caption]], dict[str, Record]]:
    """Captions by video: ``{"results": {video: [{"sentence", "timestamp"}, ...]}}``, as the challenge asks for."""
    return _told(path, "results", "sentence")


def youcook2_predictions(path: Source) -> tuple[dict[str, list[Caption]], dict[str, Record]]:
    """Captions by video as TimeChat writes them: ``{video: [{"caption", "timestamp"}, ...]}``."""
    return _told(path, "", "caption")


def _told(path: Source, inside: str, field: str) -> tuple[dict[str, list[Caption]], dict[str, Record]]:
    told, records = {}, {}
    for record in read_records(path, inside=inside, by_id=True):
        if not record.key or not isinstance(record.data, list):
            raise record.fault(inside or "id", record.data, "an object of lists of captions by their videos")
        each = [Record(record.file, record.line, record.key, item) for item in record.data]
        told[record.key] = [
            Caption(*_pair(item, "timestamp", item.get("timestamp", "[start, end]")), item.text(field))
            for item in each
        ]
        records[record.key] = record
    return told, records


def activitynet_truth(path: Source) -> tuple[dict[str, list[Caption]], dict[str, float]]:
    """True captions and the duration of every video: ``{video: {"duration", "timestamps", "sentences"}}``."""
    told, durations_s = {}, {}
    for record in read_records(path, by_id=True):
        spans = record.spans("timestamps")
        sentences = record.items("sentences", "a list of texts")
        if (
            not record.key
            or len(sentences) != len(spans)
            or not all(isinstance(each, str) for each in sentences)
        ):
            raise record.fault(
                "sentences", sentences, f"{len(spans)} texts, one a timestamp, under the video's name"
            )
        told[record.key] = [
            Caption(start, end, text) for (start, end), text in zip(spans, sentences, strict=True)
        ]
        durations_s[record.key] = record.number("duration", 0)
    return told, durations_s


def youcook2_truth(path: Source) -> dict[str, list[Caption]]:
    """True captions as TimeChat writes them: ``{"annotations": [{"image_id", "segments", "pure_cap"}, ...]}``.

    The sentences stand in one text: YouCook2's in ``pure_cap``, apart by a full stop and a blank; ActivityNet's in
    ``caption``, apart by full stops, those of at most five letters dropped. Each gets its full stop back.
    """
    told: dict[str, list[Caption]] = {}
    for record in read_records(path, inside="annotations"):
        video = record.name("image_id").rsplit("/", 1)[-1]
        if video in told:
            raise record.fault("image_id", video, "a video of its own")
        spans = record.spans("segments")
        if "pure_cap" in record.data:
            sentences = record.text("pure_cap").split(". ")
        else:
            sentences = [each.strip(" ") for each in record.text("caption").split(".") if len(each) > 5]
        if len(sentences) != len(spans):
            raise record.fault("segments", spans, f"{len(sentences)} spans, one a sentence")
        told[video] = [
            Caption(start, end, f"{text}.") for (start, end), text in zip(spans, sentences, strict=True)
        ]
    return told


def _pair(record: Record, field: str, value: Any) -> tuple[float, float]:  # noqa: ANN401 - any JSON value
    start_s, end_s = record.span(field, value)
    return start_s, end_s


def vtimellm_log(path: Source) -> tuple[dict[str, Record], dict[tuple[str, int, str], Record]]:
    """VTimeLLM's evaluation log, JSON Lines: dense captions by video, and grounding by video, sentence and query.

    Fields: ``video_id``, ``task`` (``captioning`` or ``grounding``), ``answer``, ``query_id``, and for grounding
    ``info`` with ``sentence_id``. A video may be captioned once.
    """
    captions: dict[str, Record] = {}
    grounding: dict[tuple[str, int, str], Record] = {}
    for record in read_records(path):
        video, task = record.name("video_id"), record.text("task")
        record.text("answer")
        if task == "captioning":
            put(captions, video, record, "video_id")
        elif task == "grounding":
            sentence = Record(record.file, record.line, video, record.get("info", "an object")).get(
                "sentence_id", "the number of the sentence asked about, from 0"
            )
            if not isinstance(sentence, int) or isinstance(sentence, bool) or sentence < 0:
                raise record.fault(
                    "info.sentence_id", sentence, "the number of the sentence asked about, from 0"
                )
            key = (video, sentence, str(record.data.get("query_id", 0)))
            if key in grounding:
                raise record.fault(
                    "query_id", key[2], f"one answer a query; line {grounding[key].line} answers it already"
                )
            grounding[key] = record
        else:
            raise record.fault("task", task, "captioning or grounding")
    return captions, grounding


def video_mme_replies(path: Source) -> dict[str, Record]:
    """Replies by question (``question_id``), JSON Lines or a list.

    Fields: ``response``, ``videoID``, ``options``, those that are grouped by, and ``answer`` where the file carries the
    truth itself.
    """
    return by_key(read_records(path), "question_id")


def own_records(path: Source) -> dict[str, Record]:
    """Records by ``id``, JSON Lines or a list: playhead's own plain form of predictions and truths."""
    return by_key(read_records(path), "id")


def groups_of(records: Mapping[str, Record], fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For every field that some records have, the group of each: field to question to ``prefix + value``.

    Args:
        records: Records by question.
        fields: Fields to group by, each with what is put before its value in the group's name.
    """
    found: dict[str, dict[str, str]] = {}
    for field, prefix in fields.items():
        for name, record in records.items():
            if record.data.get(field) is not None:
                found.setdefault(field, {})[name] = prefix + record.name(field)
    return found
