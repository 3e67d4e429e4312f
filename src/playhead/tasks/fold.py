"""Writing the same digits, dashes and colons in one way, so that one grammar reads all of them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_SAME: Final = {
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("~∼〜～…", "~"),
    **dict.fromkeys("：﹕∶ː", ":"),
    **dict.fromkeys("，﹐", ","),
    **dict.fromkeys("。．", "."),
    **dict.fromkeys("（", "("),
    **dict.fromkeys("）", ")"),
    **dict.fromkeys("［【「『〔", "["),
    **dict.fromkeys("］】」』〕", "]"),
    **dict.fromkeys("＜〈《", "<"),
    **dict.fromkeys("＞〉》", ">"),
    **dict.fromkeys("“”„″＂", '"'),
    **dict.fromkeys("‘’‚′＇", "'"),
    **dict.fromkeys("；", ";"),
    **dict.fromkeys("→⇒➔➜", ">"),
    **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", " "),
}


def fold(text: str) -> str:
    """The same text, of the same length, with every script's digits, dashes, colons and blanks in ASCII.

    Positions in the result are positions in the text. Letters stay as they are, full-width ones become ASCII.
    """
    return text if text.isascii() else _NON_ASCII.sub(_fold_character, text)


def _fold_character(match: re.Match[str]) -> str:
    character = match[0]
    if character in _SAME:
        return _SAME[character]
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character.isspace() and character not in "\u2028\u2029\x85":
        return " "
    if "\uff01" <= character <= "\uff5e":  # full-width forms of ASCII
        return chr(ord(character) - 0xFEE0)
    return character
