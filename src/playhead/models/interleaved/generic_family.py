"""How folders of any other model of transformers are opened, planned and shown; there are no presets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.errors import MissingExtraError, UnsupportedError, WeightsError
from playhead.media.clip import Video
from playhead.media.glance import evenly
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.folder import count_weights
from playhead.models.interleaved.generic import (
    OPTIONS,
    UNHEARD,
    FramesAsImages,
    choose,
    place_of,
    processed,
    read_settings,
    telling_of,
)
from playhead.models.machine import require_memory
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.pictures.choose import moments
from playhead.models.pictures.read import burnt_texts, glance_at
from playhead.models.weights import load_pretrained


def knows(model_type: str) -> bool:
    """Whether transformers has a model of this type that reads images and text."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


def open_processor(folder: Path) -> Any:  # noqa: ANN401 - a processor of transformers
    """The processor of a folder.

    Raises:
        WeightsError: There is none that can be read.
        MissingExtraError: It needs a library that is not here.
    """
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(folder)  # type: ignore[no-untyped-call]  # transformers types it not
    except ImportError as error:
        raise MissingExtraError(
            f"read the processor of {folder}", found=str(error).strip()[:200], todo="install what it names"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"the processor of {folder}", found=str(error)[:300], todo="use the whole released folder"
        ) from error


def open_folder(folder: Path, options: EngineOptions) -> FramesAsImages:
    """An engine of any folder of such a model.

    Raises:
        WeightsError: The folder does not hold a whole checkpoint with its processor.
        UnsupportedError: Too little memory.
    """
    from transformers import AutoModelForImageTextToText

    read_settings(options.family, folder.name)
    processor = open_processor(folder)
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    asked = f"load {folder.name}"
    require_memory(asked, device=device, weights_bytes=count_weights(folder) * dtype.itemsize)
    made: Any = AutoModelForImageTextToText
    model: Any = load_pretrained(made, folder, asked=asked, dtype=dtype)
    model.to(device)
    return FramesAsImages(folder.name, model, processor, options)


def plan_folder(folder: Path, video: Video, options: EngineOptions) -> Plan:
    """What a folder's model would take for a video; no weights are read."""
    from transformers import AutoConfig

    processor, config = open_processor(folder), AutoConfig.from_pretrained(folder)
    place = place_of(processor, config, asked=f"plan with {folder}")
    return make_plan(
        folder.name,
        processor,
        config,
        place=place,
        parameters=count_weights(folder),
        video=video,
        options=options,
    )


def make_plan(
    name: str,
    processor: Any,  # noqa: ANN401 - of transformers
    config: Any,  # noqa: ANN401 - of transformers
    *,
    place: int,
    parameters: int,
    video: Video,
    options: EngineOptions,
) -> Plan:
    """The plan: tokens as the processor gives them to a blank picture; operations as if every weight took part once."""
    settings = read_settings(options.family, name)
    dtype = resolve_dtype(options.dtype, resolve_device(options.device))
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, settings)
    width_px, height_px = chosen.size_px
    blank = processed(processor, [np.zeros((height_px, width_px, 3), np.uint8)], [""], "What?")
    ids = blank["input_ids"][0].tolist()
    frames, each = len(chosen.selection), ids.count(place)
    positions = frames * (each + 12) + len(ids)
    values = sum(value.numel() for key, value in blank.items() if key.startswith("pixel"))
    text = config.get_text_config()
    width = int(getattr(text, "hidden_size", 0)) * int(getattr(text, "num_hidden_layers", 0))
    working = frames * values * dtype.itemsize + positions * 2 * width * dtype.itemsize
    weights_bytes = parameters * dtype.itemsize
    unheard = () if info.audio is None else (UNHEARD,)
    return Plan(
        engine=name,
        source=video.source,
        window=window,
        frames=frames,
        audio_s=0.0,
        video_tokens=frames * each,
        weights_bytes=weights_bytes,
        peak_bytes=weights_bytes + working,
        flops=2.0 * parameters * positions,
        answer_flops_per_token=2.0 * parameters,
        notes=(
            *info.notes,
            *chosen.notes(),
            "memory and operations are rough: nothing is known of this model",
            *unheard,
        ),
    )


def show_folder(folder: Path, video: Video, options: EngineOptions, most: int) -> Shown:
    """The pictures a folder's model would be given, before its own processor gets them."""
    settings = read_settings(options.family, folder.name)
    telling = telling_of(settings)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        info, window = media.info, resolve_window(video, media.info)
        chosen = choose(media, video, window, settings)
        numbers = evenly(len(chosen.selection), most)
        frames, numbers, lost = glance_at(media, chosen, numbers, burnt=settings.wanted.burnt)
    labels = telling.labels(moments(chosen.selection.times_s, chosen))
    if telling.burnt and telling.teller is not None:
        labels = [f"burnt in: {text}" for text in burnt_texts(chosen, telling.teller)]
    captions = (
        f"{number + 1} of {len(labels)}, told {labels[number] or 'by order alone'}" for number in numbers
    )
    return Shown(
        engine=str(folder),
        source=video.source,
        window=window,
        frames=frames,
        captions=tuple(captions),
        total=len(labels),
        notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *lost))),
    )


def _no_preset(preset: Preset, *_: Any) -> Any:  # noqa: ANN401 - whatever a preset would be asked
    raise UnsupportedError(f"{preset.name} as frames as images", found="a preset", todo="name a folder")


FAMILY: Final = Family(
    name="frames-as-images",
    title="Other models of transformers, frames as images",
    presets={},
    model_types=(),
    options=OPTIONS,
    make=_no_preset,
    open=open_folder,
    plan=_no_preset,
    show=_no_preset,
    claims=knows,
    plan_folder=plan_folder,
    show_folder=show_folder,
)
