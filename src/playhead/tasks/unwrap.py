"""Taking a model's answer out of its wrappings: reasoning, answer tags, code fences, end tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_THINK: Final = re.compile(r"<\s{0,3}(/?)\s{0,3}think(?:ing)?\s{0,3}>", re.IGNORECASE)
_ANSWER: Final = re.compile(r"<\s{0,3}(/?)\s{0,3}answer\s{0,3}>", re.IGNORECASE)
_GLUE: Final = re.compile(r"<\s{0,3}(/?)\s{0,3}glue\s{0,3}>", re.IGNORECASE)
_INLINE: Final = re.compile(
    r"</?\s{0,3}(?:span|glue|timestep|timestamp|time|b|i|u|p|br|em|strong|code|li|ul|ol|div|html|body)"
    r"(?:\s[^<>]{0,200})?/?\s{0,3}>",
    re.IGNORECASE,
)
_END_TOKENS: Final = re.compile(
    r"<\|(?:im_end|im_start|endoftext|eot_id|end|eos|startoftext)\|>|</s>|<s>|<sep>|<eos>|<end_of_turn>"
)
_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*[A-Za-z0-9_+-]{0,20}[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """An answer apart from what surrounds it.

    Attributes:
        answer: The answer itself; empty when the model never came to one.
        thinking: Reasoning, from ``<think>`` tags.
        glue: Content of ``<glue>`` tags: the seconds that the answer rests on (VideoChat-R1.5, section 2).
        unfinished: Whether reasoning began and no answer followed it.
    """

    answer: str
    thinking: str = ""
    glue: str = ""
    unfinished: bool = False


def unwrap(text: str) -> Unwrapped:
    """Split a model's text into reasoning and answer; a missing closing tag ends where the text ends.

    The last ``<answer>`` that holds anything counts, as in Time-R1 and VideoChat-R1. Without answer tags, all that
    follows the reasoning is the answer.
    """
    text = _END_TOKENS.sub(lambda match: " " * len(match[0]), text)
    answers, before_answers = _tagged(text, _ANSWER)
    if answers:
        glue, _ = _tagged(text, _GLUE)
        filled = [answer for answer in answers if answer.strip()]
        within, answer = _without_thinking(filled[-1] if filled else "")
        thinking = within or _without_thinking(before_answers)[0]
        unfinished = False
    else:
        thinking, answer = _without_thinking(text)
        glue, kept = _tagged(answer, _GLUE)
        answer = kept if glue and kept.strip() else answer
        unfinished = bool(thinking) and not answer.strip()
    return Unwrapped(_bare(answer), thinking.strip(), _bare(" ".join(glue)), unfinished)


def _bare(text: str) -> str:
    """Text less inline tags and code fences."""
    return _FENCE.sub("", _INLINE.sub(" ", text)).strip()


def _tagged(text: str, tag: re.Pattern[str]) -> tuple[list[str], str]:
    """Contents of every such tag in order, and the text outside; a tag that never closes runs to the end."""
    inside: list[str] = []
    outside: list[str] = []
    at, opened = 0, False
    for match in tag.finditer(text):
        piece, closes = text[at : match.start()], match[1] == "/"
        if opened:
            inside.append(piece)
        elif closes and not inside and tag is _ANSWER:
            outside.append(piece)  # "12 to 30</answer>": the opening tag was part of the prompt
            inside.append(piece)
        else:
            outside.append(piece)
        opened, at = not closes, match.end()
    (inside if opened else outside).append(text[at:])
    return inside, " ".join(outside)


def _without_thinking(text: str) -> tuple[str, str]:
    """Reasoning and the rest; a lone closing tag means that the prompt had opened it."""
    marks = list(_THINK.finditer(text))
    if not marks:
        return "", text
    if marks[0][1] == "/":
        return text[: marks[0].start()], text[marks[0].end() :]
    closing = next((mark for mark in marks if mark[1] == "/"), None)
    before, start = text[: marks[0].start()], marks[0].end()
    if closing is None:
        return text[start:], before
    return text[start : closing.start()], before + text[closing.end() :]
