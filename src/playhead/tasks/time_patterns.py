"""The patterns of the grammar of times: what a time, a range and a moment look like, and what only resembles them.

They are applied to text that went through ``fold``. Every repetition is bounded, so matching at one place takes at
most a fixed number of steps.
"""

from __future__ import annotations

import re
from typing import Final

from playhead.tasks.lazy_pattern import LazyPattern

NUM = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
THOUSANDS = r"[0-9]{1,3}(?:,[0-9]{3}){1,2}(?:\.[0-9]{1,9})?"
S = r"(?:seconds?|secs?\.?|s(?![a-z])|秒钟|秒)"
M = r"(?:minutes?|mins?\.?|分钟|分)"
H = r"(?:hours?|hrs?|h(?![a-z])|小时|时)"
MS = r"(?:milliseconds?|msecs?|ms(?![a-z])|毫秒)"
CLOCK = (
    r"[0-9]{1,4}:[0-9]{2}(?::[0-9]{2}(?:,[0-9]{3}(?![0-9]))?)?(?:\.[0-9]{1,9})?(?![0-9])(?!:[0-9])"
    rf"(?:\s?(?:{S}|{M})(?![a-z]))?"
)
AND = r"(?:\s{0,2}(?:,|and|又|零)\s{0,2}|\s{0,2})"
UNITS = (
    rf"(?:(?:{NUM}|{THOUSANDS})(?:(?:st|nd|rd|th)(?=\s))?\s{{0,2}}-?(?:{MS}|{S})"
    rf"|{NUM}\s{{0,2}}{H}(?:{AND}{NUM}\s{{0,2}}(?:{M}|m(?![a-z])|m(?=[0-9])))?(?:{AND}{NUM}\s{{0,2}}{S})?"
    rf"|{NUM}\s{{0,2}}(?:{M}|m(?=\s?[0-9]))(?:{AND}{NUM}\s{{0,2}}{S})?)(?![a-z])"
)
ATOM = rf"(?:{CLOCK}|{UNITS}|{NUM})"
TIMED = rf"(?:{CLOCK}|{UNITS})"
CLOSE, OPEN = r"""[\s\])}>"'*`_]{0,8}""", r"""[\s\[({<"'*`_]{0,8}"""
ABOUT = r"(?:(?:about|around|approximately|approx\.?|roughly|circa|the|seconds?|frame|t\s?=|约|大约|第)\s{0,2}){0,2}"
WORDS = r"up\s{1,3}to|to|until|till|til|through|thru|and|(?:开始)?,?(?:一直|直)?(?:持续)?(?:到|至)|与|和"
SEP = rf"{CLOSE}(?:左右|前后|附近|处)?(?P<sep>-{{1,3}}>?|=>|>|~{{1,2}}|\.{{2,3}}|,|;|\||\t|{WORDS}){OPEN}{ABOUT}{OPEN}"
NOT_BEFORE = r"(?<![A-Za-z0-9_$€£/])(?<![0-9][.:'])"
NOT_AFTER = r"(?![0-9])(?!\.[0-9])(?!:[0-9])(?!/[0-9])(?!\s?[%％])(?!\s?[ap]\.?m\b)"
END_WORD = r"(?:the\s{1,3})?(?:very\s{1,3})?end\b|(?:视频)?(?:结束|结尾|最后|片尾)"
START_WORD = r"the\s{1,3}(?:very\s{1,3})?(?:beginning|start)\b|开头|片头"

