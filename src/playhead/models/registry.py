"""Every engine by name: ours in a plain dict, others through the entry-point group ``playhead.engines``."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from playhead.errors import UsageError, nearest
from playhead.models.base import Engine

ENTRY_POINT_GROUP = "playhead.engines"


def _scout(**options: object) -> Engine:
    from playhead.models.scout.engine import scout

    return scout(**options)


def _scout_tiny(**options: object) -> Engine:
    """Scout with no weights at all: shots, motion and picture vectors; what it finds is told in plain facts."""
    from playhead.models.scout.engine import scout

    return scout(**{"llm": "none", "senses": ("pictures",), **options})


ENGINES: dict[str, Callable[..., Engine]] = {"scout": _scout, "scout-tiny": _scout_tiny}

# End-to-end families: name of every preset to the module whose FAMILY makes it. Static, so that listing loads nothing.
_ARC, _VTIMELLM, _HOUR = (
    f"playhead.models.{name}.family" for name in ("arc_hunyuan_video", "vtimellm", "hour_llava")
)
FAMILIES: dict[str, str] = {
    "arc-hunyuan-video": _ARC,
    "arc-hunyuan-video-tiny": _ARC,
    "vtimellm-7b": _VTIMELLM,
    "vtimellm-13b": _VTIMELLM,
    "vtimellm-tiny": _VTIMELLM,
    "longvale-llm-7b": _VTIMELLM,
    "longvale-llm-tiny": _VTIMELLM,
    "avicuna-7b": _VTIMELLM,
    "avicuna-tiny": _VTIMELLM,
    "hour-llava-3b": _HOUR,
    "hour-llava-7b": _HOUR,
    "hour-llava-tiny": _HOUR,
}

# What the hub must have for each of ours with its own settings; others' engines do not tell.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "scout": ("whisper-base", "yamnet", "efficientdet-lite0", "minilm", "qwen2.5-1.5b"),
    "scout-tiny": (),
}


def engine_names() -> list[str]:
    """Names of all engines that can be loaded, ours and those of installed packages."""
    return sorted({*ENGINES, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))})


def make_engine(name: str, **options: Any) -> Engine:  # noqa: ANN401 - each engine declares its own options
    """Make an engine by name; its weights are fetched when it first answers.

    Raises:
        UsageError: If no engine has that name, or it refuses an option.
    """
    if name in ENGINES:
        return ENGINES[name](**options)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            engine: Engine = point.load()(**options)
            return engine
    raise UsageError(f"engine {name!r} is not known", todo=nearest(str(name), engine_names()))
