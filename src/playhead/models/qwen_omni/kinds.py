"""The two systems: what each is in transformers, its marks, and how its pictures and sound are put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from transformers import (
    Qwen2_5OmniConfig,
    Qwen2_5OmniThinkerConfig,
    Qwen2_5OmniThinkerForConditionalGeneration,
    Qwen3OmniMoeConfig,
    Qwen3OmniMoeThinkerConfig,
    Qwen3OmniMoeThinkerForConditionalGeneration,
)

from playhead.errors import UnsupportedError
from playhead.models.qwen_vl.kinds import CLIP_COLOURS, HALF_COLOURS, SYSTEM, Kind
from playhead.sequence.layout import Ids
from playhead.sequence.timestamps import Times
from playhead.sequence.tmrope import Run, by_chunks, by_times

MEL_HZ: Final = 100
"""Columns of a spectrogram in a second."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a system, as its tokenizer writes them."""

    sound: str
    sound_start: str
    sound_end: str
    vision_start: str
    vision_end: str
    picture: str
    video: str


@dataclass(frozen=True, slots=True)
class Omni:
    """One system.

    Attributes:
        kind: Its thinker, as one more generation of the Qwen-VL line.
        whole_class: transformers' configuration of the whole, talker included, as released folders have it.
        left_out: Parts of a released folder that are not loaded, as its config and tensors name them.
        marks: Its marks.
        order: Whether pictures and sound alternate in chunks of some seconds, or by their times.
        beside: Whether the two marks around pictures and sound share a position.
        slot_mel: Columns of the spectrogram that a token of sound stands for.
        silence: Whether the spectrogram is made as if silence followed the sound.
    """

    kind: Kind
    whole_class: Any
    left_out: tuple[str, ...]
    marks: Marks
    order: Literal["chunks", "times"]
    beside: Literal["shared", "apart"]
    slot_mel: int
    silence: bool

    def tokens(self, mel: int, config: Any) -> int:  # noqa: ANN401 - a configuration of a thinker
        """Tokens the encoder makes of so many columns of a spectrogram."""
        whole, rest = divmod(mel, self.chunk_mel(config))
        return whole * self._of_chunk(self.chunk_mel(config)) + self._of_chunk(rest)

    def chunk_mel(self, config: Any) -> int:  # noqa: ANN401 - a configuration of a thinker
        """Columns of a spectrogram the encoder convolves at once, each such chunk by itself."""
        return 2 * int(config.audio_config.n_window)

    def chunk_tokens(self, config: Any) -> int:  # noqa: ANN401 - a configuration of a thinker
        """Tokens of a whole chunk."""
        return self._of_chunk(self.chunk_mel(config))

    def _of_chunk(self, mel: int) -> int:
        """Tokens of a chunk, or of the beginning of one: halved by each of its strides."""
        if self.order == "chunks":
            return (mel + 1) // self.slot_mel
        return -(-mel // self.slot_mel)

    def runs(self, starts_s: Times, sound_steps_K: Ids, config: Any) -> list[Run]:  # noqa: ANN401 - a configuration of a thinker
        """The order of pictures and sound.

        Args:
            starts_s: When each group of pictures begins, in seconds from the start of the window.
            sound_steps_K: Steps of the tokens of sound.
            config: The thinker's configuration.
        """
        per_second = float(config.position_id_per_seconds)
        if self.order == "chunks":
            return by_chunks(starts_s, sound_steps_K, per_second, float(config.seconds_per_chunk))
        return by_times(starts_s, sound_steps_K, per_second)


KINDS: Final[Mapping[str, Omni]] = {
    omni.kind.model_type: omni
    for omni in (
        Omni(
            Kind(
                "qwen2_5_omni_thinker",
                "Qwen2.5-Omni",
                Qwen2_5OmniThinkerConfig,
                Qwen2_5OmniThinkerForConditionalGeneration,
                "qwen2.5-vl",
                "positions",
                CLIP_COLOURS,
                SYSTEM,
                flat=False,
            ),
            Qwen2_5OmniConfig,
            ("talker", "token2wav"),
            Marks(
                "<|AUDIO|>",
                "<|audio_bos|>",
                "<|audio_eos|>",
                "<|vision_bos|>",
                "<|vision_eos|>",
                "<|IMAGE|>",
                "<|VIDEO|>",
            ),
            order="chunks",
            beside="shared",
            slot_mel=4,
            silence=True,
        ),
        Omni(
            Kind(
                "qwen3_omni_moe_thinker",
                "Qwen3-Omni",
                Qwen3OmniMoeThinkerConfig,
                Qwen3OmniMoeThinkerForConditionalGeneration,
                "qwen2.5-vl",
                "positions",
                HALF_COLOURS,
                "",
                flat=False,
            ),
            Qwen3OmniMoeConfig,
            ("talker", "code2wav"),
            Marks(
                "<|audio_pad|>",
                "<|audio_start|>",
                "<|audio_end|>",
                "<|vision_start|>",
                "<|vision_end|>",
                "<|image_pad|>",
                "<|video_pad|>",
            ),
            order="times",
            beside="apart",
            slot_mel=8,
            silence=False,
        ),
    )
}
"""By ``model_type`` of the thinker."""

WHOLE: Final[Mapping[str, Omni]] = {omni.whole_class.model_type: omni for omni in KINDS.values()}
"""By ``model_type`` of a released folder."""


def omni_of(config: Any) -> Omni:  # noqa: ANN401 - any configuration of transformers
    """The system a thinker's configuration is of.

    Raises:
        UnsupportedError: None of these.
    """
    omni = KINDS.get(config.model_type)
    if omni is None:
        raise UnsupportedError(f"use a model of type {config.model_type!r}", allowed=", ".join(KINDS))
    return omni
