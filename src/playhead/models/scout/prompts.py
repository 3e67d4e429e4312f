"""The words scout says to its language model, read from ``prompts.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@cache
def _prompts() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("prompts.toml").read_text(encoding="utf-8")
    return {name: dict(table) for name, table in tomllib.loads(text).items()}


def messages(name: str, **values: str) -> list[dict[str, str]]:
    """The system and user message of one prompt with its places filled.

    Args:
        name: Table of ``prompts.toml``.
        values: What to put in the places; braces inside values stay as they are.
    """
    prompt = _prompts()[name]
    return [{"role": role, "content": _fill(prompt[role], values)} for role in ("system", "user")]


def language_name(code: str | None) -> str:
    """English name of a language code; English when it is unknown."""
    return LANGUAGES.get(code or "en", "English")


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: values.get(place[1], place[0]), text)
