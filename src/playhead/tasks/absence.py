"""Answers that say that nothing is there, which are answers and no failures."""

from __future__ import annotations

import re
from typing import Final

from playhead.tasks.fold import fold
from playhead.tasks.lazy_pattern import LazyPattern

_THE_VIDEO: Final = r"(?:this|the|that|given|provided)?\s?(?:given |provided |entire |whole )?(?:video|clip|footage|film|recording)"
_WHOLE: Final = LazyPattern(
    r"\{\s*\}|[\s\[(\"'*`]*(?:none|null|nil|n/a|na|no|nothing|never|not found|not present|not visible|not applicable|no spans?|"
    r"no events?|no match(?:es)?|absent|no such (?:event|moment|scene)|empty|无|没有|不存在|未出现|没有出现|未找到|没有找到|"
    r"\[\s*\]|\(\s*\)|\[\[\s*\]\]|)[\s\])\"'*`.!。,]*",
    re.IGNORECASE,
)
_SENTENCE: Final = LazyPattern(
    rf"\b(?:not|n't|never)\s(?:\w+\s){{0,3}}?(?:in|during|within|throughout|anywhere in|part of)\s{_THE_VIDEO}"
    r"|\bthere (?:is|are|was|were) (?:no|not any) (?:such|matching|corresponding|relevant|clear)\b"
    rf"|\b(?:there (?:is|are|was|were)|contains?|shows?|has|have) (?:no|not any) [^.!?\n]{{1,80}}?\b(?:in|during) {_THE_VIDEO}"
    r"|\bthere (?:is|are|was|were)(?:n't| not) (?:any|an?)\b"
    rf"|\bno [^.!?\n]{{1,60}}?\b(?:in|during|within) {_THE_VIDEO}"
    r"|\bno such (?:event|moment|scene|action|thing|part|segment|activity)\b"
    r"|\bno (?:event|moment|scene|segment|part|span|interval|time range)s?\b[^.!?\n]{0,40}?\b(?:match|found|correspond|support|show)"
    r"|\b(?:does|do|did|is|was|are|were)(?: not|n't) (?:ever )?(?:occur|happen|appear|contain|include|take place|exist|"
    r"show[n]?|present|visible|seen|depicted|found|mentioned|described)\b(?!\s(?:until|till|before|after|again|since|from|between))"
    r"|\bnever (?:occurs?|happens?|appears?|takes? place|shows?|seen|shown)\b"
    r"|\b(?:can ?not|can't|could ?n[o']t|could not|do not|don't|did not|didn't) (?:see|find|locate|identify|detect|observe) "
    r"(?:any|such|it|that|this|them|him|her|the (?:event|moment|action|scene|object|described)|an?)\b"
    r"|\bnot (?:present|shown|visible|seen|found|depicted|mentioned)(?: anywhere)?\s?[.!]?$"
    r"|视频(?:里|中|内)?(?:并)?(?:没有|不存在|未出现|未包含|不包含)|(?:没有|未|不)(?:发生|出现|找到|看到|显示|包含|提到|提及)"
    r"|没有(?:这|该|此|相关|符合|匹配|任何)",
    re.IGNORECASE,
)
_AFTER_A_TIME: Final = LazyPattern(r"[0-9]")


def says_nothing_there(text: str) -> bool:
    """Whether an unwrapped answer says that what was asked for is not in the video: ``[]``, ``none``, ``没有``, a sentence.

    An empty text says nothing and is no such answer.
    """
    return is_nothing(text) or any(_SENTENCE.search(sentence) for sentence in _sentences(fold(text)))


def is_nothing(text: str) -> bool:
    """Whether the whole answer is a word or sign for nothing: ``[]``, ``none``, ``N/A``, ``没有``."""
    folded = fold(text).strip()
    return 0 < len(folded) <= 80 and _WHOLE.fullmatch(folded) is not None


def denies(text: str) -> bool:
    """Whether some sentence without a number in it says that what was asked for is not in the video."""
    return any(
        _SENTENCE.search(sentence) and not _AFTER_A_TIME.search(sentence)
        for sentence in _sentences(fold(text))
    )


def _sentences(folded: str) -> list[str]:
    """Sentences of at most a few hundred characters; an answer that denies does so near its start."""
    return [sentence[:400] for sentence in re.split(r"(?<=[.!?\n])\s|\n", folded[:4000])]
