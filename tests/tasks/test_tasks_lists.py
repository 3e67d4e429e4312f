"""Answers that list timed things: events, chapters, transcripts, and the composite of them."""

import json

import pytest

from playhead.tasks.base import Clock, Reading
from playhead.tasks.chapters import Chapters
from playhead.tasks.events import Events
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch
from playhead.timeline import ParseFailure, Segment, Span

CLOCK = Clock(600.0)
MAN, HE = (5, 9, "A man enters."), (10, 12, "He sits down.")

EVENTS = [
    ("0:05 - 0:09 A man enters.\n0:10 - 0:12 He sits down.", [MAN, HE]),
    ("0:05-0:09: A man enters.\n0:10-0:12: He sits down.", [MAN, HE]),
    ("00:00:05 - 00:00:09 - A man enters.\n00:00:10 - 00:00:12 - He sits down.", [MAN, HE]),
    ("[0:05 - 0:09] A man enters.\n\n[0:10 - 0:12] He sits down.", [MAN, HE]),
    ("1. 0:05 - 0:09: A man enters.\n2. 0:10 - 0:12: He sits down.", [MAN, HE]),
    ("1) A man enters. (0:05 - 0:09)\n2) He sits down. (0:10 - 0:12)", [MAN, HE]),
    ("1. **0:05 - 0:09** A man enters.\n2. **0:10 - 0:12** He sits down.", [MAN, HE]),
    ("- **0:05 - 0:09**: A man enters.\n- **0:10 - 0:12**: He sits down.", [MAN, HE]),
    ("* 5s - 9s | A man enters.\n* 10s - 12s | He sits down.", [MAN, HE]),
    ("Sure! Here are the events:\n\n0:05 - 0:09 A man enters.\n0:10 - 0:12 He sits down.\n\nTell me if you need more.", [MAN, HE]),
    ("From 5 to 9, A man enters. From 10 to 12, He sits down.", [MAN, HE]),
    ("From 5s to 9s, A man enters.\nFrom 10s to 12s, He sits down.", [MAN, HE]),
    ("A man enters, from 5 to 9. He sits down, from 10 to 12.", [(5, 9, "A man enters"), (10, 12, "He sits down")]),
    ("A man enters. (5.0 - 9.0)\nHe sits down. (10.0 - 12.0)", [MAN, HE]),
    ("| Start | End | Event |\n|---|---|---|\n| 0:05 | 0:09 | A man enters. |\n| 0:10 | 0:12 | He sits down. |", [MAN, HE]),
    ("| # | Time | Event |\n|--|--|--|\n| 1 | 0:05 - 0:09 | A man enters. |\n| 2 | 0:10 - 0:12 | He sits down. |", [MAN, HE]),
    ("| 1 | 0:05 | 0:09 | A man enters. |\n| 2 | 0:10 | 0:12 | He sits down. |", [MAN, HE]),
    ("start,end,text\n5.0,9.0,A man enters.\n10.0,12.0,He sits down.", [MAN, HE]),
    ("0:05 - 0:09\nA man enters.\n\n0:10 - 0:12\nHe sits down.", [MAN, HE]),
    ("Event 1: Start: 0:05, End: 0:09, Description: A man enters.\nEvent 2: Start: 0:10, End: 0:12, Description: He sits down.", [MAN, HE]),
    ("<think>0:01 - 0:02 maybe</think><answer>0:05 - 0:09 A man enters.\n0:10 - 0:12 He sits down.</answer>", [MAN, HE]),
    ("<0:05> - <0:09>: A man enters.\n<0:10> - <0:12>: He sits down.", [MAN, HE]),
    ("5.0 - 9.0 seconds: A man enters.\n10.0 - 12.0 seconds: He sits down.", [MAN, HE]),
    ("<5.0 seconds> to <9.0 seconds>: A man enters.\n<10.0 seconds> to <12.0 seconds>: He sits down.", [MAN, HE]),
    ("0:05 - 0:09 At 0:07 a man of 30 shows 3 to 4 cards.", [(5, 9, "At 0:07 a man of 30 shows 3 to 4 cards.")]),
    ('[{"event": "A man enters.", "timestamps": "from 5 to 9"}, {"event": "He sits down.", "timestamps": "from 10 to 12"}]', [MAN, HE]),
    ('Sure: [{"start": 5, "end": 9, "sentence": "A man enters."}, {"start": 10, "end": 12, "sentence": "He sits down."}]', [MAN, HE]),
    ('```json\n[{"start_time": "00:05.00", "end_time": "00:09.00", "description": "A man enters."},\n {"start_time": "00:10.00", "end_time": "00:12.00", "description": "He sits down."}]\n```', [MAN, HE]),
    ('{"timestamps": [[5, 9], [10, 12]], "sentences": ["A man enters.", " He sits down."]}', [MAN, HE]),
    ('{"events": [{"startTimeMs": 5000, "endTimeMs": 9000, "text": "A man enters."}, {"startTimeMs": 10000, "endTimeMs": 12000, "text": "He sits down."}]}', [MAN, HE]),
    ('{"events": [{"timestamp": [5, 9], "caption": "A man enters."}, {"timestamp": [10, 12], "caption": "He sits down."}]}', [MAN, HE]),
    ('[[5, 9, "A man enters."], [10, 12, "He sits down."]]', [MAN, HE]),
    ("[{'start': 5, 'end': 9, 'text': 'A man enters.'}, {'start': 10, 'end': 12, 'text': 'He sits down.'},]", [MAN, HE]),
    ('{"start": 5, "end": 9, "text": "A man enters."}\n{"start": 10, "end": 12, "text": "He sits down."}', [MAN, HE]),
    ("**Event 1 (0:05 - 0:09):** A man enters.\n**Event 2 (0:10 - 0:12):** He sits down.", [MAN, HE]),
    ("5s-9s A man enters.\n10s-12s He sits down.\nIn total 2 events over 600 seconds.", [MAN, HE]),
    ("- start: 5.0\n  end: 9.0\n  text: A man enters.\n- start: 10.0\n  end: 12.0\n  text: He sits down.", [MAN, HE]),
    ("<event><start>0:05</start><end>0:09</end><text>A man enters.</text></event>", [MAN]),
    ("0:05,0:09,A man enters.\n0:10,0:12,He sits down.", [MAN, HE]),
    ("0:05 - 0:09 A man enters\n  with a hat.", [(5, 9, "A man enters with a hat.")]),
    ("从0:05到0:09，一个人走进来；从0:10到0:12，他坐下。", [(5, 9, "一个人走进来"), (10, 12, "他坐下。")]),
    ("00:05-00:09 一个人走进来。\n00:10-00:12 他坐下。", [(5, 9, "一个人走进来。"), (10, 12, "他坐下。")]),
    ("从5秒到9秒，一个人走进来。\n从10秒到12秒，他坐下。", [(5, 9, "一个人走进来。"), (10, 12, "他坐下。")]),
    ("1、5秒-9秒：一个人走进来。", [(5, 9, "一个人走进来。")]),
    ("The dog jumps from 0:05 to 0:09 and from 0:15 to 0:20.", [(5, 9, "The dog jumps"), (15, 20, "The dog jumps")]),
]  # fmt: skip


