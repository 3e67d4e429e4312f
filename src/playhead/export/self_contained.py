"""Pages that work from disk: a template, a style and a script in one file, with a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources


def asset(package: str, path: str) -> str:
    """A text file that comes with a package."""
    return resources.files(package).joinpath(*path.split("/")).read_text(encoding="utf-8")


def as_script(parts: Iterable[str]) -> str:
    """Scripts that build on each other as one, with names of its own."""
    return "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();"


def policy(style: str, script: str, media: str) -> str:
    """A content security policy: only this style and script may run, nothing is fetched but what ``media`` allows.

    Args:
        style: Text of the style element.
        script: Text of the script element.
        media: A directive for pictures or media, such as ``img-src data:``.
    """
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        f"{media}; base-uri 'none'; form-action 'none'"
    )


def fill(template: str, parts: Mapping[str, str]) -> str:
    """A template with ``{{name}}`` replaced by the part of that name; parts are not searched for names."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)
