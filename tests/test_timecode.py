"""Writing one time and reading it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.timecode import format_time, parse_time


@pytest.mark.parametrize(
    ("seconds", "style", "text"),
    [
        (0, "clock", "0:00.000"),
        (59.9996, "clock", "1:00.000"),
        (59.9994, "clock", "0:59.999"),
        (3599.9996, "clock", "1:00:00.000"),
        (3723.4996, "clock", "1:02:03.500"),
        (360000, "clock", "100:00:00.000"),
        (-0.0, "clock", "0:00.000"),
        (-1e-9, "clock", "0:00.000"),
        (0, "short", "0:00"),
        (59.5, "short", "1:00"),
        (0.5, "short", "0:01"),
        (65.4, "short", "1:05"),
        (3599.6, "short", "1:00:00"),
        (3723, "short", "1:02:03"),
        (62.5, "vtt", "00:01:02.500"),
        (3599.9999, "vtt", "01:00:00.000"),
        (62.5, "srt", "00:01:02,500"),
        (362439.999, "srt", "100:40:39,999"),
        (62.5, "seconds", "62.5"),
        (100, "seconds", "100"),
        (0.0004, "seconds", "0"),
        (-1e-9, "seconds", "0"),
    ],
)
def test_a_time_is_written(seconds, style, text):
    assert format_time(seconds, style=style) == text


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), 1e307])
def test_what_is_no_time_is_not_written(seconds):
    with pytest.raises(ValueError, match="finite"):
        format_time(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5), ("12.5s", 12.5), ("12.5 seconds", 12.5), ("90", 90.0), (" 5 ", 5.0), (".5", 0.5),
        ("1:02.5", 62.5), ("01:02:03.4", 3723.4), ("90:00", 5400.0), ("00:01:02,500", 62.5),
        ("1m5s", 65.0), ("1h2m3.5s", 3723.5), ("2h", 7200.0), ("1 min 5 sec", 65.0), ("90m", 5400.0), ("12S", 12.0),
    ],
)  # fmt: skip
def test_a_typed_time_is_read(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "-1", "-0:05", "1:75", "1:60:00", "1:2:3:4", "nan", "inf", "1e3", "5 minutes ago", "::", ":30",
     "1:", "9" * 5000, "12.5.6", "٥", "1:00-2:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match=r"cannot read a time.*allowed"):
        parse_time(text)


@given(st.floats(0, 400_000), st.sampled_from(["clock", "vtt", "srt", "seconds"]))
def test_every_written_time_reads_back(seconds, style):
    assert parse_time(format_time(seconds, style=style)) == pytest.approx(seconds, abs=0.000501)


@given(st.floats(0, 400_000))
def test_a_short_time_is_at_most_half_a_second_off(seconds):
    assert abs(parse_time(format_time(seconds, style="short")) - seconds) <= 0.5 + 1e-9


@given(st.text())
def test_reading_raises_nothing_but_a_usage_error(text):
    try:
        seconds = parse_time(text)
    except UsageError:
        return
    assert seconds >= 0