RANGE: Final = LazyPattern(
    rf"{NOT_BEFORE}(?P<a>{ATOM}){SEP}(?P<b>{ATOM}|{END_WORD}){NOT_AFTER}"
    rf"|(?:from|从|between)\s{{0,3}}(?P<top>{START_WORD}){SEP.replace('P<sep>', 'P<sep2>')}(?P<b2>{ATOM}){NOT_AFTER}",
    re.IGNORECASE,
)
LABELLED: Final = LazyPattern(
    rf"(?:\b(?:start|begin)(?!s?[_ ]frame)[a-z_ ]{{0,20}}|开始(?:时间)?|起始(?:时间)?)[\s\"'*`>]{{0,4}}[:=是为于在]?{OPEN}{ABOUT}"
    rf"(?P<a>{ATOM})(?![0-9])(?!\.[0-9])[^0-9]{{1,60}}?"
    rf"(?:\b(?:end|stop|finish|conclud|until|till)[a-z_ ]{{0,20}}|结束(?:时间)?)[\s\"'*`>]{{0,4}}[:=是为于在]?{OPEN}{ABOUT}"
    rf"(?P<b>{ATOM}){NOT_AFTER}"
    rf"|{NOT_BEFORE}(?P<a2>{TIMED})\s?开始[^0-9]{{0,12}}(?P<b2>{TIMED})\s?结束",
    re.IGNORECASE,
)
POINT: Final = LazyPattern(rf"{NOT_BEFORE}(?<![0-9],)(?P<a>{TIMED}){NOT_AFTER}", re.IGNORECASE)
NUMBERING: Final = LazyPattern(
    rf"^[ \t>|*•#-]{{0,6}}\(?[0-9]{{1,3}}(?:、|(?:[.):,]|\s?[-|]|\*\*|\s)[ \t*])[ \t*]{{0,6}}"
    rf"(?=[\s\[({{<*`'\"]{{0,6}}(?:from\s|从)?{ATOM}\s{{0,3}}(?:-|~|to|>|\||到|至))",
    re.IGNORECASE | re.MULTILINE,
)
TABLE_ROW: Final = LazyPattern(
    rf"^[ \t]*(?P<a>{ATOM})(?:[ \t]{{0,4}}[,;][ \t]{{0,4}}|\t)(?P<b>{ATOM})(?=[ \t]{{0,4}}[,;\t]|[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
TWO_TIMES: Final = LazyPattern(
    rf"\s{{0,9}}(?P<a>{ATOM})\s{{0,4}}(?:[,;]|\s)\s{{0,4}}(?P<b>{ATOM})\s{{0,9}}\.?\s{{0,9}}", re.IGNORECASE
)

LENGTH_CUE: Final = LazyPattern(
    r"(?:\blasts?|\blasted|\blasting|\bfor|\btakes?|\btook|\bevery|\bduration of|\blength of|\btotal of|"
    r"\bover the course of|\bafter just|持续|长达|时长|每隔|每|共)[\s:]{0,3}"
    r"(?:(?:about|around|approximately|roughly|only|just|a|the|next|first|last|了|约|大约)\s{0,2}){0,3}$",
    re.IGNORECASE,
)
LENGTH_AFTER: Final = LazyPattern(
    r"\s{0,2}-?(?:long\b|in (?:length|duration|total)\b|of (?:the )?(?:video|footage|silence)|"
    r"(?:later|earlier|ago|each|apart)\b|(?:video|clip)\b|长|之后|以后|后(?!面)|per\b|/)",
    re.IGNORECASE,
)
MOMENT_CUE: Final = LazyPattern(
    r"(?:(?:^|\n)[\s*•#>\[(<\"'-]{0,8}(?:[0-9]{1,3}[.):]\s{0,3})?|[\[(<|][\s*]{0,3}|\b(?:at|around|about|near|by|from|after|since|approximately"
    r"|timestamp|time|second|until|till|to|before)\b[\s:=is]{0,5}(?:the\s)?|[@:=]\s{0,2}|在|第|于|从)$",
    re.IGNORECASE,
)
BOUND_CUE: Final = LazyPattern(
    r"\b(?:until|till|before|up to|to)\s{0,2}(?:(?:about|around|the)\s{0,2}){0,2}$", re.IGNORECASE
)
NEGATED: Final = LazyPattern(r"\bnot\s{1,2}(?:at|from|in|during|between|only)?\s{0,2}$", re.IGNORECASE)
FRAME_CUE: Final = LazyPattern(r"\bframes?[\s:=(#\"'\[]{0,6}(?:from\s{0,2})?$", re.IGNORECASE)
RANGE_CUE: Final = LazyPattern(
    r"(?:\b(?:from|between|frames?|time(?:stamps?)?|seconds?|secs?|intervals?|segments?|spans?|during|range|start(?:s|ing)?)"
    r"|从|自|在|于|时间|第|<)[\s:=(\"'\[<*`is]{0,6}(?:(?:about|around|the|第|约)\s{0,2}){0,2}$",
    re.IGNORECASE,
)
AND_CUE: Final = LazyPattern(r"(?:\b(?:between|from)\b|从|在|介于)[^0-9,;.]{0,24}$", re.IGNORECASE)
NO_TIME_CUE: Final = LazyPattern(
    r"(?:\b(?:scor(?:e|ed|es|ing)|won|win|wins|lost|lose|beats?|leads?|leading|result|tied?|draw|aged?|ages|pages?|"
    r"chapters?|episodes?|seasons?|steps?|years?|rooms?|lines?|verses?|ratio|odds|in the|step|top|clips|figures?|tables?)|比分|第几|年)"
    r"[\s:(\"'a-z]{0,10}$",
    re.IGNORECASE,
)
MEASURED: Final = LazyPattern(
    r"\s{0,2}-?(?:people|persons?|m[ae]n|wom[ae]n|kids|children|times|years?|days?|weeks?|months?|percent|points?|dollars|"
    r"euros|degrees|km|kg|cm|mm|meters?|metres?|miles|feet|inch|steps|pieces|cups?|goals?|of the|fps|hz|rpm|个|人|岁|次|年|月|日|号|米|度|块|元)",
    re.IGNORECASE,
)
STOPS: Final = LazyPattern(
    r"\s{0,3}(?:$|[.,;:!?)\]}>|\"'*`<\n。]|-(?![0-9])|(?:and|or|then|when|where|while|in|during|is|shows?|the|a)\b|[^\x00-\x7f])",
    re.IGNORECASE,
)
UNIT_S: Final = (
    (LazyPattern(rf"({NUM})\s{{0,2}}{H}", re.IGNORECASE), 3600.0),
    (LazyPattern(rf"({NUM})\s{{0,2}}(?:{M}|m(?![a-z]))", re.IGNORECASE), 60.0),
    (LazyPattern(rf"({NUM})\s{{0,2}}-?{S}", re.IGNORECASE), 1.0),
)
MS_FULL: Final = LazyPattern(rf"({NUM})\s{{0,2}}-?{MS}", re.IGNORECASE)
CLOCK_FULL: Final = LazyPattern(
    r"([0-9]{1,4}):([0-9]{2})(?::([0-9]{2}))?(?:[.,]([0-9]{1,9}))?(?:\s?[^0-9\s]{1,8})?", re.IGNORECASE
)
MINUS: Final = LazyPattern(r"(?:^|[\s\[(,=:])-$")
NUM_FULL: Final = LazyPattern(NUM)
