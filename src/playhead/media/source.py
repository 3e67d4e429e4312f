"""Opening what a caller names: a path, an open binary file, an http(s) address, or an fsspec address (s3, gs, ...).

Everything is read through PyAV, which carries its own FFmpeg. Nothing here knows streams or times.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import IO, Final, cast
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from playhead.errors import (
    CorruptMediaError,
    EmptyMediaError,
    MediaError,
    MissingExtraError,
    NotMediaError,
    SourceError,
)
from playhead.media.streams import has_decoder
from playhead.media.webp import FORMAT_TAG, is_animated_webp, rewrap

Source = str | os.PathLike[str] | IO[bytes]

OPEN_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 30.0
_HEAD_BYTES: Final = 64
_KINDS: Final = "a path, an open binary file, http(s)://, or an fsspec address such as s3://"

_ENDLESS: Final = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISSOCK, "a socket"))

# First bytes of containers people really have: enough to tell a damaged video from something that never was one.
_CONTAINER_MARKS: Final = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (8, b"WEBP"), (8, b"WAVE"),
    (0, b"OggS"), (0, b"FLV"), (0, b"GIF8"), (0, b"ID3"), (0, b"fLaC"), (0, b"\x00\x00\x01\xba"),
)  # fmt: skip


def source_name(source: Source) -> str:
    """The name a source goes by in messages and results."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<open file>"


def open_input(source: Source) -> InputContainer:
    """Open a source for demuxing.

    Args:
        source: Path, open binary file (seekable), http(s) address or fsspec address.

    Raises:
        SourceError: Missing, a folder, not readable, not reachable.
        NotMediaError: The bytes are no audio or video.
        CorruptMediaError: A known container whose structure cannot be read.
        MissingExtraError: An fsspec address without fsspec installed.
    """
    name = source_name(source)
    target = _named_target(name) if isinstance(source, (str, os.PathLike)) else _rewound(source, name)
    if not (isinstance(target, str) and "://" in target) and is_animated_webp(_head(target)):
        target = rewrap(target, name)
    try:
        container = av.open(target, mode="r", timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S))
    except av.error.FFmpegError as error:
        raise _opening_error(name, target, error) from error
    for stream in container.streams.video:
        if has_decoder(stream):
            stream.codec_context.thread_count = 1
    return container


def _named_target(name: str) -> str | IO[bytes]:
    scheme = urlsplit(name).scheme.lower() if "://" in name else ""
    if scheme in {"http", "https"}:
        return name
    if scheme and scheme != "file":
        return _remote_file(name, scheme)
    return str(check_path(name))


def check_path(name: str) -> Path:
    """The path a name stands for, when it can be read from end to end and back.

    Raises:
        SourceError: Missing, a folder, a pipe or a device (which never ends), or not readable.
        NotMediaError: An empty file.
    """
    path, asked = Path(name.removeprefix("file://")), f"cannot open {name!r}"
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise SourceError(asked, found="no such file", allowed=_KINDS, todo="check the path") from error
    except (OSError, ValueError) as error:
        raise SourceError(asked, found=_short(error), allowed=_KINDS, todo="check the path") from error
    if stat.S_ISDIR(facts.st_mode):
        raise SourceError(asked, found="a folder", allowed="one file", todo="name a file in it")
    for is_kind, kind in _ENDLESS:
        if is_kind(facts.st_mode):
            raise SourceError(asked, found=kind, allowed=_KINDS, todo="save what it gives to a file first")
    if not os.access(path, os.R_OK):
        raise SourceError(asked, found="no permission to read it", todo="change its permissions")
    if stat.S_ISREG(facts.st_mode) and facts.st_size == 0:
        raise NotMediaError(asked, found="an empty file", todo="copy or download it again")
    return path


def _remote_file(name: str, scheme: str) -> IO[bytes]:
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(
            f"cannot open {name!r}", found="fsspec is not installed", todo="pip install 'playhead[remote]'"
        ) from error
    try:
        return cast("IO[bytes]", fsspec.open(name, "rb").open())
    except ImportError as error:
        raise MissingExtraError(
            f"cannot open {name!r}", found=str(error), todo=f"install the fsspec backend for {scheme}://"
        ) from error
    except ValueError as error:
        raise SourceError(
            f"cannot open {name!r}", found=f"unknown scheme {scheme}://", allowed=_KINDS
        ) from error
    except OSError as error:
        raise SourceError(
            f"cannot open {name!r}",
            found=_short(error) or type(error).__name__,
            todo="check the address and access",
        ) from error


def _rewound(file: IO[bytes], name: str) -> IO[bytes]:
    try:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
    except (AttributeError, OSError, ValueError) as error:
        raise SourceError(
            f"cannot open {name}", found="an object that cannot be read and rewound", allowed=_KINDS,
            todo="read it into io.BytesIO first",
        ) from error  # fmt: skip
    if size == 0:
        raise NotMediaError(f"cannot open {name}", found="an empty file", todo="copy or download it again")
    return file


def _opening_error(name: str, target: str | IO[bytes], error: av.error.FFmpegError) -> MediaError:
    asked = f"cannot open {name!r}"
    remote = isinstance(target, str) and "://" in target
    if isinstance(error, av.error.EOFError):
        return EmptyMediaError(
            asked, found="a file that ends before its first frame or sample", todo="copy it again"
        )
    if isinstance(error, av.error.InvalidDataError):
        if remote:
            return NotMediaError(asked, found="no audio or video at this address", todo="check the address")
        head = _head(target)
        if any(head[at : at + len(mark)] == mark for at, mark in _CONTAINER_MARKS):
            return CorruptMediaError(
                asked, found="a damaged or cut-off container: its index cannot be read",
                todo="copy or download it again, or repair it",
            )  # fmt: skip
        return NotMediaError(
            asked, found="bytes of no known audio or video container", todo="name a media file"
        )
    if remote:
        return SourceError(
            asked, found=f"not reachable: {_short(error)}", todo="check the address and the network"
        )
    if isinstance(error, OSError):
        return SourceError(asked, found=_short(error), todo="check the file")
    return CorruptMediaError(asked, found=_short(error), todo="copy or download it again")


def _head(target: str | IO[bytes]) -> bytes:
    if isinstance(target, str):
        with Path(target).open("rb") as file:
            return file.read(_HEAD_BYTES)
    target.seek(0)
    head = target.read(_HEAD_BYTES)
    target.seek(0)
    return head


def format_name(container: InputContainer) -> str:
    """The container's format, as FFmpeg spells it."""
    return container.metadata.get(FORMAT_TAG, container.format.name)


def _short(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0] if str(error) else ""