def told(reading):
    assert isinstance(reading, Reading), reading
    return [(pytest.approx(e.span.start_s), pytest.approx(e.span.end_s), e.text) for e in reading.events]


@pytest.mark.parametrize(("answer", "events"), EVENTS)
def test_events_are_read(answer, events):
    reading = Events().read(answer, CLOCK)
    assert events == told(reading)
    assert reading.flags == ()


@pytest.mark.parametrize(
    "answer", ["[]", "none", '{"events": []}', "No events.", "There are no events in this video.", "没有"]
)
def test_no_events_is_an_answer(answer):
    assert Events().read(answer, CLOCK) == Reading()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty"),
        ("A man enters and sits down.", "no time"),
        ("[{}]", "no time"),
        ('[{"text": "A man enters."}]', "no time"),
        ("A man of 30 enters with 2 or 3 dogs, and wins 3-1.", "no time"),
        ("<think>0:05 - 0:09 a man enters", "never ended"),
        ("0:09 - 0:05 A man enters.", "ends before it starts"),
        ("20:05 - 20:09 A man enters.", "outside"),
    ],
)
def test_events_that_cannot_be_read_are_a_failure(answer, reason):
    failure = Events().read(answer, CLOCK)
    assert isinstance(failure, ParseFailure)
    assert reason in failure.reason
    assert failure.text == answer


