"""Hypothesis strategies for Answers with hostile texts and awkward times."""

from __future__ import annotations

from hypothesis import strategies as st

from playhead.timeline import Answer, Event, Mark, ParseFailure, Sampling, Segment, Span, Step, Transcript

HOSTILE = [
    "", " ", "\n\n", "a\nb", "a\n\nb", "a\r\nb\rc", "-->", "00:00:01.000 --> 00:00:02.000", "1\n00:00:01,000 --> 00:00:02,000",
    "<b>bold</b>", "</script><script>alert(1)</script>", "<!--", "]]>", "& &amp; &lt;", "{\\an8}up", "a\\Nb", "=1+1", "@x", "-1",
    'say "no", then; go', "=;#\\", "\\", "\\\n", "[CHAPTER]", "[x](http://a.b)", "# title", "1. one", "*a* _b_ `c`", "| a | b |",
    "👩‍👩‍👧 family", "שלום עולם", "مرحبا", "日本語の字幕", "e\u0301", "\u202etxt", "\u2028line", "nul\x00", "tab\tbell\x07", "WEBVTT",
    "NOTE x", "STYLE", "x" * 300, "42", "7\n8", "{x}", "$a$ ~~b~~", "https://a.b/c", "www.a.b", "\x85", "\ufeffbom", "-", "---", "***",
]  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
times = st.one_of(
    st.sampled_from([0.0, 0.0004, 59.9996, 3599.9999, 3600.0, 86399.9]),
    st.floats(0, 40_000, allow_nan=False).map(lambda value: round(value, 4)),
)
sureness = st.one_of(st.none(), st.floats(0, 1))
spans = st.tuples(times, times).map(lambda pair: Span(min(pair), max(pair)))
marks = st.builds(
    Mark, spans, st.sampled_from(["text", "sounds", "objects", "shots", "speech", "odd lane"]), texts, sureness,
    st.one_of(st.none(), st.just((0.0, 0.1, 0.5, 1.0))),
)  # fmt: skip
events = st.builds(
    Event,
    spans,
    texts,
    texts,
    sureness,
    st.lists(marks, max_size=2).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
)
steps = st.builds(
    Step, texts, spans, st.integers(0, 99), st.none() | st.integers(0, 99), st.lists(spans, max_size=2).map(tuple), texts
)  # fmt: skip
segments = st.builds(Segment, spans, texts, st.just(()), sureness)
transcripts = st.one_of(
    st.none(), st.builds(Transcript, st.lists(segments, max_size=6).map(tuple), st.one_of(st.none(), texts))
)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An Answer of any shape whose duration covers its times."""
    lanes: dict[str, list[Mark]] = {}
    for mark in draw(st.lists(marks, max_size=4)):
        lanes.setdefault(mark.lane, []).append(mark)
    return Answer(
        task="watch",
        source=draw(texts),
        duration_s=86_400.0,
        model=draw(texts),
        sampling=Sampling(draw(texts), Span(0, 86_400), notes=tuple(draw(st.lists(texts, max_size=2)))),
        query=draw(texts),
        title=draw(texts),
        text=draw(texts),
        events=tuple(draw(st.lists(events, max_size=4))),
        chapters=tuple(draw(st.lists(events, max_size=4))),
        choice=draw(st.one_of(st.none(), texts)),
        transcript=draw(transcripts),
        lanes={lane: tuple(sorted(items, key=lambda item: item.span)) for lane, items in lanes.items()},
        thinking=draw(texts),
        confidence=draw(sureness),
        reason=draw(texts),
        failure=draw(st.one_of(st.none(), st.builds(ParseFailure, texts, texts))),
        trace=tuple(draw(st.lists(steps, max_size=2))),
    )
