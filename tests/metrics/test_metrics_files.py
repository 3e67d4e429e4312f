"""Malformed files: every fault is named by file, line and field, with what was expected; nothing is passed over."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from helpers.command import playhead
from helpers.predictions import draw_all
from playhead.cli.score import KIND_NAMES
from playhead.errors import ParseError, SourceError, UsageError
from playhead.metrics import score_files
from playhead.metrics.files import read_records
from playhead.metrics.score import KINDS

TRUTH = {
    "qid": 1,
    "vid": "v",
    "duration": 10,
    "relevant_clip_ids": [0, 1],
    "saliency_scores": [[1, 2, 3], [4, 4, 4]],
    "relevant_windows": [[0, 4]],
}
SAID = {"qid": 1, "pred_relevant_windows": [[0, 4, 0.5]]}
NEXT = SAID | {"qid": 2}


def write(folder: Path, name: str, *records: object) -> Path:
    path = folder / name
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in records))
    return path


def scored(folder: Path, said: list, true: list, kind: str = "qvhighlights"):
    return score_files(write(folder, "said.jsonl", *said), [write(folder, "true.jsonl", *true)], kind)


def changed(record: dict, **fields: object) -> dict:
    return {name: value for name, value in (record | fields).items() if value is not ...}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (changed(NEXT, qid=...), "no field qid"),
        (changed(NEXT, qid=1.5), "field qid; found 1.5; allowed: text or a whole number"),
        (changed(NEXT, qid=True), "field qid"),
        (changed(NEXT, pred_relevant_windows=...), "no field pred_saliency_scores"),
        (
            changed(NEXT, pred_relevant_windows=[[0, 4]]),
            "field pred_relevant_windows; found [0, 4]; allowed: [start, end, conf",
        ),
        (changed(NEXT, pred_relevant_windows=[[0, "0:04", 1]]), "times in seconds"),
        (changed(NEXT, pred_relevant_windows="0-4"), "a list of [start, end, confidence]"),
        (changed(NEXT, pred_saliency_scores=[0, None]), "field pred_saliency_scores"),
        ([1, 2], "an object with the field qid"),
        ('{"qid": 1, "pred_relevant_windows": [[0, NaN, 1]]}', "NaN is no JSON number"),
        ('{"qid": 1, "pred_relevant_windows": [[0, 4, 1]]', "not JSON"),
        ('{"qid": 2, "pred_relevant_windows": [[0, 4, 1]]} {"qid": 3}', "something after the record"),
        ("qid 1", "not JSON"),
        (SAID, "an id of its own; line 1 has this one"),
    ],
)
def test_a_malformed_prediction_is_named(record, says, tmp_path) -> None:
    with pytest.raises(ParseError) as caught:
        scored(tmp_path, [SAID, record], [TRUTH, changed(TRUTH, qid=2)])
    assert str(caught.value).startswith("said.jsonl, line 2")
    assert says in str(caught.value)


def test_a_broken_first_line_is_not_taken_for_the_second(tmp_path) -> None:
    with pytest.raises(ParseError, match=r"said.jsonl, line 1: not JSON"):
        scored(tmp_path, ['{"qid": 1, "pred_relevant_windows": [[0', NEXT], [TRUTH])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"duration": ...}, "no field duration"),
        ({"duration": -1}, "a number from 0 on"),
        ({"relevant_clip_ids": [0, 5]}, "field relevant_clip_ids; found 5; allowed: a clip from 0 to 4"),
        ({"saliency_scores": [[1, 2, 3]]}, "2 entries, one a relevant clip"),
        ({"saliency_scores": [[1, 2, 3], [1, 2, 9]]}, "three ratings from 0 to 4"),
        ({"relevant_windows": [[0]]}, "[start, end] in seconds"),
        ({"vid": ""}, "field vid"),
    ],
)
def test_a_malformed_truth_is_named(fields, says, tmp_path) -> None:
    with pytest.raises(ParseError) as caught:
        scored(tmp_path, [SAID], [changed(TRUTH, qid=9), changed(TRUTH, **fields)])
    assert str(caught.value).startswith("true.jsonl, line 2")
    assert says in str(caught.value)


def test_the_line_of_a_record_inside_a_document_is_found(tmp_path) -> None:
    document = '{\n "7": {"timestamp": [[0, 1]]},\n "8": {\n  "timestamp": [[0, "x"]]}\n}'
    said = write(tmp_path, "said.json", document)
    true = write(
        tmp_path,
        "true.json",
        {"annotations": [{"id": at, "image_id": "v", "timestamp": [0, 1]} for at in (7, 8)]},
    )
    with pytest.raises(ParseError, match=r'said.json, line 3 \(8\): field timestamp; found \[0, "x"\]'):
        score_files(said, [true], "charades-sta")


def test_an_id_that_an_object_holds_twice_is_named(tmp_path) -> None:
    said = write(tmp_path, "said.json", '{"7": {"timestamp": []},\n"7": {"timestamp": []}}')
    with pytest.raises(
        ParseError, match=r'line 2 \(7\): field id; found "7"; allowed: an id of its own; line 1'
    ):
        list(read_records(said, by_id=True))


@pytest.mark.parametrize(
    "text", ['{"a": 1,}', '{"a" 1}', '[{"a": 1}', "[1 2]", '{"a": {"b": }}', "\n[\n", "{"]
)
def test_broken_documents_are_errors(text, tmp_path) -> None:
    with pytest.raises(ParseError, match=r"broken.json, line \d"):
        list(read_records(write(tmp_path, "broken.json", text), by_id=True))


def test_deep_nesting_is_an_error(tmp_path) -> None:
    with pytest.raises(ParseError):
        list(read_records(write(tmp_path, "deep.json", "[" * 100_000)))


def test_a_file_may_be_compressed_and_marked_and_spaced(tmp_path) -> None:
    path = tmp_path / "said.gz"
    path.write_bytes(gzip.compress('\ufeff\r\n{"a": 1}\r\n\r\n{"a": 2}\r\n'.encode()))
    assert [(each.line, each.data) for each in read_records(path)] == [(2, {"a": 1}), (4, {"a": 2})]


@pytest.mark.parametrize("data", [b"\x1f\x8bnot gzip", gzip.compress(b"[]" * 99, mtime=0)[:20]])
def test_a_damaged_compressed_file_is_an_error(data, tmp_path) -> None:
    (tmp_path / "said.gz").write_bytes(data)
    with pytest.raises(SourceError, match=r"said.gz"):
        list(read_records(tmp_path / "said.gz"))


def test_what_cannot_be_read_is_an_error(tmp_path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(SourceError, match="cannot read"):
            list(read_records(path))
    (tmp_path / "latin.json").write_bytes(b'["\xe9"]')
    with pytest.raises(ParseError, match="not UTF-8"):
        list(read_records(tmp_path / "latin.json"))
    with pytest.raises(ParseError, match="empty file"):
        list(read_records(write(tmp_path, "empty.json")))


def test_predictions_about_something_unknown(tmp_path) -> None:
    (found,) = scored(tmp_path, [SAID, changed(SAID, qid=2)], [TRUTH])
    assert found.notes == ("1 predicted queries are not in the truth and are left out, as published",)
    with pytest.raises(ParseError, match=r"nothing of said.jsonl is in the truth"):
        scored(tmp_path, [changed(SAID, qid=2)], [TRUTH])
    truth = [{"id": "a", "video": "v", "spans": []}]
    with pytest.raises(
        ParseError, match=r'line 2: field id; found "b"; allowed: one of the 1 of the truth file'
    ):
        scored(tmp_path, [{"id": "a", "spans": []}, {"id": "b", "spans": []}], truth, "grounding")


def own(spans: list, duration_s: float = 100.0) -> tuple[list, list]:
    said = [{"id": str(at), "spans": [each]} for at, each in enumerate(spans)]
    true = [
        {"id": str(at), "video": "v", "duration_s": duration_s, "spans": [[10, 20]]}
        for at, _ in enumerate(spans)
    ]
    return said, true


def test_spans_outside_the_video_are_counted_and_scored_as_they_are(tmp_path) -> None:
    (found,) = scored(tmp_path, *own([[10, 20], [90, 130], [-5, 3], [30, 20]]), "grounding")
    assert found.notes == (
        "2 of 4 predicted spans reach outside their video; scored as they are",
        "1 of 4 predicted spans end before they start; scored as they are",
    )
    assert found.mean("mIoU") == 0.25


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_frames_or_milliseconds_are_refused(share, tmp_path) -> None:
    spans = [[10_000, 20_000] if at < share * 20 else [10, 20] for at in range(20)]
    with pytest.raises(ParseError, match=r"not in seconds; found \d+ of 20 beyond 5 times the length"):
        scored(tmp_path, *own(spans), "grounding")


def test_fractions_are_refused(tmp_path) -> None:
    with pytest.raises(ParseError, match="as fractions of the video"):
        scored(tmp_path, *own([[0.1, 0.2]] * 20), "grounding")


def test_zeros_written_for_want_of_an_answer_are_no_fractions(tmp_path) -> None:
    (found,) = scored(tmp_path, *own([[0, 0]] * 12 + [[0, 1]] * 8), "grounding")
    assert found.mean("R1@0.3") == 0.0


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" * 6000, "1e999"])
def test_numbers_no_float_holds_are_refused(number, tmp_path) -> None:
    said = [f'{{"id": "0", "spans": [[0, {number}]]}}']
    with pytest.raises(ParseError, match=r"said.jsonl, line 1"):
        scored(tmp_path, said, own([[0, 1]])[1], "grounding")


def test_null_is_a_reply_that_says_nothing(tmp_path) -> None:
    record = {"question_id": 1, "videoID": "v", "options": ["A. yes", "B. no"], "answer": "A"}
    said = [record | {"response": "A"}, record | {"question_id": 2, "response": None}]
    (found,) = score_files(write(tmp_path, "said.jsonl", *said), [], "video-mme")
    assert (found.mean("overall"), found.mean("overall, read with care"), found.unparsable) == (1.0, 0.5, 1)


def test_a_few_wild_answers_are_no_mistake_of_the_unit(tmp_path) -> None:
    (found,) = scored(tmp_path, *own([[10, 20]] * 18 + [[10_000, 20_000]] * 2), "grounding")
    assert found.notes


def test_own_forms_are_scored(tmp_path) -> None:
    said = [{"id": "a", "spans": [[0, 10]]}, {"id": "b", "spans": None}, {"id": "c", "spans": []}]
    true = [
        {"id": each, "video": "v", "spans": spans}
        for each, spans in (("a", [[0, 10]]), ("b", [[1, 2]]), ("c", []))
    ]
    (found,) = scored(tmp_path, said, true, "grounding")
    assert (found.mean("mIoU"), found.unparsable) == (pytest.approx(2 / 3), 1)
    questions = [
        {"id": at, "video": "v", "candidates": ["A. yes", "B. no"], "answer": "A", "problem_type": "Humor"}
        for at in (1, 2, 3)
    ]
    replies = [{"id": 1, "answer": "yes"}, {"id": 2, "answer": "(B)"}, {"id": 3, "answer": None}]
    (found,) = scored(tmp_path, replies, questions, "choice")
    assert {name: found.mean(name) for name in found.values} == {
        "overall": pytest.approx(1 / 3),
        "humour and meme deconstruction": pytest.approx(1 / 3),
    }
    assert found.unparsable == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"answer": "AB"}, "the letter of the right option"),
        ({"options": ["one"]}, "2 to 26 texts"),
        ({"options": ...}, "no field options"),
    ],
)
def test_malformed_questions_are_named(fields, says, tmp_path) -> None:
    question = changed({"id": 1, "video": "v", "options": ["yes", "no"], "answer": "A"}, **fields)
    with pytest.raises(ParseError, match=r"true.jsonl, line 1") as caught:
        scored(tmp_path, [{"id": 1, "answer": "A"}], [question], "choice")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"video_id": "v", "task": "guessing", "answer": ""}, "captioning or grounding"),
        ({"video_id": "v", "task": "grounding", "answer": ""}, "no field info"),
        (
            {"video_id": "v", "task": "grounding", "answer": "", "info": {"sentence_id": 5}},
            "a sentence from 0 to 0",
        ),
        (
            {"video_id": "v", "task": "grounding", "answer": "", "info": {"sentence_id": "0"}},
            "the number of the sentence",
        ),
        (
            {"video_id": "x", "task": "grounding", "answer": "", "info": {"sentence_id": 0}},
            "one of the 1 videos",
        ),
        (
            {"video_id": "v", "task": "grounding", "answer": "", "info": {"sentence_id": 0}},
            "line 1 answers it already",
        ),
    ],
)
def test_a_malformed_log_is_named(record, says, tmp_path) -> None:
    good = {"video_id": "v", "task": "grounding", "answer": "from 10 to 20", "info": {"sentence_id": 0}}
    truth = {"v": {"duration": 10, "timestamps": [[1, 2]], "sentences": ["a man"]}}
    with pytest.raises(ParseError, match=r"said.jsonl, line 2") as caught:
        scored(tmp_path, [good, record], [truth], "vtimellm")
    assert says in str(caught.value)


def test_names_of_kinds_and_numbers_of_files(tmp_path) -> None:
    assert KIND_NAMES.split(", ") == list(KINDS)
    with pytest.raises(UsageError, match="did you mean 'qvhighlights'"):
        score_files("a", ["b"], "qvhighlight")
    with pytest.raises(UsageError, match="truth files for charades-sta; found 0; allowed: 1"):
        score_files("a", [], "charades-sta")


def test_the_command_prints_a_table_and_json(tmp_path) -> None:
    predictions, truths = draw_all(tmp_path)["charades-sta"]
    done = playhead("score", predictions, *truths, "--as", "charades-sta", "--brief")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "50 queries, 7 unparsable, 10 without a prediction (not scored)"
    assert lines[1].split() == ["metric", "%", "95", "%", "interval", "n"]
    assert [line.split()[0] for line in lines[2:]] == ["R1@0.3", "R1@0.5", "R1@0.7", "mIoU"]
    done = playhead("score", predictions, *truths, "--as", "charades-sta", "--json", "--digits", "3")
    (part,) = json.loads(done.stdout)["scores"]
    assert (part["n"], part["unparsable"], part["missing"]) == (50, 7, 10)
    found = part["metrics"]["R1@0.3"]
    assert found["printed"] == f"{found['percent']:.3f}"
    assert found["interval_95"][0] < found["percent"] < found["interval_95"][1]
    assert part["metrics"]["no-target accuracy"]["percent"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gone.json", "gone.json", "--as", "grounding"], 3, "cannot read gone.json"),
        (["gone.json", "gone.json", "--as", "ground"], 2, "did you mean 'grounding'"),
        (["gone.json", "--as", "grounding"], 2, "truth files for grounding"),
        (["bad.json", "bad.json", "--as", "grounding"], 5, "bad.json, line 1: not JSON"),
        (["bad.json", "bad.json"], 2, "--as"),
    ],
)
def test_a_wrong_call_is_one_line_and_a_code(words, code, said, tmp_path) -> None:
    (tmp_path / "bad.json").write_text("{bad")
    done = playhead("score", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr.splitlines()[-1]


def test_metrics_need_nothing_heavy() -> None:
    code = (
        "import sys, playhead.metrics;"
        "print({'torch', 'transformers', 'av', 'PIL', 'typer', 'rich', 'scipy', 'pycocoevalcap'} & set(sys.modules))"
    )
    done = playhead("-c", code, module=None)
    assert done.stdout.strip() == "set()", done.stderr
