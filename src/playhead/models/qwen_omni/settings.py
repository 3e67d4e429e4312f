"""The family's own options: what each means, and what its values may be. Light on import."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from playhead.errors import UsageError
from playhead.models.qwen_vl.settings import OPTIONS as PICTURES
from playhead.models.qwen_vl.settings import Settings as Pictures
from playhead.models.qwen_vl.settings import read_settings as read_pictures

_NOT_OURS: Final = frozenset(
    {"axis", "keep"}
)  # positions are of time here, for the sound's sake; nothing is kept on disk, for features of sound cannot be given
OPTIONS: Final[Mapping[str, str]] = {
    **{name: text for name, text in PICTURES.items() if name not in _NOT_OURS},
    "sound": "Whether the sound of the window is heard with its pictures (true); false leaves it out.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The family's own options; see :data:`OPTIONS`."""

    pictures: Pictures
    sound: bool = True


def read_settings(given: Mapping[str, Any], seams: Collection[str], engine: str) -> Settings:
    """Settings from options as a caller wrote them.

    Raises:
        UsageError: On an unknown name or a value that is not allowed.
        UnsupportedError: A mechanism the system lacks a seam for.
    """
    sound = given.get("sound", True)
    if not isinstance(sound, bool):
        raise UsageError(f"sound={sound!r:.40}", allowed="True or False")
    others = {name: value for name, value in given.items() if name != "sound"}
    return Settings(pictures=read_pictures(others, seams, engine), sound=sound)
