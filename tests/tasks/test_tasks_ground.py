"""Answers to "when does it happen": good, bad and hostile, in every form that models and services write."""

import json
from pathlib import Path

import pytest

from playhead.errors import UsageError
from playhead.tasks.base import Clock, PromptStyle, Reading
from playhead.tasks.ground import Ground
from playhead.timeline import ParseFailure, Span

TASK = Ground("a dog jumps")
MINUTES_10 = Clock(600.0)
HOURS_2 = Clock(7200.0)

# (answer, spans): read on a clock of ten minutes, without any flag.
PLAIN = [
    # the phrasings on which maintained evaluation kits disagree
    ("12.5 - 30.0", [(12.5, 30)]),
    ("From 01:05 to 01:20", [(65, 80)]),
    ("01:05.5 .. 01:20", [(65.5, 80)]),
    ("01:05.5 to 01:20", [(65.5, 80)]),
    ("<12.5 seconds> to <30 seconds>", [(12.5, 30)]),
    ("[12.5, 30.0]", [(12.5, 30)]),
    ("In 2 of the 3 clips, 5.0s to 9.0s", [(5, 9)]),
    ("In 2 of the 3 clips, 5.0 to 9.0", [(5, 9)]),
    ("In 2 to 3 of the clips, 5.0s to 9.0s", [(5, 9)]),
    # clocks
    ("0:05-0:09", [(5, 9)]),
    ("00:01:05-00:01:20", [(65, 80)]),
    ("00:01:05 - 00:01:20", [(65, 80)]),
    ("00:01:05.250 --> 00:01:20.750", [(65.25, 80.75)]),
    ("00:01:05,250 --> 00:01:20,750", [(65.25, 80.75)]),
    ("1:02.5 to 1:04.25", [(62.5, 64.25)]),
    ("0:05 → 0:09", [(5, 9)]),
    ("0:05 -> 0:09", [(5, 9)]),
    ("0:05 ~ 0:09", [(5, 9)]),
    ("0:05 until 0:09", [(5, 9)]),
    ("0:05 through 0:09", [(5, 9)]),
    ("between 0:05 and 0:09", [(5, 9)]),
    ("[0:05 - 0:09]", [(5, 9)]),
    ("(0:05 – 0:09)", [(5, 9)]),
    ("[0:05] - [0:09]", [(5, 9)]),
    ("**0:05** — **0:09**", [(5, 9)]),
    ("The dog jumps at 00:05-00:09 and again at 01:10-01:12.", [(5, 9), (70, 72)]),
    ("0:05s to 0:09s", [(5, 9)]),
    ("90:00 is no part of it; see 0:05 - 0:09", [(5, 9)]),
    ("1. 0:05 - 0:09\n2. 0:20 - 0:30", [(5, 9), (20, 30)]),
    ("1) 0:05 - 0:09", [(5, 9)]),
    ("- 0:05 - 0:09\n- 0:20 - 0:30", [(5, 9), (20, 30)]),
    # units
    ("12.5s - 30s", [(12.5, 30)]),
    ("12.5 s to 30 s", [(12.5, 30)]),
    ("From 12.5 seconds to 30 seconds.", [(12.5, 30)]),
    ("between 5 and 9 seconds", [(5, 9)]),
    ("5-9s", [(5, 9)]),
    ("from second 5 to second 9", [(5, 9)]),
    ("5 to 9 minutes", [(300, 540)]),
    ("from 1 minute 5 seconds to 1 minute 20 seconds", [(65, 80)]),
    ("1m5s - 1m20s", [(65, 80)]),
    ("1 min 5 sec to 1 min 20 sec", [(65, 80)]),
    ("1500ms to 2500 milliseconds", [(1.5, 2.5)]),
    ("The event happens in 12.5 - 30.0 seconds", [(12.5, 30)]),
    ("From 12.54 seconds to 17.83 seconds", [(12.54, 17.83)]),
    ("1- 5s to 9s", [(5, 9)]),
    ("It starts at 12 s and ends at 30 s.", [(12, 30)]),
    ("Start: 12.5, End: 30.0", [(12.5, 30)]),
    ("Start time: 0:12\nEnd time: 0:30", [(12, 30)]),
    ("begins around 12 seconds, finishing at 30 seconds", [(12, 30)]),
    ("from 9:50 to the end of the video", [(590, 600)]),
    ("from the beginning to 0:30", [(0, 30)]),
    # bare numbers
    ("From 12 to 34", [(12, 34)]),
    ("from 12 to 34.", [(12, 34)]),
    ("12 to 34", [(12, 34)]),
    ("12 - 34", [(12, 34)]),
    ("12-34", [(12, 34)]),
    ("The dog jumps from 12 to 34 in the video.", [(12, 34)]),
    ("12.5, 30.0", [(12.5, 30)]),
    ("12.5 30.0", [(12.5, 30)]),
    ("5-9, 12-15", [(5, 9), (12, 15)]),
    ("(5, 9)", [(5, 9)]),
    ("[(5.0, 9.0), (12.0, 15.0)]", [(5, 9), (12, 15)]),
    ("[[1,2],[3,4]]", [(1, 2), (3, 4)]),
    ("The pairs are [[1.5, 2.5], [3, 4]].", [(1.5, 2.5), (3, 4)]),
    # JSON of other systems
    ('{"start_time": 12.5, "end_time": 30.0}', [(12.5, 30)]),
    ('{"start_time": "00:12", "end_time": "00:30"}', [(12, 30)]),
    ('{"startTimeMs": 12500, "endTimeMs": 30000}', [(12.5, 30)]),
    ('{"startTimeMillis": 12500, "endTimeMillis": 30000}', [(12.5, 30)]),
    ('{"start_sec": 12.5, "end_sec": 30}', [(12.5, 30)]),
    ('{"startTimeOffset": "12.5s", "endTimeOffset": "30s"}', [(12.5, 30)]),
    ('{"start": "0:00:12.5000000", "end": "0:00:30.0000000"}', [(12.5, 30)]),
    ('[{"start": 1, "end": 2}, {"start": 3, "end": 4}]', [(1, 2), (3, 4)]),
    ('{"spans": [[1, 2], [3.5, 4]]}', [(1, 2), (3.5, 4)]),
    ('{"answer": {"timestamps": "from 12 to 34"}}', [(12, 34)]),
    ('[["00:00:12", "00:00:30"]]', [(12, 30)]),
    ('```json\n[[12.5, 30.0]]\n```', [(12.5, 30)]),
    ('Here it is: {"time_range": [12.5, 30.0]} as asked.', [(12.5, 30)]),
    ('{"timestamp": "00:12 - 00:30"}', [(12, 30)]),
    # wrappers
    ("<think>The dog is seen at 00:00:01.</think><answer>00:00:12 - 00:00:30</answer>", [(12, 30)]),
    ("<think>(00:00:01 - 00:00:02)</think>\n<answer>00:00:12-00:00:30", [(12, 30)]),
    ("<think>maybe 1 to 2<answer>12.54 to 17.83</answer>", [(12.54, 17.83)]),
    ("maybe 1 to 2</think>12.5 to 30.0", [(12.5, 30)]),
    ("<answer>1 to 2</answer> no: <answer>12.5 to 30.0</answer>", [(12.5, 30)]),
    ("<answer><span>00:00:12 - 00:00:30</span></answer>", [(12, 30)]),
    ("<span>12.5 to 30.0", [(12.5, 30)]),
    ("<answer>[(5, 9), (12, 15)]</answer><glue>[(1, 2)]</glue>", [(5, 9), (12, 15)]),
    ("12.5 to 30.0</answer>", [(12.5, 30)]),
    ("<think>x</think><timestep>12.5 to 30.0</timestep>", [(12.5, 30)]),
    ("12.5 - 30.0<|im_end|>", [(12.5, 30)]),
    ("<ANSWER>12.5 - 30.0</ANSWER></s>", [(12.5, 30)]),
    ("5 sec. to 9 sec.", [(5, 9)]),
    ("from the 5th second to the 9th second", [(5, 9)]),
    ("t=5 to t=9", [(5, 9)]),
    ("12.5…30.0 s", [(12.5, 30)]),
    ("5s, 9s", [(5, 9)]),
    ("starting at 5 seconds and lasting until 9 seconds", [(5, 9)]),
    ("not at 0:05 - 0:09 but at 0:12 - 0:15", [(12, 15)]),
    ("0:05 (5s) to 0:09 (9s)", [(5, 9)]),
    ('{"start": 5, "duration": 4}', [(5, 9)]),
    ('["0:05 - 0:09", "0:12 - 0:15"]', [(5, 9), (12, 15)]),
    ("5秒左右到9秒左右", [(5, 9)]),
    ("从0:05开始一直持续到0:09", [(5, 9)]),
    # other scripts
    ("从12秒到30秒", [(12, 30)]),
    ("在第12秒到第30秒之间", [(12, 30)]),
    ("1分5秒至1分20秒", [(65, 80)]),
    ("从 00:12 到 00:30", [(12, 30)]),
    ("00：12～00：30", [(12, 30)]),
    ("１２．５秒－３０秒", [(12.5, 30)]),
    ("小狗在12秒开始跳，30秒结束", [(12, 30)]),
    ("开始时间：12秒，结束时间：30秒", [(12, 30)]),
    ("从12到34", [(12, 34)]),
    ("٠٠:١٢ – ٠٠:٣٠", [(12, 30)]),
    ("【00:12-00:30】", [(12, 30)]),
    # prose with numbers that are no times
    ("The 2 men and 3 dogs of 2019 are seen from 5.0s to 9.0s (score 3-1).", [(5, 9)]),
    ("With 80% confidence: 0:05 - 0:09.", [(5, 9)]),
    ("In the 1990s part, 0:05 - 0:09, for 4 seconds", [(5, 9)]),
    ("It lasts 4 seconds, from 5 to 9 seconds.", [(5, 9)]),
    ("The picture is 16:9 and the dog jumps 0:05-0:09", [(5, 9)]),
    ("At 2:30 pm the dog jumps (00:05 - 00:09)", [(5, 9)]),
    ("Step 1: look. The dog jumps between 5.5 and 9.5.", [(5.5, 9.5)]),
    ("On 2023-11-20 it was seen, 0:05 - 0:09", [(5, 9)]),
]  # fmt: skip

