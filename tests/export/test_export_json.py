"""JSON: obeys the published schema, reads back equal, and other tools' lists are understood."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
from export_samples import hour_long, realistic
from export_strategies import answers
from hypothesis import given, settings

from playhead import timeline
from playhead.errors import ParseError, SourceError
from playhead.export import FORMATS, Options, load_answer, load_events, schema
from playhead.timeline import Answer, ParseFailure, Sampling, Span

ROOT = Path(__file__).parents[2]


def as_json(answer: Answer) -> str:
    return FORMATS["json"].render(answer, Options())


def valid(text: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(text))


def test_the_published_schema_is_the_one_in_the_package():
    packaged = ROOT / "src/playhead/export/answer.schema.json"
    assert (ROOT / "docs/answer.schema.json").read_bytes() == packaged.read_bytes()
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_names_exactly_the_fields_that_are_written():
    definitions = schema()["$defs"]
    parts = {
        "mark": timeline.Mark, "event": timeline.Event, "word": timeline.Word, "segment": timeline.Segment,
        "transcript": timeline.Transcript, "sampling": timeline.Sampling, "failure": timeline.ParseFailure,
        "step": timeline.Step,
    }  # fmt: skip
    renamed = {
        "duration_s": "duration",
        "times_s": "times",
        "audio_s": "audio",
        "frame_size_px": "frame_size",
    }
    for name, kind in [*parts.items(), ("answer", Answer)]:
        fields = {renamed.get(field.name, field.name) for field in dataclasses.fields(kind)}
        if "span" in fields:
            fields = fields - {"span"} | {"start", "end"}
        described = schema() if name == "answer" else definitions[name]
        assert set(described["properties"]) == fields, name
        assert described["additionalProperties"] is False


def test_realistic_answers_are_valid_and_come_back_equal():
    for answer in (realistic(), hour_long()):
        text = as_json(answer)
        valid(text)
        again = load_answer(text)
        assert again.transcript == answer.transcript
        assert again.chapters == answer.chapters
        assert json.loads(as_json(again)) == json.loads(text)


def test_an_empty_answer_says_why_and_is_valid():
    answer = Answer(
        task="ground", source="a.mp4", duration_s=3.0, model="m", sampling=Sampling("none", Span(0, 3)),
        reason="nothing supports the query", failure=ParseFailure("gibberish", "no time in it"),
    )  # fmt: skip
    text = as_json(answer)
    valid(text)
    assert json.loads(text)["events"] == []
    assert load_answer(text) == answer


@given(answers())
@settings(max_examples=60)
def test_any_answer_is_valid_and_comes_back_equal(answer):
    text = as_json(answer)
    valid(text)
    assert json.loads(as_json(load_answer(text))) == json.loads(text)


@pytest.mark.parametrize(
    "broken", ["{", '{"task": 1', '{"schema_version": "2.0"}', '{"schema_version": "1.0"}', "[1]"]
)
def test_broken_json_is_a_parse_error(broken, tmp_path):
    with pytest.raises(ParseError):
        load_answer(broken)
    file = tmp_path / "a.json"
    file.write_text(broken)
    with pytest.raises(ParseError):
        load_answer(file)


def test_an_unknown_field_is_refused_with_the_nearest_name():
    data = json.loads(as_json(realistic()))
    data["chapter"] = []
    with pytest.raises(ParseError, match="chapters"):
        load_answer(json.dumps(data))


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(SourceError):
        load_answer(tmp_path / "none.json")
    with pytest.raises(SourceError):
        load_answer(tmp_path)
    file = tmp_path / "binary.json"
    file.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ParseError, match="UTF-8"):
        load_answer(file)


FOREIGN = [
    ('[{"start": 1, "end": 2.5, "text": "a"}]', [(1, 2.5, "a")]),
    ('[{"start_time": 1, "end_time": 2, "description": "a"}]', [(1, 2, "a")]),
    ('[{"start_sec": "1.5", "end_sec": "2", "label": "a"}]', [(1.5, 2, "a")]),
    ('[{"startTimeMs": 1500, "endTimeMs": 2500, "caption": "a"}]', [(1.5, 2.5, "a")]),
    ('[{"startTimeMillis": 1500, "endTimeMillis": "2500"}]', [(1.5, 2.5, "")]),
    ('[{"start": "01:02", "end": "1:03.5"}]', [(62, 63.5, "")]),
    ('[{"start": "01:00:02.250", "end": "01:00:03,5"}]', [(3602.25, 3603.5, "")]),
    ('[{"startTimeOffset": "12.5s", "endTimeOffset": "20s"}]', [(12.5, 20, "")]),
    ('[{"start": "0:00:01.5000000", "end": "0:00:02"}]', [(1.5, 2, "")]),
    ("[[1, 2], [3.5, 4]]", [(1, 2, ""), (3.5, 4, "")]),
    ("[1, 2]", [(1, 2, "")]),
    ('{"duration": 9, "timestamps": [[1, 2], [3, 4]], "sentences": ["a", "b"]}', [(1, 2, "a"), (3, 4, "b")]),
    ('{"segments": [{"start": 1, "end": 2, "text": "a"}]}', [(1, 2, "a")]),
    ('{"goals": [{"start_time": 1, "end_time": 2, "metadata": {"title": "a"}}]}', [(1, 2, "a")]),
    ('{"labels": [{"name": "cat", "instances": [{"start": "0:00:01", "end": "0:00:02"}]}]}', [(1, 2, "cat")]),
    ('[{"timestamp": [4, 5], "sentence": "a"}]', [(4, 5, "a")]),
    ('{"events": []}', []),
    ("[]", []),
]


@pytest.mark.parametrize(("text", "expected"), FOREIGN)
def test_other_tools_names_for_times(text, expected):
    found = [(event.span.start_s, event.span.end_s, event.text) for event in load_events(text)]
    assert found == [(pytest.approx(a), pytest.approx(b), words) for a, b, words in expected]


def test_our_own_events_keep_title_text_and_confidence():
    event = load_events('[{"start": 1, "end": 2, "title": "T", "text": "x", "confidence": 0.5}]')[0]
    assert (event.title, event.text, event.confidence) == ("T", "x", 0.5)


def test_a_reversed_event_is_turned_and_flagged():
    event = load_events('[{"start": 9, "end": 4}]')[0]
    assert (event.span, event.flags) == (Span(4, 9), ("reversed",))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '"x"',
        '[{"start": "soon", "end": 2}]',
        '[{"start": -1, "end": 2}]',
        '[{"start": NaN, "end": 2}]',
        '[{"start": true, "end": 2}]',
        '{"timestamps": [[1, 2]], "sentences": ["a", "b"]}',
        '[{"start": 1, "end": [2]}]',
    ],
)
def test_what_cannot_be_read_is_an_error_and_never_a_guess(text, tmp_path):
    file = tmp_path / "events.json"
    file.write_text(text)
    with pytest.raises(ParseError):
        load_events(file)
