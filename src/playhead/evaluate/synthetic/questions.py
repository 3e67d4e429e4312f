"""Tasks about a script, as records of ``playhead evaluate own`` (docs/evaluate.md): one dict is one line of its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from playhead.evaluate.synthetic.chance import Chance
from playhead.evaluate.synthetic.levels import LEVELS
from playhead.evaluate.synthetic.script import Script
from playhead.evaluate.synthetic.statements import Statement, absent, hidden, statements, together
from playhead.timeline import Span

Record = dict[str, Any]
_QUERIES, _ABSENT = 4, 2
_OPTIONS: Final = 4
_APART_S: Final = 0.5  # by how much the first of several must come before the others
_TRIES: Final = 200
_SEVERAL_SHARE: Final = 0.7
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip is called and where it stands in the benchmark."""

    name: str
    video: str
    level: str
    timing: str


def tasks_of(script: Script, clip: Clip, chance: Chance) -> list[Record]:
    """Every task about a clip, in a fixed order.

    Args:
        script: What is in it.
        clip: Its names.
        chance: What chooses among the questions there could be.
    """
    true = statements(script)
    made: list[Record] = []
    for task, kind, there, fields in (
        *_grounds(script, true, clip, chance),
        ("events", "", "", {"events": _events(true)}),
        *_chooses(script, true, chance),
        *_asks(script),
    ):
        number = sum(each["task"] == task for each in made) + 1
        named = {"level": clip.level, "timing": clip.timing, "kind": kind, "truth": there}
        groups = {name: value for name, value in named.items() if value}
        made.append(
            {
                "id": f"{clip.name}/{task}-{number}",
                "video": clip.video,
                "task": task,
                **fields,
                "groups": groups,
            }
        )
    return made


_Asked = tuple[str, str, str, Mapping[str, Any]]  # task, kind of event, how often it is true, fields


def _pair(span: Span) -> list[float]:
    return [round(span.start_s, _DIGITS), round(span.end_s, _DIGITS)]


def _grounds(script: Script, true: Sequence[Statement], clip: Clip, chance: Chance) -> Iterator[_Asked]:
    alike = LEVELS[clip.level].alike
    several = [each for each in true if len(each.spans) > 1]
    chosen = chance.shuffled(several)[:1]
    chosen += [each for each in chance.shuffled(true) if each not in chosen][: _QUERIES - len(chosen)]
    untrue = absent(script, chance, alike=alike)[:_ABSENT]
    pairs = chance.shuffled(together(script))
    both = [each for each in pairs if each.spans][:1]
    never = [each for each in pairs if not each.spans][:1]
    for each in (*chosen, *both, *untrue, *never, *hidden(script)):
        there = "absent" if not each.spans else "once" if len(each.spans) == 1 else "several times"
        spans = [_pair(span) for span in each.spans]
        yield "ground", each.kind, there, {"query": each.text, "spans": spans}


def _events(true: Sequence[Statement]) -> list[Record]:
    told = sorted((span, each.text) for each in true if each.event for span in each.spans)
    return [
        {"start": start_s, "end": end_s, "text": text}
        for span, text in told
        for start_s, end_s in (_pair(span),)
    ]


def _chooses(script: Script, true: Sequence[Statement], chance: Chance) -> Iterator[_Asked]:
    events = [each for each in true if each.event]
    yield from _first(events, chance)
    yield from _how_often(events, chance)
    yield from _when(script, events, chance)


def _option(question: str, right: str, wrong: Sequence[str], chance: Chance) -> Mapping[str, Any]:
    options = chance.shuffled([right, *wrong])
    return {"question": question, "options": options, "answer": "ABCDEFGHIJ"[options.index(right)]}


def _first(events: Sequence[Statement], chance: Chance) -> Iterator[_Asked]:
    """Which happens first, of some that begin clearly later than the first."""
    for first in chance.shuffled(events):
        later = [each for each in events if each.spans[0].start_s >= first.spans[0].start_s + _APART_S]
        if len(later) >= _OPTIONS - 1 or (len(events) <= _OPTIONS and later):
            wrong = [each.text for each in chance.shuffled(later)[: _OPTIONS - 1]]
            yield "choose", "order", "", _option("Which of these happens first?", first.text, wrong, chance)
            return


def _how_often(events: Sequence[Statement], chance: Chance) -> Iterator[_Asked]:
    """How often, more often of something that is there several times."""
    counted = [each for each in events if each.kind != "speech"]
    several = [each for each in counted if len(each.spans) > 1]
    for each in chance.shuffled(several if several and chance.happens(_SEVERAL_SHARE) else counted)[:1]:
        right = len(each.spans)
        question = f"How many separate times is this the case: {each.text}?"
        wrong = [str(number) for number in range(1, max(_OPTIONS, right + 1) + 1) if number != right]
        yield "choose", "count", "", _option(question, str(right), wrong, chance)


def _when(script: Script, events: Sequence[Statement], chance: Chance) -> Iterator[_Asked]:
    """When, among spans of the same length in which it is not the case."""
    length_s = script.pictures.end_s
    for each in chance.shuffled([each for each in events if len(each.spans) == 1]):
        true = each.spans[0]
        wrong: list[Span] = []
        for _ in range(_TRIES):
            start_s = chance.between(0, length_s - true.duration_s)
            other = Span(start_s, start_s + true.duration_s)
            apart = all(
                other.start_s > one.end_s + 0.3 or one.start_s > other.end_s + 0.3 for one in (true, *wrong)
            )
            if apart and len(wrong) < _OPTIONS - 1:
                wrong.append(other)
        if wrong:
            question = f"When is this the case: {each.text}?"
            yield (
                "choose",
                "when",
                "",
                _option(question, _spoken(true), [_spoken(one) for one in wrong], chance),
            )
            return


def _spoken(span: Span) -> str:
    return f"from {span.start_s:.1f} to {span.end_s:.1f} seconds"


def _asks(script: Script) -> Iterator[_Asked]:
    """Questions with one short right answer."""
    things = {each.thing for each in script.shown} | {each.thing for each in script.movers}
    for form in sorted({each.form for each in things}):
        colours = {each.colour for each in things if each.form == form}
        if len(colours) == 1:
            [colour] = colours
            yield (
                "ask",
                "shape",
                "",
                {"question": f"What colour is the {form}?", "atoms": [colour], "text": colour},
            )
            break
    texts = list(dict.fromkeys(each.text for each in script.written))
    if texts:
        yield (
            "ask",
            "text",
            "",
            {"question": "What words are on screen?", "atoms": texts, "text": ", ".join(texts)},
        )
    if script.said:
        said = [each.text for each in script.said]
        yield "ask", "speech", "", {"question": "What is said?", "atoms": said, "text": " ".join(said)}
