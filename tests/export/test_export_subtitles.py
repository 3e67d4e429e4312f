"""WebVTT and SRT: read back by pysubs2 and, for WebVTT's escapes, by the rules of the standard."""

from __future__ import annotations

import itertools
import re

import pysubs2
import pytest
from export_samples import SENTENCES, realistic
from export_strategies import answers
from hypothesis import given, settings

from playhead.export import FORMATS, Options
from playhead.timeline import Answer, Event, Sampling, Segment, Span, Transcript

ANY_TIME = re.compile(r"\d:\d\d[.,:]\d\d")
ARROW = re.compile(r"^(\d{2,}):(\d{2}):(\d{2})[.,](\d{3}) --> (\d{2,}):(\d{2}):(\d{2})[.,](\d{3})$")


def answer_of(
    *rows: tuple[float, float, str], events: tuple[Event, ...] = (), chapters: tuple[Event, ...] = ()
) -> Answer:
    segments = tuple(Segment(Span(start_s, end_s), text) for start_s, end_s, text in rows)
    sampling = Sampling("none", Span(0, 10_000))
    return Answer(
        task="watch", source="a.mp4", duration_s=10_000, model="m", sampling=sampling, events=events, chapters=chapters,
        transcript=Transcript(segments) if rows else None,
    )  # fmt: skip


def render(name: str, answer: Answer, **options: object) -> str:
    return FORMATS[name].render(answer, Options(**options))  # type: ignore[arg-type]


def blocks(text: str) -> list[tuple[int, int, list[str]]]:
    """Cues by the standard's rule: blocks end at a blank line, the line with the arrow is the time."""
    found = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        at = next((n for n, line in enumerate(lines) if "-->" in line), None)
        if at is None:
            continue
        assert at <= 1
        match = ARROW.match(lines[at])
        assert match, lines[at]
        h, m, s, ms, h2, m2, s2, ms2 = map(int, match.groups())
        found.append(
            (((h * 60 + m) * 60 + s) * 1000 + ms, ((h2 * 60 + m2) * 60 + s2) * 1000 + ms2, lines[at + 1 :])
        )
    return found


@pytest.mark.parametrize("name", ["vtt", "srt"])
def test_pysubs2_reads_the_transcript_back(name):
    answer = realistic()
    read = pysubs2.SSAFile.from_string(render(name, answer), format_=name)
    assert [line.plaintext.replace("\n", " ") for line in read] == SENTENCES
    for line, segment in zip(read, answer.transcript.segments, strict=True):
        assert line.start == round(segment.span.start_s * 1000)
        assert line.end == round(segment.span.end_s * 1000)


def test_hours_are_never_dropped():
    answer = answer_of((5.0, 6.0, "early"), (7325.5, 7326.25, "late"))
    assert "00:00:05.000 --> 00:00:06.000" in render("vtt", answer)
    assert "02:02:05.500 --> 02:02:06.250" in render("vtt", answer)
    assert "02:02:05,500 --> 02:02:06,250" in render("srt", answer)


def test_rounding_carries_into_the_minute():
    assert "00:01:00.000 --> 00:01:01.000" in render("vtt", answer_of((59.9996, 61.0, "x")))


def test_webvtt_escapes_markup_and_arrows():
    text = render("vtt", answer_of((0.0, 1.0, "if a < b && c --> d <b>x</b>")))
    assert "if a &lt; b &amp;&amp; c --&gt; d &lt;b&gt;x&lt;/b&gt;" in text


def test_braces_and_backslashes_stay_as_they_are():
    for name in ("vtt", "srt"):
        assert "{\\an8} a\\Nb" in render(name, answer_of((0.0, 1.0, "{\\an8} a\\Nb")))


def test_a_blank_line_inside_a_text_does_not_end_the_cue():
    for name in ("vtt", "srt"):
        assert blocks(render(name, answer_of((0.0, 1.0, "one\n\n \ntwo\r\nthree")))) == [
            (0, 1000, ["one", "two", "three"])
        ]


