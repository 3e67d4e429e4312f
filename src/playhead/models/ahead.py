"""What was seen of the next videos before they are asked about: made in one thread, taken by another, bounded."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Final, Generic, TypeVar

L = TypeVar("L")

KEPT: Final = 2
"""The video that is about to be asked about, and the one after it."""


class Ahead(Generic[L]):
    """A few looks by what they are of; the oldest is let go when there are more than :data:`KEPT`."""

    def __init__(self) -> None:
        self._looks: dict[Hashable, L] = {}
        self._lock = Lock()

    def __contains__(self, key: Hashable) -> bool:
        """Whether there is a look for this key."""
        with self._lock:
            return key in self._looks

    def put(self, key: Hashable, look: L) -> None:
        """Keep a look until it is taken."""
        with self._lock:
            self._looks[key] = look
            while len(self._looks) > KEPT:
                del self._looks[next(iter(self._looks))]

    def take(self, key: Hashable) -> L | None:
        """The look for this key, which is then no longer kept; None when there is none."""
        with self._lock:
            return self._looks.pop(key, None)
