"""The Qwen-VL line's sizes by name, and how an engine of each is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import QWEN_VL
from playhead.models.qwen_vl.config import config_of, tiny_config
from playhead.models.qwen_vl.kinds import KINDS, kind_of
from playhead.models.qwen_vl.settings import OPTIONS, read_settings
from playhead.models.qwen_vl.tokens import open_tokenizer, tiny_tokenizer

if TYPE_CHECKING:
    from playhead.models.qwen_vl.engine import QwenVL


def tiny_model(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - any key of the configuration; a model of the line
    """A tiny model of a generation; the same weights every time, and no other random state is touched."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return KINDS[model_type].model_class(tiny_config(model_type, **changes))


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> QwenVL:
    """An engine of a preset.

    Args:
        preset: Which one.
        folder: Its weights and tokenizer; None for the tiny ones, which are made of random weights.
        options: Settings.

    Raises:
        UsageError: On an option of the family with a value that is not allowed.
        WeightsError: The folder does not hold the whole checkpoint.
    """
    from playhead.models.qwen_vl.engine import QwenVL

    read_settings(options.family, preset.seams, preset.name)  # refused before anything is loaded
    if folder is not None:
        return _from_folder(preset.name, folder, options)
    device = resolve_device(options.device)
    kind = kind_of(config_of(preset))
    model = tiny_model(kind.model_type)
    model.to(device, resolve_dtype(options.dtype, device))
    tokenizer = tiny_tokenizer(kind.tokenizer_class)
    return QwenVL(preset.name, model, tokenizer, options, random_weights=True)


def open_folder(folder: Path, options: EngineOptions) -> QwenVL:
    """An engine of a folder of weights that is not one of the presets.

    Raises:
        WeightsError: The folder does not hold a whole checkpoint.
        UnsupportedError: A mechanism the model has no seam for.
    """
    from playhead.models.qwen_vl.weights import check_config

    read_settings(options.family, seams_of(check_config(folder).model_type), folder.name)
    return _from_folder(folder.name, folder, options)


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What a preset would take for a video.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.qwen_vl.plan import make_plan

    return make_plan(preset, config_of(preset), video, options)


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """What a preset would see of a video; no weight is read.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.qwen_vl.show import make_show

    return make_show(preset, config_of(preset), video, options, most=most)


def _from_folder(name: str, folder: Path, options: EngineOptions) -> QwenVL:
    from playhead.models.qwen_vl.engine import QwenVL
    from playhead.models.qwen_vl.weights import load

    device = resolve_device(options.device)
    model = load(folder, dtype=resolve_dtype(options.dtype, device))
    model.to(device)
    return QwenVL(name, model, open_tokenizer(folder, model.config), options)


FAMILY: Final = Family(
    name="qwen-vl",
    title="Qwen-VL",
    presets={preset.name: preset for preset in QWEN_VL},
    model_types=tuple(KINDS),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
)
