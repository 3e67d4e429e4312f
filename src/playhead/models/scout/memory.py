"""Compositions kept on disk: the same evidence, model and words are not composed twice.

An entry's name is the sha256 of everything the composition was made from, so a change of any of it makes a new entry.
Entries are JSON, appear only when complete, and the least recently used go first once the folder is too large.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from importlib import resources
from pathlib import Path
from typing import Any

from playhead.errors import ParseError, PlayheadWarning
from playhead.hub.cache import cache_folder
from playhead.hub.kept import trim, write_whole
from playhead.models.scout.compose import Composition
from playhead.models.scout.config import ScoutConfig
from playhead.perceive.evidence import Evidence
from playhead.timeline import event_from_dict, to_dict

FORMAT = 3  # raise when segmentation or the rules of writing change
MAX_BYTES = 100_000_000  # a few tens of kilobytes each


class Memory:
    """A folder of compositions.

    Args:
        folder: Where to keep them; the platform's cache folder when None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "compositions"

    def key(self, evidence: Evidence, config: ScoutConfig) -> str:
        """Name of the entry for some evidence under some settings."""
        facts = {
            "format": FORMAT,
            "prompts": resources.files(__package__).joinpath("prompts.toml").read_text(encoding="utf-8"),
            "llm": _model_identity(config.llm),
            "lengths": [config.event_s, config.chapter_s],
            "window": to_dict(evidence.window),
            "lanes": to_dict(evidence.lanes),
            "language": evidence.transcript.language if evidence.transcript else None,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def load(self, key: str) -> Composition | None:
        """A composition, or None when there is none; a damaged entry is made anew with a warning."""
        path = self.folder / f"{key}.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            os.utime(path)
            return _from_data(data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, ParseError) as error:
            warnings.warn(
                f"kept composition {path} cannot be read ({error}); it is made again",
                PlayheadWarning,
                stacklevel=2,
            )
            return None

    def save(self, key: str, made: Composition) -> None:
        """Keep a composition; a disk that refuses is warned about, for nothing is lost but time."""
        text = json.dumps(to_dict(made), ensure_ascii=False, allow_nan=False)
        try:
            write_whole(self.folder / f"{key}.json", lambda file: file.write(text.encode()))
            trim(self.folder, frozenset({".json"}), MAX_BYTES)
        except OSError as error:
            warnings.warn(
                f"a composition cannot be kept in {self.folder} ({error})", PlayheadWarning, stacklevel=2
            )


def _model_identity(llm: str) -> str:
    """What tells one language model from another: its name, and for a file of the user's its size and time of change."""
    try:
        stat = Path(llm).stat()
    except OSError:  # a known name, or a file whose absence is told when it is loaded
        return llm
    return f"{llm}|{stat.st_size}|{stat.st_mtime_ns}"


def _from_data(data: dict[str, Any]) -> Composition:
    return Composition(
        str(data["title"]),
        str(data["summary"]),
        tuple(event_from_dict(item) for item in data["events"]),
        tuple(event_from_dict(item) for item in data["chapters"]),
        tuple(str(note) for note in data["notes"]),
    )
