"""Weights from the Hugging Face hub, by plain HTTP with resume.

The hub's documented address ``ENDPOINT/REPO/resolve/REVISION/PATH`` serves any public file and honours ``Range``, so a
download continues where it stopped, and no client library is needed. ``HF_ENDPOINT`` (a mirror), ``HF_HUB_OFFLINE`` and
the usual proxy variables are honoured, and files that already lie in the hub's own cache are taken from there.
"""

from __future__ import annotations

import functools
import http.client
import logging
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playhead.hub import checks
from playhead.hub.cache import disk_errors
from playhead.hub.table import WeightFile

NOTICE_S: Final = 2.5  # how long a silent hub is waited for before going on without it
STALL_S: Final = 20.0  # how long a download may say nothing

_log = logging.getLogger(__name__)


def endpoint() -> str:
    """Address of the hub or of the mirror ``HF_ENDPOINT`` names."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def offline() -> bool:
    """Whether the user asked the hub to be left alone (``HF_HUB_OFFLINE``, ``TRANSFORMERS_OFFLINE``)."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in names)


def reachable() -> bool:
    """Whether the hub answers; found out within three seconds and said once per process."""
    if offline():
        _say_once("the hub is switched off by HF_HUB_OFFLINE; trying the package index")
        return False
    return _answers(endpoint())


@functools.cache
def _say_once(message: str) -> None:
    _log.warning(message)


@functools.cache
def _answers(address: str) -> bool:
    """Ask for the front page's headers, in a thread: resolving a name knows no timeout of its own."""
    reply: list[str] = []

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=NOTICE_S):
                reply.append("")
        except urllib.error.HTTPError:  # any HTTP status is an answer
            reply.append("")
        except (OSError, http.client.HTTPException, ValueError) as error:
            reply.append(str(error) or type(error).__name__)

    thread = threading.Thread(target=ask, name="playhead-hub-check", daemon=True)
    thread.start()
    thread.join(NOTICE_S)
    problem = reply[0] if reply else f"no answer in {NOTICE_S:g} s"
    if problem:
        _say_once(f"{address} is not reachable ({problem}); trying the package index")
    return not problem


def cached_copy(file: WeightFile) -> Path | None:
    """The file in the hub's own cache, when its client library is installed and has fetched it before."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(file.hub_repo, file.hub_path, revision=file.hub_revision)
    return Path(found) if isinstance(found, str) else None


def download(
    file: WeightFile, part: Path, told: Callable[[int], None], *, then: str = "trying the package index"
) -> bool:
    """Bring ``part`` to the file's full size from the hub, continuing what it already holds.

    Args:
        file: The file wanted.
        part: The unfinished file.
        told: Called with the bytes ``part`` holds.
        then: What is done when the hub fails, for the log.

    Returns:
        Whether the whole file is there; False (with the reason logged) when the hub failed on the way.

    Raises:
        OutputError: The disk refuses.
    """
    address = f"{endpoint()}/{file.hub_repo}/resolve/{file.hub_revision}/{urllib.parse.quote(file.hub_path)}"
    have_bytes = part.stat().st_size if part.exists() else 0
    if have_bytes >= file.size_bytes:
        return have_bytes == file.size_bytes
    headers = {"Range": f"bytes={have_bytes}-"} if have_bytes else {}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, headers=headers), timeout=STALL_S
        ) as reply:
            resumed = reply.status == http.HTTPStatus.PARTIAL_CONTENT
            _pour(reply, part, have_bytes if resumed else 0, file.size_bytes, told)
    except (OSError, http.client.HTTPException) as error:  # the disk's own errors are OutputError by now
        _log.warning("the hub failed on %s (%s); %s", file.name, error, then)
        return False
    got_bytes = part.stat().st_size
    if got_bytes != file.size_bytes:
        _log.warning("the hub gave %d of %d bytes of %s", got_bytes, file.size_bytes, file.name)
    return got_bytes == file.size_bytes


def _pour(
    reply: http.client.HTTPResponse, part: Path, have_bytes: int, size_bytes: int, told: Callable[[int], None]
) -> None:
    with disk_errors(part):
        stream = part.open("ab" if have_bytes else "wb")
    with stream:
        # One byte more than published is enough to know the file is another one.
        while have_bytes <= size_bytes and (chunk := reply.read(checks.CHUNK_BYTES)):
            with disk_errors(part):
                stream.write(chunk)
            have_bytes += len(chunk)
            told(min(have_bytes, size_bytes))
