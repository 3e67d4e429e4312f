"""Which option of a multiple-choice question an answer in free text chooses."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Final

from playhead.tasks.fold import fold
from playhead.tasks.lazy_pattern import LazyPattern
from playhead.tasks.structured import find_json

_MAX_READ: Final = 20_000
_KEYS: Final = ("answer", "choice", "option", "label", "letter", "选项", "答案")
_LETTER: Final = (
    r"[\s(\[\"'*`<]{0,6}(?:(?i:option|choice)\s{0,2})?[(\[\"'*`]{0,3}(?P<letter>[A-Za-z])(?![A-Za-z0-9'])"
)
_ALONE: Final = LazyPattern(
    r"[\s\W_]{0,12}(?:(?i:the )?(?i:correct |final |best |right )?(?i:answer|option|choice)|选项|答案|选)?"
    r"(?:\s(?i:is)|是|为)?[\s\W_]{0,8}(?P<letter>[A-Za-z])[\s\W_]{0,12}"
)
_LEADING: Final = LazyPattern(
    r"[\s*\"'`]{0,6}(?:\((?P<a>[A-Za-z])\)|\[(?P<b>[A-Za-z])\]|\**(?P<c>[A-Za-z])\**\s{0,2}[.):,-](?=\s|$|\W|[^\x00-\x7f]|[A-Z]))"
)
_CUED: Final = LazyPattern(
    r"(?:(?i:\b(?P<final>final|correct|right|best)?\s{0,2}(?:answer|option|choice)s?\b)|(?P<final2>正确)?(?:答案|选项)|应?选择?)"
    r"\s{0,3}(?P<is>(?i:would be|should be|must be|is|are|:|=)|是|为|应为|应该是)?\s{0,3}(?:\*\*)?(?P<not>(?i:not\s|n't\s|neither\s)|不是)?"
    r"\s{0,3}:?" + _LETTER
)
_CHOOSE: Final = LazyPattern(
    r"\b(?i:I(?:'d| would)?\s(?:choose|pick|select|go with|say)|choose|pick|select)\s{0,2}" + _LETTER
)
_BRACKETED: Final = LazyPattern(r"[(\[]([A-Z])[)\]]")
_STANDING: Final = LazyPattern(r"(?<![A-Za-z0-9'_-])([A-Z])(?![A-Za-z0-9'_-])")
_ARTICLE: Final = LazyPattern(r"\s(?!(?:or|and|is|because|since|seems|as)\b)[a-z]")
_REFUSED: Final = LazyPattern(
    r"[)\]\"'*]{0,3}\s(?:is|are|seems|would be)\s(?:not|wrong|incorrect|false|n't)\b|\sisn't\b"
)
_NOT_BEFORE: Final = LazyPattern(
    r"(?:\bnot|n't|\bneither|\bnor|\bexcept|不是|不选)\s{0,3}(?i:option\s{0,2})?[(\"'*]{0,2}$"
)
_NONE_OF_THEM: Final = LazyPattern(
    r"\b(?:none|neither|all) of (?:the|these|those)\b|\b(?:i )?(?:do not|don't|cannot|can't) (?:know|tell|determine|answer)\b|都不",
    re.IGNORECASE,
)


_MORE: Final = LazyPattern(
    r"[)\]\"'*.]{0,3}\s{0,2}(?:,|/|&|(?i:or|and)\b|或|和)\s{0,2}(?i:option\s)?[(\[\"'*]{0,3}([A-Z])(?![A-Za-z0-9'])"
)


def chosen_label(answer: str, options: Sequence[str]) -> tuple[str | None, str]:
    """The letter an answer chooses, or None and the reason.

    Tried in this order, each giving way to the next only when it finds nothing: the answer is a letter; it is an
    option's text; it begins with a letter ("B. The dog"); it names a letter after a cue ("the answer is (B)"); one
    bracketed letter; one letter that stands alone and is no article; one option's text within the answer.

    Args:
        answer: An answer without its wrappings.
        options: The options' texts, labelled ``A``, ``B``, ... in order.
    """
    text = fold(_from_json(answer))[:_MAX_READ].strip()
    labels = string.ascii_uppercase[: len(options)]
    if (alone := _ALONE.fullmatch(text)) is not None:
        return _checked({alone["letter"].upper()}, labels)
    whole = _plain(text)
    if same := {label for label, option in zip(labels, options, strict=True) if _plain(option) == whole}:
        return _checked(same, labels)
    for letters in (_leading(text, options), _cued(text), _bracketed(text), _standing(text)):
        if letters:
            return _checked(letters, labels)
    named = _named(whole, [_plain(option) for option in options], labels)
    if named:
        return _checked(named, labels)
    if _NONE_OF_THEM.search(text):
        return None, "the answer chooses none of the options"
    return None, f"no option from {labels[0]} to {labels[-1]} is named in the answer"


def _checked(letters: set[str], labels: str) -> tuple[str | None, str]:
    """One letter that is an option, or why not."""
    if len(letters) > 1:
        return None, f"the answer names several options: {', '.join(sorted(letters))}"
    (letter,) = letters
    if letter not in labels:
        return None, f"the answer names {letter}, but the options are {labels[0]} to {labels[-1]}"
    return letter, ""


def _from_json(answer: str) -> str:
    """The value under ``answer`` (or a like key) when the whole answer is a JSON object."""
    stripped = answer.strip()
    if stripped[:1] == "{" and stripped[-1:] == "}":
        for value in find_json(stripped).values:
            if isinstance(value, dict):
                fields = {str(key).lower(): item for key, item in value.items()}
                named = next((fields[key] for key in _KEYS if isinstance(fields.get(key), str)), None)
                return stripped if named is None else str(named)
    return stripped


def _leading(text: str, options: Sequence[str]) -> set[str]:
    """Letters that begin a line as labels do; an answer that repeats the list of options chooses nothing here."""
    letters: list[str] = []
    for line in text.splitlines()[:60]:
        match = _LEADING.match(line)
        if match is None:
            continue
        letter = (match["a"] or match["b"] or match["c"]).upper()
        rest = _plain(line[match.end() :])
        texts = [_plain(option) for option in options]
        index = string.ascii_uppercase.index(letter)
        if rest in texts and index < len(texts) and texts.index(rest) != index:
            letters.append(
                string.ascii_uppercase[texts.index(rest)]
            )  # the letter of one option, the text of another
        letters.append(letter)
        letters.extend(_more(line, match.end() - 1) | _more(line, match.end()))
    first = text.splitlines()[0] if text else ""
    repeats_options = len(set(letters)) == len(options) and len(options) > 1
    if repeats_options and _cued(text):
        return set()
    return set(letters) if repeats_options or _LEADING.match(first) else set()


def _cued(text: str) -> set[str]:
    """Letters named after "answer", "option" and the like; those called final or correct before the others."""
    plain: set[str] = set()
    final: set[str] = set()
    for match in (*_CUED.finditer(text), *_CHOOSE.finditer(text)):
        fields = match.groupdict()
        letter = match["letter"]
        after = text[match.end("letter") : match.end("letter") + 24]
        if _REFUSED.match(after):
            continue
        if fields.get("not") or _NOT_BEFORE.search(
            text[max(0, match.start("letter") - 20) : match.start("letter")]
        ):
            continue
        if letter.islower() and not (
            text[match.start("letter") - 1 : match.start("letter")] in "([\"'*"
            or not after[:3].strip(" .!\n")
        ):
            continue
        if letter == "A" and _ARTICLE.match(after) and not _marked(text, match.start("letter")):
            continue
        certain = fields.get("is") or fields.get("final") or fields.get("final2")
        (final if certain else plain).update({letter.upper()} | _more(text, match.end("letter")))
    return final or plain


def _more(text: str, at: int) -> set[str]:
    """The next letter of a list such as "B or C", at a place right after the first one; an article is none."""
    match = _MORE.match(text, at)
    if (
        match is None
        or _REFUSED.match(text, match.end())
        or (match[1] == "A" and _ARTICLE.match(text, match.end()))
    ):
        return set()
    return {match[1]}


def _marked(text: str, at: int) -> bool:
    """Whether the letter follows the word "option", which no article does."""
    return re.search(r"(?i:option|choice|选项|选)\s{0,2}$", text[max(0, at - 12) : at]) is not None


def _bracketed(text: str) -> set[str]:
    return {
        match[1]
        for match in _BRACKETED.finditer(text)
        if not _NOT_BEFORE.search(text[max(0, match.start() - 20) : match.start() + 1])
    }


def _standing(text: str) -> set[str]:
    """Capital letters that stand alone, less the article "A" and the pronoun "I"."""
    return {
        match[1]
        for match in _STANDING.finditer(text)
        if not (match[1] in "AI" and _ARTICLE.match(text[match.end() : match.end() + 12]))
        and not _REFUSED.match(text[match.end() : match.end() + 24])
        and not _NOT_BEFORE.search(text[max(0, match.start() - 20) : match.start()])
    }


def _named(answer: str, options: Sequence[str], labels: str) -> set[str]:
    """Options whose text stands in the answer, less those that are only part of a longer one that does."""
    there = {
        label: option
        for label, option in zip(labels, options, strict=True)
        if option and _contains(answer, option)
    }
    return {
        label
        for label, option in there.items()
        if not any(option != other and _contains(other, option) for other in there.values())
    }


def _contains(text: str, part: str) -> bool:
    """Whether a text holds a part as whole words; Chinese has no blanks between words and is looked up as it is."""
    return f" {part} " in f" {text} " if part.isascii() else part in text


def _plain(text: str) -> str:
    """Lower-case words with single blanks and no punctuation."""
    return " ".join(re.sub(r"[^\w\s]|_", " ", fold(text).casefold()).split())