def test_an_empty_text_gives_no_cue_and_a_point_is_shown():
    cues = blocks(render("vtt", answer_of((0.0, 1.0, " \n"), (2.0, 2.0, "here"), (4.0, 4.0001, "tiny"))))
    assert cues == [(2000, 3000, ["here"]), (4000, 4001, ["tiny"])]


def test_without_speech_the_file_is_valid_and_empty():
    silent = answer_of(events=(Event(Span(1, 2), "a car", "Car"),))
    assert render("vtt", silent) == "WEBVTT\n"
    assert render("srt", silent) == ""


def test_events_become_captions_only_when_asked_for():
    event = Event(Span(1, 2), "a car", "Car")
    silent, spoken = answer_of(events=(event,)), answer_of((0.0, 1.0, "hello"), events=(event,))
    assert blocks(render("vtt", silent, captions="transcript-or-events")) == [(1000, 2000, ["a car"])]
    assert blocks(render("vtt", spoken, captions="transcript-or-events")) == [(0, 1000, ["hello"])]
    assert blocks(render("vtt", spoken, captions="events")) == [(1000, 2000, ["a car"])]


def test_overlaps_are_kept_or_cut_by_option():
    answer = answer_of((0.0, 5.0, "a"), (3.0, 6.0, "b"), (3.0, 8.0, "c"), (7.0, 9.0, "d"))
    assert len(blocks(render("srt", answer))) == 4
    cut = blocks(render("srt", answer, overlaps=False))
    assert cut == [(0, 3000, ["a"]), (3000, 7000, ["b", "c"]), (7000, 9000, ["d"])]


def test_chapters_become_a_chapters_track():
    read = pysubs2.SSAFile.from_string(render("vtt-chapters", realistic()), format_="vtt")
    assert [(line.start, line.end, line.plaintext) for line in read][:2] == [
        (0, 34_000, "The boats come in"),
        (34_000, 64_000, "At the market"),
    ]


def test_a_chapter_without_title_is_named_by_its_text_or_number():
    chapters = (Event(Span(0, 5), "words\nof it"), Event(Span(5, 9), ""))
    assert [lines for _, _, lines in blocks(render("vtt-chapters", answer_of(chapters=chapters)))] == [
        ["words of it"],
        ["Chapter 2"],
    ]


@given(answers())
@settings(max_examples=80)
@pytest.mark.parametrize("name", ["vtt", "srt"])
@pytest.mark.parametrize("overlaps", [True, False])
def test_any_text_gives_well_formed_cues(name, overlaps, answer):
    text = render(
        name, answer, overlaps=overlaps, captions="transcript-or-events", cue_s=None, cue_chars=None
    )
    cues = blocks(text)
    spoken = answer.transcript.segments if answer.transcript else ()
    source = [item.text for item in spoken] or [event.text or event.title for event in answer.events]
    expected = sorted(" ".join(line.split()) for words in source for line in _visible(words))
    found = sorted(line for _, _, lines in cues for line in lines)
    if name == "vtt":
        assert not any("<" in line or ">" in line for line in found)
        found = sorted(map(_unescape, found))
    else:
        expected = sorted(line.replace("-->", "->") for line in expected)
    assert found == expected
    assert all(end > start for start, end, _ in cues)
    assert [cue[:1] for cue in cues] == sorted(cue[:1] for cue in cues)
    if not overlaps:
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(cues))
    # pysubs2 takes any line with two times for a cue, which the standard (and the arrow written as --&gt;) does not.
    if not any(len(ANY_TIME.findall(words)) > 1 for words in source):
        read = pysubs2.SSAFile.from_string(text, format_=name) if cues else []
        assert [(line.start, line.end) for line in read] == [(start, end) for start, end, _ in cues]


def _visible(words: str) -> list[str]:
    """Lines with control characters as blanks, without the empty ones."""
    plain = [
        "".join(
            " " if (ord(char) < 0xA0 and not char.isprintable()) or char.isspace() else char for char in line
        )
        for line in words.splitlines()
    ]
    return [line for line in plain if line.split()]


def _unescape(line: str) -> str:
    return line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
