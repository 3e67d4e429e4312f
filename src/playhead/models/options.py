"""Settings of an end-to-end engine: unknown names and wrong values are refused before anything is loaded."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from playhead.errors import MissingExtraError, UnsupportedError, UsageError, nearest
from playhead.models.family import DType, EngineOptions, Family
from playhead.models.mechanisms import asked_by, refuse_missing

if TYPE_CHECKING:
    import torch

DTYPES: Final = ("auto", "float32", "bfloat16", "float16")
_DEVICE: Final = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")
_LIBRARIES: Final = ("torch", "transformers", "safetensors", "tokenizers")
MAX_NEW_TOKENS: Final = 131_072


def engine_options(options: Mapping[str, Any], family: Family) -> EngineOptions:
    """Settings from keyword options, those all end-to-end engines share and the family's own.

    Args:
        options: Names and values as the caller wrote them; None stands for "not given".
        family: Says which options of its own it takes; their values are checked by it.

    Raises:
        UsageError: On an option nobody knows (the nearest name is offered) or a value of the wrong kind.
        UnsupportedError: On the option of a mechanism that the family has no seam for.
    """
    known = {*_CHECKS, *family.options}
    common: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known and value is not None and (mechanism := asked_by(name)) is not None:
            refuse_missing(mechanism, (), family.title)
        if name not in known:
            raise UsageError(f"{family.title} has no option {name!r}", todo=nearest(name, known))
        if value is None:
            continue
        if name in family.options:
            own[name] = value
        else:
            common[name] = _CHECKS[name](value)
    return EngineOptions(**common, family=own)


def require_model_libraries() -> None:
    """Make sure that the libraries models run on are installed; they are not imported.

    Raises:
        MissingExtraError: Naming what is missing and how to install it.
    """
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            "run an end-to-end engine",
            found=f"no {', '.join(missing)}",
            todo="pip install 'playhead[models]'",
        )


def resolve_device(name: str = "auto") -> torch.device:
    """The device of a name; ``auto`` is an accelerator if there is one.

    Raises:
        UsageError: No such kind of device.
        UnsupportedError: The machine has no such accelerator.
        MissingExtraError: torch is not installed.
    """
    require_model_libraries()
    import torch

    name = _device(name)
    if name == "auto":
        return torch.device(next((kind for kind in ("cuda", "xpu", "mps") if _count(kind)), "cpu"))
    device = torch.device(name)
    if device.type == "cpu":
        return device
    count = _count(device.type)
    if (device.index or 0) >= count:
        raise UnsupportedError(
            f"cannot compute on {name}",
            found=f"{count} {device.type} devices that torch {torch.__version__} can use",
            allowed=", ".join(["cpu", *_accelerators()]),
            todo="choose another device, or install the torch made for this accelerator",
        )
    return device


def resolve_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a name on a device; ``auto`` is bfloat16 on an accelerator and float32 on a CPU.

    Raises:
        UsageError: No such precision.
    """
    import torch

    name = _dtype(name)
    if name == "auto":
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    return cast("torch.dtype", getattr(torch, name))


def _accelerators() -> list[str]:
    return [kind if n == 0 else f"{kind}:{n}" for kind in ("cuda", "xpu", "mps") for n in range(_count(kind))]


def _count(kind: str) -> int:
    """How many devices of a kind torch can use."""
    import torch

    if kind == "mps":
        return int(torch.backends.mps.is_available())
    module = getattr(torch, kind)
    return int(module.device_count()) if module.is_available() else 0


def _device(value: object) -> str:
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise UsageError(
            f"device {value!r:.40}", allowed="auto, cpu, cuda, cuda:1, xpu, mps", todo="correct the name"
        )
    return value


def _dtype(value: object) -> DType:
    if value not in DTYPES:
        raise UsageError(f"dtype {value!r:.40}", allowed=", ".join(DTYPES), todo=nearest(str(value), DTYPES))
    return value


def _tokens(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_NEW_TOKENS:
        raise UsageError(
            f"max_new_tokens={value!r:.40}", allowed=f"a whole number from 1 to {MAX_NEW_TOKENS}"
        )
    return value


def _yes_or_no(name: str) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name}={value!r:.40}", allowed="True or False")
        return value

    return check


# Every option that all end-to-end engines share, and what makes a value of it one.
_CHECKS: Final[dict[str, Callable[[object], Any]]] = {
    "device": _device,
    "dtype": _dtype,
    "max_new_tokens": _tokens,
    "constrain": _yes_or_no("constrain"),
    "cache": _yes_or_no("cache"),
}
