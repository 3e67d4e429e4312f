"""``own``: a file of tasks over a folder of videos, and every fault of such a file named by line and field."""

from __future__ import annotations

import json
import shutil

import pytest

from playhead.errors import ParseError, SourceError
from playhead.evaluate.base import Facts, Moments, Option, Story
from playhead.evaluate.benchmarks.own import BENCHMARK, load
from playhead.evaluate.judges import judge_by_words
from playhead.evaluate.registry import load_benchmark
from playhead.metrics.told import Caption
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Span

GROUND = {"id": "g", "video": "clips/a.mp4", "task": "ground", "query": "a cat", "spans": [[0.5, 1.5]]}
CHOOSE = {
    "id": "c",
    "video": "clips/a.mp4",
    "task": "choose",
    "question": "what?",
    "options": ["a cat", "a dog"],
    "answer": "B",
    "context": "it barks",
    "groups": {"kind": "animal"},
}
EVENTS = {
    "id": "e",
    "video": "clips/a.mp4",
    "task": "events",
    "events": [{"start": 0, "end": 2.2, "text": "numbers"}],
    "start": 0.2,
    "end": 2,
}
FACTS = {"id": "f", "video": "clips/a.mp4", "task": "describe", "atoms": ["a number"], "text": "numbers"}


@pytest.fixture
def folder(tmp_path, drawn):
    (tmp_path / "clips").mkdir()
    shutil.copy(drawn("constant").path, tmp_path / "clips" / "a.mp4")
    return tmp_path


def write(folder, *records) -> None:
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    (folder / "tasks.jsonl").write_text("\n".join(lines) + "\n")


def test_every_task_is_read_with_its_truth(folder) -> None:
    ask = {**FACTS, "id": "q", "task": "ask", "question": "what is there?"}
    write(folder, GROUND, {**GROUND, "id": "none", "spans": []}, CHOOSE, EVENTS, FACTS, ask)
    loaded = load_benchmark(BENCHMARK, folder)
    by_id = {sample.id: sample for sample in loaded.samples}
    assert by_id["g"].task == Ground("a cat")
    assert by_id["g"].truth == Moments((Span(0.5, 1.5),))
    assert by_id["none"].truth == Moments(())
    assert (by_id["c"].truth, by_id["c"].groups) == (Option("B"), {"kind": "animal"})
    assert by_id["c"].asked == Choose("it barks\n\nwhat?", ("a cat", "a dog"))
    assert by_id["e"].task == Events()
    assert by_id["e"].truth == Story(((Caption(0, 2.2, "numbers"),),))
    assert (by_id["e"].start_s, by_id["e"].end_s) == (0.2, 2)
    assert (by_id["f"].task, by_id["f"].truth) == (Describe(), Facts("numbers", ("a number",)))
    assert by_id["q"].task.question == "what is there?"
    assert [sample.duration_s for sample in loaded.samples] == pytest.approx([2.4] * 6, abs=0.05)
    assert {sample.video for sample in loaded.samples} == {folder / "clips" / "a.mp4"}
    assert [*loaded.annotations] == ["tasks.jsonl"]


def test_the_file_may_have_any_name(folder) -> None:
    write(folder, GROUND)
    (folder / "tasks.jsonl").rename(folder / "mine.jsonl")
    assert [*load(folder / "mine.jsonl", "all").annotations] == ["mine.jsonl"]
    with pytest.raises(SourceError, match=r"allowed: the official file at tasks\.jsonl"):
        load(folder, "all")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{", r"tasks\.jsonl, line 2: not JSON"),
        ({**GROUND, "id": "first"}, r"line 2: field id; found \"first\"; .* line 1 has this one"),
        ({**GROUND, "video": "clips/b.mp4"}, r"field video; found .*; did you mean 'clips/a\.mp4'\?"),
        ({**GROUND, "task": "grounding"}, r"field task; .* did you mean 'ground'\?"),
        ({**GROUND, "span": []}, r"field span; .* did you mean 'spans'\?"),
        ({**GROUND, "spans": [[2, 1]]}, r"field spans; found \[2\.0, 1\.0\]; allowed: spans that end after"),
        ({**GROUND, "spans": [1, 2]}, r"field spans; found 1; allowed: \[start, end\] in seconds"),
        (
            {**GROUND, "spans": [[1, 4.0]]},
            r"field spans; found \[1\.0, 4\.0\]; allowed: seconds from 0 to 2\.4\d*, the length of clips/a\.mp4",
        ),
        ({**EVENTS, "events": [{"start": 0, "end": 9, "text": "x"}]}, r"field events; found \[0\.0, 9\.0\]"),
        ({**EVENTS, "events": []}, r"field events; found \[\]"),
        ({**EVENTS, "events": [{"start": 0, "end": 1}]}, r"line 2 \(events\): no field text"),
        ({**EVENTS, "start": 7, "end": 8}, r"field start; found \[7\.0, 7\.0\]"),
        ({**EVENTS, "start": 2, "end": 1}, r"field end; found 1\.0; allowed: seconds after the start, 2"),
        ({**EVENTS, "context": "words"}, r"field context; .* a context with ask or choose only"),
        ({**CHOOSE, "answer": "C"}, r"field answer; found \"C\"; .* A to B"),
        ({**CHOOSE, "options": ["a"]}, r"line 2: cannot choose; found 1 options; allowed: 2 to 26"),
        ({**CHOOSE, "groups": {"kind": 3}}, r"field groups"),
        ({**FACTS, "atoms": []}, r"field atoms"),
        ({**GROUND, "query": " "}, r"line 2: cannot look for an empty query"),
    ],
)
def test_a_fault_is_named_by_line_and_field(folder, record, message) -> None:
    write(folder, {**GROUND, "id": "first"}, record)
    with pytest.raises(ParseError, match=message):
        load(folder, "all")


def test_spans_in_another_unit_are_refused_with_what_they_may_be(folder) -> None:
    frames = [{**GROUND, "id": str(n), "spans": [[100 + n, 200]]} for n in range(12)]
    write(folder, *frames)
    with pytest.raises(ParseError, match=r"the spans are not in seconds; .* frames or milliseconds"):
        load(folder, "all")


def test_a_video_that_cannot_be_read_is_left_to_the_run(folder) -> None:
    (folder / "clips" / "broken.mp4").write_bytes(b"no video")
    write(folder, GROUND, {**GROUND, "id": "x", "video": "clips/broken.mp4"})
    loaded = load(folder, "all")
    assert [sample.duration_s is None for sample in loaded.samples] == [False, True]
    assert "clips/broken.mp4 could not be measured" in loaded.notes[0]


@pytest.mark.parametrize(
    ("statement", "text", "verdict"),
    [
        ("a man opens a red door", "A man slowly opens the red doors.", "told"),
        ("a man opens a red door", "A man is sleeping.", "absent"),
        ("3 bottles", "there are 3 bottles", "told"),
        ("3 bottles", "there are 4 bottles", "absent"),
        ("...", "anything", "absent"),
    ],
)
def test_the_judge_by_words(statement, text, verdict) -> None:
    assert judge_by_words(statement, text) == verdict
