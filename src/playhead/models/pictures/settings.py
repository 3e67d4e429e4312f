"""The options of mechanisms that every family takes, checked against its seams. Light on import."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from playhead.errors import UsageError
from playhead.media.sampling import policy
from playhead.models.mechanisms import require
from playhead.models.pictures.tell import Teller, teller

PICTURE_OPTIONS: Final[Mapping[str, str]] = {
    "frames": "Which pictures, by a sampling policy instead of the family's own rule, as in seed1.5-vl:task=fine.",
    "tell": "How the time of a picture is told instead of the family's own way: seed1.5-vl, qwen3-vl, videollama3, "
    "internvl, unitime, vtimellm (words), arc, numpro (burnt in), none.",
    "drop": "Least change, in grey levels of 255, for a place that changes from picture to picture to be given again "
    "(0.1 in VideoLLaMA 3, where it is on; off elsewhere); false turns it off.",
}

_SIZED: Final = frozenset({"seed1.5-vl"})
KEYE: Final = "keye1.5"
_NOT_TEXT: Final = frozenset({"content", "densify", "internvl-train"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Mechanisms a caller wants; None leaves a thing as the family has it."""

    frames: str | None = None
    tell: Teller | None = None
    drop: float | None = None

    @property
    def burnt(self) -> Teller | None:
        """The teller that draws into pictures, if that is wanted."""
        return self.tell if self.tell is not None and self.tell.where == "burnt" else None


def read_wanted(
    given: Mapping[str, Any], seams: Collection[str], engine: str, drop: float | None = None
) -> Wanted:
    """Mechanisms from a family's options as a caller wrote them; other options are passed over.

    Args:
        given: Options by name.
        seams: What the engine can do for mechanisms.
        engine: Its name, for messages.
        drop: What the family drops below where the caller names nothing.

    Raises:
        UsageError: A value that is not allowed.
        UnsupportedError: A mechanism the engine lacks a seam for.
    """
    frames, tell = given.get("frames"), given.get("tell")
    least: object = given.get("drop", drop)
    told = None if tell is None else teller(str(tell))
    if frames is not None:
        _check_frames(frames, seams, engine)
    if told is not None and told.where != "nowhere":
        require("time in words" if told.where == "words" else "time burnt in", seams, engine)
    if least is None or least is False:
        return Wanted(frames=frames, tell=told)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 <= least <= 255:
        raise UsageError(f"drop={least!r:.40}", allowed="a number from 0 to 255, or false")
    require("pixel-difference dropping", seams, engine)
    return Wanted(frames=frames, tell=told, drop=float(least))


def _check_frames(frames: object, seams: Collection[str], engine: str) -> None:
    if not isinstance(frames, str):
        raise UsageError(f"frames={frames!r:.40}", allowed="a sampling policy, as in uniform:n=64")
    name = frames.partition(":")[0].strip()
    if name in _NOT_TEXT:
        raise UsageError(
            f"frames={frames!r:.60}", found="a policy for calls from Python", allowed="any other"
        )
    if name == KEYE:
        from playhead.models.pictures.similar import read_keye

        require("slow and fast", seams, engine)
        read_keye(frames)
        return
    policy(frames)
    require("token ladder" if name in _SIZED else "frames", seams, engine)