# (answer, clock, spans, flags of the reading)
FLAGGED = [
    ("0:30 - 0:12, 0:40 - 0:50", MINUTES_10, [(40, 50)], {"reversed"}),
    ("[[30, 12], [40, 50]]", MINUTES_10, [(40, 50)], {"reversed"}),
    ("550 to 700 seconds", MINUTES_10, [(550, 600)], {"clipped"}),
    ("9:50 - 10:30", MINUTES_10, [(590, 600)], {"clipped"}),
    ("[[5, 9], [700, 800]]", MINUTES_10, [(5, 9)], {"outside"}),
    ("[[-5, 9]]", MINUTES_10, [(0, 9)], {"clipped"}),
    ("-5.0 to 9.0", MINUTES_10, [(0, 9)], {"clipped"}),
    ("At 0:12.", MINUTES_10, [(12, 12)], {"moment"}),
    ("at 12 seconds", MINUTES_10, [(12, 12)], {"moment"}),
    ("The man stops at 12 s and later goes to bed at 30 s", MINUTES_10, [(12, 12), (30, 30)], {"moment"}),
    ("12秒", MINUTES_10, [(12, 12)], {"moment"}),
    ("5s - 5s", MINUTES_10, [(5, 5)], {"moment"}),
    ("[{'start': 1, 'end': 2}, {'start': 3, 'end': 4},]", MINUTES_10, [(1, 2), (3, 4)], set()),
    ('[{"start": 1, "end": 2}, {"start": 3, "e', MINUTES_10, [(1, 2)], {"cut off"}),
    ("[[1, 2], [3, 4", MINUTES_10, [(1, 2)], {"cut off"}),
    ("1:02:05 .. 1:02:45", HOURS_2, [(3725, 3765)], set()),
    ("1小时2分5秒到1小时2分45秒", HOURS_2, [(3725, 3765)], set()),
    ("1 hour 2 minutes to 1 hour 3 minutes", HOURS_2, [(3720, 3780)], set()),
    ("1h2m5s-1h2m45s", HOURS_2, [(3725, 3765)], set()),
    ("1,500 seconds to 1,600 seconds", HOURS_2, [(1500, 1600)], set()),
    # a window that starts at 100 s: what was read is shifted to the whole video's clock
    ("5s - 9s", Clock(20.0, start_s=100.0), [(105, 109)], set()),
    ("15s - 29s", Clock(20.0, start_s=100.0), [(115, 120)], {"clipped"}),
    # bins of a video of 50 s: a range ends where its last bin starts
    ("From 12 to 57.", Clock(50.0, bins=100), [(6, 28.5)], set()),
    ("From 00 to 99.", Clock(50.0, bins=100), [(0, 49.5)], set()),
    ("[[12, 57]]", Clock(50.0, bins=100), [(6, 28.5)], set()),
    ("From 5 to 10.", Clock(50.0, bins=100), [(2.5, 5)], set()),
    ("from 10 to 20 and from 30 to 40", Clock(50.0, bins=100), [(5, 10), (15, 20)], set()),
    ("12.5s to 30s", Clock(50.0, bins=100), [(12.5, 30)], set()),
    ("frames 12 to 57", Clock(50.0, bins=100), [(6, 28.5)], set()),
    ("从12到57", Clock(50.0, bins=100), [(6, 28.5)], set()),
]  # fmt: skip

