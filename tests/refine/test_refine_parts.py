"""Long videos: how they are cut, and how the parts' answers become one, with parts answered by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from playhead.errors import UsageError
from playhead.media.clip import Video
from playhead.models.merge import ByFunction, ByLanguageModel, check_merge, make_merger
from playhead.models.parts import JOINED, Part, answer_in_parts, parts_of
from playhead.tasks.ask import Ask
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span


@pytest.mark.parametrize(
    ("window", "edges"),
    [
        ((0, 299.9), [0, 299.9]),
        ((0, 300), [0, 300]),
        ((0, 305), [0, 305]),
        ((0, 310), [0, 300, 310]),
        ((0, 601), [0, 300, 601]),
        ((12.5, 700), [12.5, 312.5, 612.5, 700]),
        ((0, 900), [0, 300, 600, 900]),
    ],
)
def test_parts_follow_one_another_and_leave_nothing_out(window, edges) -> None:
    parts = parts_of(Video("x.mp4"), Span(*window))
    assert [part.span.start_s for part in parts] + [parts[-1].span.end_s] == edges
    assert all(a.span.end_s == b.span.start_s for a, b in pairwise(parts))
    assert (parts[0].video.start_s, parts[-1].video.end_s) == (None, None)
    assert [part.video.start_s for part in parts[1:]] == edges[1:-1]
    assert [part.video.end_s for part in parts[:-1]] == edges[1:-1]


def test_no_parts_when_turned_off() -> None:
    assert len(parts_of(Video("x.mp4"), Span(0, 4000), 0)) == 1


PARTS = tuple(
    Part(Video("x.mp4", start, start + 300), Span(start, start + 300)) for start in (0.0, 300.0, 600.0)
)


def answered(task, fields, merger=None, *, told=None):
    """The merged answer when the parts answer with these fields."""

    def ask(video, asked, progress):
        progress("answering", 1, None)
        at = [part.video for part in PARTS].index(video)
        sampling = Sampling(
            "arc", PARTS[at].span, (PARTS[at].span.start_s,), audio_s=300.0, notes=("one note",)
        )
        made = Answer(task=asked.name, source="x.mp4", duration_s=900, model="arc", sampling=sampling)
        return replace(made, **fields[at])

    steps = [] if told is None else told
    (answer,) = answer_in_parts(PARTS, [task], ask, merger, progress=lambda *step: steps.append(step))
    return answer


class Writer:
    """Writes what it is told to and keeps what it was asked."""

    name = "writer"

    def __init__(self, text: str = "All of it.", label: str | None = None, room: int = 10_000) -> None:
        self.text, self.label, self.room, self.asked = text, label, room, []

    def fits(self, prompt):
        return len(prompt) <= self.room

    def write(self, prompt):
        self.asked.append(prompt)
        return self.text

    def choose(self, prompt, labels):
        self.asked.append(prompt)
        return self.label if self.label in labels else None


TEXTS = [{"text": "Tea is made."}, {"text": "Tea is drunk."}, {"text": "Cups are washed."}]


def test_a_summary_is_written_from_the_parts_summaries() -> None:
    writer = Writer("Tea is made and drunk.")
    answer = answered(Describe(), TEXTS, writer)
    assert answer.text == "Tea is made and drunk."
    assert "\n1. Tea is made.\n2. Tea is drunk.\n3. Cups are washed.\n" in writer.asked[0]
    assert "00:" not in writer.asked[0]  # a clock in the notes would be copied
    assert answer.sampling.window == Span(0, 900)
    assert answer.sampling.times_s == (0.0, 300.0, 600.0)
    assert answer.sampling.audio_s == 900
    assert answer.sampling.notes[0] == "one note"
    assert "answered in 3 parts" in answer.sampling.notes[1]
    assert "merged by writer" in answer.sampling.notes[1]


def test_without_a_language_model_the_texts_follow_one_another_and_it_is_said() -> None:
    answer = answered(Describe(), TEXTS)
    assert answer.text.splitlines() == [
        "00:00:00 - 00:05:00: Tea is made.",
        "00:05:00 - 00:10:00: Tea is drunk.",
        "00:10:00 - 00:15:00: Cups are washed.",
    ]
    assert "put one after the other" in answer.sampling.notes[-1]


def test_a_time_the_merging_model_made_up_is_not_passed_on() -> None:
    for made_up in ("At 00:07:13 - 00:07:20 tea is drunk.", "At 00:05:00 tea is drunk."):
        answer = answered(Describe(), TEXTS, Writer(made_up))
        assert answer.text.startswith("00:00:00 - 00:05:00: Tea is made.")
        assert "named times no part had" in answer.reason
    timed = [TEXTS[0], {"text": "At 00:07:13 tea is drunk."}, TEXTS[2]]
    kept = answered(Describe(), timed, Writer("Tea, drunk at 00:07:13."))
    assert (kept.text, kept.reason) == ("Tea, drunk at 00:07:13.", "")


def test_many_texts_are_merged_in_rounds() -> None:
    longest = max(len(each["text"]) for each in TEXTS)
    writer = Writer("Short.")
    whole = answered(Describe(), TEXTS, writer)
    writer.room = len(writer.asked[0]) - longest
    writer.asked.clear()
    assert answered(Describe(), TEXTS, writer).text == whole.text
    assert len(writer.asked) == 2


def test_a_model_without_room_leaves_the_texts_as_they_are() -> None:
    answer = answered(Describe(), TEXTS, Writer(room=5))
    assert answer.text.startswith("00:00:00 - 00:05:00: Tea is made.")
    assert "could not merge" in answer.reason


def test_a_part_that_cannot_be_read_costs_only_itself() -> None:
    fields = [TEXTS[0], {"failure": ParseFailure("??", "no words")}, TEXTS[2]]
    answer = answered(Describe(), fields)
    assert answer.failure is None
    assert "Cups are washed" in answer.text
    assert "00:05:00 - 00:10:00 could not be read (no words)" in answer.reason


def test_when_no_part_can_be_read_the_answer_is_a_failure() -> None:
    answer = answered(Describe(), [{"failure": ParseFailure("??", "no words")}] * 3)
    assert answer.failure is not None
    assert answer.reason.count("could not be read") == 3


def event(start, end, text="It goes on.", **more):
    return Event(Span(start, end), text, **more)


def test_chapters_that_go_on_over_an_edge_are_joined_only_where_the_model_says_so() -> None:
    fields = [
        {"chapters": (event(0, 100, title="A"), event(100, 300, "Tea.", title="B"))},
        {"chapters": (event(300, 420, "More tea.", title="C"), event(420, 600, title="D"))},
        {"chapters": (event(640, 900, title="E"),)},
    ]
    apart = answered(Chapters(), fields)
    assert [(each.span.start_s, each.span.end_s) for each in apart.chapters] == [
        (0, 100),
        (100, 300),
        (300, 420),
        (420, 600),
        (640, 900),
    ]
    yes, no = Writer(label="A"), Writer(label="B")
    assert answered(Chapters(), fields, no).chapters == apart.chapters
    joined = answered(Chapters(), fields, yes).chapters
    assert [each.title for each in joined] == ["A", "B", "D", "E"]
    assert (joined[1].span, joined[1].text, joined[1].flags) == (Span(100, 420), "Tea. More tea.", (JOINED,))
    assert len(yes.asked) == 1  # 600 to 640 is a gap: nothing to ask


def test_a_part_that_failed_is_no_edge_to_join_over() -> None:
    fields = [
        {"events": (event(0, 300),)},
        {"failure": ParseFailure("??", "no time")},
        {"events": (event(600, 900),)},
    ]
    writer = Writer(label="A")
    assert len(answered(Events(), fields, writer).events) == 2
    assert writer.asked == []


def test_every_grounded_span_is_kept_in_the_order_of_time() -> None:
    fields = [{"events": (event(20, 30), event(10, 12))}, {}, {"events": (event(700, 710),)}]
    answer = answered(Ground("tea"), fields, Writer(label="A"))
    assert [each.span.start_s for each in answer.events] == [10, 20, 700]


def test_a_question_is_answered_from_the_parts_answers() -> None:
    writer = Writer("Because of the tea.")
    answer = answered(Ask("Why {notes}?"), TEXTS, writer)
    assert answer.text == "Because of the tea."
    assert "Why {notes}?" in writer.asked[0]


def votes(*letters):
    return [{"choice": letter} for letter in letters]


def test_options_are_voted_on() -> None:
    task = Choose("Which?", ("tea", "milk", "juice"))
    assert answered(task, votes("B", "B", "B"), Writer(label="A")).choice == "B"
    assert answered(task, votes("A", "B", "B")).choice == "B"
    decided = answered(task, votes("A", "B", "B"), Writer(label="A"))
    assert decided.choice == "A"
    assert "decided by writer" in decided.reason
    outsider = answered(task, votes("A", "B", "B"), Writer(label="C"))  # no part chose it
    assert outsider.choice == "B"
    tied = answered(task, votes("C", "B", "A"))
    assert tied.choice == "C"
    assert "first of equals" in tied.reason


def test_thoughts_are_kept_with_the_part_they_are_about() -> None:
    answer = answered(Describe(), [{**each, "thinking": "Hm."} for each in TEXTS])
    assert answer.thinking.startswith("[00:00:00 - 00:05:00] Hm.\n\n[00:05:00")


def test_progress_is_told_by_parts_and_within_them() -> None:
    told: list = []
    answered(Describe(), TEXTS, told=told)
    assert [step for step in told if step[0] == "parts"] == [("parts", i, 3) for i in range(4)]
    assert sum(step[0] == "answering" for step in told) == 3


def test_who_merges_is_checked() -> None:
    with pytest.raises(UsageError, match="did you mean 'none'"):
        check_merge("nune")
    with pytest.raises(UsageError, match="a function"):
        check_merge(5)
    own = Writer()
    assert make_merger(check_merge("own"), own) is own
    assert make_merger(check_merge("none"), own) is None


def test_any_function_can_merge() -> None:
    def shout(prompt: str) -> str:
        return "<think>hm</think><answer>B</answer>" if "A. yes" in prompt else prompt.splitlines()[1].upper()

    merger = make_merger(check_merge(shout), Writer())
    assert isinstance(merger, ByFunction)
    assert merger.name == "shout"
    assert answered(Describe(), TEXTS, merger).text == "1. TEA IS MADE."
    assert merger.choose("A. yes B. no", ("A", "B")) == "B"
    assert merger.choose("x\nnothing to choose", ("A", "B")) is None


class Chat:
    """A language model of few words, in the form of playhead.language."""

    name = "chat"
    context_tokens = 2000

    def chat(self, messages, *, schema=None, max_tokens, temperature=0.0, seed=0):
        return f"Merged {len(messages[0]['content'].splitlines())} lines."

    def choose(self, messages, labels):
        return {label: 1.0 if label == labels[-1] else 0.0 for label in labels}

    def count_tokens(self, text):
        return len(text.split())

    def close(self):
        pass


def test_a_language_model_of_playhead_can_merge() -> None:
    merger = make_merger(check_merge(Chat()), Writer())
    assert isinstance(merger, ByLanguageModel)
    assert "merged by chat" in answered(Describe(), TEXTS, merger).sampling.notes[-1]
    assert answered(Describe(), TEXTS, merger).text == "Merged 5 lines."
    assert merger.choose("?", ("A", "B")) == "B"
    assert not merger.fits("word " * 2000)
