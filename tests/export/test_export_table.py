"""CSV and Markdown: read back by the csv module and a CommonMark parser."""

from __future__ import annotations

import csv
import io

import pytest
from export_samples import SENTENCES, realistic
from export_strategies import answers, texts
from hypothesis import given, settings

from playhead.export import FORMATS, Options
from playhead.timeline import Answer, Event, Sampling, Span


def rows_of(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(FORMATS["csv"].render(answer, Options()), newline="")))


def test_csv_holds_every_timed_thing_in_order():
    answer = realistic()
    rows = rows_of(answer)
    count = (
        len(answer.events)
        + len(answer.chapters)
        + len(answer.transcript.segments)
        + sum(map(len, answer.lanes.values()))
    )
    assert len(rows) == count
    assert [row["text"] for row in rows if row["kind"] == "speech"] == SENTENCES
    assert [float(row["start"]) for row in rows] == sorted(float(row["start"]) for row in rows)
    first = next(row for row in rows if row["kind"] == "event")
    assert first == {
        "start": "2.000", "end": "9.500", "kind": "event", "title": "Boats enter the harbour",
        "text": "Three fishing boats come in past the lighthouse while gulls cry.", "confidence": "0.910", "flags": "",
    }  # fmt: skip


@given(answers())
@settings(max_examples=80)
def test_csv_keeps_any_text(answer):
    rows = rows_of(answer)
    expected = [(item.title, item.text) for item in (*answer.events, *answer.chapters)]
    found = [(row["title"], row["text"]) for row in rows if row["kind"] in {"event", "chapter"}]
    assert sorted(found) == sorted(expected)
    assert all(None not in row for row in rows)


markdown_it = pytest.importorskip("markdown_it")


def text_of(answer: Answer) -> tuple[str, set[str]]:
    """Plain text of the report's lines, and the kinds of markup a reader would meet."""
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(FORMATS["md"].render(answer, Options()))
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    lines = ["".join(child.content for child in token.children) for token in tokens if token.type == "inline"]
    return "\n".join(lines), kinds


def test_markdown_is_a_report():
    report = FORMATS["md"].render(realistic(), Options())
    headings = [line for line in report.splitlines() if line.startswith("#")]
    assert headings == [
        "# Sardines in saor: a morning in Trieste", "## Summary", "## Chapters", "## Events", "## Transcript (en)",
        "## Shots", "## On-screen text", "## Sounds", "## Objects", "## What was sampled",
    ]  # fmt: skip
    assert "1. **0:00.0 - 0:34.0** The boats come in: Fishing boats return" in report
    assert "- **0:28.0 - 0:37.0** SARDONI 4,50 €/kg" in report
    assert "90 pictures of 640x360 pixels, 180.0 s of sound" in report
    assert "One label was left out: its score was below 0.5." in report


@given(title=texts, words=texts)
@settings(max_examples=150)
def test_markdown_shows_any_text_as_it_is(title, words):
    event = Event(Span(1, 2), words, title)
    answer = Answer(
        task="watch", source="a.mp4", duration_s=3, model="m", sampling=Sampling("p", Span(0, 3)), title=title, text=words,
        events=(event,),
    )  # fmt: skip
    text, kinds = text_of(answer)
    for part in (title, words):
        plain = " ".join(
            "".join(
                c if c.isprintable() or (ord(c) >= 0xA0 and not c.isspace()) else " " for c in part
            ).split()
        )
        assert plain in text
    forbidden = {
        "html_inline",
        "html_block",
        "link_open",
        "image",
        "code_inline",
        "fence",
        "code_block",
        "s_open",
        "hr",
        "table_open",
        "blockquote_open",
    }
    assert not kinds & forbidden


def test_markdown_of_an_empty_answer_gives_the_reason():
    answer = Answer(
        task="ground",
        source="a.mp4",
        duration_s=3,
        model="m",
        sampling=Sampling("p", Span(0, 3)),
        query="a cat?",
        reason="no cat",
    )
    report = FORMATS["md"].render(answer, Options())
    assert "*no cat*" in report
    assert "a cat?" in report
