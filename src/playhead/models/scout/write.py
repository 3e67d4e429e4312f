"""Titles and summaries of parts: written by a language model from the parts' evidence, and checked against it.

What is written is kept only when the evidence supports it: every number and every name in it must occur in the
evidence and so must most of its other words, else the evidence itself is quoted. Few words are quoted in any case and
only given a title. Without a language model the evidence is quoted throughout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playhead.errors import ParseError
from playhead.language.base import LanguageModel
from playhead.models.scout.notes import LANE_WORDS, Note, as_text
from playhead.models.scout.prompts import messages
from playhead.models.scout.room import limit_chars, line_chars, thinned
from playhead.timeline import Span

BATCH_PARTS = 4
TITLE_CHARS = 70
SUMMARY_CHARS = 240
PART_TOKENS = 160
GROUP_CHARS = 400
GROUP_TOKENS = 240  # more than GROUP_CHARS take, so that the limit on characters ends the text, not this
SHORT_CHARS = 60  # words as few as these are their own title
QUOTE_CHARS = 200  # and as few as these their own summary: putting them otherwise can only make them wrong
PART_CHARS = 900
MANY_MEMBERS = 8
QUOTED_TITLE_CHARS = 50
CARD_WITHIN_S = 3.0
MIN_TITLE_SHARE = 0.5
MIN_SUMMARY_SHARE = 0.6

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")
_PLAIN_WORDS = frozenset({"about", "also", "describes", "from", "have", "into", "more", "that", "their", "then", "there",
    "they", "this", "were", "when", "where", "which", "while", "with"})  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the video with the notes that belong to it.

    Attributes:
        span: When, in seconds.
        notes: The notes in it, in order of time.
        facts: What can be said without words: cuts, stillness, motion.
    """

    span: Span
    notes: tuple[Note, ...]
    facts: str


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a summary, and how they came about.

    Attributes:
        title: A few words.
        summary: A sentence or two.
        source: ``written`` by the language model, ``quoted`` from the evidence, or ``measured`` facts only.
    """

    title: str
    summary: str
    source: str


@dataclass(slots=True)
class Tally:
    """What went wrong while writing, counted: replies that could not be read, and texts the evidence did not support."""

    unreadable: int = 0
    unsupported: int = 0


class Writer:
    """Writes titles and summaries of parts, chapters and whole videos.

    Args:
        model: The language model, or None to quote the evidence.
        language: English name of the language to write in.
        on_step: Called after each batch of parts with how many are done and how many there are.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        language: str,
        on_step: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self._model, self._language, self._on_step = model, language, on_step
        self.tally = Tally()

    def parts(self, parts: Sequence[Part]) -> list[Words]:
        """A title and a summary for each part, in the order given."""
        words = [quote(part) for part in parts]
        model = self._model
        if model is None:
            return words
        wanted = [i for i, part in enumerate(parts) if len(evidence_text(part)) > SHORT_CHARS]
        for at in range(0, len(wanted), BATCH_PARTS):
            batch = wanted[at : at + BATCH_PARTS]
            for i, written in zip(batch, self._batch(model, [parts[i] for i in batch]), strict=True):
                words[i] = written
            self._on_step(len(parts) - len(wanted) + at + len(batch), len(parts))
        return words

    def group(self, kind: str, members: Sequence[Words], part: Part) -> Words:
        """A title and a summary of a chapter or the whole video from those of its members.

        Args:
            kind: ``chapter`` or ``whole``.
            members: Words of the members in order.
            part: All evidence of the group, for the check and for quoting.
        """
        if len(members) == 1:
            return members[0]
        told = [m for m in members if m.source != "measured"]
        if not told:
            return quote(part)
        if self._model is None:
            return _join(told, part)

        def prompt(limit: int) -> list[dict[str, str]]:
            return messages(kind, parts=_listing(told, limit), language=self._language)

        limit = limit_chars(self._model, prompt, TITLE_CHARS + GROUP_CHARS + 2, GROUP_TOKENS)
        joined = _join(told, part)
        reply = self._ask(prompt(limit), _words_schema(GROUP_CHARS), max_tokens=GROUP_TOKENS)
        evidence = as_text(part.notes, 100_000) + "\n" + _listing(told, limit)
        few = kind == "chapter" and len(joined.summary) <= QUOTE_CHARS
        return self._checked(reply, evidence, joined, title_only=few)

    def _batch(self, model: LanguageModel, parts: Sequence[Part]) -> list[Words]:
        names = [f"P{i + 1}" for i in range(len(parts))]

        def prompt(limit: int) -> list[dict[str, str]]:
            texts = [evidence_text(part, limit) for part in parts]
            listing = "\n\n".join(f"{name}\n{text}" for name, text in zip(names, texts, strict=True))
            return messages("parts", parts=listing, language=self._language)

        answer_tokens = PART_TOKENS * len(parts)
        limit = limit_chars(model, prompt, PART_CHARS, answer_tokens)
        reply = self._ask(prompt(limit), _object({name: _words_schema() for name in names}), answer_tokens)
        out = []
        for name, part in zip(names, parts, strict=True):
            item = None if reply is None else reply.get(name)
            shown = evidence_text(part, limit)
            item = item if isinstance(item, dict) else None
            few = len(evidence_text(part)) <= QUOTE_CHARS
            out.append(self._checked(item, shown, quote(part), title_only=few))
        return out

    def _ask(
        self, prompt: list[dict[str, str]], schema: dict[str, Any], max_tokens: int
    ) -> dict[str, Any] | None:
        """One reply under a schema as data, or None (and one more on the tally) when it cannot be read."""
        if self._model is None:
            return None
        try:
            data = json.loads(self._model.chat(prompt, schema=schema, max_tokens=max_tokens))
        except (ParseError, json.JSONDecodeError):
            self.tally.unreadable += 1
            return None
        return data if isinstance(data, dict) else None

    def _checked(
        self, item: dict[str, Any] | None, evidence: str, otherwise: Words, *, title_only: bool
    ) -> Words:
        """The written title and summary, each replaced by the quoted one where the evidence does not support it.

        The model writes a summary even where only its title is wanted: without one to come, titles run on.
        """
        if item is None:
            return otherwise
        title, known = clean_title(str(item.get("title", ""))), words_of(evidence)
        if not supported(title, known, least=MIN_TITLE_SHARE):
            self.tally.unsupported += 1
            title = otherwise.title
        if title_only:
            return Words(title, otherwise.summary, otherwise.source)
        sentences = [
            each for each in _SENTENCE_END.split(whole_sentences(str(item.get("summary", "")))) if each
        ]
        held = [each for each in sentences if supported(each, known, least=MIN_SUMMARY_SHARE)]
        self.tally.unsupported += len(held) < len(sentences)
        if held:
            return Words(title, " ".join(held), "written")
        return Words(title, otherwise.summary, otherwise.source)


