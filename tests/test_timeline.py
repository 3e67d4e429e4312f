"""The vocabulary: spans as mathematics, and answers as plain data there and back."""

import itertools
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import ParseError
from playhead.timeline import (
    SCHEMA_VERSION,
    Answer,
    Event,
    Mark,
    ParseFailure,
    Sampling,
    Segment,
    Span,
    Step,
    Transcript,
    Word,
    answer_from_dict,
    merge_spans,
    to_dict,
)

# Microseconds are what JSON keeps; values are drawn on that grid, as the times of real media nearly are.
seconds = st.integers(0, 10**11).map(lambda microseconds: round(microseconds / 1e6, 6))
fractions = st.integers(0, 10**6).map(lambda millionths: round(millionths / 1e6, 6))
spans = st.tuples(seconds, seconds).map(lambda pair: Span(min(pair), max(pair)))
words = st.text(max_size=20)
marks = st.builds(Mark, spans, words, words, st.none() | fractions, st.none() | st.tuples(*[fractions] * 4))
events = st.builds(
    Event, spans, words, words, st.none() | fractions, st.lists(marks, max_size=2).map(tuple), st.lists(words, max_size=2).map(tuple)
)  # fmt: skip
spoken = st.builds(
    Segment, spans, words, st.lists(st.builds(Word, spans, words, st.none() | fractions), max_size=3).map(tuple), st.none() | fractions
)  # fmt: skip
transcripts = st.builds(
    Transcript, st.lists(spoken, max_size=3).map(tuple), st.none() | words, st.none() | fractions
)
samplings = st.builds(
    Sampling, policy=words, window=spans, times_s=st.lists(seconds, max_size=4).map(tuple),
    frame_size_px=st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)), audio_s=seconds,
    notes=st.lists(words, max_size=2).map(tuple),
)  # fmt: skip
steps = st.builds(
    Step, name=words, window=spans, frames=st.integers(0, 999), tokens=st.none() | st.integers(0, 10**6),
    spans=st.lists(spans, max_size=2).map(tuple), text=words,
)  # fmt: skip
answers = st.builds(
    Answer, task=words, source=words, duration_s=seconds, model=words, sampling=samplings, query=words, title=words, text=words,
    events=st.lists(events, max_size=3).map(tuple), chapters=st.lists(events, max_size=2).map(tuple), choice=st.none() | words,
    transcript=st.none() | transcripts, lanes=st.dictionaries(words, st.lists(marks, max_size=2).map(tuple), max_size=2),
    evidence=st.lists(marks, max_size=2).map(tuple), thinking=words, confidence=st.none() | fractions, reason=words,
    failure=st.none() | st.builds(ParseFailure, words, words), trace=st.lists(steps, max_size=3).map(tuple),
)  # fmt: skip


@given(answers)
def test_an_answer_survives_json(answer):
    assert answer_from_dict(json.loads(json.dumps(to_dict(answer)))) == answer


@given(answers)
def test_plain_data_names_spans_start_and_end(answer):
    for event, data in zip(answer.events, to_dict(answer)["events"], strict=True):
        assert (data["start"], data["end"]) == (event.span.start_s, event.span.end_s)
        assert "span" not in data


def small():
    return to_dict(
        Answer(task="ask", source="a.mp4", duration_s=9.5, model="m", sampling=Sampling("none", Span(0, 9.5)))
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"schema_version": "2.0"}, "schema_version '2.0'"),
        ({"schema_version": ""}, "schema_version"),
        ({"evnts": []}, "did you mean 'events'"),
        ({"events": [{"start": 3, "end": 1, "text": "x"}]}, "ends before it starts"),
        ({"events": [{"start": 3, "text": "x"}]}, "KeyError: 'end'"),
        ({"events": [{"start": "x", "end": 1, "text": "x"}]}, "ValueError"),
        ({"events": [{"start": 0, "end": float("nan"), "text": "x"}]}, "finite"),
        ({"duration": "long"}, "ValueError"),
        ({"duration": None}, "TypeError"),
        ({"events": 5}, "TypeError"),
        ({"events": [5]}, "TypeError"),
        ({"lanes": [1]}, "cannot read an answer"),
        ({"transcript": {"segments": [{"start": 0, "end": 1}]}}, "KeyError"),
        ({"transcript": 7}, "cannot read an answer"),
        ({"failure": "x"}, "cannot read an answer"),
        ({"sampling": None}, "cannot read an answer"),
        (
            {"evidence": [{"start": 0, "end": 1, "lane": "text", "text": "x", "box": [1]}]},
            "cannot read an answer",
        ),
    ],
)
def test_bad_data_is_refused_with_its_reason(change, found):
    with pytest.raises(ParseError, match="cannot read an answer") as caught:
        answer_from_dict(small() | change)
    assert found in str(caught.value)