ABSENT = [
    "[]", "[ ]", "none", "None.", "N/A", "null", "No", "{}", "<answer>[]</answer>", "<think>5s to 9s?</think><answer>none</answer>",
    "```json\n[]\n```", "not in this video", "The event is not in this video.", "This does not happen in the video.",
    "There is no such event in the video.", "No such event.", "The dog never appears.", "No dog is seen: it is not shown in the video.",
    "I cannot see any dog in this video.", "There is no dog in this video.", "The video does not contain a dog jumping.",
    "There isn't any dog.", "No dogs in the video", '{"found": false}', '{"spans": null}', "没有", "无", "视频中没有狗。", "视频中没有出现小狗。", "没有找到相关片段", "[[]]", '{"spans": []}',
]  # fmt: skip

# (answer, words of the reason)
FAILED = [
    ("", "empty"),
    ("   \n", "empty"),
    ("<think>let me see, 5s to 9s", "never ended"),
    ("<answer></answer>", "tags are empty"),
    ("I am not sure.", "no time"),
    ("Yes, the dog jumps.", "no time"),
    ("the event lasts 5 seconds", "no time"),
    ("It lasts for 5 to 9 seconds.", "no time"),
    ("a clip of 10 seconds", "no time"),
    ("every 5 to 9 seconds", "no time"),
    ("3 to 4 people jump", "no time"),
    ("The score was 1-2.", "no time"),
    ("from 2019 to 2020", "no time"),
    ("between 10% and 20%", "no time"),
    ("10-20%", "no time"),
    ("16:9", "no time"),
    ("1:75 - 2:00", "no time"),
    ("0:61", "no time"),
    ("at 2:30 pm", "no time"),
    ("2023-11-20", "no time"),
    ("frames 12 to 34", "frame numbers (12) are no times"),
    ('{"start_frame": 100, "end_frame": 200}', "no time"),
    ("until 0:30", "no time"),
    ("1'05\" - 20'10\"", "no time"),
    ("Sorry, I can't help with that.", "no time"),
    ("[1, 2, 3, 4]", "no time"),
    ("12,5 s - 14,5 s", "no time"),
    ("[[12.5, 30.0", "no time"),  # the last number may have been cut: 30.0, or 30.05, or 305
    ("00:00:12:13 - 00:00:30:02", "no time"),
    ("12.5.6 - 30.1.2", "no time"),
    ("I cannot watch videos.", "no time"),
    ("from 30 to 12 seconds", "30 s to 12 s ends before it starts"),
    ("<answer>00:00:30 - 00:00:12</answer>", "ends before it starts"),
    ('{"start": 30, "end": 12}', "ends before it starts"),
    ("700 to 800 seconds", "outside the 600 s"),
    ("[[-9, -5]]", "outside the 600 s"),
    ("11:00 - 12:00", "outside the 600 s"),
    ("The dog is not in this video. It jumps at 5s - 9s.", "both gives times and says"),
    ('{"start": NaN, "end": 9}', "no time"),
    ('{"start": 1e999, "end": 1e999}', "no time"),
    ('{"start": true, "end": false}', "no time"),
    ('{"start": null, "end": null}', "no time"),
    ("nan to inf", "no time"),
    ("NaN - Infinity seconds", "no time"),
    ("'; DROP TABLE spans; --", "no time"),
    ("<script>alert(1)</script>", "no time"),
    ("9" * 400 + " to " + "9" * 400, "no time"),
    ("999999999 to 9999999999 seconds", "no time"),
]  # fmt: skip