def evidence_text(part: Part, limit_chars: int = PART_CHARS) -> str:
    """A part's evidence for the language model: what was said and written; sounds and objects only where that is all.

    Labels of a closed vocabulary beside words add nothing but noise to a summary (``docs/log.md``).
    """
    words = [note for note in part.notes if note.lane in ("speech", "text")]
    return as_text(words or part.notes, limit_chars)


def words_of(text: str) -> frozenset[str]:
    """The stems of a text's words, without case: what :func:`supported` looks words up in."""
    return frozenset(_stem(word) for word in _WORD.findall(text))


def supported(text: str, known: frozenset[str], *, least: float) -> bool:
    """Whether a text stays with its evidence: every number and every name occurs in it, and most of its other words.

    A name is a capitalised word that does not begin a sentence (in a line mostly in capitals, a title, none is).

    Args:
        text: What was written.
        known: Stems of the evidence's words, from :func:`words_of`.
        least: Share of the text's content words (over three letters) that must occur in the evidence, 0 to 1.
    """
    if not text:
        return False
    content: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words = _WORD.findall(sentence)
        capitals = [word for word in words[1:] if word[0].isupper()]
        title_case = len(capitals) > 0.5 * max(1, len(words) - 1)
        strict = [word for word in words if any(char.isdigit() for char in word)]
        strict += [] if title_case else capitals
        if any(_stem(word) not in known for word in strict):
            return False
        content += [word for word in words if len(word) > 3 and word.casefold() not in _PLAIN_WORDS]
    held = sum(_stem(word) in known for word in content)
    return not content or held >= least * len(content)


