"""Hour-LLaVA's sizes by name, and how an engine of each is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.folder import count_weights
from playhead.models.hour_llava.config import MODEL_TYPE, HourLlavaConfig, config_3b, config_7b, tiny_config
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.hour_llava.settings import OPTIONS, read_settings
from playhead.models.hour_llava.tokens import TINY_VOCABULARY, open_tokenizer, tiny_tokenizer
from playhead.models.machine import require_memory
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import HOUR_LLAVA

if TYPE_CHECKING:
    from playhead.models.hour_llava.engine import HourLlava

_LARGER: Final = 1.5
"""A folder of so many times the smallest size's weights is a larger one: the smaller may be offered in its place."""

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

    if folder is not None:
        return _from_folder(preset.name, folder, options)
    read_settings(options.family)  # refused before anything is made
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

    settings = read_settings(options.family)  # refused before anything is loaded
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    count = count_weights(folder)
    small = HOUR_LLAVA[0]
    smaller = small.name if count > _LARGER * (small.parameters or 0) else ""
    require_memory(f"load {name}", device=device, weights_bytes=count * dtype.itemsize, smaller=smaller)
    model: Any = load(folder, dtype=dtype, allow_keys=settings.ignore_config_keys)
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
