"""The two systems' sizes by name, and how an engine of each is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import QWEN_OMNI
from playhead.models.qwen_omni.config import config_of, model_type_of, tiny_config
from playhead.models.qwen_omni.kinds import KINDS, WHOLE
from playhead.models.qwen_omni.settings import OPTIONS, read_settings
from playhead.models.qwen_omni.tokens import open_tokenizer, tiny_tokenizer

if TYPE_CHECKING:
    from playhead.models.qwen_omni.engine import QwenOmni


def tiny_model(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - any key of the configuration; a thinker
    """A tiny thinker; the same weights every time, and no other random state is touched."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return KINDS[model_type].kind.model_class(tiny_config(model_type, **changes))


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> QwenOmni:
    """An engine of a preset.

    Args:
        preset: Which one.
        folder: Its weights and tokenizer; None for the tiny ones, which are made of random weights.
        options: Settings.

    Raises:
        UsageError: On an option of the family with a value that is not allowed.
        WeightsError: The folder does not hold the whole checkpoint.
    """
    from playhead.models.qwen_omni.engine import QwenOmni

    read_settings(options.family, preset.seams, preset.name)  # refused before anything is loaded
    if folder is not None:
        return _from_folder(preset.name, folder, options)
    device, model_type = resolve_device(options.device), model_type_of(preset)
    model = tiny_model(model_type)
    model.to(device, resolve_dtype(options.dtype, device))
    return QwenOmni(preset.name, model, tiny_tokenizer(model_type), options, random_weights=True)


def open_folder(folder: Path, options: EngineOptions) -> QwenOmni:
    """An engine of a folder of weights that is not one of the presets.

    Raises:
        WeightsError: The folder does not hold a whole checkpoint.
        UnsupportedError: A mechanism the model has no seam for.
    """
    from playhead.models.qwen_omni.weights import check_config

    read_settings(options.family, seams_of(check_config(folder).kind.model_type), folder.name)
    return _from_folder(folder.name, folder, options)


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What a preset would take for a video.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.qwen_omni.plan import make_plan

    return make_plan(preset, config_of(preset), video, options)


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """What a preset would see of a video; no weight is read.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.qwen_omni.show import make_show

    return make_show(preset, config_of(preset), video, options, most=most)


def _from_folder(name: str, folder: Path, options: EngineOptions) -> QwenOmni:
    from playhead.models.qwen_omni.engine import QwenOmni
    from playhead.models.qwen_omni.weights import load

    device = resolve_device(options.device)
    model = load(folder, dtype=resolve_dtype(options.dtype, device))
    model.to(device)
    return QwenOmni(name, model, open_tokenizer(folder, model.config), options)


FAMILY: Final = Family(
    name="qwen-omni",
    title="Qwen-Omni",
    presets={preset.name: preset for preset in QWEN_OMNI},
    model_types=(*WHOLE, *KINDS),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
)
