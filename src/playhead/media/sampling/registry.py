"""Sampling policies by name: ``policy("per-second:rate_hz=2,max_frames=512")``."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable

from playhead.errors import UsageError, nearest
from playhead.media.sampling.arc import arc
from playhead.media.sampling.base import Policy
from playhead.media.sampling.focus import content, densify
from playhead.media.sampling.hour_llava import hour_llava
from playhead.media.sampling.internvl import internvl, internvl_train
from playhead.media.sampling.keye import keye
from playhead.media.sampling.qwen import qwen2_vl, qwen3_vl
from playhead.media.sampling.seed_vl import seed_vl
from playhead.media.sampling.uniform import every, per_second, segment_middles, uniform
from playhead.media.sampling.videollama3 import videollama3
from playhead.media.sampling.vtimellm import vtimellm

POLICIES: dict[str, Callable[..., Policy]] = {
    "every": every,
    "uniform": uniform,
    "per-second": per_second,
    "segment-middles": segment_middles,
    "vtimellm": vtimellm,
    "arc": arc,
    "hour-llava": hour_llava,
    "qwen2-vl": qwen2_vl,
    "qwen2.5-vl": qwen2_vl,
    "qwen3-vl": qwen3_vl,
    "internvl": internvl,
    "internvl-train": internvl_train,
    "seed1.5-vl": seed_vl,
    "videollama3": videollama3,
    "keye1.5": keye,
    "content": content,
    "densify": densify,
}

_WORDS: dict[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def policy(spec: str) -> Policy:
    """Make a policy from text: a name, then parameters after a colon, as in ``uniform:n=100``.

    Raises:
        UsageError: On an unknown name or parameter, a missing parameter, or a value of the wrong kind.
    """
    name, _, rest = spec.strip().partition(":")
    factory = POLICIES.get(name)
    if factory is None:
        raise UsageError("sampling policy", found=repr(name), todo=nearest(name, POLICIES))
    kinds = typing.get_type_hints(factory)
    parameters = inspect.signature(factory).parameters
    values: dict[str, object] = {}
    for part in filter(None, (piece.strip() for piece in rest.split(","))):
        key, equals, text = (piece.strip() for piece in part.partition("="))
        if key not in parameters:
            todo = nearest(key, parameters) if parameters else "it takes no parameters"
            raise UsageError(f"sampling policy {name!r}", found=f"parameter {key!r}", todo=todo)
        if not equals or not text:
            raise UsageError(f"sampling policy {name!r}", found=repr(part), allowed=f"{key}=value")
        values[key] = _read(name, key, text, kinds[key])
    missing = [k for k, p in parameters.items() if p.default is p.empty and k not in values]
    if missing:
        raise UsageError(
            f"sampling policy {name!r}", found=f"no {missing[0]}", todo=f"write {name}:{missing[0]}=..."
        )
    return factory(**values)


def _read(name: str, key: str, text: str, kind: object) -> object:
    """Read one parameter as the kind its factory declares."""
    choices = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if type(None) in choices and text.lower() == "none":
        return None
    for choice in choices:
        value = _as(choice, text)
        if value is not None:
            return value
    allowed = " or ".join(_kind_name(choice) for choice in choices)
    if allowed == "python":
        allowed = "a value that only a Python call can give: use the factory itself"
    raise UsageError(f"sampling policy {name!r}", found=f"{key}={text!r}", allowed=allowed)


def _as(kind: object, text: str) -> object | None:
    if typing.get_origin(kind) is typing.Literal:
        return text if text in typing.get_args(kind) else None
    if kind is bool:
        return _WORDS.get(text.lower())
    if kind in (int, float):
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            return None
    return text if kind is str else None


def _kind_name(kind: object) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(map(str, typing.get_args(kind)))
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text", type(None): "none"}
    return names.get(kind, "python") if isinstance(kind, type) else "python"
