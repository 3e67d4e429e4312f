"""Which senses are used, in one frozen record; what it holds decides what the cache may reuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

from playhead.errors import UsageError, nearest

NAMES: Final = ("speech", "text", "sounds", "objects", "pictures", "shots")
WEIGHTS: Final = {"speech": "whisper-base", "sounds": "yamnet", "objects": "efficientdet-lite0"}
_HEARING: Final = frozenset({"speech", "sounds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """The senses to use.

    Attributes:
        speech: What is said, with word times (Whisper base).
        text: What is written on the screen (PP-OCR).
        sounds: What else is heard (YAMNet).
        objects: Which everyday things are seen (EfficientDet-Lite0).
        pictures: Picture vectors for likeness.
        shots: Hard cuts, and still or moving stretches; needs no weights.
        encoder: What makes picture vectors: ``plain`` (colours and edges, no weights) or ``clip`` (CLIP ViT-B/16).
        language: Spoken language as an ISO 639-1 code, or None to detect it.
        readings_per_min: How often a whole picture may be read for text, per minute of video.
    """

    speech: bool = True
    text: bool = True
    sounds: bool = True
    objects: bool = True
    pictures: bool = True
    shots: bool = True
    encoder: Literal["plain", "clip"] = "plain"
    language: str | None = None
    readings_per_min: float = 40.0

    def __post_init__(self) -> None:
        if self.encoder not in {"plain", "clip"}:
            raise UsageError(f"picture encoder {self.encoder!r}", allowed="plain, clip")
        if not self.readings_per_min > 0:
            raise UsageError(f"{self.readings_per_min} readings per minute", allowed="more than 0")

    @classmethod
    def only(cls, *names: str, language: str | None = None) -> Senses:
        """Just these senses, by name; shots and motion come along when pictures are looked at anyway.

        Raises:
            UsageError: No such sense.
        """
        for name in names:
            if name not in NAMES:
                raise UsageError(f"sense {name!r}", found="no such sense", todo=nearest(name, NAMES))
        return cls(
            speech="speech" in names,
            text="text" in names,
            sounds="sounds" in names,
            objects="objects" in names,
            pictures="pictures" in names,
            shots=not names or not set(names) <= _HEARING,
            language=language,
        )

    @property
    def looks(self) -> bool:
        """Whether pictures are needed."""
        return self.text or self.objects or self.pictures or self.shots

    @property
    def listens(self) -> bool:
        """Whether sound is needed."""
        return self.speech or self.sounds

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the weights the hub must have."""
        clip = ("clip-vit-b16-image",) if self.pictures and self.encoder == "clip" else ()
        return (*(weight for sense, weight in WEIGHTS.items() if getattr(self, sense)), *clip)

    @property
    def off(self) -> tuple[str, ...]:
        """Senses that are switched off."""
        return tuple(name for name in NAMES if not getattr(self, name))

    def to_dict(self) -> dict[str, object]:
        """All settings as plain data."""
        return asdict(self)