def test_a_missing_field_is_refused():
    data = small()
    del data["sampling"]
    with pytest.raises(ParseError, match="sampling"):
        answer_from_dict(data)


def test_files_from_before_there_was_a_trace_are_read():
    data = small() | {"schema_version": "1.0"}
    del data["trace"]
    assert answer_from_dict(data).trace == ()


def test_data_of_a_later_minor_version_is_read():
    data = small() | {"schema_version": SCHEMA_VERSION.partition(".")[0] + ".9"}
    assert answer_from_dict(data).duration_s == 9.5


@pytest.mark.parametrize("bounds", [(math.nan, 1), (0, math.inf), (-math.inf, 0), (2, 1)])
def test_a_span_is_finite_and_not_turned_round(bounds):
    with pytest.raises(ValueError, match=r"finite|ends before"):
        Span(*bounds)


@given(spans, spans)
def test_overlap_and_iou_do_not_depend_on_the_order(one, other):
    assert one.overlap_s(other) == other.overlap_s(one)
    assert one.iou(other) == other.iou(one)
    assert 0 <= one.iou(other) <= 1 + 1e-9


@given(spans)
def test_a_span_is_wholly_like_itself(span):
    assert span.iou(span) == pytest.approx(1)
    assert span.contains(span.start_s)
    assert span.duration_s == 0 or not span.contains(span.end_s)
    assert span.clip(span) == span
    assert span.hull(span) == span


@given(spans, spans)
def test_clipping_keeps_what_is_in_both(span, to):
    clipped = span.clip(to)
    if clipped is None:
        assert span.overlap_s(to) == 0
    else:
        assert clipped.duration_s == pytest.approx(span.overlap_s(to), abs=1e-6)
        assert to.start_s <= clipped.start_s <= clipped.end_s <= to.end_s


@given(spans, spans)
def test_a_hull_covers_both(one, other):
    hull = one.hull(other)
    assert hull.start_s == min(one.start_s, other.start_s)
    assert hull.end_s == max(one.end_s, other.end_s)


@given(spans, st.integers(0, 10**6))
def test_shifting_keeps_the_length(span, by_s):
    assert span.shift(by_s).duration_s == pytest.approx(span.duration_s, abs=1e-6)
    assert span.shift(by_s).start_s == span.start_s + by_s


@given(st.lists(spans, max_size=12), st.integers(0, 1000))
def test_merged_spans_are_apart_and_cover_the_same(items, gap_s):
    merged = merge_spans(items, gap_s)
    assert list(merged) == sorted(merged)
    assert all(a.end_s + gap_s < b.start_s for a, b in itertools.pairwise(merged))
    assert all(any(m.start_s <= s.start_s and s.end_s <= m.end_s for m in merged) for s in items)
    assert merge_spans(merged, gap_s) == merged
    if gap_s == 0:
        bounds = {s.start_s for s in items} | {s.end_s for s in items}
        assert all(m.start_s in bounds and m.end_s in bounds for m in merged)


def test_points():
    point = Span(5, 5)
    assert point.contains(5)
    assert point.iou(point) == 1
    assert point.iou(Span(6, 6)) == 0
    assert point.iou(Span(0, 10)) == 0
    assert point.clip(Span(0, 10)) == point
    assert point.clip(Span(6, 10)) is None
    assert Span(0, 5).clip(Span(5, 9)) is None


def test_half_open_spans_share_no_instant():
    first, second = Span(0, 5), Span(5, 9)
    assert first.overlap_s(second) == 0
    assert not first.contains(5)
    assert second.contains(5)


def test_an_answer_s_spans_are_a_set():
    answer = answer_from_dict(small())
    both = replace(answer, events=(Event(Span(5, 9), "b"), Event(Span(0, 6), "a"), Event(Span(20, 21), "c")))
    assert answer.spans == ()
    assert both.spans == (Span(0, 9), Span(20, 21))


def test_a_transcript_reads_as_one_text():
    assert Transcript((Segment(Span(0, 1), " Hello "), Segment(Span(1, 2), "there."))).text == "Hello there."
