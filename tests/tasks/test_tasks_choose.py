"""Multiple choice: which option an answer in free text chooses, and when it chooses none."""

import pytest

from playhead.errors import UsageError
from playhead.tasks.base import Clock, PromptStyle, Reading
from playhead.tasks.choose import Choose
from playhead.timeline import ParseFailure, Span

CLOCK = Clock(60.0)
TASK = Choose("What happens?", ("A woman sits", "A man is walking", "The dog", "None of the above"))

CHOSEN = [
    ("B", "B"), ("b", "B"), ("B.", "B"), ("b)", "B"), ("(B)", "B"), ("[B]", "B"), ("**B**", "B"), ("'B'", "B"), ("B\n", "B"),
    ("Answer: B", "B"), ("answer is b", "B"), ("The answer is (B)", "B"), ("The answer is (B).", "B"),
    ("The correct answer is B, a man walks.", "B"), ("The best option is **C**.", "C"), ("Option C", "C"), ("option c.", "C"),
    ("Option C because A is wrong and B is too.", "C"), ("I choose C.", "C"), ("I would go with C, not B.", "C"),
    ("My final answer is D. At first I thought the answer is B.", None),
    ("B. A man is walking", "B"), ("(B) A man is walking", "B"), ("B: A man is walking", "B"), ("B) walking", "B"),
    ("A man is walking", "B"), ("a man is walking.", "B"), ("A man is walking in the park.", "B"),
    ("A woman sits", "A"), ("The dog", "C"), ("It is the dog that does it.", "C"), ("none of the above", "D"),
    ("The answer is A man is walking.", "B"), ("The video shows that a man is walking.", "B"),
    ("A", "A"), ("A.", "A"), ("A is right", "A"), ("It must be A.", "A"), ("A because she sits.", "A"),
    ("The correct answer is not A but C", "C"), ("The answer is B, not C.", "B"), ("Not A. The answer is C.", "C"),
    ("<think>A or B? B.</think><answer>C</answer>", "C"), ("<answer>B. A man is walking", "B"), ("<think>hm</think>\nB", "B"),
    ('{"answer": "B"}', "B"), ('{"choice": "b"}', "B"), ('```json\n{"answer": "C. The dog"}\n```', "C"),
    ("答案是B", "B"), ("选B", "B"), ("正确答案：C。", "C"), ("选项 D", "D"), ("Ｂ", "B"), ("（Ｂ）", "B"), ("应选择C", "C"),
    ("Answer: C\nExplanation: in B. he sits, which is wrong.", "C"),
    ("A. A woman sits\nB. A man is walking\nC. The dog\nD. None of the above\nAnswer: B", "B"),
    ("B<|im_end|>", "B"),
]  # fmt: skip

NOT_CHOSEN = [
    ("", "empty"),
    ("???", "no time could be found"),
    ("A or B", "several options: A, B"),
    ("A and C", "several options: A, C"),
    ("(A) or (C)", "several options: A, C"),
    ("A, B", "several options: A, B"),
    ("The answer is B. The answer is C.", "several options: B, C"),
    ("E", "names E, but the options are A to D"),
    ("The answer is Z.", "names Z"),
    ("A. A man is walking", "several options: A, B"),
    ("A. A woman sits\nB. A man is walking\nC. The dog\nD. None of the above", "several options"),
    ("The dog and a man is walking", "several options: B, C"),
    ("I don't know.", "none of the options"),
    ("I cannot tell.", "none of the options"),
    ("A cat is there.", "no option from A to D"),
    ("2", "no option from A to D"),
    ("<think>it is B", "never ended"),
    ("<answer></answer>", "tags are empty"),
    ("xyzzy " * 50_000, "no option from A to D"),
]


@pytest.mark.parametrize(("answer", "label"), CHOSEN)
def test_the_chosen_option_is_read(answer, label):
    reading = TASK.read(answer, CLOCK)
    if label is None:
        assert isinstance(reading, ParseFailure)
        assert "several options: B, D" in reading.reason
    else:
        assert isinstance(reading, Reading), reading
        assert reading.choice == label


@pytest.mark.parametrize(("answer", "reason"), NOT_CHOSEN)
def test_no_choice_is_a_failure_with_its_reason(answer, reason):
    failure = TASK.read(answer, CLOCK)
    assert isinstance(failure, ParseFailure), failure
    assert failure.text == answer
    if answer != "???":
        assert reason in failure.reason


def test_an_option_within_another_is_not_named_by_it():
    task = Choose("Where?", ("park", "car park", "sea"))
    assert task.read("It is in a car park.", CLOCK).choice == "B"
    assert task.read("It is in a park.", CLOCK).choice == "A"


def test_options_that_are_letters_or_numbers():
    assert Choose("How many?", ("2", "3", "4")).read("3", CLOCK).choice == "B"
    assert Choose("Which letter?", ("X", "Y")).read("The answer is B", CLOCK).choice == "B"


def test_chinese_options():
    task = Choose("看到什么?", ("一只狗", "一只猫"))
    assert task.read("视频中有一只猫。", CLOCK).choice == "B"
    assert isinstance(task.read("一只狗和一只猫", CLOCK), ParseFailure)


def test_the_seconds_an_answer_rests_on_are_kept():
    reading = TASK.read("<answer>B</answer><glue>[(5.0, 9.0), (50, 70)]</glue>", CLOCK)
    assert reading.choice == "B"
    assert [event.span for event in reading.events] == [Span(5, 9), Span(50, 60)]
    assert reading.events[1].flags == ("cited", "clipped")


@pytest.mark.parametrize(
    ("question", "options", "found"),
    [
        ("", ("a", "b"), "cannot ask"),
        ("What?", ("a",), "1 options"),
        ("What?", (), "0 options"),
        ("What?", ("a", " A "), "twice"),
        ("What?", ("a", "  "), "an empty option"),
        ("What?", tuple(str(n) for n in range(27)), "27 options"),
    ],
)
def test_what_cannot_be_asked_is_refused(question, options, found):
    with pytest.raises(UsageError, match=found):
        Choose(question, options)


def test_the_options_are_asked_with_their_letters():
    text = TASK.render(PromptStyle()).text
    assert "A. A woman sits\nB. A man is walking\nC. The dog\nD. None of the above\n" in text
    assert TASK.render(PromptStyle()).json_schema == {"type": "string", "enum": ["A", "B", "C", "D"]}
