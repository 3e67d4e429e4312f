"""Tasks of drawn clips: true by another count, absent where they say so, the same for a seed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict

import pytest

from playhead.evaluate.synthetic.chance import Chance
from playhead.evaluate.synthetic.levels import LEVELS
from playhead.evaluate.synthetic.make import Bench
from playhead.evaluate.synthetic.plan import plan
from playhead.evaluate.synthetic.questions import tasks_of
from playhead.evaluate.synthetic.script import KINDS

SEEDS = range(3)


def clips_of(seed: int):
    bench = Bench(seed=seed)
    for number in range(bench.clips):
        clip = bench.clip(number)
        script = plan(seed, number, clip.level, clip.timing).script
        yield clip, script, tasks_of(script, clip, Chance("questions", seed, number))


@pytest.fixture(scope="module")
def everything():
    return [each for seed in SEEDS for each in clips_of(seed)]


def of_task(everything, task):
    return [(script, each) for _, script, tasks in everything for each in tasks if each["task"] == task]


def is_true(script, query: str, time_s: float) -> bool | None:
    """Whether a query is true at a time, read from its words and the script alone; None for words not understood."""
    shown = {each.thing.name for each in script.shown if each.span.contains(time_s)}
    if found := re.fullmatch(r"an? (.+) and an? (.+) are on screen at the same time", query):
        return {*found.groups()} <= shown
    if found := re.fullmatch(r"an? (.+) is on screen", query):
        return found[1] in shown
    if found := re.fullmatch(r'the words "(.+)" are on screen', query):
        return any(each.text == found[1] and each.span.contains(time_s) for each in script.written)
    if found := re.fullmatch(r"the background is (.+)", query):
        painted = [each.colour for each in script.painted if each.span.contains(time_s)]
        return (painted or [script.backdrop])[0] == found[1]
    if found := re.fullmatch(r"(.+) is heard", query):
        return any(each.sound == found[1] and each.span.contains(time_s) for each in script.heard)
    if found := re.fullmatch(r"somebody talks about (.+)", query):
        return any(each.about == found[1] and each.span.contains(time_s) for each in script.said)
    if found := re.fullmatch(r"the (.+) (moves .+|stands still)", query):
        moves = [
            move
            for mover in script.movers
            if mover.thing.name == found[1]
            for move in mover.moves
            if move.span.contains(time_s)
        ]
        there = [mover for mover in script.movers if mover.thing.name == found[1]]
        return {
            "stands still": bool(there and not moves and script.pictures.contains(time_s)),
            "moves quickly": any(move.quick for move in moves),
            "moves slowly": any(move.quick is False for move in moves),
            "moves from left to right": any(move.to_x > move.from_x for move in moves),
            "moves from right to left": any(move.to_x < move.from_x for move in moves),
        }[found[2]]
    return None


def test_every_query_is_true_in_its_spans_and_nowhere_else(everything) -> None:
    grounds = of_task(everything, "ground")
    assert len(grounds) > 100
    for script, each in grounds:
        for at in range(round(script.edges_s[-1] * 12)):
            time_s = at / 12 + 0.0137  # on no edge
            inside = any(start_s <= time_s < end_s for start_s, end_s in each["spans"])
            assert is_true(script, each["query"], time_s) is inside, (each["id"], time_s)


def test_absent_queries_ask_for_what_is_never_there(everything) -> None:
    grounds = of_task(everything, "ground")
    absent = [each for _, each in grounds if not each["spans"]]
    assert 0.2 < len(absent) / len(grounds) < 0.6
    assert all(each["groups"]["truth"] == "absent" for each in absent)
    assert {each["groups"]["kind"] for each in absent} >= {*KINDS, "together", "hidden"}
    for script, each in grounds:
        if not each["spans"]:
            edges = [*script.edges_s[:-1], *(s.span.start_s for s in (*script.heard, *script.said))]
            assert not any(is_true(script, each["query"], time_s) for time_s in edges)


def test_near_duplicates_are_what_is_absent_among_things_alike(everything) -> None:
    asked = [
        each["query"]
        for clip, _, tasks in everything
        if clip.level == "alike"
        for each in tasks
        if each["task"] == "ground" and each["groups"]["kind"] == "shape" and not each["spans"]
    ]
    assert asked
    assert all(re.match(r"an? (light|dark) ", each) for each in asked)


def test_every_kind_of_event_is_asked_for_at_every_timing(everything) -> None:
    for timing in {clip.timing for clip, *_ in everything}:
        kinds = {
            each["groups"]["kind"]
            for clip, _, tasks in everything
            if clip.timing == timing
            for each in tasks
            if each["task"] == "ground" and each["spans"]
        }
        assert kinds >= {*KINDS, "together"}, timing


def test_the_right_option_is_the_right_one_and_no_other_is(everything) -> None:
    for script, each in of_task(everything, "choose"):
        right = each["options"]["ABCDEFGHIJ".index(each["answer"])]
        wrong = [option for option in each["options"] if option != right]
        assert len(wrong) == len(each["options"]) - 1 >= 1
        starts_s = sorted(
            {0.0, *script.edges_s[:-1], *(s.span.start_s for s in (*script.heard, *script.said))}
        )
        kind, (_, _, query) = each["groups"]["kind"], each["question"].rstrip("?").partition(": ")
        if kind == "order":
            first_s = {
                option: next(t for t in starts_s if is_true(script, option, t)) for option in each["options"]
            }
            assert all(first_s[option] > first_s[right] + 0.4 for option in wrong)
        elif kind == "count":
            ends_s = [s.span.end_s for s in script.heard]
            flags = [bool(is_true(script, query, time_s)) for time_s in sorted({*starts_s, *ends_s})]
            risings = sum(now and not before for before, now in zip([False, *flags], flags, strict=False))
            assert risings == int(right)
        else:
            for option in each["options"]:
                start_s, end_s = map(float, re.findall(r"\d+\.\d", option))
                assert bool(is_true(script, query, (start_s + end_s) / 2)) is (option == right)


def test_answers_in_words_are_what_is_there(everything) -> None:
    asks = of_task(everything, "ask")
    assert {each["groups"]["kind"] for _, each in asks} == {"shape", "text", "speech"}
    for script, each in asks:
        if found := re.fullmatch(r"What colour is the (\w+)\?", each["question"]):
            things = [*(s.thing for s in script.shown), *(m.thing for m in script.movers)]
            assert {thing.colour for thing in things if thing.form == found[1]} == {*each["atoms"]}


def test_events_are_all_there(everything) -> None:
    for script, each in of_task(everything, "events"):
        told = {(event["start"], event["end"]) for event in each["events"]}
        quiet = [*script.shown, *script.written, *script.painted, *script.heard, *script.said]
        assert len(told) <= len(quiet) + sum(len(mover.moves) for mover in script.movers)
        for happening in (*script.heard, *script.said):
            assert (round(happening.span.start_s, 6), round(happening.span.end_s, 6)) in told


def test_a_seed_means_the_same_for_ever() -> None:
    """Fails when a change makes other clips of a seed: then EDITION goes up, and CHANGELOG says so under Numerics."""
    scripts = [asdict(script) for _, script, _ in clips_of(0)]
    tasks = [each for *_, made in clips_of(0) for each in made]
    found = hashlib.sha256(json.dumps([scripts, tasks]).encode()).hexdigest()
    assert found[:16] == "55da8c8adc410fcb"


def test_other_seeds_make_other_clips() -> None:
    one, other = ([asdict(script) for _, script, _ in clips_of(seed)] for seed in (0, 1))
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_levels_get_harder(everything) -> None:
    counts = {
        level: [len(script.seen) for clip, script, _ in everything if clip.level == level] for level in LEVELS
    }
    assert max(counts["single"]) <= 1
    assert min(counts["overlapping"]) > max(counts["several"])
