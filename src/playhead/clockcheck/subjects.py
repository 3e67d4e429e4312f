"""Which subjects a name stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from playhead.clockcheck.subject import Subject
from playhead.errors import UnsupportedError

SENDER: Final = "openai"
"""Our engine whose model is elsewhere: what it would send is tested, and nothing is sent."""

_ALL: Final = 1_000_000  # pictures to show: every one


def is_endpoint(name: str) -> bool:
    """Whether a name is the address of an endpoint."""
    return name.startswith(("http://", "https://"))


def _transformers() -> list[Subject]:
    from playhead.clockcheck.loading import SUBJECTS

    return [make() for make in SUBJECTS]


def _qwen_vl_utils() -> list[Subject]:
    from playhead.clockcheck.loaders import QwenUtilsText

    return [QwenUtilsText()]


def _vllm() -> list[Subject]:
    from playhead.clockcheck.loaders import VllmText

    return [VllmText()]


LOADERS: Final[Mapping[str, Callable[[], list[Subject]]]] = {
    "transformers": _transformers,
    "qwen-vl-utils": _qwen_vl_utils,
    "vllm": _vllm,
}
"""Other people's ways of loading a video, by the name under which they are tested."""


def subjects_of(name: str, options: dict[str, Any]) -> list[Subject]:
    """What is tested under a name.

    Raises:
        UnsupportedError: The engine lays out no prompt here, or what takes no settings was given some.
        UsageError: No engine has that name.
        WeightsError: Its weights are not to be had.
        MissingExtraError: The libraries it needs are not installed.
    """
    from playhead.models.options import require_model_libraries

    if name in LOADERS:
        if options:
            raise UnsupportedError(f"test {name} with settings", found=", ".join(options), allowed="none")
        require_model_libraries()
        return LOADERS[name]()
    if name == SENDER:
        from playhead.clockcheck.sent import SentFrames

        return [SentFrames(options)]
    from playhead.models.registry import FAMILIES, engine_names, make_engine

    if name in FAMILIES or name not in engine_names():
        options = {"cache": False, **options}  # nobody looks at these clips again
    engine = make_engine(name, **options)
    require_model_libraries()
    from playhead.clockcheck.engines import EngineSubject
    from playhead.models.end_to_end import EndToEnd
    from playhead.models.show import show_video

    if not isinstance(engine, EndToEnd):
        raise UnsupportedError(
            f"test the clock of {name}",
            found="an engine that lays out no prompt of pictures here",
            allowed=f"an end-to-end engine (playhead models lists them), {SENDER}, {', '.join(LOADERS)}, or an "
            "endpoint's address",
        )
    return [EngineSubject(engine, lambda video: show_video(name, video, most=_ALL, **options))]
