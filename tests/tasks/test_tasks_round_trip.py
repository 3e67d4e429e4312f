"""Spans that are written in any style read back as the same spans; bins come back within half a bin."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.tasks.base import Clock, Reading
from playhead.tasks.bins import bin_text, published_bin_range
from playhead.tasks.chapters import Chapters
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.timecode import format_time

DAY_S = 86_400.0
milliseconds = st.integers(0, 86_399_999)
spans_ms = st.lists(st.tuples(milliseconds, milliseconds).map(sorted), min_size=1, max_size=6)


def clock(ms):
    return format_time(ms / 1000, style="vtt")


def chinese(ms):
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes // 60}小时{minutes % 60}分{rest / 1000:.3f}秒"


STYLES = {
    "vtt": lambda a, b: f"{clock(a)} --> {clock(b)}",
    "srt": lambda a, b: f"{format_time(a / 1000, style='srt')} --> {format_time(b / 1000, style='srt')}",
    "clock to clock": lambda a, b: f"from {format_time(a / 1000)} to {format_time(b / 1000)}",
    "clock-clock": lambda a, b: f"{format_time(a / 1000)}-{format_time(b / 1000)}",
    "clock pair": lambda a, b: f"[{clock(a)}, {clock(b)}]",
    "seconds": lambda a, b: f"{a / 1000:.3f} - {b / 1000:.3f} seconds",
    "s": lambda a, b: f"{a / 1000:.3f}s to {b / 1000:.3f}s",
    "tags": lambda a, b: f"<{a / 1000:.3f} seconds> to <{b / 1000:.3f} seconds>",
    "between": lambda a, b: f"between {a / 1000:.3f} and {b / 1000:.3f} seconds",
    "from to": lambda a, b: f"From {a / 1000:.3f} to {b / 1000:.3f}.",
    "bare": lambda a, b: f"{a / 1000:.3f} - {b / 1000:.3f}",
    "pair": lambda a, b: f"({a / 1000:.3f}, {b / 1000:.3f})",
    "ms": lambda a, b: f"{a}ms - {b}ms",
    "labels": lambda a, b: f"Start: {a / 1000:.3f}, End: {b / 1000:.3f}",
    "seconds in Chinese": lambda a, b: f"从{a / 1000:.3f}秒到{b / 1000:.3f}秒",
    "clock in Chinese": lambda a, b: f"{chinese(a)}至{chinese(b)}",
    "object": lambda a, b: json.dumps({"start_time": a / 1000, "end_time": b / 1000}),
    "object of ms": lambda a, b: json.dumps({"startTimeMs": a, "endTimeMs": b}),
    "object of durations": lambda a, b: json.dumps(
        {"startTimeOffset": f"{a / 1000:.3f}s", "endTimeOffset": f"{b / 1000:.3f}s"}
    ),
}


@pytest.mark.parametrize("style", STYLES)
@given(spans=spans_ms)
def test_spans_written_in_any_style_read_back(style, spans):
    written = "\n".join(STYLES[style](a, b) for a, b in spans)
    reading = Ground("x").read(written, Clock(DAY_S))
    assert isinstance(reading, Reading), reading
    assert [(e.span.start_s, e.span.end_s) for e in reading.events] == [
        (pytest.approx(a / 1000, abs=1e-6), pytest.approx(b / 1000, abs=1e-6)) for a, b in spans
    ]


@given(spans=spans_ms, start_s=st.floats(0, 1e4))
def test_a_window_shifts_what_was_written(spans, start_s):
    written = json.dumps([[a / 1000, b / 1000] for a, b in spans])
    reading = Ground("x").read(written, Clock(DAY_S, start_s=start_s))
    assert [e.span.start_s for e in reading.events] == pytest.approx([a / 1000 + start_s for a, _ in spans])


@pytest.mark.parametrize("style", ["vtt", "clock to clock", "clock-clock", "seconds", "s", "tags"])
@given(spans=spans_ms)
def test_events_and_their_words_read_back(style, spans):
    words = [
        "A man enters.",
        "He sits down.",
        "The dog runs away.",
        "It rains.",
        "Night falls.",
        "The end comes.",
    ]
    written = "\n".join(
        f"{STYLES[style](a, b)}: {text}" for (a, b), text in zip(spans, words[: len(spans)], strict=True)
    )
    reading = Events().read(written, Clock(DAY_S))
    assert [(e.span.start_s, e.text) for e in reading.events] == [
        (pytest.approx(a / 1000, abs=1e-6), text)
        for (a, _), text in zip(spans, words[: len(spans)], strict=True)
    ]


@given(starts=st.lists(st.integers(0, 35_999), min_size=1, max_size=8, unique=True).map(sorted))
def test_chapters_from_starts_cover_to_the_end(starts):
    written = "\n".join(f"{format_time(start, style='short')} Part {n}" for n, start in enumerate(starts))
    reading = Chapters().read(written, Clock(36_000.0))
    assert [e.span.start_s for e in reading.chapters] == starts
    assert [e.span.end_s for e in reading.chapters] == [*starts[1:], 36_000]
    assert [e.title for e in reading.chapters] == [f"Part {n}" for n in range(len(starts))]


@given(spans=spans_ms)
def test_a_subtitle_file_reads_back(spans):
    written = "\n\n".join(
        f"{n}\n{STYLES['srt'](a, b)}\nLine {n} is spoken." for n, (a, b) in enumerate(spans, 1)
    )
    transcript = Transcribe().read(written, Clock(DAY_S)).transcript
    assert [s.text for s in transcript.segments] == [f"Line {n} is spoken." for n in range(1, len(spans) + 1)]
    assert [s.span.end_s for s in transcript.segments] == pytest.approx([b / 1000 for _, b in spans])


@given(
    st.floats(1, 1e5).flatmap(
        lambda d: st.tuples(st.just(d), st.tuples(st.floats(0, d), st.floats(0, d)).map(sorted))
    )
)
def test_bins_come_back_within_half_a_bin(case):
    duration_s, (start_s, end_s) = case
    first, last = bin_text(start_s, duration_s), bin_text(end_s, duration_s)
    reading = Ground("x").read(f"From {first} to {last}.", Clock(duration_s, bins=100))
    (event,) = reading.events
    bin_s = duration_s / 100
    assert abs(event.span.start_s - start_s) <= bin_s * (0.5 if start_s < 0.99 * duration_s else 1) + 1e-6
    assert abs(event.span.end_s - end_s) <= bin_s * (0.5 if end_s < 0.99 * duration_s else 1) + 1e-6
    assert published_bin_range(f"From {first} to {last}.") == (int(first), int(last))


@pytest.mark.parity
@pytest.mark.parametrize(
    ("time_s", "duration_s", "text"),
    [
        (9.4, 54.2, "17"), (49.4, 54.2, "91"), (53.2, 54.2, "98"), (0, 54.2, "00"), (54.2, 54.2, "99"), (60, 54.2, "99"),
        (0.27, 54.2, "00"), (0.5, 100, "00"), (1.5, 100, "02"), (2.5, 100, "02"), (3.5, 100, "04"), (9.5, 100, "10"),
        (10.5, 100, "10"), (98.5, 100, "98"), (98.6, 100, "99"), (99.5, 100, "99"), (19, 200, "10"), (21, 200, "10"),
        (12.345, 73.1, "17"), (6.94, 73.1, "09"), (43.13, 73.1, "59"), (12.2, 17.56, "69"), (9.01, 1800, "01"),
        (899.9, 1800, "50"), (1791, 1800, "99"), (1, 3, "33"), (2, 3, "67"), (30.0, 119.6, "25"),
    ],
)  # fmt: skip
def test_a_time_is_named_by_its_published_bin(time_s, duration_s, text):
    assert bin_text(time_s, duration_s) == text


@pytest.mark.parametrize(("time_s", "duration_s"), [(-1, 10), (1, 0), (1, -5)])
def test_a_time_without_a_bin_is_refused(time_s, duration_s):
    with pytest.raises(ValueError, match="no bin"):
        bin_text(time_s, duration_s)
