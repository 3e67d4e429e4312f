"""Finding the notes a query is about: by meaning, by words, then by the language model's judgement.

Retrieval ranks the notes by the cosine of sentence embeddings (Reimers & Gurevych, Sentence-BERT, EMNLP 2019) or by
the share of the query's words they hold, whichever is greater. The language model then answers Yes or No for each of
the best, seeing the note's words only; nothing it accepts is found when nothing supports the query.

Axes: N note, D embedding dimension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playhead.language.base import LanguageModel
from playhead.models.scout.notes import Note
from playhead.models.scout.prompts import messages
from playhead.models.scout.room import limit_chars
from playhead.models.scout.segment import Vectors
from playhead.timeline import Event, merge_spans

CANDIDATES = 8
MIN_SCORE = 0.20  # below this no note is worth asking the model about
SURE_SCORE = 0.45  # without a language model a note counts from here on
# How sure the model must be of a note: the less, the closer the note is to the query. Measured (docs/log.md).
YES_AT_NO_CLOSENESS = 0.76
YES_PER_CLOSENESS = 0.36
JOIN_GAP_S = 1.0
CONTEXT_CHARS = 160
EXCERPT_CHARS = 1000
LABEL_TOKENS = 8

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+"
)  # a Chinese or Japanese sign is a word
_EMPTY_WORDS = """
a an and are as at be been by can did do does for from had has have he her his how i in into is it its me of on or our
she that the their them then there these they this to was we were what when where which who why will with you your
during find moment part scene see show shows video clip time appears appear happens happen
"""
_WHOLE_WORDS = """
about content contents describe description gist main overview short subject subjects summarise summarize summary tell
theme topic topics whole
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A note, how close it is to the query (0 to 1), and how sure the language model is of it (None if not asked)."""

    note: Note
    score: float
    yes: float | None = None


class Index:
    """Notes that can be searched by meaning.

    Args:
        notes: What to search, in order of time.
        embed: Sentence embedder: texts to unit-length vectors of shape (texts, D).
    """

    def __init__(self, notes: Sequence[Note], embed: Callable[[Sequence[str]], Vectors]) -> None:
        self.notes = tuple(notes)
        self._embed = embed
        self._vectors_ND = embed([note.text for note in notes]) if notes else None

    def search(self, query: str, most: int = CANDIDATES) -> list[Found]:
        """The notes closest to a query, best first."""
        if self._vectors_ND is None:
            return []
        cosines = self._vectors_ND @ self._embed([query])[0]
        wanted = content_words(query)
        found = [
            Found(note, max(float(cosine), word_share(wanted, note.text)))
            for note, cosine in zip(self.notes, cosines, strict=True)
        ]
        found.sort(key=lambda f: (-f.score, f.note.span.start_s))
        return found[:most]

    def before(self, note: Note) -> Note | None:
        """The note just before one on the same lane, if it ends less than two seconds earlier."""
        lane = [n for n in self.notes if n.lane == note.lane]
        at = lane.index(note)
        if at == 0 or note.span.start_s - lane[at - 1].span.end_s > 2.0:
            return None
        return lane[at - 1]


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, without case; all its words when none does."""
    words = frozenset(word.casefold() for word in _WORD.findall(text))
    return words - frozenset(_EMPTY_WORDS.split()) or words


def is_about_the_whole(question: str) -> bool:
    """Whether a question asks for the whole rather than for anything in it: ``What is this video about?``."""
    return content_words(question) <= frozenset(_WHOLE_WORDS.split())


def word_share(wanted: frozenset[str], text: str) -> float:
    """Share of the wanted words that a text holds, 0 to 1; a plural matches its singular."""
    have = {word.casefold() for word in _WORD.findall(text)}
    have |= {word.removesuffix("s") for word in have}
    hits = sum(word in have or word.removesuffix("s") in have for word in wanted)
    return hits / len(wanted) if wanted else 0.0


def judge(index: Index, query: str, model: LanguageModel | None) -> list[Found]:
    """The notes that support a query, in order of time; none when nothing does.

    Args:
        index: The video's notes.
        query: What to find.
        model: Language model that decides, or None to go by closeness alone.
    """
    candidates = [found for found in index.search(query) if found.score >= MIN_SCORE]
    if model is None:
        kept = [found for found in candidates if found.score >= SURE_SCORE]
    else:
        kept = []
        for found in candidates:
            yes = probability(model, query, excerpt(index, found.note))
            if yes >= YES_AT_NO_CLOSENESS - YES_PER_CLOSENESS * min(1.0, found.score):
                kept.append(Found(found.note, found.score, yes))
    return sorted(kept, key=lambda found: found.note.span.start_s)


def excerpt(index: Index, note: Note) -> str:
    """A note's line, with the end of what was said just before it in brackets."""
    before = index.before(note) if note.lane == "speech" else None
    context = f"(before: ...{before.text[-CONTEXT_CHARS:]})\n" if before is not None else ""
    return context + note.line


def probability(model: LanguageModel, query: str, text: str) -> float:
    """The language model's probability that an excerpt is about a query."""

    def prompt(limit: int) -> list[dict[str, str]]:
        return messages("match", query=query, excerpt=text[:limit])

    limit = limit_chars(model, prompt, EXCERPT_CHARS, LABEL_TOKENS)
    return model.choose(prompt(limit), ["Yes", "No"])["Yes"]


def as_events(found: Sequence[Found], query: str) -> tuple[Event, ...]:
    """Found notes as events: those less than a second apart are one span."""
    events = []
    for span in merge_spans((f.note.span for f in found), gap_s=JOIN_GAP_S):
        inside = [f for f in found if span.overlap_s(f.note.span) > 0 or span.contains(f.note.span.start_s)]
        sure = max(f.yes if f.yes is not None else f.score for f in inside)
        marks = tuple(mark for f in inside for mark in f.note.marks)
        text = " ".join(dict.fromkeys(f.note.text for f in inside))
        events.append(Event(span, text, query, round(min(1.0, sure), 3), marks))
    return tuple(events)
