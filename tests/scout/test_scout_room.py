"""No prompt outgrows the language model's context, whatever is said or shown, and what is cut covers the whole video."""

from __future__ import annotations

from itertools import pairwise

import pytest
from test_scout_find import bag_of_words

import playhead
from helpers.evidence import evidence, mark
from playhead.errors import UsageError
from playhead.models.scout.find import Index, judge
from playhead.models.scout.notes import OVERVIEW, Note, notes_of
from playhead.models.scout.reply import NOTES_CHARS, ask, choose, select
from playhead.models.scout.room import QUESTION_BYTES, check_question, limit_chars, thinned
from playhead.models.scout.write import Part, Words, Writer, evidence_text
from playhead.timeline import Span

CONTEXT_TOKENS = 4096  # as the engine sets it
RARE = "\U00020bb7\U0001f9d1\U0001f3fd"  # four bytes each: four tokens each for a model that knows single bytes only


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A real llama.cpp model with random weights, to which nearly every byte is a token: the least room there is."""
    pytest.importorskip("xllamacpp")
    pytest.importorskip("gguf")
    from helpers.tiny_model import write_tiny_model
    from playhead.language.llama import LlamaModel

    path = write_tiny_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf", context_tokens=CONTEXT_TOKENS)
    with LlamaModel(path, name="tiny", context_tokens=CONTEXT_TOKENS, threads=1) as model:
        yield model


class Recorder:
    """Counts one token a byte, like the worst of models, and keeps what it was asked; answers nothing readable."""

    name = "recorder"
    context_tokens = CONTEXT_TOKENS

    def __init__(self):
        self.asked = []

    def chat(self, messages, *, schema=None, max_tokens, temperature=0.0, seed=0):
        text = "\n".join(message["content"] for message in messages)
        assert len(text.encode()) + max_tokens <= self.context_tokens
        self.asked.append(text)
        return ""

    def choose(self, messages, labels):
        assert sum(len(message["content"].encode()) for message in messages) < self.context_tokens
        self.asked.append(messages[-1]["content"])
        return dict.fromkeys(labels, 1.0 / len(labels))

    def count_tokens(self, text):
        return len(text.encode())

    def close(self):
        pass


def crowded(text, count=40, lane="text"):
    """Evidence full of long texts, each a little different."""
    rows = [(float(i), i + 0.9, f"{i} {text * (400 // len(text))}") for i in range(count)]
    return evidence(float(count), **{lane: rows})


def parts_of(seen, count=4):
    notes = notes_of(seen)
    return [Part(Span(0.0, 40.0), notes[i::count], "one continuous shot.") for i in range(count)]


@pytest.mark.parametrize("text", ["a wall of words ", "文字", RARE])
def test_any_text_on_screen_can_be_written_from(tiny, text):
    writer = Writer(tiny, "English")
    assert len(writer.parts(parts_of(crowded(text)))) == 4
    members = [Words(f"{i} {text}"[:70], (text * 240)[:240], "quoted") for i in range(80)]
    assert writer.group("whole", members, parts_of(crowded(text))[0]).summary


@pytest.mark.parametrize("text", ["a wall of words ", RARE])
def test_the_longest_question_about_any_text_fits(tiny, text):
    index = Index(notes_of(crowded(text)), bag_of_words)
    question = (text * QUESTION_BYTES).encode()[:QUESTION_BYTES].decode(errors="ignore")
    overview = tuple(Note(mark(i, i + 1.0, OVERVIEW, "").span, OVERVIEW, text * 80, ()) for i in range(24))
    ask(index, question, tiny, "English", overview)
    options = dict.fromkeys("ABCDEFGH", "yes")
    assert choose(index, question[: -8 * len(RARE)], options, tiny, overview).choice in options
    judge(index, f"0 {question[:-10]}", tiny)


def test_the_summary_of_an_hour_is_written_from_all_of_it():
    model = Recorder()
    members = [
        Words(f"Subject {i:02d}", "What is told here takes many words. " * 6, "written") for i in range(80)
    ]
    part = Part(Span(0.0, 3600.0), (), "20 shots.")
    Writer(model, "English").group("whole", members, part)
    (asked,) = model.asked
    told = [i for i in range(80) if f"Subject {i:02d}" in asked]
    assert told[0] == 0
    assert told[-1] >= 77
    assert max(b - a for a, b in pairwise(told)) <= 3
    few = members[:8]
    model.asked.clear()
    Writer(model, "English").group("whole", few, part)
    assert all(f"Subject {i:02d}: What is told here takes many words." in model.asked[0] for i in range(8))


def test_parts_with_room_are_shown_whole():
    model = Recorder()
    parts = parts_of(
        evidence(
            40.0,
            speech=[
                (
                    i * 5.0,
                    i * 5.0 + 4.0,
                    f"The sentence of number {i} is short, and so are all the others around it.",
                )
                for i in range(8)
            ],
        )
    )
    Writer(model, "English").parts(parts)
    assert all(evidence_text(part) in model.asked[0] for part in parts)


def test_chapters_told_beside_the_notes_leave_room_for_the_notes():
    speech = [
        (i * 4.0, i * 4.0 + 3.0, f"Boat {i} carried {100 + i} barrels of salted herring to the old harbour.")
        for i in range(40)
    ]
    index = Index(notes_of(evidence(200.0, speech=speech)), bag_of_words)
    overview = tuple(
        Note(
            Span(i * 20.0, i * 20.0 + 20.0),
            OVERVIEW,
            f"Chapter {i}: " + "all about boats and harbours, " * 12,
            (),
        )
        for i in range(20)
    )
    found = select(index, ["how many barrels did boat 17 carry"], overview)
    assert "Boat 17 carried 117 barrels of salted herring to the old harbour." in [f.note.text for f in found]
    model = Recorder()
    ask(index, "how many barrels did boat 17 carry", model, "English", overview)
    assert "117 barrels" in model.asked[0]
    assert all(f"Chapter {i}" in model.asked[0] for i in range(20))
    assert len(model.asked[0]) < 2 * NOTES_CHARS


@pytest.mark.parametrize(("limit", "kept"), [(300, 80), (48, 80), (24, 40), (8, 13)])
def test_lines_are_thinned_evenly(limit, kept):
    thin = thinned(range(80), limit)
    assert len(thin) == kept
    assert thin[0] == 0
    assert thin[-1] >= 80 - 80 / kept - 1


def test_a_limit_is_no_smaller_than_needed():
    limit = limit_chars(Recorder(), lambda n: [{"content": "x" * 10 * n}], 1000, 100)
    assert 0.79 * 390 <= limit <= 390


@pytest.mark.parametrize("verb", ["ask", "ground", "choose"])
def test_too_long_a_question_is_refused_before_the_file_is_even_opened(tmp_path, verb):
    session = playhead.load("scout", llm="none")
    words = ("why " * 600,) if verb != "choose" else ("why", ["yes " * 300, "no " * 300])
    with pytest.raises(UsageError, match=r"allowed: 2000 bytes.*fewer words"):
        getattr(session, verb)(tmp_path / "missing.mp4", *words)


def test_a_question_of_a_page_is_allowed():
    check_question("ask", "why " * 500)
