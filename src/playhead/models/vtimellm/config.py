"""The shape of VTimeLLM and of its successors LongVALE-LLM and AVicuna.

One language model, one linear projector for each kind of thing that is seen or heard, and (where a folder holds them)
the encoders. What differs between the three systems is data: which projectors exist, how wide their features are, and
in which order their positions stand.
"""

# mypy: allow-untyped-calls
# (transformers leaves many of its functions without types)

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from transformers import (
    AutoConfig,
    ClapAudioConfig,
    CLIPVisionConfig,
    LlamaConfig,
    PreTrainedConfig,
    WhisperConfig,
)
from transformers.configuration_utils import SubConfigSpec

from playhead.errors import UsageError, nearest

TEXT, FRAME, SOUND, SPEECH = 0, 1, 2, 3
"""Values of ``slot_kinds``: what a position stands for."""

KINDS: Final[dict[str, int]] = {"frame": FRAME, "sound": SOUND, "speech": SPEECH}

CLIP_WIDTH: Final = 768  # the joint space of CLIP ViT-L/14
BEATS_WIDTH: Final = 768
CLAP_WIDTH: Final = 512
WHISPER_WIDTH: Final = 1280  # large-v2

Variant = Literal["vtimellm", "longvale", "avicuna"]
VARIANTS: Final[tuple[Variant, ...]] = ("vtimellm", "longvale", "avicuna")


class VTimeLLMConfig(PreTrainedConfig):
    """What a folder of VTimeLLM, LongVALE-LLM or AVicuna holds.

    Attributes:
        text_config: Any causal language model of transformers; Llama in everything released but VTimeLLM's variant on
            ChatGLM3, which is GLM.
        vision_config: The CLIP tower, or None where frames come as features.
        sound_config: The CLAP tower (AVicuna), or None where sound comes as features. BEATs (LongVALE) is no part of
            transformers and always comes as features.
        speech_config: The Whisper model whose encoder is used (LongVALE), or None where speech comes as features.
        modalities: Kind (``frame``, ``sound``, ``speech``) to the width of its features; one projector each.
        sound_encoder: What sound features are made by: ``beats``, ``clap``, or None without sound.
        arrangement: ``blocks``: all frames, then all sound, then all speech. ``interleaved``: sound rows between
            frames (AVicuna). Read by the layout, the model does not need it.
        frames: How many frames a video is shown as: 100, AVicuna 75.
        sounds: How many positions sound fills, or None where that follows from its duration.
        antialias: Whether frames are shrunk with a filter against aliasing. The released weights were trained without.
    """

    model_type = "vtimellm"
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="llama"),
        "vision_config": SubConfigSpec(config_class=CLIPVisionConfig, optional=True),
        "sound_config": SubConfigSpec(config_class=ClapAudioConfig, optional=True),
        "speech_config": SubConfigSpec(config_class=WhisperConfig, optional=True),
    }

    text_config: Any = None
    vision_config: Any = None
    sound_config: Any = None
    speech_config: Any = None
    modalities: dict[str, int] | None = None
    sound_encoder: Literal["beats", "clap"] | None = None
    arrangement: Literal["blocks", "interleaved"] = "blocks"
    frames: int = 100
    sounds: int | None = None
    antialias: bool = False
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - transformers passes what it likes
        """Fill in defaults and refuse a combination that makes no model.

        Raises:
            UsageError: A kind nobody knows, or a tower that does not fit its projector.
        """
        if self.modalities is None:
            self.modalities = {"frame": CLIP_WIDTH}
        super().__post_init__(**kwargs)
        self.tie_word_embeddings = bool(getattr(self.text_config, "tie_word_embeddings", False))
        for kind in self.modalities:
            if kind not in KINDS:
                raise UsageError(f"modality {kind!r} of VTimeLLM", todo=nearest(kind, KINDS))
        self.check_towers()

    def check_towers(self) -> None:
        """Refuse an encoder whose vectors do not fit their projector.

        Raises:
            UsageError: With both widths.
        """
        modalities = self.modalities or {}
        for kind, field, tower in self._towers():
            width = modalities.get(kind)
            if tower is not None and tower != width:
                raise UsageError(
                    f"a {kind} projector over {field}",
                    found=f"features {tower} wide",
                    allowed=f"{width} wide" if width else f"no {field}: there is no {kind} projector",
                )

    def _towers(self) -> tuple[tuple[str, str, int | None], ...]:
        """Kind, name of the sub-configuration, and width of what that encoder gives."""
        vision, sound, speech = self.vision_config, self.sound_config, self.speech_config
        return (
            ("frame", "vision_config", None if vision is None else vision.projection_dim),
            ("sound", "sound_config", None if sound is None else sound.projection_dim),
            ("speech", "speech_config", None if speech is None else speech.d_model),
        )