def spans_of(reading):
    assert isinstance(reading, Reading), reading
    return [(pytest.approx(e.span.start_s), pytest.approx(e.span.end_s)) for e in reading.events]


@pytest.mark.parametrize(("answer", "spans"), PLAIN)
def test_spans_are_read(answer, spans):
    reading = TASK.read(answer, MINUTES_10)
    assert spans == spans_of(reading)
    assert reading.flags == ()
    assert all(event.text == "a dog jumps" for event in reading.events)


@pytest.mark.parametrize(("answer", "clock", "spans", "flags"), FLAGGED)
def test_what_was_not_right_is_flagged(answer, clock, spans, flags):
    reading = TASK.read(answer, clock)
    assert spans == spans_of(reading)
    assert set(reading.flags) == flags


@pytest.mark.parametrize("answer", ABSENT)
def test_nothing_there_is_an_answer(answer):
    reading = TASK.read(answer, MINUTES_10)
    assert isinstance(reading, Reading), reading
    assert reading.events == ()


@pytest.mark.parametrize(("answer", "reason"), FAILED)
def test_what_cannot_be_read_is_a_failure_with_its_reason(answer, reason):
    failure = TASK.read(answer, MINUTES_10)
    assert isinstance(failure, ParseFailure), failure
    assert reason in failure.reason
    assert failure.text == answer


