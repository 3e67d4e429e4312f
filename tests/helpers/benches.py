"""Tiny annotation files of every benchmark, in the layouts their makers publish, with made-up content.

A case names what its files hold. ``here`` are videos that are put beside them, ``gone`` one that is not, with how many samples ask
about it. ``broken`` is a file with one bad row, and what its error has to say.
"""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from playhead.evaluate.base import Facts, Highlights, Moments, Option, Outcome, Sample, Story
from playhead.evaluate.benchmarks.mvbench import TASKS
from playhead.timeline import Answer, Event, Sampling, Span


@dataclass(frozen=True)
class Case:
    """A benchmark's files, small."""

    files: dict[str, str]
    here: tuple[str, ...]
    samples: tuple[str, ...]
    gone: tuple[str, int]
    broken: tuple[str, str, str]
    split: str | None = None
    told: bool = False
    notes: str = ""
    more: dict[str, object] = field(default_factory=dict)


def write(case: Case, folder: Path, clip: Path) -> Path:
    """Put a case's files and videos into a folder."""
    for name, text in case.files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for name in case.here:
        place = folder / "videos" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(clip, place)
    return folder


def answered(sample: Sample, *, right: bool) -> Outcome:
    """An outcome that says exactly what is true, or something else."""
    truth, fields = sample.truth, {}
    if isinstance(truth, Option):
        fields["choice"] = truth.label if right else ("B" if truth.label == "A" else "A")
    elif isinstance(truth, Story):
        told = truth.told[0] if right else ()
        fields["events"] = tuple(Event(Span(each.start_s, each.end_s), each.text) for each in told)
        if not right:
            fields["events"] = (Event(Span(900.0, 901.0), "Nothing of the kind."),)
    elif isinstance(truth, (Moments, Highlights)):
        spans = (
            truth.spans if isinstance(truth, Moments) else [Span(*each[:2]) for each in truth.true.windows]
        )
        wrong = (Span(900.0, 901.0),)
        fields["events"] = tuple(Event(each, "") for each in (spans if right else wrong))
    else:
        assert isinstance(truth, Facts)
        fields["text"] = " ".join(truth.atoms) if right else "No."
    task = type(sample.task).name
    sampling = Sampling("all", Span(0, 10))
    return Outcome(
        sample, Answer(task=task, source="v", duration_s=10, model="m", sampling=sampling, **fields)
    )


def lines(*rows: dict) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def table(*rows: dict) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def anet(sentences: str = "sentences", spans: str = "timestamps", **videos: int) -> str:
    """Videos in the layout of ActivityNet Captions, with that many sentences each."""
    return json.dumps(
        {
            video: {
                "duration": 40.0,
                spans: [[4.0 * n, 4.0 * n + 3.5] for n in range(count)],
                sentences: [f" Somebody opens the {['red', 'blue', 'green'][n]} door." for n in range(count)],
            }
            for video, count in videos.items()
        }
    )


def qvh(qid: int, vid: str, **changes: object) -> dict:
    row = {
        "qid": qid,
        "query": "A cook talks",
        "duration": 150,
        "vid": vid,
        "relevant_clip_ids": [1, 2, 3],
        "saliency_scores": [[4, 4, 4]] * 3,
        "relevant_windows": [[2, 8]],
    }
    return row | changes


def mcq(**changes: object) -> dict:
    row = {
        "question": "What is opened?",
        "candidates": ["A window", "A door", "A box"],
        "options": ["A. A window", "B. A door", "C. A box"],
        "answer": "B",
    }
    return row | changes


def mme(name: str, video: str, **changes: object) -> dict:
    row = mcq(question_id=name, videoID=video, duration="short", domain="Knowledge", sub_category="Law")
    return row | {"task_type": "Counting Problem"} | changes


def next_row(video: str, qid: int, answer: object, key: str = "video", **changes: object) -> dict:
    row = {key: video, "frame_count": 9, "width": 2, "height": 2, "question": "why, really", "answer": answer}
    return row | {"qid": qid, "type": "CW"} | {f"a{n}": f"reason {n}" for n in range(5)} | changes


