"""Answers to questions from a few retrieved notes, each citing the notes it rests on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from playhead.errors import ParseError
from playhead.language.base import LanguageModel
from playhead.models.scout.find import Found, Index, content_words, excerpt, word_share
from playhead.models.scout.notes import OVERVIEW, Note
from playhead.models.scout.prompts import messages
from playhead.models.scout.room import limit_chars, line_chars, thinned
from playhead.models.scout.write import shorten, supported, whole_sentences, words_of
from playhead.timeline import ParseFailure

NOTES_CHARS = 1400  # about 350 tokens: read in under five seconds on two cores
OVERVIEW_CHARS = 600  # of these, for notes about the whole; the more chapters, the shorter each is told
NOTE_CHARS = 300
SHORTEST_CHARS = 30
ANSWER_TOKENS = 140
LABEL_TOKENS = 8
MIN_RELEVANCE = 0.25
ANSWER_CHARS = 320
MIN_ANSWER_SHARE = 0.6
# How sure the model must be that the notes hold the answer: at all, and to quote a note where its own words go beyond
# them. Measured (docs/log.md).
MIN_HELD = 0.32
SURE_HELD = 0.5
MOST_JUDGED = 3
MIN_CITED = 0.3  # a note farther from the question holds the answer's words by chance

_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": ANSWER_CHARS}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in words or by label, the notes it rests on, and how sure it is.

    Attributes:
        text: The answer; empty when the notes hold none.
        notes: The notes it cites, in order of time.
        confidence: 0 to 1, or None.
        choice: Label of the chosen option, for multiple choice.
        reason: Why there is no answer, if there is none.
        failure: The model's text, when it could not be read.
    """

    text: str
    notes: tuple[Note, ...] = ()
    confidence: float | None = None
    choice: str | None = None
    reason: str = ""
    failure: ParseFailure | None = None


def select(index: Index, queries: Sequence[str], always: Sequence[Note] = ()) -> list[Found]:
    """The notes to read for some queries: the best by closeness, within a bound of text, in order of time.

    Args:
        index: The video's notes.
        queries: The question, and for multiple choice each option.
        always: Notes that are read in any case, such as the parts' summaries.
    """
    best: dict[int, Found] = {}
    for query in queries:
        for found in index.search(query):
            known = best.get(id(found.note))
            if known is None or found.score > known.score:
                best[id(found.note)] = found
    left = NOTES_CHARS - min(OVERVIEW_CHARS, sum(min(len(n.text), NOTE_CHARS) for n in always))
    kept = [Found(note, 0.0) for note in always]
    for found in sorted(best.values(), key=lambda f: -f.score):
        cost = min(len(found.note.text), NOTE_CHARS)
        if cost <= left:
            kept.append(found)
            left -= cost
    return sorted(kept, key=lambda f: (f.note.span.start_s, f.note.span.end_s))


def ask(
    index: Index, question: str, model: LanguageModel | None, language: str, always: Sequence[Note]
) -> Reply:
    """Answer a free question from the notes that come closest to it.

    The model first judges whether the notes hold the answer at all, then answers; what it says must occur in the notes,
    else the note that answers best is quoted. What is cited is found by the answer's words, not by the model.

    Args:
        index: The video's notes.
        question: The question.
        model: Language model that answers, or None to quote the closest note.
        language: English name of the language to answer in.
        always: Notes about the whole that are read in any case.
    """
    found = select(index, [question], always)
    closest = max((f.score for f in found), default=0.0)
    if not found or (closest < MIN_RELEVANCE and not always):
        return Reply("", reason="nothing said, shown or heard in the video comes close to the question")
    if model is None:
        best = max(found, key=lambda f: f.score)
        return Reply(best.note.text, (best.note,), round(min(1.0, best.score), 3))

    def prompt(limit: int, name: str = "ask") -> list[dict[str, str]]:
        listing = "\n".join(_lines(found, limit))
        return messages(name, notes=listing, question=question, language=language)

    limit = limit_chars(model, prompt, NOTE_CHARS, ANSWER_TOKENS)
    held = model.choose(prompt(limit, "answerable"), ["Yes", "No"])["Yes"]
    if held < MIN_HELD:
        return Reply("", reason="the video's evidence does not answer the question")
    text = ""
    try:
        text = model.chat(prompt(limit), schema=_SCHEMA, max_tokens=ANSWER_TOKENS)
        answer = whole_sentences(str(json.loads(text)["answer"]))
    except (ParseError, json.JSONDecodeError, KeyError, TypeError) as error:
        reason = f"the language model's reply is not the asked JSON: {error}"
        return Reply("", failure=ParseFailure(text, reason), reason=reason)
    shown = thinned(found, limit)
    if answer and supported(answer, words_of("\n".join(_lines(found, limit))), least=MIN_ANSWER_SHARE):
        cited = _holding(answer, question, shown)
        if cited:
            return Reply(answer, tuple(f.note for f in cited), round(held, 3))
    cited = _judged(index, question, shown, model)
    if held < SURE_HELD or not cited:
        return Reply("", reason="what the language model answered is not in the video's evidence")
    return Reply(" ".join(f.note.text for f in cited), tuple(f.note for f in cited), round(held, 3))


