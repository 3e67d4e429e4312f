"""Every error playhead raises, in one tree, each with the exit code the command line returns.

    PlayheadError                     1
    +-- UsageError                    2   the call itself is wrong (unknown name, bad option, bad value)
    |   +-- WindowError               2   a time window outside the video, or turned round
    |   +-- UnsupportedError          2   a combination no engine offers
    +-- MediaError                    3   the file cannot give what was asked
    |   +-- SourceError               3   missing, a folder, unreadable, unreachable
    |   +-- NotMediaError             3   bytes that are no audio or video
    |   +-- CodecError                3   a codec this build cannot decode
    |   +-- EmptyMediaError           3   no frames, no samples
    |   `-- CorruptMediaError         3   nothing could be decoded
    +-- WeightsError                  4   pretrained weights
    |   +-- WeightsUnavailableError   4   not here and nothing reachable
    |   `-- ChecksumError             4   bytes that are not the published ones
    +-- ParseError                    5   a model's or a file's text that cannot be read
    +-- OutputError                   6   results cannot be written (disk full, no permission)
    `-- MissingExtraError             7   an optional dependency is not installed

130 is returned when the user interrupts, 1 for anything else. A message is one line: what was asked, what was
found, what is allowed, what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_INTERRUPTED = 130


class PlayheadWarning(UserWarning):
    """Something was recovered from and is reported, never swallowed."""


class PlayheadError(Exception):
    """Base of all playhead errors.

    Args:
        asked: What the caller wanted, naming the file or value.
        found: What was there instead.
        allowed: What would have been accepted.
        todo: What to do next.
    """

    exit_code = 1

    def __init__(self, asked: str, *, found: str = "", allowed: str = "", todo: str = "") -> None:
        self.asked, self.found, self.allowed, self.todo = asked, found, allowed, todo
        parts = [asked]
        if found:
            parts.append(f"found {found}")
        if allowed:
            parts.append(f"allowed: {allowed}")
        if todo:
            parts.append(todo)
        super().__init__(" ".join("; ".join(parts).split()))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the four parts, so an error survives a process pool whole."""
        return (_rebuild, (type(self), self.asked, self.found, self.allowed, self.todo))


def _rebuild(kind: type[PlayheadError], asked: str, found: str, allowed: str, todo: str) -> PlayheadError:
    return kind(asked, found=found, allowed=allowed, todo=todo)


class UsageError(PlayheadError):
    """The call itself is wrong."""

    exit_code = 2


class WindowError(UsageError):
    """A time window lies outside the video or ends before it starts."""


class UnsupportedError(UsageError):
    """A combination no engine offers."""


class MediaError(PlayheadError):
    """A media file cannot give what was asked."""

    exit_code = 3


class SourceError(MediaError):
    """The source is missing, a folder, unreadable or unreachable."""


class NotMediaError(MediaError):
    """The bytes are no audio or video container."""


class CodecError(MediaError):
    """A stream uses a codec this build cannot decode."""


class EmptyMediaError(MediaError):
    """The file holds no frame and no sample of the kind asked for."""


class CorruptMediaError(MediaError):
    """Nothing of the stream could be decoded."""


class WeightsError(PlayheadError):
    """Pretrained weights cannot be used."""

    exit_code = 4


class WeightsUnavailableError(WeightsError):
    """Weights are neither cached nor reachable."""


class ChecksumError(WeightsError):
    """A file's sha256 differs from the published one."""


class ParseError(PlayheadError):
    """Text of a model or of a file cannot be read."""

    exit_code = 5


class OutputError(PlayheadError):
    """Results cannot be written."""

    exit_code = 6


class MissingExtraError(PlayheadError):
    """An optional dependency is not installed."""

    exit_code = 7


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known names come closest: ``did you mean 'chapters'?`` or the whole list.

    Args:
        name: What was written.
        known: The names that exist.

    Returns:
        A sentence for the ``todo`` part of an error.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