def lvb(name: str, video: str, **changes: object) -> dict:
    row = {
        "id": name,
        "video_path": f"{video}.mp4",
        "subtitle_path": f"{video}_en.json",
        "question": "What is opened?",
        "candidates": ["A window", "A door", "A box", "A can"],
        "correct_choice": 1,
        "duration_group": 15,
        "question_category": "S2E",
    }
    return row | changes


def tvg(path: str, answer: str, **changes: object) -> dict:
    row = {
        "path": f"./dataset/timer1/videos/tvgbench_data/{path}.mp4",
        "question": "a person opens a door.",
        "answer": answer,
        "start": None,
        "end": None,
        "duration": 30.6,
        "dataset_name": "charades",
        "qsemtype": "Human Pose",
    }
    return row | changes


def cook(subset: str, sentence: object = "crack the eggs") -> dict:
    return {
        "subset": subset,
        "duration": 90.0,
        "recipe_type": "113",
        "annotations": [
            {"segment": [3, 9], "id": 0, "sentence": sentence},
            {"segment": [20, 44.5], "id": 1, "sentence": "fry the onions in butter"},
        ],
    }


def chat(*values: str) -> list[dict]:
    return [{"from": "human" if at % 2 == 0 else "gpt", "value": value} for at, value in enumerate(values)]


_MVB = {f"json/{task}.json": "[]" for task in TASKS}
_MVB_ROW = {"video": "video_1.mp4", "question": "What moves?", "candidates": ["a", "b"], "answer": "b"}
_MLVU_DEV = {
    f"json/{name}.json": "[]"
    for name in ("1_plotQA", "2_needle", "3_ego", "4_count", "5_order", "6_anomaly_reco", "7_topic_reasoning")
}
_MLVU_ROW = mcq(video="a.mp4", duration=480.0, answer="A door", question_type="plotQA")
_DIDEMO = {
    "annotation_id": 7,
    "video": "12@N01_34_ab.mov",
    "description": "dog barks",
    "times": [[1, 1], [1, 1], [1, 1], [0, 2]],
}
_LVBENCH = {
    "uid": "31",
    "question": "What is opened?\n(A) A window\n(B) A door\n(C) A box\n(D) A can",
    "answer": "B",
    "question_type": ["entity recognition", "reasoning"],
    "time_reference": "00:15-00:19",
}
_TEMP = {"question": "What opens?\nA. A window\nB. A door", "answer": "B. A door"}
_EGO = {
    "q_uid": "e1",
    "google_drive_id": "x",
    "question": "What?",
    **{f"option {n}": f"o{n}" for n in range(5)},
}
_CHARADES = "AAAAA 24.3 30.4##person turn a light on.\nAAAAA 1.0 2.5##person opens a door.\nBBBBB 0 1##a.\n"

