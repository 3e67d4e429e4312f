"""What is true of a script and when, in sentences; and sentences that are true at no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from playhead.evaluate.synthetic import palette, sounds
from playhead.evaluate.synthetic.chance import Chance
from playhead.evaluate.synthetic.forms import FORMS
from playhead.evaluate.synthetic.plan import FIRST_WORDS, LAST_WORDS
from playhead.evaluate.synthetic.script import Mover, Script, Thing
from playhead.evaluate.synthetic.voice import sentences
from playhead.timeline import Span, merge_spans


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence and when it is true.

    Attributes:
        text: In the present tense, as it may be looked for.
        kind: A kind of :data:`~playhead.evaluate.synthetic.script.KINDS`, ``together``, or ``hidden``.
        spans: Every span in which it is true, joined where they touch; none when it never is.
        event: Whether each span is an event of its own, rather than a state or part of one.
    """

    text: str
    kind: str
    spans: tuple[Span, ...]
    event: bool = True


# --- how each kind is put into words ----------------------------------------------------------------------------------


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _shape(thing: Thing) -> str:
    return f"{_a(thing.name)} is on screen"


def _way(thing: Thing, *, rightwards: bool) -> str:
    return f"the {thing.name} moves {'from left to right' if rightwards else 'from right to left'}"


def _words(text: str) -> str:
    return f'the words "{text}" are on screen'


def _background(colour: str) -> str:
    return f"the background is {colour}"


def _sound(name: str) -> str:
    return f"{name} is heard"


def _talk(about: str) -> str:
    return f"somebody talks about {about}"


def _both(one: Thing, other: Thing) -> str:
    return f"{_a(one.name)} and {_a(other.name)} are on screen at the same time"


# --- what is true -----------------------------------------------------------------------------------------------------


def statements(script: Script) -> list[Statement]:
    """Everything that is true of a clip at some time and not throughout, by the first time it is."""
    found = [
        *_grouped("shape", ((_shape(each.thing), each.span) for each in script.shown)),
        *(each for mover in script.movers for each in _motions(mover, script.pictures)),
        *_grouped("text", ((_words(each.text), each.span) for each in script.written)),
        *_grouped("backdrop", ((_background(each.colour), each.span) for each in script.painted)),
        *_grouped("sound", ((_sound(each.sound), each.span) for each in script.heard)),
        *_grouped("speech", ((_talk(each.about), each.span) for each in script.said)),
    ]
    return sorted(found, key=lambda each: (each.spans[0], each.text))


def _grouped(kind: str, happenings: Iterable[tuple[str, Span]], *, event: bool = True) -> Iterator[Statement]:
    spans: dict[str, list[Span]] = {}
    for text, span in happenings:
        spans.setdefault(text, []).append(span)
    for text, all_spans in spans.items():
        yield Statement(text, kind, merge_spans(all_spans), event)


def _motions(mover: Mover, pictures: Span) -> Iterator[Statement]:
    thing, moves = mover.thing, mover.moves
    yield from _grouped(
        "motion", ((_way(thing, rightwards=move.to_x > move.from_x), move.span) for move in moves)
    )
    quick = [(f"the {thing.name} moves quickly", move.span) for move in moves if move.quick]
    slow = [(f"the {thing.name} moves slowly", move.span) for move in moves if move.quick is False]
    if len(quick) == len(slow) == sum(move.quick is not None for move in moves) / 2 and len(moves) == 2 * len(
        quick
    ):
        yield from _grouped("motion", [*slow, *quick], event=False)  # where every movement has the two speeds
    busy = merge_spans(move.span for move in moves)
    edges = [
        pictures.start_s,
        *(side for span in busy for side in (span.start_s, span.end_s)),
        pictures.end_s,
    ]
    still = [Span(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[1] > pair[0]]
    yield Statement(f"the {thing.name} stands still", "motion", tuple(still), event=False)


def together(script: Script) -> list[Statement]:
    """For every two things that come and go, when both are there; also those that never are."""
    spans: dict[Thing, list[Span]] = {}
    for each in script.shown:
        spans.setdefault(each.thing, []).append(each.span)
    return [
        Statement(_both(one, other), "together", _overlap(spans[one], spans[other]), event=False)
        for one, other in combinations(spans, 2)
    ]


def _overlap(ones: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    return merge_spans(
        both for one in ones for other in others if (both := one.clip(other)) and both.duration_s > 0
    )


# --- what is not ------------------------------------------------------------------------------------------------------


def absent(script: Script, chance: Chance, *, alike: bool) -> list[Statement]:
    """Sentences that are true at no time: at most one of each kind, in an order of chance.

    Args:
        script: The clip.
        chance: What chooses among those there could be.
        alike: Whether the near-duplicates of the clip's own palette and sounds are what is not there.
    """
    kinds: dict[str, list[str]] = {
        "shape": _absent_shapes(script, alike=alike),
        "motion": _absent_moves(script),
        "text": _absent_words(script),
        "backdrop": [
            _background(each)
            for each in palette.BACKDROPS
            if each not in {script.backdrop, *(painted.colour for painted in script.painted)}
        ],
        "sound": [
            _sound(each)
            for each in (sounds.ALIKE if alike else sounds.SOUNDS)
            if each not in {heard.sound for heard in script.heard}
        ],
        "speech": [
            _talk(each.about)
            for number, each in enumerate(sentences())
            if number not in {said.number for said in script.said}
        ],
    }
    drawn = [Statement(chance.one(texts), kind, ()) for kind, texts in kinds.items() if texts]
    return chance.shuffled(drawn)


def hidden(script: Script) -> list[Statement]:
    """What only pictures show that lie before the start of the presentation."""
    return [Statement(_words(script.hidden_word), "hidden", ())] if script.hidden_word else []


def _absent_shapes(script: Script, *, alike: bool) -> list[str]:
    """Things that share colour or form with one that is there, and are not."""
    there = [*(each.thing for each in script.shown), *(each.thing for each in script.movers)]
    pairs = {(each.colour, each.form) for each in there}
    others = [
        Thing(colour, form)
        for colour in (palette.ALIKE if alike else palette.PLAIN)
        for form in FORMS
        if (colour, form) not in pairs
    ]
    near = [
        each
        for each in others
        if any(each.form == one.form or each.colour == one.colour for one in there)
        and palette.stands_out(each.colour, (script.backdrop,))
    ]
    return [_shape(each) for each in near or others]


def _absent_moves(script: Script) -> list[str]:
    ways = {
        _way(mover.thing, rightwards=rightwards) for mover in script.movers for rightwards in (True, False)
    }
    there = {each.text for mover in script.movers for each in _motions(mover, script.pictures)}
    return sorted(ways - there)


def _absent_words(script: Script) -> list[str]:
    """Other words; with the first word of one that is there, where there is one."""
    there = {each.text for each in script.written}
    firsts = {text.split()[0] for text in there} or {*FIRST_WORDS}
    texts = [f"{first} {last}" for first in FIRST_WORDS if first in firsts for last in LAST_WORDS]
    return [_words(each) for each in texts if each not in there]
