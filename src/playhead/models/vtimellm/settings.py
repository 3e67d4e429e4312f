"""The family's own options: what each does and what it may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from playhead.errors import UsageError, nearest
from playhead.models.vtimellm.config import Variant
from playhead.models.vtimellm.dialect import Dialect

PIECES: Final[dict[str, str]] = {
    "base": "folder of the language model the adapters were made for (Vicuna v1.5), with its tokenizer",
    "projector": "file of the frame projector, mm_projector.bin of stage 1",
    "stage2": "folder of the first adapter (adapter_config.json and adapter_model.bin or .safetensors)",
    "stage3": "folder of the second adapter, trained on the first one merged",
    "audio_projector": "AVicuna: file of the sound projector, mm_projector_a.bin",
    "vision_tower": "folder of CLIP ViT-L/14 in the layout of transformers",
    "sound_tower": "AVicuna: folder of CLAP in the layout of transformers (laion/clap-htsat-fused)",
    "speech_tower": "LongVALE-LLM: folder of Whisper large-v2 in the layout of transformers",
}
"""Options that name the parts a model is put together from."""

WAYS: Final[dict[str, str]] = {
    "features": "frame features made before: a .npy file of (100, 768), or a folder with one <name of video>.npy each",
    "sound_features": "rows of sound made before, in the same way: BEATs (K, 768) or CLAP (K, 512)",
    "speech_features": "LongVALE-LLM: rows of speech made before, in the same way: Whisper large-v2 (K, 1280)",
    "beats": "LongVALE-LLM: a BEATs encoder, a function from (K, 512, 128) filter banks to (K, P, 768)",
    "events": "how dense captions are asked for: 'json' or 'lines'",
    "ground": "how a moment is asked for: 'question' (During which frames ...?) or 'dictated' (with the answer's form)",
    "demo_space": "whether a blank stands before every question, as in VTimeLLM's demo and dense-captioning evaluation",
    "antialias": "whether frames are shrunk with a filter; the released models were trained without",
}
"""Options that say how the model is used."""

OPTIONS: Final[dict[str, str]] = PIECES | WAYS

_FILES: Final = ("projector", "audio_projector")
_HEARING: Final[dict[str, tuple[Variant, ...]]] = {
    "audio_projector": ("avicuna",),
    "sound_tower": ("avicuna",),
    "sound_features": ("longvale", "avicuna"),
    "beats": ("longvale",),
    "speech_tower": ("longvale",),
    "speech_features": ("longvale",),
}
"""Which systems an option about sound is for; the others would pass over it."""
_TITLES: Final[dict[Variant, str]] = {
    "vtimellm": "VTimeLLM",
    "longvale": "LongVALE-LLM",
    "avicuna": "AVicuna",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options with their values, the variant's own where none is given; see :data:`OPTIONS`."""

    base: Path | None = None
    projector: Path | None = None
    stage2: Path | None = None
    stage3: Path | None = None
    audio_projector: Path | None = None
    vision_tower: Path | None = None
    sound_tower: Path | None = None
    speech_tower: Path | None = None
    features: Path | None = None
    sound_features: Path | None = None
    speech_features: Path | None = None
    beats: Callable[..., Any] | None = None
    dialect: Dialect = field(default_factory=Dialect)
    antialias: bool | None = None


def settings_of(options: Mapping[str, Any], variant: Variant) -> Settings:
    """The family's settings from its options.

    Raises:
        UsageError: An unknown option, one the system has no use for, a value of another kind, a path that is not there.
    """
    own = variant == "longvale"
    words: dict[str, Any] = {
        "events": "lines" if own else "json",
        "ground": "dictated" if own else "question",
        "demo_space": False,
    }
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise UsageError(f"VTimeLLM has no option {name!r}", todo=nearest(name, OPTIONS))
        if variant not in _HEARING.get(name, (variant,)):
            raise UsageError(
                f"{_TITLES[variant]} has no use for {name}=",
                allowed=f"{name}= for {' or '.join(_TITLES[each] for each in _HEARING[name])}",
                todo="leave it out, or load the other system",
            )
        if name in words:
            words[name] = _one_of(name, value, _CHOICES[name])
        elif name == "antialias":
            values[name] = _one_of(name, value, (True, False))
        elif name == "beats":
            if not callable(value):
                raise UsageError(f"beats={value!r:.40}", allowed="an encoder that can be called")
            values[name] = value
        else:
            values[name] = _path(name, value)
    return Settings(**values, dialect=Dialect(**words))


_CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "events": ("json", "lines"),
    "ground": ("question", "dictated"),
    "demo_space": (True, False),
}


def _one_of(name: str, value: object, allowed: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a text or a truth value
    if type(value) is not type(allowed[0]) or value not in allowed:
        raise UsageError(f"{name}={value!r:.40}", allowed=", ".join(map(str, allowed)))
    return value


def _path(name: str, value: object) -> Path:
    """An existing path."""
    if not isinstance(value, (str, Path)) or not str(value):
        raise UsageError(f"{name}={value!r:.40}", allowed=f"a path: {OPTIONS[name]}")
    path = Path(value).expanduser()
    if not path.exists():
        raise UsageError(f"{name}={str(value)!r}", found="nothing of that name", allowed=OPTIONS[name])
    if name in PIECES and path.is_dir() is (name in _FILES):
        raise UsageError(
            f"{name}={str(value)!r}", found="a folder" if path.is_dir() else "a file", allowed=OPTIONS[name]
        )
    return path


def chosen_pieces(settings: Settings) -> dict[str, Path]:
    """The parts that were named."""
    named = {each.name: getattr(settings, each.name) for each in fields(settings) if each.name in PIECES}
    return {name: path for name, path in named.items() if path is not None}