CASES: dict[str, Case] = {
    "charades-sta": Case(
        {"charades_sta_test.txt": _CHARADES},
        ("AAAAA.mp4",),
        ("AAAAA/0", "AAAAA/1"),
        ("BBBBB", 1),
        ("charades_sta_test.txt", "AAAAA 24.3##person", r"charades_sta_test.txt, line 1: field \(line\).*VIDEO START END##"),
    ),
    "activitynet-grounding": Case(
        {"val_2.json": anet(v_a=2, v_b=1)},
        ("v_a.mkv",),
        ("v_a/0", "v_a/1"),
        ("v_b", 1),
        ("val_2.json", '{"v_a": {"duration": 4, "timestamps": [[1]], "sentences": ["x"]}}', r"\(v_a\): field timestamps"),
    ),
    "activitynet-captions": Case(
        {"val_1.json": anet(v_a=2, v_b=1), "val_2.json": anet(v_a=2)},
        ("v_a.mp4",),
        ("v_a",),
        ("v_b", 1),
        ("val_2.json", '{"v_a": {"duration": 4, "timestamps": [[1, 2]], "sentences": []}}', r"val_2.json, line 1 \(v_a\): field sentences.*1 texts"),
        told=True,
    ),
    "qvhighlights-moments": Case(
        {"highlight_val_release.jsonl": lines(qvh(1, "a_60.0_210.0"), qvh(2, "b"))},
        ("a_60.0_210.0.mp4",),
        ("1",),
        ("b", 1),
        ("highlight_val_release.jsonl", lines(qvh(1, "a"), qvh(2, "b", saliency_scores=[[9, 9, 9]] * 3)), r"line 2: field saliency_scores.*0 to 4"),
    ),
    "qvhighlights-highlights": Case(
        {"highlight_val_release.jsonl": lines(qvh(1, "a"), qvh(2, "b"))},
        ("v_a.mp4",),
        ("1",),
        ("b", 1),
        ("highlight_val_release.jsonl", lines(qvh(1, "a", relevant_clip_ids=[99, 2, 3])), r"line 1: field relevant_clip_ids.*0 to 74"),
    ),
    **{
        f"timelens-{name}": Case(
            {f"{name}-timelens.json": anet("queries", "spans", a=2, b=1)},
            ("a.mp4",),
            ("a/0", "a/1"),
            ("b", 1),
            (f"{name}-timelens.json", '{"a": {"duration": "x", "spans": [], "queries": []}}', r"\(a\): field duration.*number"),
        )
        for name in ("charades", "activitynet", "qvhighlights")
    },
    "didemo": Case(
        {"test_data.json": json.dumps([_DIDEMO, _DIDEMO | {"annotation_id": 8, "video": "b.avi"}])},
        ("12@N01_34_ab.mp4",),
        ("7",),
        ("b.avi", 1),
        ("test_data.json", json.dumps([_DIDEMO | {"times": [[0, 6]]}]), r"line 1: field times.*\[0.0, 6.0\].*0 to 5"),
    ),
    "youcook2": Case(
        {"youcookii_annotations_trainval.json": json.dumps({"database": {"a": cook("validation"), "b": cook("validation"), "c": cook("training")}})},
        ("a.webm",),
        ("a",),
        ("b", 1),
        ("youcookii_annotations_trainval.json", json.dumps({"database": {"a": cook("validation", 5)}}), r"\(a\): field sentence.*text"),
        told=True,
    ),
    "longvale-grounding": Case(
        {"longvale-annotations-eval.json": anet(a=2, b=1)},
        ("a.mp4",),
        ("a/0", "a/1"),
        ("b", 1),
        ("longvale-annotations-eval.json", '{"a": {"timestamps": [], "sentences": []}}', r"\(a\): no field duration"),
    ),
    "longvale-captions": Case(
        {"longvale-annotations-eval.json": anet(a=2, b=1)},
        ("a.mp4",),
        ("a",),
        ("b", 1),
        ("longvale-annotations-eval.json", '{"a": {"duration": 5, "timestamps": [[0, 1]], "sentences": [1]}}', r"\(a\): field sentences"),
        told=True,
    ),
    "tvgbench": Case(
        {"tvgbench.json": json.dumps([tvg("a", "0.0-5.2"), tvg("a", "10-12.5", start=254.92, end=339.55, duration=84.63), tvg("b", "1-2")])},
        ("a.mp4",),
        ("a/0", "a/1"),
        ("b", 1),
        ("tvgbench.json", json.dumps([tvg("a", "from 1 to 2")]), r"line 1: field answer.*START-END"),
    ),
    "shortvid-bench": Case(
        {"ShortVid-Bench-1k.json": json.dumps([mcq(video="a.mp4", problem_type="Temporal Reasoning"), mcq(video="b.mp4")])},
        ("a.mp4",),
        ("a.mp4/0",),
        ("b.mp4", 1),
        ("ShortVid-Bench-1k.json", json.dumps([mcq(video="a.mp4", answer="Z")]), r"line 1: field answer.*letter from A to C"),
    ),
    "video-mme": Case(
        {"videomme/test-00000-of-00001.jsonl": lines(mme("1-1", "a"), mme("2-1", "b"))},
        ("a.mp4",),
        ("1-1",),
        ("b", 1),
        ("videomme/test-00000-of-00001.jsonl", lines(mme("1-1", "a"), mme("1-2", "a", options="A")), r"line 2: field options.*at least 2"),
    ),
    "video-mme-subtitles": Case(
        {
            "videomme/test-00000-of-00001.jsonl": lines(mme("1-1", "a"), mme("2-1", "c"), mme("3-1", "b")),
            "subtitle/a.srt": "1\n00:00:01,000 --> 00:00:02,000\n<font>Hello</font> there\n\n2\n00:00:02,000 --> 00:00:03,000\nHello there\n\n3\n00:00:03,000 --> 00:00:04,000\nGoodbye\n",
        },
        ("a.mp4", "c.mp4"),
        ("1-1", "2-1"),
        ("b", 1),
        ("subtitle/a.srt", "Hello", r"a.srt is no SRT file"),
        notes="2 of 3 videos have no subtitles here, for instance c, b",
        more={"context": "This video's subtitles are listed below:\nHello there\nGoodbye"},
    ),
    "mvbench": Case(
        _MVB
        | {
            "json/moving_count.json": json.dumps([_MVB_ROW]),
            "json/action_count.json": json.dumps([_MVB_ROW, _MVB_ROW | {"video": "video_2.mp4"}, _MVB_ROW | {"candidates": ["b", " "]}]),
            "json/action_sequence.json": json.dumps([_MVB_ROW | {"start": 1.5, "end": 2.0, "video": "S.mp4"}]),
        },
        ("clevrer/video_validation/video_1.mp4", "perception/videos/video_1.mp4", "star/Charades_v1_480/S.mp4"),
        ("action_sequence/S.mp4/0", "action_count/video_1.mp4/0", "moving_count/video_1.mp4/0"),
        ("perception/videos/video_2.mp4", 1),
        ("json/state_change.json", json.dumps([_MVB_ROW | {"answer": "c"}]), r"state_change.json, line 1: field answer.*one of the 2"),
        notes="1 samples cannot be asked and are left out (action_count/video_1.mp4/1): cannot choose",
    ),
    "longvideobench": Case(
        {"lvb_val.json": json.dumps([lvb("q1", "a"), lvb("q2", "b")])},
        ("a.mp4",),
        ("q1",),
        ("b", 1),
        ("lvb_val.json", json.dumps([lvb("q1", "a", correct_choice=4)]), r"line 1: field correct_choice.*0 to 3"),
    ),
    "longvideobench-subtitles": Case(
        {
            "lvb_val.json": json.dumps([lvb("q1", "a"), lvb("q2", "b")]),
            "subtitles/a_en.json": json.dumps([{"start": "00:00:01.000", "end": "00:00:02.000", "line": "Hello"}, {"timestamp": [2, 3], "text": "there"}]),
        },
        ("a.mp4",),
        ("q1",),
        ("b", 1),
        ("lvb_val.json", json.dumps([lvb("q1", "a", candidates=["x"])]), r"line 1: field candidates"),
        notes="1 of 2 videos have no subtitles here, for instance b.mp4",
        more={"context": "This video's subtitles are listed below:\nHello\nthere"},
    ),
    "lvbench": Case(
        {"video_info.meta.jsonl": lines({"key": "a", "type": "cartoon", "qa": [_LVBENCH]}, {"key": "b", "type": "live", "qa": [_LVBENCH | {"uid": "32"}]})},
        ("a.mp4",),
        ("31",),
        ("b", 1),
        ("video_info.meta.jsonl", lines({"key": "a", "type": "live", "qa": [_LVBENCH | {"question": "What?\n(A) x\n(C) y"}]}), r"line 1 \(a\): field question"),
    ),
    "mlvu": Case(
        _MLVU_DEV
        | {
            "json/1_plotQA.json": json.dumps([_MLVU_ROW, _MLVU_ROW | {"video": "b.mp4"}]),
            "json/4_count.json": json.dumps([_MLVU_ROW | {"question_type": "count", "candidates": [1, 2, 3], "answer": 2}]),
        },
        ("1_plotQA/a.mp4", "4_count/a.mp4"),
        ("1_plotQA/a.mp4/0", "4_count/a.mp4/0"),
        ("1_plotQA/b.mp4", 1),
        ("json/2_needle.json", json.dumps([_MLVU_ROW | {"answer": "a cat"}]), r"2_needle.json, line 1: field answer"),
    ),
    "mlvu test": Case(
        {"test-ground-truth/test_mcq_gt.json": json.dumps([_MLVU_ROW | {"question_id": "AR_0"}, _MLVU_ROW | {"question_id": "AR_1", "video": "b.mp4"}])},
        ("a.mp4",),
        ("AR_0",),
        ("b.mp4", 1),
        ("test-ground-truth/test_mcq_gt.json", json.dumps([_MLVU_ROW | {"question": 5}]), r"line 1: field question.*text"),
        split="test",
    ),
    "tempcompass": Case(
        {"questions/multi-choice.json": json.dumps({"1": {"action": [_TEMP], "attribute_change": [_TEMP]}, "2": {"order": [_TEMP]}})},
        ("1.mp4",),
        ("1/action/0", "1/attribute_change/0"),
        ("2", 1),
        ("questions/multi-choice.json", json.dumps({"1": {"action": [_TEMP | {"answer": "E. x"}]}}), r"\(1\): field answer"),
    ),
    "tempcompass yes_no": Case(
        {"questions/yes_no.json": json.dumps({"1": {"action": [{"question": "Is it a door?", "answer": "no"}]}, "2": {"order": [{"question": "Is it?", "answer": "yes"}]}})},
        ("1.mp4",),
        ("1/action/0",),
        ("2", 1),
        ("questions/yes_no.json", json.dumps({"1": {"action": [{"question": "Is it?", "answer": "maybe"}]}}), r"field answer.*one of the 2"),
        split="yes_no",
    ),
    "tempcompass caption_matching": Case(
        {"questions/caption_matching.json": json.dumps({v: {"action": [{"question": "Which fits?\nOption 1: A man: jumps.\nOption 2: A man runs.", "answer": "Option 1: A man: jumps."}]} for v in "12"})},
        ("1.mp4",),
        ("1/action/0",),
        ("2", 1),
        ("questions/caption_matching.json", json.dumps({"1": {"action": [{"question": "Which?", "answer": "Option 1: x"}]}}), r"field question.*a line for every option"),
        split="caption_matching",
    ),
    "egoschema": Case(
        {"questions.json": json.dumps([_EGO, _EGO | {"q_uid": "e2"}, _EGO | {"q_uid": "e3"}]), "subset_answers.json": json.dumps({"e1": 3, "e3": 0})},
        ("e1.mp4",),
        ("e1",),
        ("e3", 1),
        ("subset_answers.json", json.dumps({"e1": "D"}), r"subset_answers.json, line 1 \(e1\): field \(answer\)"),
    ),
    "next-qa": Case(
        {"nextqa/test.csv": table(next_row("11", 6, 2), next_row("22", 6, 0, type="TP"))},
        ("0001/11.mp4",),
        ("11_6",),
        ("22", 1),
        ("nextqa/test.csv", table(next_row("11", 6, 2)) + "11,9\n", r"test.csv, line 3: field \(all\).*2 fields"),
    ),
    "next-gqa": Case(
        {
            "nextgqa/test.csv": table(next_row("11", 6, "reason 2", "video_id"), next_row("22", 6, "reason 0", "video_id")),
            "nextgqa/gsub_test.json": json.dumps({v: {"duration": 34, "location": {"6": [[1.2, 5.8], [7.0, 8.5]]}, "fps": 29.97} for v in ("11", "22")}),
        },
        ("11.mp4",),
        ("11_6/choose", "11_6/ground"),
        ("22", 2),
        ("nextgqa/gsub_test.json", json.dumps({"11": {"duration": 34, "location": {}}}), r"gsub_test.json, line 1 \(11\): no field 6"),
    ),
    "videomarathon-qa": Case(
        {
            "videomarathon.json": json.dumps([
                {"video": "a.mp4", "data_source": "panda", "conversations": chat("<image>\nWhat is opened?\nA. A window\nB. A door\nAnswer with the letter.", "B. A door", "What happens then?", "The cook leaves the kitchen. A guest arrives.")},
                {"video": "b.mp4", "conversations": chat("Why?", "Because the guest rings.")},
            ])
        },
        ("panda/a.mp4",),
        ("a.mp4/0", "a.mp4/1"),
        ("b.mp4", 1),
        ("videomarathon.json", json.dumps([{"video": "a.mp4", "conversations": chat("What?")}]), r"line 1: field conversations.*human and gpt in turn"),
    ),
}  # fmt: skip
