"""Hour-LLaVA's sizes by name, and how an engine of each is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.folder import weights_bytes
from playhead.models.hour_llava.config import MODEL_TYPE, HourLlavaConfig, config_3b, config_7b, tiny_config
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.hour_llava.settings import OPTIONS, read_settings
from playhead.models.hour_llava.tokens import TINY_VOCABULARY, open_tokenizer, tiny_tokenizer
from playhead.models.machine import require_memory
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import HOUR_LLAVA

if TYPE_CHECKING:
    from playhead.models.hour_llava.engine import HourLlava

_CONFIGS: Final = {"hour-llava-3b": config_3b, "hour-llava-7b": config_7b}


def tiny_model(**changes: Any) -> HourLlavaForCausalLM:  # noqa: ANN401 - any key of the configuration
    """The tiny model; the same weights every time, and no other random state is touched."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HourLlavaForCausalLM(tiny_config(TINY_VOCABULARY, **changes))


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> HourLlava:
    """An engine of a preset.

    Args:
        preset: Which one.
        folder: Its weights and tokenizer; None for the tiny one, which is made of random weights.
        options: Settings.

    Raises:
        UsageError: On an option of the family with a value that is not allowed.
        WeightsError: The folder does not hold the whole checkpoint.
        UnsupportedError: Too little memory.
    """
    from playhead.models.hour_llava.engine import HourLlava

    read_settings(options.family)  # refused before anything is loaded
    if folder is not None:
        return _from_folder(preset.name, folder, options)
    device = resolve_device(options.device)
    model: Any = tiny_model()
    model.to(device, resolve_dtype(options.dtype, device))
    return HourLlava(preset.name, model, tiny_tokenizer(), options, random_weights=True)


def open_folder(folder: Path, options: EngineOptions) -> HourLlava:
    """An engine of a folder of weights that is not one of the presets.

    Raises:
        WeightsError: The folder does not hold a whole checkpoint.
        UnsupportedError: Too little memory.
    """
    read_settings(options.family)
    return _from_folder(folder.name, folder, options)


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What a preset would take for a video.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.hour_llava.plan import make_plan

    return make_plan(preset, config_of(preset), video, options)


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """What a preset would see of a video; no weight is read.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.hour_llava.show import make_show

    return make_show(preset, config_of(preset), video, options, most=most)


def config_of(preset: Preset) -> HourLlavaConfig:
    """The configuration of a preset."""
    return tiny_config(TINY_VOCABULARY) if preset.tiny else _CONFIGS[preset.name]()


def _from_folder(name: str, folder: Path, options: EngineOptions) -> HourLlava:
    from playhead.models.hour_llava.engine import HourLlava
    from playhead.models.hour_llava.weights import load

    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    weights = weights_bytes(folder) // 2 * dtype.itemsize
    require_memory(f"load {name}", device=device, weights_bytes=weights, smaller="hour-llava-3b")
    model: Any = load(folder, dtype=dtype)
    model.to(device)
    return HourLlava(name, model, open_tokenizer(folder, model.config.vocab_size), options)


FAMILY: Final = Family(
    name="hour-llava",
    title="Hour-LLaVA",
    presets={preset.name: preset for preset in HOUR_LLAVA},
    model_types=(MODEL_TYPE,),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
)
