"""The family's own options: what each means, and what its values may be. Light on import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from playhead.errors import UsageError, nearest
from playhead.models.checks import one_of, whole

OPTIONS: Final[Mapping[str, str]] = {
    "spatial": "Which quarter of a frame's tokens the language model sees: random or uniform; as trained when not given.",
    "temporal": "Which quarter of the frames it sees: uniform (as released), keyframe, or question.",
    "seed": "Seed of the random pick; when not given it comes from the video's content, the same on every machine.",
    "query": "Which text looks things up in the memory: filtered (as in training) or all of the prompt.",
    "timestamps": "Whether the prompt lists the pictures' true times (the released models were trained without).",
    "encode_frames": "Pictures encoded at once: more is faster on an accelerator and takes more memory.",
    "store_dtype": "What features are stored as: auto (16 bits), float16, bfloat16 or float32.",
    "keep_memory": "Whether the projected memory is stored beside the features, so that nothing is projected twice.",
    "store_gb": "Most that stored features of all videos may take on disk; those unused for longest go first.",
    "features": "A .pt file of features made by the authors' extractor, used in place of the pictures.",
    "ignore_config_keys": "Keys of a folder's config.json to pass over, with commas between; unknown ones are refused.",
}
MOST_FRAMES_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The family's own options; see :data:`OPTIONS`. ``spatial`` None is what the model's configuration says."""

    spatial: Literal["random", "uniform"] | None = None
    temporal: Literal["uniform", "keyframe", "question"] = "uniform"
    seed: int | None = None
    query: Literal["filtered", "all"] = "filtered"
    timestamps: bool = False
    encode_frames: int = 32
    store_dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    keep_memory: bool = True
    store_gb: float = 50.0
    features: Path | None = None
    ignore_config_keys: tuple[str, ...] = ()


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Settings from options as a caller wrote them.

    Raises:
        UsageError: On an unknown name or a value that is not allowed.
    """
    for name in given:
        if name not in OPTIONS:
            raise UsageError(f"Hour-LLaVA has no option {name!r}", todo=nearest(name, OPTIONS))
    return Settings(**{name: _CHECKS[name](name, value) for name, value in given.items()})


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name}={value!r:.40}", allowed="True or False")
    return value


def _size(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise UsageError(f"{name}={value!r:.40}", allowed="a number of gigabytes above 0")
    return float(value)


def _file(name: str, value: object) -> Path:
    path = Path(value).expanduser() if isinstance(value, (str, Path)) else None
    if path is None or not path.is_file():
        raise UsageError(f"{name}={value!r:.200}", found="no such file", allowed="a .pt file of features")
    return path


def _names(name: str, value: object) -> tuple[str, ...]:
    given: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, (list, tuple)) or not all(
        isinstance(each, str) and each.strip() for each in given
    ):
        raise UsageError(f"{name}={value!r:.40}", allowed="names of keys, with commas between")
    return tuple(each.strip() for each in given)


_CHECKS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "spatial": one_of("random", "uniform"),
    "temporal": one_of("uniform", "keyframe", "question"),
    "seed": whole(0, 2**63 - 1),
    "query": one_of("filtered", "all"),
    "timestamps": _yes_or_no,
    "encode_frames": whole(1, MOST_FRAMES_AT_ONCE),
    "store_dtype": one_of("auto", "float16", "bfloat16", "float32"),
    "keep_memory": _yes_or_no,
    "store_gb": _size,
    "features": _file,
    "ignore_config_keys": _names,
}