def _holding(answer: str, question: str, found: Sequence[Found]) -> list[Found]:
    """The best two notes that hold what the answer adds and are close to the question too, in order of time."""
    added = content_words(answer) - content_words(question) or content_words(answer)
    told = _told(found)
    shares = [(word_share(added, f.note.text), f.score, i) for i, f in enumerate(told)]
    best = sorted((row for row in shares if row[0] >= 0.5 and row[1] >= MIN_CITED), reverse=True)[:2]
    return [told[i] for _, _, i in sorted(best, key=lambda row: row[2])]


def _told(found: Sequence[Found]) -> list[Found]:
    """The notes that tell of a moment; those about whole chapters only where there are no others."""
    return [f for f in found if f.note.lane != OVERVIEW] or list(found)


def _judged(index: Index, question: str, found: Sequence[Found], model: LanguageModel) -> list[Found]:
    """The one of the closest notes that the model is surest answers the question, if it is sure of any."""
    best: tuple[float, Found] | None = None
    for candidate in sorted(_told(found), key=lambda f: -f.score)[:MOST_JUDGED]:
        prompt = messages("answers", excerpt=excerpt(index, candidate.note), question=question)
        yes = model.choose(prompt, ["Yes", "No"])["Yes"]
        if best is None or yes > best[0]:
            best = (yes, candidate)
    return [best[1]] if best is not None and best[0] >= MIN_HELD else []


def choose(
    index: Index, question: str, options: dict[str, str], model: LanguageModel | None, always: Sequence[Note]
) -> Reply:
    """Choose among labelled options from the notes closest to the question and to each option.

    Args:
        index: The video's notes.
        question: The question.
        options: Text of each option by its label.
        model: Language model that chooses, or None to go by closeness.
        always: Notes about the whole that are read in any case.
    """
    found = select(index, [question, *(f"{question} {text}" for text in options.values())], always)
    if model is None:
        scores = {label: _closeness(index, question, text) for label, text in options.items()}
    else:
        lines = "\n".join(f"{label}. {text}" for label, text in options.items())

        def prompt(limit: int) -> list[dict[str, str]]:
            listing = "\n".join(_lines(found, limit)) or "(no evidence)"
            return messages("choose", notes=listing, question=question, options=lines)

        limit = limit_chars(model, prompt, NOTE_CHARS, LABEL_TOKENS)
        scores = model.choose(prompt(limit), list(options))
    label = max(scores, key=lambda key: scores[key])
    told = _told(found)
    cited = [f for f in told if word_share(content_words(options[label]), f.note.text) >= 0.5]
    cited = cited or sorted(told, key=lambda f: -f.score)[:1]
    reason = (
        "" if found else "the video gave no evidence; the choice rests on the words of the question alone"
    )
    return Reply(options[label], tuple(f.note for f in cited), round(scores[label], 3), label, reason)


def _lines(found: Sequence[Found], limit: int) -> list[str]:
    """Notes as lines of at most ``limit`` characters, those about the whole sharing ``OVERVIEW_CHARS``."""
    shown = thinned(found, limit)
    overview = sum(f.note.lane == OVERVIEW for f in shown)
    about_chars = OVERVIEW_CHARS // overview if overview else limit
    return [
        shorten(f.note.text, min(line_chars(limit), max(about_chars, SHORTEST_CHARS)))
        if f.note.lane == OVERVIEW
        else shorten(f.note.line, line_chars(limit))
        for f in shown
    ]


def _closeness(index: Index, question: str, option: str) -> float:
    found = index.search(f"{question} {option}", 1)
    return found[0].score if found else 0.0
