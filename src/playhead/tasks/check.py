"""Checks of what the user asks, before any model is asked."""

from __future__ import annotations

from playhead.errors import UsageError


def require_words(text: str, asked: str) -> None:
    """Refuse a text without a letter or digit, and what is no text.

    Raises:
        UsageError: If it is one of these.
    """
    if not isinstance(text, str):
        raise UsageError(f"cannot {asked}", found=f"{text!r:.40}", allowed="a str", todo="say it in words")
    if not any(character.isalnum() for character in text):
        raise UsageError(
            f"cannot {asked}", found=repr(text[:40]), allowed="words", todo="say what to look for"
        )
