"""The sizes of these families by name, and how an engine of each is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.interleaved.config import config_of, model_type_of, tiny_config
from playhead.models.interleaved.families import KINDS
from playhead.models.interleaved.flash import RELEASED_TYPE
from playhead.models.interleaved.settings import OPTIONS, read_settings
from playhead.models.interleaved.tokens import open_tokenizer, tiny_tokenizer
from playhead.models.mechanisms import seams_of
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import INTERLEAVED

if TYPE_CHECKING:
    from playhead.models.interleaved.engine import Interleaved


def tiny_model(model_type: str, **changes: Any) -> Any:  # noqa: ANN401 - keys of the configuration; a model
    """A tiny model of a family; the same weights every time, and no other random state is touched."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = KINDS[model_type].model_class(tiny_config(model_type, **changes))
        for name, each in model.named_parameters():
            if not each.any() and "bias" not in name:  # positions and the like are made of zeros
                torch.nn.init.normal_(each, std=0.2)
    return model


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> Interleaved:
    """An engine of a preset.

    Args:
        preset: Which one.
        folder: Its weights and tokenizer; None for the tiny ones, which are made of random weights.
        options: Settings.

    Raises:
        UsageError: On an option with a value that is not allowed.
        WeightsError: The folder does not hold the whole checkpoint.
        UnsupportedError: A mechanism the family has no seam for.
    """
    from playhead.models.interleaved.engine import Interleaved

    model_type = model_type_of(preset)
    read_settings(options.family, KINDS[model_type], preset.seams, preset.name)  # before anything is loaded
    if folder is not None:
        return _from_folder(preset.name, folder, options)
    device = resolve_device(options.device)
    model = tiny_model(model_type)
    model.to(device, resolve_dtype(options.dtype, device))
    return Interleaved(preset.name, model, tiny_tokenizer(), options, random_weights=True)


def open_folder(folder: Path, options: EngineOptions) -> Interleaved:
    """An engine of a folder of weights that is not one of the presets.

    Raises:
        WeightsError: The folder does not hold a whole checkpoint.
        UnsupportedError: A mechanism the family has no seam for.
    """
    from playhead.models.interleaved.weights import check_config

    kind = check_config(folder)
    read_settings(options.family, kind, seams_of(kind.model_type), folder.name)
    return _from_folder(folder.name, folder, options)


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What a preset would take for a video.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.interleaved.plan import make_plan

    return make_plan(preset, config_of(preset), video, options)


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """What a preset would see of a video; no weight is read.

    Raises:
        MediaError: The file has no pictures.
        WindowError: The window lies outside the video.
    """
    from playhead.models.interleaved.show import make_show

    return make_show(preset, config_of(preset), video, options, most=most)


def _from_folder(name: str, folder: Path, options: EngineOptions) -> Interleaved:
    from playhead.models.interleaved.engine import Interleaved
    from playhead.models.interleaved.weights import colours_of, load

    device = resolve_device(options.device)
    model = load(folder, dtype=resolve_dtype(options.dtype, device))
    model.to(device)
    return Interleaved(name, model, open_tokenizer(folder, model.config), options, colours=colours_of(folder))


FAMILY: Final = Family(
    name="interleaved",
    title="InternVL, VideoLLaMA 3, LLaVA-OneVision",
    presets={preset.name: preset for preset in INTERLEAVED},
    model_types=(*KINDS, RELEASED_TYPE),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
)