def test_a_list_that_breaks_off_gives_what_was_whole_and_says_so():
    reading = Events().read('[{"start": 5, "end": 9, "text": "A man enters."}, {"start": 10, "end": 1', CLOCK)
    assert told(reading) == [MAN]
    assert reading.flags == ("cut off",)


def test_one_bad_range_does_not_cost_the_others():
    reading = Events().read("0:05 - 0:09 A man enters.\n0:12 - 0:10 He sits down.\n9:58 - 10:05 End.", CLOCK)
    assert told(reading) == [MAN, (598, 600, "End.")]
    assert reading.flags == ("reversed", "clipped")
    assert [event.flags for event in reading.events] == [(), ("clipped",)]


def test_starts_alone_are_moments():
    reading = Events().read("At 0:05, a man enters.\nAt 0:10, he sits down.", CLOCK)
    assert told(reading) == [(5, 5, "a man enters."), (10, 10, "he sits down.")]
    assert reading.flags == ("moment",)


@pytest.mark.parity
def test_bins_of_dense_captions_include_their_last_bin():
    """Worked by VTimeLLM's released evaluation: duration 54.2 s, ``from 35 to 78`` is 18.97 to 42.818 s."""
    answer = json.dumps(
        [
            {"event": "She plays a violin for the people.", "timestamps": "from 35 to 78"},
            {"event": "The girl leaves.", "timestamps": "from 72 to 99"},
        ]
    )
    reading = Events().read(answer, Clock(54.2, bins=100))
    assert told(reading) == [
        (18.97, 42.818, "She plays a violin for the people."),
        (39.024, 54.2, "The girl leaves."),
    ]
    assert reading.flags == ()


