"""Lists of timed things in running text: lines, bullets, tables, headings, and sentences that name their own times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from playhead.tasks.absence import says_nothing_there
from playhead.tasks.structured import TimedItem, find_json
from playhead.tasks.timecode import Found, find_times

_LEADING: Final = re.compile(r"^[\s\-–—−:：,，.。;；|>)\]）】*_`#•·~”]+")
_TRAILING: Final = re.compile(r"[\s\-–—−:：,，;；|<(\[（【*_`#•·~]+$")
_NUMBERING: Final = re.compile(r"^[\s>|*•#\-–]*\(?\d{1,3}(?:、|(?:[.):]|\s*\|)(?:\s|\*))[\s*]*")
_JOINERS: Final = re.compile(
    r"(?:^|[\s,(])(?:from|between|at|during|in|and|then|from the)\s*$|[从在于]\s*$", re.IGNORECASE
)
_LABELS: Final = re.compile(
    r"^(?:event|description|caption|text|summary|title|time(?:stamps?| range)?|timestamp|chapter|segment|scene|part|"
    r"事件|描述|标题|章节|时间)\s*\d{0,3}\s*[:：]\s*",
    re.IGNORECASE,
)
_LABEL_ALONE: Final = re.compile(
    r"(?:event|time(?:stamps?)?|chapter|segment|scene|part|clip|span|事件|章节|片段)\s*\d{0,3}", re.IGNORECASE
)
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z_0-9]{0,30}>")
_LONE_NUMBER: Final = re.compile(r"\s*\d{1,6}\s*")
_RULE: Final = re.compile(r"[\s|:\-=_*#]*")
_MAX_LINE: Final = 20_000


@dataclass(frozen=True, slots=True)
class ReadItems:
    """The timed things of an answer.

    Attributes:
        items: In the answer's order.
        cut: Whether its JSON broke off, so that some may be missing.
        nothing: Whether it says that there are none.
    """

    items: tuple[TimedItem, ...]
    cut: bool = False
    nothing: bool = False


def read_items(answer: str) -> ReadItems:
    """Every timed thing of an unwrapped answer: from JSON when it holds times with words, else line by line."""
    found = find_json(answer)
    items = found.items
    if not any(item.text or item.title for item in items):
        lines = items_of_text(answer)
        if lines and len(lines) >= len(items):
            return ReadItems(tuple(lines))
    nothing = not items and (found.says_nothing or says_nothing_there(answer))
    return ReadItems(tuple(items), found.cut and bool(items), nothing)


def items_of_text(text: str) -> list[TimedItem]:
    """Timed things of a text that is no JSON: each time range with the words that belong to it."""
    found = find_times(text)
    if not found:
        return []
    items: list[TimedItem] = []
    follows, number, covered, only_indented = False, "", 0, False
    index = at = 0
    for line in text.splitlines(keepends=True):
        begin, at = at, at + len(line)
        if begin < covered:  # a range may go over several lines: "start: 5", "end: 9"
            line = line[covered - begin :] if at > covered else ""  # noqa: PLW2901 - the rest of it is the line
            begin = min(covered, at)
            if not line.strip():
                continue
        here: list[Found] = []
        while index < len(found) and found[index].at[0] < at:
            here.append(found[index])
            index += 1
        if here:
            items += _items_of_line(line, begin, here)
            follows, number = True, ""  # a lone number right before was this subtitle's own
            covered, only_indented = here[-1].at[1], bool(items[-1].text)
        elif not line.strip():
            follows = follows and bool(items) and not (items[-1].text or items[-1].title)
        elif follows and _LONE_NUMBER.fullmatch(line):
            number += line
        elif follows and not _RULE.fullmatch(line) and (not only_indented or line[:1].isspace()):
            items[-1], number = _continued(items[-1], number + line), ""
    return items


def _items_of_line(line: str, begin: int, here: Sequence[Found]) -> list[TimedItem]:
    """One item for each range of a line; words lead or trail the ranges, whichever the line's first words show."""
    starts = [max(0, item.at[0] - begin) for item in here]
    ends = [min(len(line), item.at[1] - begin) for item in here]
    head = _clean(line[: starts[0]][-_MAX_LINE:])
    head = "" if _LABEL_ALONE.fullmatch(head) else head
    heading = line.lstrip().startswith("#")
    texts: list[str]
    if len(here) == 1:
        tail = _clean(line[ends[0] :][:_MAX_LINE])
        texts = [_join(head, tail)]
    elif head:
        before = [0, *ends[:-1]]
        texts = [_clean(line[a:b][:_MAX_LINE]) for a, b in zip(before, starts, strict=True)]
        rest = _clean(line[ends[-1] :][:_MAX_LINE])
        texts[-1] = _join(texts[-1], rest) if rest else texts[-1]
    else:
        after = [*starts[1:], len(line)]
        texts = [_clean(line[a:b][:_MAX_LINE]) for a, b in zip(ends, after, strict=True)]
    for index in range(1, len(texts)):
        texts[index] = texts[index] or texts[index - 1]
    return [
        TimedItem(item.start, item.end, "" if heading else text, text if heading else "")
        for item, text in zip(here, texts, strict=True)
    ]


def _continued(item: TimedItem, line: str) -> TimedItem:
    """The item with one more line of words."""
    words = _clean(line)
    if len(item.text) + len(words) > _MAX_LINE:
        return item
    return replace(item, text=f"{item.text} {words}".strip())


def _join(head: str, tail: str) -> str:
    """What stands before a range and after it, as one text."""
    return f"{head} {tail}".strip()


def _clean(text: str) -> str:
    """Words less list marks, table bars, labels and the joining words that only led to a time."""
    text = _NUMBERING.sub("", text)
    text = _LEADING.sub("", text)
    text = _LABELS.sub("", _TAG.sub(" ", text).strip())
    for _ in range(2):
        text = _TRAILING.sub("", text)
        text = _JOINERS.sub("", text)
    text = _TRAILING.sub("", text)
    text = text.replace("**", "").replace("__", "").strip()
    if text.endswith('"') and text.count('"') == 1:
        text = text[:-1].rstrip()
    return text if any(character.isalnum() for character in text) else ""
