"""What an end-to-end model would see of a video, before any weights are fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playhead.errors import UnsupportedError, UsageError
from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Shown
from playhead.models.registry import FAMILIES, engine_names, families, family_of, find_model

MOST_SHOWN: Final = 24
"""Pictures shown unless another number is wished."""


def show_video(name: str, video: Video, most: int = MOST_SHOWN, **options: Any) -> Shown:  # noqa: ANN401 - each engine declares its own options
    """The pictures an engine's model would be given of a video; no weights are fetched or loaded.

    Args:
        name: Name of an end-to-end engine, or the folder of a model.
        video: The file and the window.
        most: Pictures to show; of more there are, an even choice.
        options: The engine's own settings.

    Raises:
        UsageError: No engine has that name, or it refuses an option.
        UnsupportedError: The engine is no end-to-end model, which are the ones that are given chosen pictures.
        MediaError: The file cannot be read.
    """
    asked = f"show what {name} sees"
    if most < 1:
        raise UsageError(f"{asked} in {most} pictures", allowed="1 or more")
    if name in FAMILIES:
        family = family_of(name)
        return family.show(family.presets[name], video, _settings(family, options), most)
    if name in engine_names():
        raise UnsupportedError(
            asked,
            found="an engine that is not given a choice of pictures",
            allowed=", ".join(FAMILIES),
            todo="name one of these",
        )
    preset, folder = find_model(name)
    if preset:
        return show_video(preset, video, most, **options)
    if folder is None:
        raise UnsupportedError(f"{asked}: its config is not here", todo="load it once, or name the folder")
    from playhead.models.folder import count_weights
    from playhead.models.plan import like

    family = _family_of(folder)
    if family.show_folder is not None:
        return family.show_folder(folder, video, _settings(family, options), most)
    nearest = like(family, count_weights(folder))
    shown = family.show(nearest, video, _settings(family, options), most)
    return _named(
        shown, str(folder), f"shown as {nearest.name} sees it, whose size is nearest to the folder's"
    )


def _family_of(folder: Path) -> Family:
    from playhead.models.folder import family_of_folder

    return family_of_folder(folder, families())


def _named(shown: Shown, name: str, note: str) -> Shown:
    from dataclasses import replace

    return replace(shown, engine=name, notes=(*shown.notes, note))


def _settings(family: Family, options: dict[str, Any]) -> EngineOptions:
    from playhead.models.options import engine_options

    return engine_options(options, family)
