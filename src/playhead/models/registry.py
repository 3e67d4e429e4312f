"""Every engine by name: ours in a plain dict, others through the entry-point group ``playhead.engines``.

End-to-end families also open local folders and repositories of the hub; nothing of them is imported to list names.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from playhead.errors import UsageError, nearest
from playhead.models.base import Engine
from playhead.models.family import EngineOptions, Family, Preset
from playhead.models.presets import (
    ARC_HUNYUAN_VIDEO,
    HOUR_LLAVA,
    INTERLEAVED,
    PRESETS,
    QWEN_OMNI,
    QWEN_VL,
    VTIMELLM,
)
from playhead.progress import Progress, silent

ENTRY_POINT_GROUP = "playhead.engines"
LOADING: Final = "loading weights"  # the stage that progress is told of


def _scout(**options: object) -> Engine:
    from playhead.models.scout.engine import scout

    return scout(**options)


def _scout_tiny(**options: object) -> Engine:
    """Scout with no weights at all: shots, motion and picture vectors; what it finds is told in plain facts."""
    from playhead.models.scout.engine import scout

    return scout(**{"llm": "none", "senses": ("pictures",), **options})


def _openai(**options: object) -> Engine:
    """A model behind an OpenAI-compatible chat endpoint."""
    from playhead.models.openai.engine import openai

    return openai(**options)


ENGINES: dict[str, Callable[..., Engine]] = {"scout": _scout, "scout-tiny": _scout_tiny, "openai": _openai}

# End-to-end families: name of every preset to the module whose FAMILY makes it. Static, so that listing loads nothing.
FAMILIES: dict[str, str] = {
    preset.name: f"playhead.models.{folder}.family"
    for folder, presets in (
        ("arc_hunyuan_video", ARC_HUNYUAN_VIDEO),
        ("vtimellm", VTIMELLM),
        ("hour_llava", HOUR_LLAVA),
        ("qwen_vl", QWEN_VL),
        ("interleaved", INTERLEAVED),
        ("qwen_omni", QWEN_OMNI),
    )
    for preset in presets
}

OTHERS: Final = "playhead.models.interleaved.generic_family"
"""The module whose FAMILY opens what no other claims; it has no presets."""

# What the hub must have for each of ours with its own settings; others' engines do not tell.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "scout": ("whisper-base", "yamnet", "efficientdet-lite0", "minilm", "qwen2.5-1.5b"),
    "scout-tiny": (),
    "openai": (),  # they are the endpoint's
}

# owner/name, owner/name@revision; a path that exists is never taken for one.
_HUB_ID: Final = re.compile(r"(?P<repository>[\w-][\w.-]*/[\w-][\w.-]*)(@(?P<revision>[\w./-]+))?")


def engine_names() -> list[str]:
    """Names of all engines that can be loaded, ours and those of installed packages."""
    return sorted({*ENGINES, *FAMILIES, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))})


def family_of(name: str) -> Family:
    """The family of a preset; its module is imported.

    Raises:
        UsageError: No preset has this name.
        MissingExtraError: The libraries models run on are not installed.
    """
    if name not in FAMILIES:
        raise UsageError(f"model {name!r} is not known", todo=nearest(str(name), FAMILIES))
    return _family(FAMILIES[name])


def families() -> list[Family]:
    """Every end-to-end family.

    Raises:
        MissingExtraError: The libraries models run on are not installed.
    """
    return [_family(module) for module in dict.fromkeys((*FAMILIES.values(), OTHERS))]


def make_engine(
    name: str,
    *,
    progress: Progress = silent,
    **options: Any,  # noqa: ANN401 - each engine declares its own options
) -> Engine:
    """Make an engine: by name, from a local folder of a model, or from a repository of the hub.

    The weights of ``scout`` are fetched when it first answers; those of an end-to-end model now.

    Args:
        name: A name of :func:`engine_names`, a folder, ``owner/name`` or ``owner/name@revision``.
        progress: Told how far a download is.
        options: The engine's own settings.

    Raises:
        UsageError: No engine has that name, or it refuses an option.
        UnsupportedError: A folder of a model no family here knows, or one this machine cannot hold.
        WeightsError: Weights that are not to be had, or not those of the model.
        MissingExtraError: The libraries models run on are not installed.
    """
    if name in ENGINES:
        return ENGINES[name](**options)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            engine: Engine = point.load()(**options)
            return engine
    if name in FAMILIES:
        return _make_preset(family_of(name), name, options, progress)
    preset, folder = find_model(name)
    if preset:
        return _make_preset(family_of(preset), preset, options, progress)
    if folder is None:
        folder = _fetched_for_use(str(name), progress)
    return _open(folder, options, progress)


def find_model(name: str) -> tuple[str, Path | None]:
    """What a name that is no engine's stands for: ``(preset, None)``, ``("", folder)``, or ``("", None)`` for the hub.

    Raises:
        UsageError: It is no folder and cannot be a repository of the hub.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return "", path
    match = _HUB_ID.fullmatch(str(name))
    if path.exists() or match is None:
        raise UsageError(
            f"engine {name!r} is not known",
            found="a file" if path.exists() else "no folder of that name",
            allowed="a name, a folder that holds a model, or a repository of the hub (owner/name)",
            todo=nearest(str(name), engine_names()),
        )
    for preset in PRESETS.values():
        if preset.repositories and preset.repositories[0].split(maxsplit=1)[0] == name:
            return preset.name, None
    return "", None


