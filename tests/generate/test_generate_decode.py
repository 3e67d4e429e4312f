"""Decoding with tiny random models: ends, stops, limits, grammars; what comes out is what was allowed."""

from __future__ import annotations

import json
import re

import pytest
import torch
from generate_kit import byte_fallback, byte_level, llama

from playhead.errors import UsageError
from playhead.generate.decode import generate
from playhead.generate.grammar import Grammar
from playhead.generate.grammars import RANDOM, Room, bounded, clock_times
from playhead.tasks.base import PromptStyle
from playhead.tasks.chapters import Chapters
from playhead.tasks.ground import Ground


def prompt(tokenizer, text: str = "What is shown?") -> dict:
    return {"input_ids": torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])}


@pytest.mark.parametrize(
    "regex",
    [
        r"From [0-9]{2} to [0-9]{2}\.",
        r"(yes|no)",
        r"[A-Za-z][a-z ]{3,20}[.]",
        r"[éü猫]{2,6}!",
        clock_times(75) + " - " + clock_times(75),
    ],
)
def test_an_answer_matches_its_regular_expression(model, tokenizer, ends, regex) -> None:
    made = generate(
        model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=80, grammar=Grammar(regex=regex)
    )
    assert re.fullmatch(regex, made.text), made.text
    assert made.finished
    assert made.ids[-1] in ends


@pytest.mark.parametrize("room", [RANDOM, Room(items=2, letters=12, ordered=False)], ids=["random", "free"])
@pytest.mark.parametrize("task", [Chapters(), Ground("a cat")], ids=["chapters", "ground"])
def test_an_answer_follows_the_schema_of_its_task(model, tokenizer, ends, room, task) -> None:
    schema = task.render(PromptStyle(times="seconds")).json_schema
    limits = bounded(schema, 75.0, room)
    made = generate(
        model,
        tokenizer,
        prompt(tokenizer),
        end_ids=ends,
        max_new_tokens=600,
        grammar=Grammar(json_schema=limits),
    )
    assert made.finished
    found = json.loads(made.text)
    assert isinstance(found, list)
    assert len(found) <= room.items
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(found, schema)
    for number in re.findall(r"\d+\.?\d*", made.text):
        assert float(number) <= 75.0


def test_a_stop_text_ends_the_answer_and_is_cut_away(model, tokenizer, ends) -> None:
    free = generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=60)
    stop = next((each for each in re.findall(r"[A-Za-z:,.]{2,4}", free.text)), free.text[2:4])
    made = generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=60, stop=(stop,))
    assert made.finished
    assert stop not in made.text
    assert free.text.startswith(made.text)
    assert made.text == free.text.partition(stop)[0]
    assert len(made.ids) <= len(free.ids)


def test_a_stop_text_within_a_grammar_keeps_reasoning_and_answer(model, tokenizer, ends) -> None:
    regex = r"<think>[a-z ]{2,12}</think><answer>From [0-9]{2} to [0-9]{2}</answer>"
    made = generate(
        model,
        tokenizer,
        prompt(tokenizer),
        end_ids=ends,
        max_new_tokens=200,
        stop=("</answer>",),
        grammar=Grammar(regex=regex),
    )
    assert made.finished
    assert re.fullmatch(regex.removesuffix("</answer>"), made.text)
    reading = Ground("a cat").read(made.text, _clock())
    assert reading.thinking == re.search("<think>(.*)</think>", made.text)[1].strip()


def _clock():
    from playhead.tasks.base import Clock

    return Clock(100.0, bins=100)


def test_an_answer_that_reaches_the_limit_says_so(model, tokenizer, ends) -> None:
    grammar = Grammar(regex=r"[a-z]{50,60}")
    made = generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=5, grammar=grammar)
    assert not made.finished
    assert len(made.ids) == 5
    assert re.fullmatch("[a-z]+", made.text)


def test_every_end_ends_an_answer(tokenizer, ends) -> None:
    """The output layer is bent so that one of the two ends is always the likeliest token."""
    for end in ends:
        model = llama(len(tokenizer))
        hidden = model.model(**prompt(tokenizer)).last_hidden_state[0, -1]
        with torch.no_grad():
            model.lm_head.weight[end] = hidden * 100
        made = generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=9)
        assert (made.ids, made.text, made.finished) == ((end,), "", True)


def test_the_same_question_is_answered_the_same_and_progress_is_told(model, tokenizer, ends) -> None:
    told = []
    runs = [
        generate(
            model,
            tokenizer,
            prompt(tokenizer),
            end_ids=ends,
            max_new_tokens=12,
            progress=lambda stage, done, total: told.append((stage, done, total)),
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    count = len(runs[0].ids)
    assert told == [("answering", at, None) for at in range(1, count + 1)] * 2


def test_an_interrupt_leaves_nothing_behind(model, tokenizer, ends) -> None:
    how = {"end_ids": ends, "max_new_tokens": 60, "grammar": Grammar(regex=r"[a-z ]{20,40}[.]")}
    before = generate(model, tokenizer, prompt(tokenizer), **how)

    def interrupt(stage, done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(model, tokenizer, prompt(tokenizer), **how, progress=interrupt)
    assert generate(model, tokenizer, prompt(tokenizer), **how) == before


def test_greedy_is_greedy_whatever_the_model_was_saved_with() -> None:
    tokenizer = byte_level()
    model, ends = llama(len(tokenizer)), [tokenizer.eos_token_id]
    plain = generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=16)
    model.generation_config.update(
        do_sample=True, temperature=1.7, top_p=0.3, num_beams=3, repetition_penalty=1.0
    )
    assert generate(model, tokenizer, prompt(tokenizer), end_ids=ends, max_new_tokens=16) == plain


def test_wrong_calls_are_refused() -> None:
    tokenizer = byte_fallback()
    model, inputs = llama(len(tokenizer)), prompt(tokenizer)
    with pytest.raises(ValueError, match="0 end ids"):
        generate(model, tokenizer, inputs, end_ids=[])
    with pytest.raises(ValueError, match="2 samples"):
        generate(model, tokenizer, {"input_ids": inputs["input_ids"].repeat(2, 1)}, end_ids=[1])
    with pytest.raises(UsageError, match="hold an answer to a grammar"):
        generate(model, tokenizer, inputs, end_ids=[1], grammar=Grammar(regex="(unclosed"))
    for wrong in ({}, {"regex": "a", "json_schema": {}}):
        with pytest.raises(ValueError, match="one of the two"):
            Grammar(**wrong)
