"""HTML: one self-contained page to look at an Answer beside its video, with no need of a network.

The page is put together from ``page_assets``: a template, a style sheet and four scripts in the order they build on
each other. Everything an Answer says travels as JSON in a script element in which ``<`` is escaped, and the scripts
only ever set it as text; a content security policy with the hashes of style and script allows nothing else to run.
"""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from playhead.errors import SourceError, UsageError
from playhead.export.options import DEFAULT, Options
from playhead.export.self_contained import as_script, asset, fill, policy
from playhead.timeline import Answer, to_dict

_PACKAGE: Final = "playhead.export"
_MEDIA: Final = "media-src file: http: https: data: blob: 'self'"
_SCRIPTS: Final = ("core.js", "lists.js", "timeline.js", "main.js")
# JSON inside a script element: what could close it or open a comment, and the two separators old scripts break at.
_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def page(answer: Answer, options: Options = DEFAULT) -> str:
    """A page with video, timeline, transcript, events, search and evidence.

    The video is linked relative to the page, embedded, or left out (``options.video``). A page whose video cannot
    be played says so and offers to choose the file; everything else on it works.

    Raises:
        SourceError: If the video is to be embedded and cannot be read.
        UsageError: If it is to be embedded and is too large.
    """
    style = asset(_PACKAGE, "page_assets/page.css")
    script = as_script(asset(_PACKAGE, f"page_assets/{name}") for name in _SCRIPTS)
    parts = {
        "policy": policy(style, script, _MEDIA),
        "title": html.escape(answer.title or answer.source or "Video"),
        "style": style,
        "script": script,
        "data": _data(answer, options),
    }
    return fill(asset(_PACKAGE, "page_assets/page.html"), parts)


def _data(answer: Answer, options: Options) -> str:
    """The Answer as JSON that is safe inside a script element, with where the video is."""
    data: dict[str, Any] = to_dict(answer)
    for segment in (data["transcript"] or {}).get("segments", ()):
        # Words are half the bytes of a long talk and the page shows sentences.
        del segment["words"]
    data["video"] = {"src": _video_address(answer.source, options), "mode": options.video}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_ESCAPES)


def _video_address(source: str, options: Options) -> str:
    """What the page's video element loads: a relative link, an http address, a data: URL, or nothing."""
    if options.video == "none" or not source:
        return ""
    parts = urlsplit(source)
    is_address = len(parts.scheme) > 1 and bool(parts.netloc)
    if options.video == "embed":
        if is_address:
            raise UsageError(
                f"cannot embed {source}", found="an address", allowed="a file", todo="link it instead"
            )
        return _embedded(Path(source), options.embed_limit_bytes)
    if is_address:
        # A browser opens no other kind (s3://, gs://, ...): the page then offers to choose a file.
        return source if parts.scheme in {"http", "https"} else ""
    return _relative(source, options.folder)


def _relative(source: str, folder: Path | None) -> str:
    """A link from the page's folder to the video, percent-encoded; absolute where no relative way exists."""
    start = os.path.realpath(folder or Path())
    full = os.path.realpath(source)
    try:
        way = os.path.relpath(full, start)
    except ValueError:  # another drive on Windows
        return Path(full).as_uri()
    # The leading ./ keeps a file called "a:b.mp4" from being read as a scheme.
    return "./" + quote(os.fsencode(way.replace(os.sep, "/")))


def _embedded(path: Path, limit_bytes: int) -> str:
    """The file as a data: URL."""
    try:
        size = path.stat().st_size
        if size > limit_bytes:
            raise UsageError(
                f"cannot embed {path}",
                found=f"{size} bytes",
                allowed=f"{limit_bytes} bytes",
                todo="link it instead",
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot embed {path}", found=error.strerror or str(error)) from error
    kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
