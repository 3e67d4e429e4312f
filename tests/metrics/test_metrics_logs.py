"""Logs of other kits are read with our grammar, phrasings among them that lmms-eval's own three parsers read in three ways."""

from __future__ import annotations

import json

import pytest

from playhead.errors import MissingExtraError, ParseError, UsageError
from playhead.metrics.score import score_files
from playhead.metrics.tables import read_sheet

# What was said of the span 12.5 to 30 s (of 65 to 80 s, of 3725 to 3765 s), in the phrasings that are known to break parsers.
SAID = [
    ("12.5 - 30.0", [12.5, 30.0]),
    ("From 01:05 to 01:20", [65.0, 80.0]),
    ("<12.5 seconds> to <30 seconds>", [12.5, 30.0]),
    ("[12.5, 30.0]", [12.5, 30.0]),
    ("It starts at 12.5 s and ends at 30 s", [12.5, 30.0]),
    ("It happens in 1:02:05 - 1:02:45", [3725.0, 3765.0]),
]


def lmms(rows: list[dict]) -> str:
    return "".join(f"{json.dumps({'doc_id': at} | row)}\n" for at, row in enumerate(rows))


def moment(said: str, span: list[float], video: str) -> dict:
    key = f"{video}>>>a person sits>>>{span}"
    return {
        "target": str(span),
        "filtered_resps": said,
        "input": "Please find",
        "timelens_IOU@3": {key: said},
    }


def test_spans_of_lmms_eval(tmp_path) -> None:
    path = tmp_path / "20261130_samples_timelens.jsonl"
    rows = [
        moment(said, [span] if at % 2 else span, f"v{at // 2}.mp4") for at, (said, span) in enumerate(SAID)
    ]
    path.write_text(lmms([*rows, moment("no idea", [0.0, 1.0], "v0.mp4")]))
    (scored,) = score_files(path, [], "lmms-grounding")
    found = dict(zip(scored.items, scored.values["mIoU"], strict=True))
    assert [found[str(at)] for at in range(len(SAID))] == pytest.approx([1.0] * len(SAID))
    assert (scored.n, scored.unparsable, found["6"]) == (7, 1, 0)
    assert scored.videos[:4] == ("v0.mp4", "v0.mp4", "v1.mp4", "v1.mp4")


def test_options_of_lmms_eval(tmp_path) -> None:
    prompt = "Select.\nWhat is opened?\nA. Apples.\nB. Candles.\nC. Berries.\nThe best answer is:"
    score = {"videomme_perception_score": {"videoID": "x", "duration": "short", "task_category": "Counting"}}
    rows = [
        {"target": "B", "filtered_resps": ["B"], "input": prompt} | score,
        {"target": "B", "filtered_resps": [["Clearly Candles."]], "input": prompt} | score,
        {"target": "0", "filtered_resps": "(A)", "input": prompt},
        {"target": "Berries.", "filtered_resps": "A", "input": prompt},
        {"target": "C", "filtered_resps": "I cannot tell", "input": {"max_new_tokens": 16}},
        {"target": "C", "filtered_resps": "C", "input": {"max_new_tokens": 16}},
    ]
    path = tmp_path / "s.jsonl"
    path.write_text(lmms(rows))
    (scored,) = score_files(path, [], "lmms-choice")
    assert scored.values["overall"].tolist() == [1, 1, 1, 0, 0, 1]
    assert scored.unparsable == 1
    assert scored.mean("short") == 1
    assert scored.notes == ("4 answers name no video: the intervals take each for a video of its own",)
    path.write_text(json.dumps({"args": {}, "logs": [{"doc_id": 0} | rows[0]]}))
    assert score_files(path, [], "lmms-choice")[0].mean("overall") == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"filtered_resps": "A", "target": "soon"},
            r"s.jsonl, line 1: field target.*\"soon\".*\[start, end\]",
        ),
        ({"target": "[1, 2]"}, "line 1: no field filtered_resps"),
        ({"filtered_resps": 5, "target": "[1, 2]"}, "field filtered_resps.*begins with it"),
    ],
)
def test_a_bad_line_is_named(row, message, tmp_path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(lmms([row]))
    with pytest.raises(ParseError, match=message):
        score_files(path, [], "lmms-grounding")


def test_a_log_takes_no_truth(tmp_path) -> None:
    with pytest.raises(UsageError, match="truth files for lmms-choice; found 1; allowed: 0"):
        score_files(tmp_path / "s.jsonl", [tmp_path / "t.jsonl"], "lmms-choice")


VLM = [
    {"index": 0, "video": "a", "duration": "short", "question": "?", "answer": "B", "prediction": "B. Candles",
     "candidates": "['A. Apples', 'B. Candles']"},
    {"index": 1, "video": "a", "duration": "short", "question": "?", "answer": "A", "prediction": None,
     "candidates": "['A. Apples', 'B. Candles']"},
    {"index": 2, "video": "b", "duration": "long", "question": "?", "answer": "Candles", "prediction": "Candles",
     "candidates": "['Apples', 'Candles']"},
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".json", ".tsv", ".xlsx"])
def test_options_of_vlmevalkit(suffix, tmp_path) -> None:
    path = tmp_path / f"model_Video-MME{suffix}"
    head = list(VLM[0])
    if suffix == ".json":
        path.write_text(json.dumps(VLM, indent=4))
    elif suffix == ".tsv":
        lines = [
            "\t".join(head),
            *(
                "\t".join(str(row[key] or "") if key != "index" else str(row[key]) for key in head)
                for row in VLM
            ),
        ]
        path.write_text("\n".join(lines))
    else:
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in (head, *([row[key] for key in head] for row in VLM)):
            book.active.append(row)
        book.save(path)
    (scored,) = score_files(path, [], "vlmeval-choice")
    assert scored.values["overall"].tolist() == [1, 0, 1]
    assert (scored.unparsable, scored.videos, scored.notes) == (1, ("a", "a", "b"), ())
    assert (scored.mean("short"), scored.mean("long")) == (0.5, 1)


def test_spans_of_vlmevalkit(tmp_path) -> None:
    path = tmp_path / "p.json"
    path.write_text(
        json.dumps([{"index": 3, "video": "a", "answer": "[[1, 3]]", "prediction": "1 to 2 seconds"}])
    )
    assert score_files(path, [], "vlmeval-grounding")[0].mean("mIoU") == pytest.approx(0.5)


def test_a_spreadsheet_without_its_library_says_what_to_install(tmp_path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"openpyxl is not installed.*playhead\[metrics\].*\.tsv"):
        list(read_sheet(tmp_path / "x.xlsx"))


def test_what_is_no_spreadsheet_is_said(tmp_path) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "x.xlsx").write_text("no")
    with pytest.raises(ParseError, match=r"x.xlsx is no spreadsheet"):
        list(read_sheet(tmp_path / "x.xlsx"))
