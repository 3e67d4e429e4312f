"""ARC-Hunyuan-Video's own options: what each does, what it may be, and which value is the faithful one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, get_args

from playhead.errors import UsageError, nearest
from playhead.media.overlay import LabelRule
from playhead.media.sampling.arc import MAX_FRAMES
from playhead.models.arc_hunyuan_video.dialect import LANGUAGES
from playhead.models.arc_hunyuan_video.reconcile import SoundRule
from playhead.models.arc_hunyuan_video.sound import MissingSound
from playhead.models.merge import OWN, check_merge
from playhead.models.parts import SEGMENT_S
from playhead.tasks.base import Language

OPTIONS: Final[dict[str, str]] = {
    "labels": "times burnt into the pictures: 'training' rounds as the model was trained, 'fork' truncates above 150 s",
    "alignment": "which sound a picture gets: 'auto' as trained where that keeps in step, by true time elsewhere; "
    "'true-intervals' always by true time; 'training', 'vllm', 'transformers' as those released paths do",
    "missing_sound": "'silence' lets a video without sound be heard as silence, as published; 'error' refuses it",
    "max_frames": "most pictures of a part, 150 as published",
    "vision_chunk_frames": "pictures encoded at once; the same numbers, less memory with fewer",
    "think": "whether reasoning is asked for before the answer, as in every published prompt",
    "language": "language of the questions, 'en' or 'zh'",
    "title": "the video's title, told when a summary is asked for",
    "segment_s": "videos longer than this are answered in parts of this many seconds; 0 for never",
    "merge": "who merges the parts' answers: 'own', 'none', a language model of playhead by name or file, or a function",
    "ignore_config_keys": "keys of a folder's config.json to pass over, with commas between; unknown ones are refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """The options with their values; see :data:`OPTIONS`."""

    labels: LabelRule = "training"
    alignment: SoundRule = "auto"
    missing_sound: MissingSound = "silence"
    max_frames: int = MAX_FRAMES
    vision_chunk_frames: int = 8
    think: bool = True
    language: Language = "en"
    title: str = ""
    segment_s: float = SEGMENT_S
    merge: Any = OWN
    ignore_config_keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        _one_of("labels", self.labels, get_args(LabelRule))
        _one_of("alignment", self.alignment, get_args(SoundRule))
        _one_of("missing_sound", self.missing_sound, get_args(MissingSound))
        _one_of("language", self.language, LANGUAGES)
        for name, most in (("max_frames", MAX_FRAMES), ("vision_chunk_frames", None)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most and value > most):
                raise UsageError(
                    f"{name}={value!r:.40}", allowed=f"a whole number from 1{f' to {most}' if most else ''}"
                )
        if not isinstance(self.think, bool):
            raise UsageError(f"think={self.think!r:.40}", allowed="True or False")
        if not isinstance(self.title, str):
            raise UsageError(f"title={self.title!r:.40}", allowed="a text")
        seconds = self.segment_s
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, (int, float))
            or not (seconds == 0 or 1 <= seconds < 1e9)
        ):
            raise UsageError(f"segment_s={seconds!r:.40}", allowed="seconds, 1 or more; 0 for no parts")
        check_merge(self.merge)
        keys: Any = self.ignore_config_keys
        names = [each.strip() for each in keys.split(",")] if isinstance(keys, str) else keys
        if not isinstance(names, (list, tuple)) or not all(isinstance(each, str) and each for each in names):
            raise UsageError(f"ignore_config_keys={keys!r:.40}", allowed="names of keys, with commas between")
        object.__setattr__(self, "ignore_config_keys", tuple(names))


def settings_of(options: Mapping[str, Any]) -> EngineSettings:
    """The family's settings from its options.

    Raises:
        UsageError: On an unknown option or a value it may not have.
    """
    known = {field.name for field in fields(EngineSettings)}
    for name in options:
        if name not in known:
            raise UsageError(f"ARC-Hunyuan-Video has no option {name!r}", todo=nearest(name, known))
    return EngineSettings(**options)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(
            f"{name}={value!r:.40}", allowed=", ".join(allowed), todo=nearest(str(value), allowed)
        )