def clip_vit_l_14() -> CLIPVisionConfig:
    """The published tower: CLIP ViT-L/14 at 224 pixels with its projection to 768."""
    return CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        projection_dim=CLIP_WIDTH,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=224,
        patch_size=14,
        hidden_act="quick_gelu",
    )


def vicuna(size: Literal["7b", "13b"]) -> LlamaConfig:
    """Vicuna v1.5, which has the shape of Llama 2."""
    wide = size == "13b"
    return LlamaConfig(
        vocab_size=32_000,
        hidden_size=5120 if wide else 4096,
        intermediate_size=13_824 if wide else 11_008,
        num_hidden_layers=40 if wide else 32,
        num_attention_heads=40 if wide else 32,
        max_position_embeddings=4096,
        rms_norm_eps=1e-5,
        pad_token_id=0,
    )


def variant_fields(variant: Variant) -> dict[str, Any]:
    """What sets a variant apart, whatever its language model: projectors, encoder of sound, order, counts.

    Raises:
        UsageError: No such variant.
    """
    if variant not in VARIANTS:
        raise UsageError(f"VTimeLLM variant {variant!r}", todo=nearest(str(variant), VARIANTS))
    if variant == "longvale":
        modalities = {"frame": CLIP_WIDTH, "sound": BEATS_WIDTH, "speech": WHISPER_WIDTH}
        return {"modalities": modalities, "sound_encoder": "beats"}
    if variant == "avicuna":
        return {
            "modalities": {"frame": CLIP_WIDTH, "sound": CLAP_WIDTH},
            "sound_encoder": "clap",
            "arrangement": "interleaved",
            "frames": 75,
            "sounds": 25,
        }
    return {"modalities": {"frame": CLIP_WIDTH}}


def vtimellm_7b() -> VTimeLLMConfig:
    """VTimeLLM on Vicuna-7B-v1.5, frames as features."""
    return VTimeLLMConfig(text_config=vicuna("7b"), **variant_fields("vtimellm"))


def vtimellm_13b() -> VTimeLLMConfig:
    """VTimeLLM on Vicuna-13B-v1.5, frames as features."""
    return VTimeLLMConfig(text_config=vicuna("13b"), **variant_fields("vtimellm"))


def longvale_7b() -> VTimeLLMConfig:
    """LongVALE-LLM on Vicuna-7B-v1.5, everything as features."""
    return VTimeLLMConfig(text_config=vicuna("7b"), **variant_fields("longvale"))


def avicuna_7b() -> VTimeLLMConfig:
    """AVicuna on Vicuna-7B-v1.5, everything as features."""
    return VTimeLLMConfig(text_config=vicuna("7b"), **variant_fields("avicuna"))


def tiny_config(variant: Variant, vocab_size: int, text: PreTrainedConfig | None = None) -> VTimeLLMConfig:
    """A model of the same parts in under a million parameters, every encoder that transformers has included.

    Args:
        variant: ``vtimellm``, ``longvale`` or ``avicuna``.
        vocab_size: Size of the tokenizer; up to 4,000 keeps the model under a million.
        text: Another language model than a tiny Llama.
    """
    fields = variant_fields(variant)
    fields["modalities"] = dict.fromkeys(fields["modalities"], 32)
    return VTimeLLMConfig(
        text_config=text
        or LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=4096,
            rms_norm_eps=1e-5,
            pad_token_id=0,
        ),
        vision_config=_tiny_clip(),
        sound_config=_tiny_clap() if variant == "avicuna" else None,
        speech_config=_tiny_whisper() if variant == "longvale" else None,
        **fields,
    )


def _tiny_clip() -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        projection_dim=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=224,
        patch_size=32,
        hidden_act="quick_gelu",
    )


def _tiny_clap() -> ClapAudioConfig:
    return ClapAudioConfig(
        hidden_size=64,
        patch_embeds_hidden_size=8,
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        projection_dim=32,
        enable_fusion=True,
        fusion_type=None,
        num_classes=1,
    )


def _tiny_whisper() -> WhisperConfig:
    return WhisperConfig(
        d_model=32,
        encoder_layers=2,
        encoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_layers=1,
        decoder_attention_heads=4,
        decoder_ffn_dim=64,
        num_mel_bins=80,
        vocab_size=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
