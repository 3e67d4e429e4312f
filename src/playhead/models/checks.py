"""What values of an engine's options may be: each check is given the option's name and what the caller wrote. Light on import."""

from __future__ import annotations

from collections.abc import Callable

from playhead.errors import UsageError, nearest


def one_of(*allowed: str) -> Callable[[str, object], str]:
    """One of some words.

    Raises:
        UsageError: By the check, for anything else; the nearest word is offered.
    """

    def check(name: str, value: object) -> str:
        if value not in allowed:
            raise UsageError(
                f"{name}={value!r:.40}", allowed=", ".join(allowed), todo=nearest(str(value), allowed)
            )
        return str(value)

    return check


def whole(least: int, most: int) -> Callable[[str, object], int]:
    """A whole number between two, both of them allowed.

    Raises:
        UsageError: By the check, for anything else.
    """

    def check(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{name}={value!r:.40}", allowed=f"a whole number from {least} to {most}")
        return value

    return check