CHAPTERS = [
    ("0:00 Intro\n0:30 Main part\n1:00 End", [(0, 30, "Intro", ""), (30, 60, "Main part", ""), (60, 600, "End", "")]),
    ("00:00:00 Intro\n00:30:00 is past the end", [(0, 600, "Intro", "")]),
    ("00:00:00 - 00:00:30 Intro: the host greets.\n00:00:30 - 00:10:00 Cooking: he fries.",
     [(0, 30, "Intro", "the host greets."), (30, 600, "Cooking", "he fries.")]),
    ("1. Intro (00:00:00 - 00:00:30)\n2. Cooking (00:00:30 - 00:10:00)", [(0, 30, "Intro", ""), (30, 600, "Cooking", "")]),
    ("### 0:00 - 0:30: Intro\nThe host greets.\n\n### 0:30 - 1:00: Cooking\nHe fries.",
     [(0, 30, "Intro", "The host greets."), (30, 60, "Cooking", "He fries.")]),
    ('[{"start": 0, "end": 30, "title": "Intro", "text": "The host greets."}]', [(0, 30, "Intro", "The host greets.")]),
    ('[{"start": "0:00", "title": "Intro"}, {"start": "0:30", "title": "Cooking"}]', [(0, 30, "Intro", ""), (30, 600, "Cooking", "")]),
    ('{"chapters": [{"timestamp": "0:00", "title": "Intro"}, {"timestamp": "0:30", "title": "Cooking"}]}',
     [(0, 30, "Intro", ""), (30, 600, "Cooking", "")]),
    ("- 0:00 – Intro\n- 0:30 – Cooking", [(0, 30, "Intro", ""), (30, 600, "Cooking", "")]),
    ("0:00 - Intro\n0:30 - Cooking", [(0, 30, "Intro", ""), (30, 600, "Cooking", "")]),
    ("00:00 - 00:30 开场：主持人问好\n00:30 - 01:00 做菜", [(0, 30, "开场", "主持人问好"), (30, 60, "做菜", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "chapters"), CHAPTERS)
def test_chapters_are_read(answer, chapters):
    reading = Chapters().read(answer, CLOCK)
    assert isinstance(reading, Reading), reading
    assert [(e.span.start_s, e.span.end_s, e.title, e.text) for e in reading.chapters] == chapters


def test_chapters_out_of_order_are_sorted_and_flagged():
    reading = Chapters().read("0:30 Cooking\n0:00 Intro", CLOCK)
    assert [(e.span.start_s, e.span.end_s, e.title) for e in reading.chapters] == [
        (0, 30, "Intro"),
        (30, 600, "Cooking"),
    ]
    assert reading.flags == ("unordered",)


def test_chapters_in_a_window_end_where_the_window_ends():
    reading = Chapters().read("0:00 Intro\n0:30 Cooking", Clock(60.0, start_s=100.0))
    assert [event.span for event in reading.chapters] == [Span(100, 130), Span(130, 160)]


SPOKEN = (Segment(Span(1, 4), "Hello there."), Segment(Span(5, 6.5), "Bye."))


@pytest.mark.parametrize(
    "answer",
    [
        "[0:01 - 0:04] Hello there.\n[0:05 - 0:06.5] Bye.",
        "1\n00:00:01,000 --> 00:00:04,000\nHello there.\n\n2\n00:00:05,000 --> 00:00:06,500\nBye.\n",
        "1\n00:00:01,000 --> 00:00:04,000\nHello\nthere.\n2\n00:00:05,000 --> 00:00:06,500\nBye.\n",
        "WEBVTT\n\n00:01.000 --> 00:04.000\nHello there.\n\n00:05.000 --> 00:06.500\nBye.",
        '[{"start": 1, "end": 4, "text": "Hello there."}, {"start": 5, "end": 6.5, "text": "Bye."}]',
    ],
)
def test_a_transcript_is_read(answer):
    reading = Transcribe().read(answer, CLOCK)
    assert isinstance(reading, Reading), reading
    assert reading.transcript.segments == SPOKEN
    assert reading.text == "Hello there. Bye."


@pytest.mark.parametrize("answer", ["[]", "none", "No speech.", "没有人说话", '{"segments": []}'])
def test_silence_is_an_answer(answer):
    reading = Transcribe().read(answer, CLOCK)
    assert isinstance(reading, Reading), reading
    assert reading.transcript.segments == ()


def test_words_without_times_are_one_flagged_segment():
    reading = Transcribe().read("There is no such event in the video, he said.", Clock(20.0, start_s=5.0))
    assert reading.transcript.segments == (
        Segment(Span(5, 25), "There is no such event in the video, he said."),
    )
    assert reading.flags == ("untimed",)


def test_an_empty_transcript_is_a_failure():
    assert isinstance(Transcribe().read("", CLOCK), ParseFailure)


def test_watch_reads_all_of_it():
    answer = {
        "title": "A visit",
        "summary": "A man visits.",
        "events": [{"start": 5, "end": 9, "text": "A man enters."}],
        "chapters": [{"start": 0, "end": 600, "title": "Visit", "text": "All of it."}],
    }
    reading = Watch().read(json.dumps(answer), CLOCK)
    assert (reading.title, reading.text) == ("A visit", "A man visits.")
    assert told(reading) == [MAN]
    assert [(e.span, e.title, e.text) for e in reading.chapters] == [(Span(0, 600), "Visit", "All of it.")]


def test_watch_reads_lines_and_plain_words():
    assert told(Watch().read("0:05 - 0:09 A man enters.", CLOCK)) == [MAN]
    assert Watch().read("A man visits.", CLOCK).text == "A man visits."
    assert isinstance(Watch().read("{}", CLOCK), ParseFailure)
