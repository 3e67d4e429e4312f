"""What answering about a video would take, before anything runs and before any weights are fetched.

A family counts frames, tokens, memory and operations of its presets; this machine's speed turns them into seconds.
Nothing is refused here: what does not fit, or cannot run on the device, is said in a note.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playhead.errors import UnsupportedError
from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset
from playhead.models.registry import (
    ENGINES,
    FAMILIES,
    engine_names,
    families,
    family_of,
    find_model,
    make_engine,
)

if TYPE_CHECKING:
    from playhead.models.end_to_end import EndToEnd

ANSWER_TOKENS: Final = 256
"""Length of the answer that the estimate of seconds counts, unless the longest allowed one is shorter."""


def plan_video(name: str, video: Video, **options: Any) -> Plan:  # noqa: ANN401 - each engine declares its own options
    """What an engine would take for a video; no weights are fetched or loaded.

    Args:
        name: Name of an engine, or the folder of a model.
        video: The file and the window.
        options: The engine's own settings.

    Raises:
        UsageError: No engine has that name, or it refuses an option.
        UnsupportedError: The engine makes no plans.
        MediaError: The file cannot be read.
    """
    if name == "openai":
        raise UnsupportedError(
            "the engine openai makes no plans",
            found="a model at an endpoint, whose memory and speed are not known here",
            todo="answer a question: Answer.sampling says what was sent",
        )
    if name in ENGINES:
        from playhead.models.scout.plan import plan_scout

        return plan_scout(name, video, options)
    if name in FAMILIES:
        return _plan_preset(family_of(name), name, video, options)
    if name in _others():
        engine = make_engine(name, **options)
        if not hasattr(engine, "plan"):
            raise UnsupportedError(f"the engine {name} makes no plans", todo="ask its makers")
        made: Plan = engine.plan(video)
        return made
    preset, folder = find_model(name)
    if preset:
        return _plan_preset(family_of(preset), preset, video, options)
    if folder is None:
        raise UnsupportedError(
            f"cannot plan with {name}, whose config is not here", todo="load it once, or name the folder"
        )
    return _plan_folder(folder, video, options)


def plan_engine(engine: EndToEnd[Any], video: Video) -> Plan:
    """What a loaded engine would take for a video."""
    family = next(each for each in families() if each.name == engine.family)
    preset = family.presets.get(engine.name) or like(family, engine.parameters)
    sizes = engine.parameters * engine.model.dtype.itemsize
    plan = _with_weights(family.plan(preset, video, engine.options), sizes)
    return with_seconds(replace(plan, engine=engine.name), engine.options)


def like(family: Family, parameters: int) -> Preset:
    """The preset of a family whose count of weights comes nearest; a tiny one for a model of tiny size."""
    presets = list(family.presets.values())
    tiny = [each for each in presets if each.tiny]
    if tiny and parameters < 2_000_000:
        return tiny[0]
    sized = [each for each in presets if each.parameters]
    return min(sized or presets, key=lambda each: abs((each.parameters or 0) - parameters))


def with_seconds(plan: Plan, settings: EngineOptions) -> Plan:
    """The plan with an estimate of seconds on this machine, and a note where its memory is too small.

    The operations of the prompt go at the measured speed of a matrix product. Every further token reads all weights
    once or computes, whichever takes longer. Decoding the file is not counted.
    """
    from playhead.models.machine import gigabytes, memory, speed
    from playhead.models.options import resolve_device, resolve_dtype

    try:
        device = resolve_device(settings.device)
    except UnsupportedError as error:
        return replace(plan, notes=(*plan.notes, f"no estimate of seconds: {error}"))
    notes = list(plan.notes)
    free_bytes = memory(device).free_bytes
    if free_bytes is not None and plan.peak_bytes > free_bytes:
        notes.append(
            f"does not fit: {gigabytes(plan.peak_bytes)} at the peak, {gigabytes(free_bytes)} free on {device}"
        )
    if plan.flops is None:
        return replace(plan, notes=tuple(notes))
    fast = speed(device, resolve_dtype(settings.dtype, device))
    tokens = min(settings.max_new_tokens, ANSWER_TOKENS)
    each_s = max(
        (plan.answer_flops_per_token or 0.0) / fast.flops_per_s, plan.weights_bytes / fast.bytes_per_s
    )
    seconds = plan.flops / fast.flops_per_s + tokens * each_s
    return replace(plan, seconds=seconds, answer_tokens=tokens, notes=tuple(notes))


def _others() -> set[str]:
    return set(engine_names()) - set(ENGINES) - set(FAMILIES)


def _plan_preset(family: Family, name: str, video: Video, options: dict[str, Any]) -> Plan:
    from playhead.models.options import engine_options

    settings = engine_options(options, family)
    preset = family.presets[name]
    return with_seconds(family.plan(preset, video, _countable(settings)), settings)


def _plan_folder(folder: Path, video: Video, options: dict[str, Any]) -> Plan:
    """The plan of a folder's model: that of the preset it comes nearest to, with the folder's own weights."""
    from playhead.models.folder import count_weights, family_of_folder
    from playhead.models.options import engine_options

    family = family_of_folder(folder, families())
    settings = engine_options(options, family)
    if family.plan_folder is not None:
        made = family.plan_folder(folder, video, _countable(settings))
        return with_seconds(replace(made, engine=str(folder)), settings)
    parts = (settings.family.get(name) for name in family.parts)
    named = [Path(part) for part in parts if isinstance(part, (str, Path))]
    parameters = sum(count_weights(each) for each in (folder, *named))
    preset = like(family, parameters)
    plan = family.plan(preset, video, _countable(settings))
    if not preset.tiny:
        note = f"planned like {preset.name}, whose size is nearest to the folder's {parameters / 1e9:.1f} G weights"
        plan = replace(plan, notes=(*plan.notes, note))
    return with_seconds(replace(plan, engine=str(folder)), settings)


def _countable(settings: EngineOptions) -> EngineOptions:
    """Settings a family can count with where the device they name is not here: precisions as if it were."""
    from playhead.models.options import resolve_device

    try:
        resolve_device(settings.device)
    except UnsupportedError:
        dtype = "bfloat16" if settings.dtype == "auto" else settings.dtype
        return replace(settings, device="cpu", dtype=dtype)
    return settings


def _with_weights(plan: Plan, weights_bytes: int) -> Plan:
    """The plan with the weights as they really are."""
    return replace(
        plan, weights_bytes=weights_bytes, peak_bytes=plan.peak_bytes - plan.weights_bytes + weights_bytes
    )