def test_the_tables_hold_what_was_asked_for():
    assert len(PLAIN) + len(FLAGGED) + len(ABSENT) + len(FAILED) >= 150


def test_a_clipped_event_says_so_itself():
    reading = TASK.read("[[5, 9], [550, 700]]", MINUTES_10)
    assert [event.flags for event in reading.events] == [(), ("clipped",)]
    assert reading.events[1].span == Span(550, 600)


def test_thinking_is_kept_apart():
    reading = TASK.read("<think>Look at 1s - 2s.</think><answer>5s - 9s</answer>", MINUTES_10)
    assert reading.thinking == "Look at 1s - 2s."


GOLDENS = json.loads((Path(__file__).parent / "vtimellm_grounding.json").read_text(encoding="utf-8"))


@pytest.mark.parity
@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["answer"][:20] or "empty")
def test_the_published_reader_gives_the_published_scores(golden):
    """VTimeLLM's IoU: intersection over the hull, in fractions of the video, rounded to 2 decimals; no match is 0."""
    first, last = golden["gt_fractions"]
    reading = Ground("x", reader="vtimellm-published").read(golden["answer"], Clock(1.0, bins=100))
    if isinstance(reading, ParseFailure):
        assert golden["iou"] == 0  # among them the reversed ranges, which score 0
        return
    (event,) = reading.events
    start, end = event.span.start_s, event.span.end_s
    hull = max(end, last) - min(start, first)
    if hull == 0:
        assert golden["upstream_error"] == "ZeroDivisionError"
        return
    overlap = max(0.0, min(end, last) - max(start, first))
    assert round(overlap / hull, 2) == golden["iou"]


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["answer"][:20] or "empty")
def test_our_reader_takes_every_published_answer_without_a_guess(golden):
    """Where the grammar differs from the published pattern, it is because that one reads parts of numbers."""
    reading = TASK.read(golden["answer"], Clock(100.0, bins=100))
    expected = {
        "From 5 to 10.": [(5, 10)], "12-34": [(12, 34)], "12 To 34": [(12, 34)], "12  to 34": [(12, 34)],
        "12 to  34": [(12, 34)], "12\nto 34": [(12, 34)], "from 10 to 20 and from 30 to 40": [(10, 20), (30, 40)],
        "2023 to 24, then 30 to 40": [(30, 40)], "1.12 to 34.5": [(1.12, 34.5)], "01 to 100": [(1, 100)],
        "from ١٢ to ٣٤": [(12, 34)], "From 100 to 200.": None, "between 123 and 456": None, "At 12:30 to 45": None,
        "from 90 to 10": None, "from 60 to 40": None, "": None, "I cannot see that.": [],
        "33 and 66 to 99": [(66, 99)], "The man is seen from 00 to 99.": [(0, 99)],
        "From 12 to 57.": [(12, 57)], "from 12 and 34": [(12, 34)], "From 05 to 10.": [(5, 10)],
        "50 to 50": [(50, 50)], "00 to 00": [(0, 0)], "20 to 40": [(20, 40)], "10 to 40": [(10, 40)],
        "33 to 66": [(33, 66)], "00 to 50": [(0, 50)], "00 to 40": [(0, 40)], "00 to 99": [(0, 99)],
    }  # fmt: skip
    if golden["answer"] == "12 to 3412 to 3412 to 34":
        assert isinstance(reading, (Reading, ParseFailure))
    elif expected[golden["answer"]] is None:
        assert isinstance(reading, ParseFailure), reading
    else:
        assert expected[golden["answer"]] == spans_of(reading)


@pytest.mark.parametrize("query", ["", "  ", "?!", "..."])
def test_an_empty_query_is_refused(query):
    with pytest.raises(UsageError, match="empty query"):
        Ground(query)


def test_an_unknown_reader_is_refused():
    with pytest.raises(UsageError, match="vtimellm-published"):
        Ground("x", reader="vtimellm")  # type: ignore[arg-type]


def test_the_query_is_asked_as_it_is():
    prompt = Ground('a {query} of "{times}" {0}').render(PromptStyle())
    assert 'a {query} of "{times}" {0}' in prompt.text
