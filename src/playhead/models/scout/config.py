"""What scout is made of and how it works, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from playhead.errors import UnsupportedError, UsageError, nearest

LANGUAGE_MODELS = ("qwen2.5-1.5b", "qwen2.5-0.5b", "smollm2-135m", "none")
SENSES = ("speech", "text", "sounds", "objects", "pictures")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoutConfig:
    """Settings of the default engine.

    Attributes:
        llm: Language model that writes titles, summaries and answers: a known name, the path of a GGUF file of yours, or
            ``none`` to quote the evidence instead.
        senses: Senses to use; shots and motion are measured whenever pictures are looked at.
        language: Spoken language as an ISO 639-1 code, or None to detect it.
        cache: Whether evidence and compositions are kept on disk for the next question.
        event_s: Length an event should have, in seconds, or None to choose by the video's length.
        chapter_s: Length a chapter should have, in seconds, or None to choose by the video's length.
        threads: Threads of the language model, or None for all cores.
        device: Where to compute; scout runs on ``cpu`` only.
    """

    llm: str = "qwen2.5-1.5b"
    senses: tuple[str, ...] = field(default=SENSES)
    language: str | None = None
    cache: bool = True
    event_s: float | None = None
    chapter_s: float | None = None
    threads: int | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not isinstance(self.llm, str) or (
            self.llm not in LANGUAGE_MODELS and not self.llm.endswith(".gguf")
        ):
            raise UsageError(
                f"language model {self.llm!r} is not known",
                allowed="a name, or the path of a .gguf file",
                todo=nearest(str(self.llm), LANGUAGE_MODELS),
            )
        if self.device not in ("cpu", "auto"):
            raise UnsupportedError(
                f"scout cannot run on {self.device!r}", allowed="cpu", todo="leave --device out"
            )
        for sense in self.senses:
            if sense not in SENSES:
                raise UsageError(f"sense {sense!r} is not known", todo=nearest(sense, SENSES))
        for name in ("event_s", "chapter_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be above 0 seconds", found=str(value))


def config_from_options(options: dict[str, object]) -> ScoutConfig:
    """Build the settings from keyword options, refusing unknown ones with the nearest known name.

    Raises:
        UsageError: On an unknown option or value.
    """
    known = {item.name for item in fields(ScoutConfig)}
    for name in options:
        if name not in known:
            raise UsageError(f"scout has no option {name!r}", todo=nearest(name, known))
    return ScoutConfig(**options)  # type: ignore[arg-type]  # checked above; values are checked in __post_init__
