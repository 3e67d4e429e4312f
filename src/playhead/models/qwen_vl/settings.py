"""The family's own options: what each means, and what its values may be. Light on import."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from playhead.errors import UsageError, nearest
from playhead.models.checks import one_of, whole
from playhead.models.mechanisms import require
from playhead.models.pictures.settings import PICTURE_OPTIONS, Wanted, read_wanted

OPTIONS: Final[Mapping[str, str]] = {
    "rate_hz": "Pictures per second of video (2, as published).",
    "max_frames": "Most pictures of a video (768, as published); a longer video is looked at more thinly.",
    "sampling": "Whose rule chooses and sizes the pictures: utils (the makers' qwen-vl-utils) or transformers.",
    "video_tokens": "Most tokens all pictures may fill, under the rule utils (115,200, as published).",
    "min_tokens": "Fewest tokens of a picture, under the rule utils (128, as published): a small budget for many pictures needs fewer.",
    "times": "How times are to be written in answers: seconds, clock (HH:MM:SS) or minutes (mm:ss.ff, Qwen3-VL's own form).",
    "resize": "Whose filter shrinks pictures: torch (as transformers' video processors), or pillow: a level of 255 apart here and there.",
    "keep": "What is kept on disk for the next question: features of the pictures, or prefix: what the model read too.",
    "axis": "What the time axis of positions counts where times are not told in words: order or time.",
    **PICTURE_OPTIONS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The family's own options; see :data:`OPTIONS`. ``times`` and ``axis`` of None are the generation's own."""

    rate_hz: float = 2.0
    max_frames: int = 768
    sampling: Literal["utils", "transformers"] = "utils"
    video_tokens: int = 115_200
    min_tokens: int = 128
    times: Literal["seconds", "clock", "minutes"] | None = None
    axis: Literal["order", "time"] | None = None
    resize: Literal["torch", "pillow"] = "torch"
    keep: Literal["features", "prefix"] = "features"
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen


def read_settings(given: Mapping[str, Any], seams: Collection[str], engine: str) -> Settings:
    """Settings from options as a caller wrote them.

    Args:
        given: Options by name.
        seams: What the generation can do for mechanisms.
        engine: Its name, for messages.

    Raises:
        UsageError: On an unknown name or a value that is not allowed.
        UnsupportedError: A mechanism the generation lacks a seam for.
    """
    for name in given:
        if name not in OPTIONS:
            raise UsageError(f"Qwen-VL has no option {name!r}", todo=nearest(name, OPTIONS))
    own = {name: _CHECKS[name](name, value) for name, value in given.items() if name in _CHECKS}
    made = Settings(**own, wanted=read_wanted(given, seams, engine))
    if made.axis is not None:
        require("time on an axis", seams, engine)
    if made.axis is not None and made.wanted.tell is not None and made.wanted.tell.where == "words":
        raise UsageError(
            f"axis={made.axis!r} with tell={made.wanted.tell.name!r}",
            found="times in words, where each picture has positions of its own",
            todo="leave one of the two out",
        )
    of_utils = next((name for name in ("video_tokens", "min_tokens") if name in given), None)
    if of_utils is not None and made.sampling == "transformers":
        raise UsageError(
            f"{of_utils}={given[of_utils]}",
            found="sampling='transformers', whose rule has bounds of its own",
            todo="leave one of the two out",
        )
    return made


def _rate(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1000:
        raise UsageError(f"{name}={value!r:.40}", allowed="a number above 0, at most 1000")
    return float(value)


_CHECKS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "rate_hz": _rate,
    "max_frames": whole(2, 65_536),
    "sampling": one_of("utils", "transformers"),
    "video_tokens": whole(128, 10_000_000),
    "min_tokens": whole(1, 768),
    "times": one_of("seconds", "clock", "minutes"),
    "axis": one_of("order", "time"),
    "resize": one_of("torch", "pillow"),
    "keep": one_of("features", "prefix"),
}
