"""What a family of end-to-end models is to the rest of playhead: how it is recognised, made, planned and shown.

Light on import: naming, listing and planning a family loads no model library until it must.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from playhead.media.clip import Frames, Video
from playhead.timeline import Span

if TYPE_CHECKING:
    from playhead.models.base import Engine

Device = str
DType = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Settings every end-to-end engine takes.

    Attributes:
        device: ``auto`` (an accelerator if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        dtype: Precision of the weights; ``auto`` is bfloat16 on an accelerator and float32 on a CPU.
        max_new_tokens: Longest answer in tokens.
        constrain: Whether answers are held to the task's grammar. None: only for presets with random weights, which
            cannot write anything readable otherwise; published models are left as free as they were published.
        cache: Whether what was encoded of a video is kept on disk, where the family can.
        family: The family's own options, checked by it.
    """

    device: Device = "auto"
    dtype: DType = "auto"
    max_new_tokens: int = 1024
    constrain: bool | None = None
    cache: bool = True
    family: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One size of a family, by the name users load.

    Attributes:
        name: ``hour-llava-7b``.
        repositories: Where the weights are published on the hub: ``owner/name`` or ``owner/name@revision``, each with
            what is in it after a space where that needs saying; the first holds the model, others what it builds on.
            Empty when they are on no hub.
        parameters: Count of parameters, or None for random tiny presets.
        tiny: Whether it is made of random weights, with no download.
        licence: Licence of the weights.
        about: One line.
        seams: What it can do for mechanisms (:data:`playhead.models.mechanisms.SEAMS`).
    """

    name: str
    repositories: tuple[str, ...] = ()
    parameters: int | None = None
    tiny: bool = False
    licence: str = ""
    about: str = ""
    seams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What answering about a video would take, before anything is run.

    Attributes:
        engine: Name of the engine.
        source: The video.
        window: The part that would be looked at, in seconds.
        frames: Pictures that would be decoded and encoded.
        audio_s: Seconds of sound that would be heard.
        video_tokens: Positions of the language model that pictures and sound would fill.
        memory_tokens: Positions kept outside the language model (Hour-LLaVA's memory), else 0.
        weights_bytes: Memory of the weights.
        peak_bytes: Estimate of the peak of memory, weights included.
        flops: Floating point operations up to the first answered token, or None where they were not counted.
        answer_flops_per_token: Operations of every further token, or None.
        seconds: Estimate on this machine for an answer of ``answer_tokens``, or None where it was not measured.
        answer_tokens: Length of the answer that ``seconds`` counts.
        notes: Plain sentences on what is merged, dropped, repeated or cut.
    """

    engine: str
    source: str
    window: Span
    frames: int
    audio_s: float
    video_tokens: int
    memory_tokens: int = 0
    weights_bytes: int
    peak_bytes: int
    flops: float | None
    answer_flops_per_token: float | None
    seconds: float | None = None
    answer_tokens: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Pictures of a video as a family's model is given them, and how it is told their times.

    Attributes:
        engine: Name of the engine.
        source: The video.
        window: The part that is looked at, in seconds.
        frames: The pictures in the order of the model's positions, with their true presentation times.
        captions: A line for each: how the model is told its time, and what becomes of it.
        total: How many there are in all; where that is more, ``frames`` are an even choice of them.
        notes: Plain sentences on what a reader should know.
    """

    engine: str
    source: str
    window: Span
    frames: Frames
    captions: tuple[str, ...]
    total: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One model system.

    Attributes:
        name: ``hour-llava``.
        title: As its paper writes it.
        presets: Its sizes by name.
        model_types: Values of ``model_type`` in a ``config.json`` that are its own, as released and as saved by us.
        options: Names of the family's own options with a sentence on each.
        make: Makes an engine of a preset. ``folder`` holds its weights: the folder of its name that the user keeps, or
            the snapshot of its first repository (others are fetched with :func:`playhead.hub.snapshot.snapshot`); None
            for tiny presets, and for a preset on no hub, which then says what it is put together from.
        open: Makes an engine of a folder that is not one of the presets.
        plan: What a preset would take for a video.
        show: What a preset would see of a video, of many pictures an even choice of so many; no weights are needed.
        parts: Own options that name the parts a model is put together from. Where one is given, those parts decide how
            much memory is needed: the family makes sure of it, not the preset's published size.
        claims: Whether it takes models of a type that no family names, where it takes more than its own.
        plan_folder: What a folder's model would take for a video, where that is not told by the preset nearest in size.
        show_folder: What a folder's model would see of a video, likewise.
    """

    name: str
    title: str
    presets: Mapping[str, Preset]
    model_types: tuple[str, ...]
    options: Mapping[str, str]
    make: Callable[[Preset, Path | None, EngineOptions], Engine]
    open: Callable[[Path, EngineOptions], Engine]
    plan: Callable[[Preset, Video, EngineOptions], Plan]
    show: Callable[[Preset, Video, EngineOptions, int], Shown]
    parts: tuple[str, ...] = ()
    claims: Callable[[str], bool] | None = None
    plan_folder: Callable[[Path, Video, EngineOptions], Plan] | None = None
    show_folder: Callable[[Path, Video, EngineOptions, int], Shown] | None = None
