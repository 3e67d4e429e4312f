"""The options of these families: what each means, and what its values may be. Light on import."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from playhead.errors import UsageError, nearest
from playhead.models.checks import one_of, whole
from playhead.models.mechanisms import require
from playhead.models.pictures.settings import PICTURE_OPTIONS, Wanted, read_wanted
from playhead.models.pictures.telling import Telling

OPTIONS: Final[Mapping[str, str]] = {
    "max_frames": "Most pictures of a video (32; VideoLLaMA 3: 180). InternVL takes exactly so many; 16, 32, 48 and 64 are "
    "published for it.",
    "rate_hz": "VideoLLaMA 3: pictures per second of video (1, as published).",
    "video_tokens": "VideoLLaMA 3: most tokens of a video, before any are left out (16,384, as published).",
    "times": "How times are to be written in answers: seconds or clock (HH:MM:SS).",
    "keep": "What is kept on disk for the next question: features of the pictures, or prefix: what the model read too.",
    "flash": "Whether pictures are given at two rates, all of their tokens or a quarter: true or false. A router of the "
    "model's own decides where it has one; otherwise how alike a picture is to the one before.",
    "flash_relative": "Share of the pictures, those least fit for it, that keep all their tokens, 0 to 1 (0.5).",
    "flash_absolute": "Fitness from which on a picture may be given small, 0 to 1 (0.5).",
    **PICTURE_OPTIONS,
}


class Family(Protocol):
    """What of a family its settings depend on."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def most(self) -> int:
        """Pictures of a video."""

    @property
    def options(self) -> frozenset[str]:
        """Options of its own."""

    @property
    def drop(self) -> float | None:
        """Change from which on a token is given again."""

    @property
    def routed(self) -> bool:
        """Whether a router of its own decides at which rate a picture is given."""

    @property
    def teller(self) -> Any:  # noqa: ANN401 - a way to tell the time, or None
        """How it is told the time in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options with their values; see :data:`OPTIONS`. Thresholds of None are the model's own, or else 0.5."""

    max_frames: int = 32
    rate_hz: float = 1.0
    video_tokens: int = 16_384
    times: Literal["seconds", "clock"] | None = None
    keep: Literal["features", "prefix"] = "features"
    flash: bool = False
    flash_relative: float | None = None
    flash_absolute: float | None = None
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen


_OF_SOME: Final = frozenset({"rate_hz", "video_tokens"})


def read_settings(given: Mapping[str, Any], kind: Family, seams: Collection[str], engine: str) -> Settings:
    """Settings from options as a caller wrote them.

    Args:
        given: Options by name.
        kind: The family.
        seams: What it can do for mechanisms.
        engine: Its name, for messages.

    Raises:
        UsageError: On an unknown name, one of another family, or a value that is not allowed.
        UnsupportedError: A mechanism the family lacks a seam for.
    """
    for name in given:
        if name not in OPTIONS:
            raise UsageError(f"{kind.title} has no option {name!r}", todo=nearest(name, OPTIONS))
        if name in _OF_SOME - kind.options:
            raise UsageError(
                f"{name} with {engine}",
                found="an option of VideoLLaMA 3",
                todo="leave it out, or use max_frames",
            )
    own = {name: _CHECKS[name](name, value) for name, value in given.items() if name in _CHECKS}
    own = {"max_frames": kind.most, "flash": kind.routed, **own}
    made = Settings(**own, wanted=read_wanted(given, seams, engine, drop=kind.drop))
    if made.flash:
        require("two rates", seams, engine)
    named = [name for name in ("flash_relative", "flash_absolute") if name in given]
    if named and not made.flash:
        raise UsageError(
            f"{named[0]} with {engine}", found="one rate for all pictures", todo="add flash=true"
        )
    if made.flash and made.wanted.drop is not None:
        raise UsageError(
            f"flash=true and drop={made.wanted.drop:g}",
            found="two ways to save tokens",
            todo="choose one of them",
        )
    return made


def telling_of(kind: Family, settings: Settings) -> Telling:
    """How a family is told the time under these settings."""
    wanted = settings.wanted.tell
    teller = kind.teller if wanted is None else wanted if wanted.where != "nowhere" else None
    told: Literal["order", "text"] = "text" if teller is not None and teller.where == "words" else "order"
    asked = teller.times if teller is not None and teller.times is not None else "seconds"
    return Telling(told, teller, settings.times or asked)


def _number(least: float, most: float, *, above: bool = False) -> Callable[[str, object], float]:
    def check(name: str, value: object) -> float:
        wrong = isinstance(value, bool) or not isinstance(value, (int, float))
        if wrong or not least <= value <= most or (above and value == least):  # type: ignore[operator]
            allowed = (
                f"a number above {least:g}, at most {most:g}"
                if above
                else f"a number from {least:g} to {most:g}"
            )
            raise UsageError(f"{name}={value!r:.40}", allowed=allowed)
        return float(value)  # type: ignore[arg-type]

    return check


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name}={value!r:.40}", allowed="true or false")
    return value


_CHECKS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "max_frames": whole(1, 65_536),
    "rate_hz": _number(0, 1000, above=True),
    "video_tokens": whole(16, 10_000_000),
    "times": one_of("seconds", "clock"),
    "keep": one_of("features", "prefix"),
    "flash": _yes_or_no,
    "flash_relative": _number(0, 1),
    "flash_absolute": _number(0, 1),
}