def _family(module: str) -> Family:
    from playhead.models.options import require_model_libraries

    require_model_libraries()
    family: Family = importlib.import_module(module).FAMILY
    return family


def _make_preset(family: Family, name: str, options: dict[str, Any], progress: Progress) -> Engine:
    from playhead.models.folder import check_values
    from playhead.models.options import engine_options, resolve_device

    settings, preset = engine_options(options, family), family.presets[name]
    resolve_device(settings.device)  # an accelerator that is not there is found before anything is fetched
    if preset.tiny:
        return family.make(preset, None, settings)
    if preset.parameters is not None and not settings.family.keys() & set(family.parts):
        _require_memory(f"load {name}", preset.parameters, settings, _smaller(family, preset))
    folder = _folder_of(preset, progress)
    if folder is not None:
        check_values(folder)
    progress(LOADING, 0, None)
    engine = family.make(preset, folder, settings)
    progress(LOADING, 1, 1)
    return engine


def _open(folder: Path, options: dict[str, Any], progress: Progress) -> Engine:
    from playhead.models.folder import check_values, count_weights, family_of_folder
    from playhead.models.options import engine_options, resolve_device

    family = family_of_folder(folder, families())
    settings = engine_options(options, family)
    resolve_device(settings.device)
    check_values(folder)
    _require_memory(f"load {folder}", count_weights(folder), settings, "")
    progress(LOADING, 0, None)
    engine = family.open(folder, settings)
    progress(LOADING, 1, 1)
    return engine


def _require_memory(asked: str, parameters: int, settings: EngineOptions, smaller: str) -> None:
    """Refuse weights that this machine cannot hold, in the precision they would have here."""
    from playhead.models.machine import require_memory
    from playhead.models.options import resolve_device, resolve_dtype

    device = resolve_device(settings.device)
    each_bytes = resolve_dtype(settings.dtype, device).itemsize
    require_memory(asked, device=device, weights_bytes=parameters * each_bytes, smaller=smaller)


def _smaller(family: Family, preset: Preset) -> str:
    """The largest preset of the same model below this one, by its count of weights; empty when there is none."""
    model, _, _ = preset.name.rpartition("-")  # hour-llava-7b is a size of hour-llava
    below = [
        each
        for each in family.presets.values()
        if each.name.rpartition("-")[0] == model
        and not each.tiny
        and (each.parameters or 0) < (preset.parameters or 0)
        and each.parameters
    ]
    return max(below, key=lambda each: each.parameters or 0).name if below else ""


def _folder_of(preset: Preset, progress: Progress) -> Path | None:
    """The folder of a preset's weights: the user's own of its name, else the snapshot of its first repository.

    None where they are on no hub: the family then says which parts it is put together from, and where those are.

    Raises:
        WeightsUnavailableError: The hub cannot be reached; says what to do by hand.
    """
    from playhead.hub.folder import local_folder

    chosen = local_folder(None)
    if chosen is not None and (chosen / preset.name).is_dir():
        return chosen / preset.name
    if preset.repositories:
        return _fetched(preset.repositories[0].split(maxsplit=1)[0], progress)
    return None


def _fetched_for_use(name: str, progress: Progress) -> Path:
    """A repository's files; what they run on is missed before they are fetched, not after."""
    from playhead.models.options import require_model_libraries

    require_model_libraries()
    return _fetched(name, progress)


def _fetched(name: str, progress: Progress) -> Path:
    from playhead.hub.snapshot import snapshot

    repository, _, revision = name.partition("@")
    return snapshot(repository, revision=revision or "main", progress=progress)