def _stem(word: str) -> str:
    """A word without case and without the commonest endings, so that ``sailing`` meets ``sailed``."""
    word = word.casefold().replace("’", "'").removesuffix("'s")
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word


def quote(part: Part) -> Words:
    """A title and a summary taken from a part's own evidence: its words, or where there are none what was measured."""
    said = {lane: list(dict.fromkeys(n.text for n in part.notes if n.lane == lane)) for lane in LANE_WORDS}
    if said["speech"] or said["text"]:
        card = next((n.text for n in part.notes if _is_card(n, part)), "")
        words = " ".join(said["speech"]) or f"{LANE_WORDS['text']}: {', '.join(said['text'])}"
        first = (said["speech"] or said["text"])[0]
        return Words(card or shorten(first, QUOTED_TITLE_CHARS), shorten(words, SUMMARY_CHARS), "quoted")
    labels = [*said["sounds"], *said["objects"], *said["motion"]]
    told = [
        f"{LANE_WORDS[lane]}: {', '.join(said[lane])}."
        for lane in ("sounds", "objects", "motion")
        if said[lane]
    ]
    facts = [fact for fact in part.facts.strip(".").split("; ") if not fact.startswith("No ")]
    title = shorten((labels or facts[-1:] or [part.facts])[0], QUOTED_TITLE_CHARS)
    return Words(
        title[:1].upper() + title[1:], shorten(" ".join([part.facts, *told]), SUMMARY_CHARS), "measured"
    )


def _is_card(note: Note, part: Part) -> bool:
    """Whether a note is a short text that appears on screen as the part begins: a title card or a caption."""
    words = len(note.text.split())
    return note.lane == "text" and words <= 6 and 0 <= note.span.start_s - part.span.start_s <= CARD_WITHIN_S


def shorten(text: str, limit_chars: int) -> str:
    """A text cut at a word, with an ellipsis where something is left out."""
    text = " ".join(text.split())
    if len(text) <= limit_chars:
        return text
    return text[: limit_chars - 3].rsplit(" ", 1)[0].rstrip(" ,;:-") + "..."


def clean_title(text: str) -> str:
    """A title on one line without quotes or a final period."""
    return shorten(" ".join(text.split()).strip(" \"'.").removesuffix(":"), TITLE_CHARS)


def whole_sentences(text: str) -> str:
    """A text without its last sentence where that was cut off; a single cut sentence ends in an ellipsis."""
    text = " ".join(text.split())
    if not text or text[-1] in ".!?。！？\"'":
        return text
    pieces = [piece for piece in _SENTENCE_END.split(text) if piece]
    if len(pieces) > 1:
        return " ".join(pieces[:-1])
    return text + "." if len(text) < SUMMARY_CHARS - 5 else text.rsplit(" ", 1)[0] + "..."


def _join(members: Sequence[Words], part: Part) -> Words:
    summary = whole_sentences(shorten(" ".join(m.summary for m in members), 2 * SUMMARY_CHARS))
    return Words(members[0].title, summary or part.facts, members[0].source if members else "measured")


def _words_schema(summary_chars: int = SUMMARY_CHARS) -> dict[str, Any]:
    limits = {"title": TITLE_CHARS, "summary": summary_chars}
    return _object(
        {name: {"type": "string", "minLength": 2, "maxLength": most} for name, most in limits.items()}
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _listing(members: Sequence[Words], limit: int) -> str:
    """Members as lines of at most ``limit`` characters; where that is too short to say anything, fewer lines, spread evenly.

    Of many members only the titles are told: of twenty summaries the model retells the last (``docs/log.md``).
    """
    many = len(members) > MANY_MEMBERS
    lines = [m.title if many else f"{m.title}: {m.summary}" for m in thinned(members, limit)]
    return "\n".join(f"- {shorten(line, line_chars(limit))}" for line in lines)
