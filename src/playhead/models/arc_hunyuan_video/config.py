"""What an ARC-Hunyuan-Video model is made of: the fields of the released ``config.json``, published values as defaults.

Field names are the released ones; other names that transformers' layers ask for are mapped onto them. A value that this
implementation does not compute (a decoder without its query and key norms, say) is refused, never ignored.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any, ClassVar, Final

from transformers import PreTrainedConfig, WhisperConfig

from playhead.errors import UsageError

READ_TOKENS: Final = 4096
"""Positions of a video's prompt that go through the decoder at once; any number computes the same."""


def slots_per_frame(rows: int) -> int:
    """Vectors a square frame becomes: rows of pooled patches with a newline each, and a begin and an end."""
    return rows * (rows + 1) + 2


class ArcHunyuanVideoTextConfig(PreTrainedConfig):
    """The Hunyuan-7B dense decoder, read with four-axis rotary positions.

    Attributes:
        attention_head_dim: Width of one head; transformers' ``head_dim``.
        rope_parameters: ``rope_theta`` and ``alpha``, which stretches the base to ``theta * alpha^(d / (d - 2))``;
            the released ``rope_scaling`` and ``rope_theta`` are read into it.
        xdrope_section: Share of the half head each axis p, x, y, t turns, as fractions or as counts.
        eod_token_id: Ends an answer, whatever ``eos_token_id`` says: training writes it after each.
        im_start_id: ``<img>``, before every frame; ``im_end_id`` is ``</img>`` after it.
        im_newline_id: Ends a row of a frame in a prompt, before it is rewritten to ``image_token_id``.
        image_token_id: Position that a picture's vector will fill.
    """

    model_type = "arc_hunyuan_video_text"
    attribute_map: ClassVar[dict[str, str]] = {"head_dim": "attention_head_dim"}
    ignore_keys_at_rope_validation = {  # noqa: RUF012 - as the base class declares it
        *("alpha", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"),
    }

    vocab_size: int = 128256
    hidden_size: int = 4096
    intermediate_size: int = 14336
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 8
    attention_head_dim: int = 128
    hidden_act: str = "silu"
    max_position_embeddings: int = 1024  # as released: no limit of the context, 20,000 tokens were trained
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-5
    use_cache: bool = True
    tie_word_embeddings: bool = True
    attention_bias: bool = False
    attention_dropout: float = 0.0
    mlp_bias: bool = False
    rope_parameters: dict[str, Any] | None = None
    position_embedding_xdrope: bool = True
    xdrope_section: list[float] | None = None
    use_qk_norm: bool = True
    use_rotary_pos_emb: bool = True
    norm_type: str = "hf_rms"
    is_causal: bool = True
    num_media_embeds: int = 257
    pad_token_id: int | None = 127961
    bos_token_id: int | None = 127958
    eos_token_id: int | list[int] | None = 127957
    eod_token_id: int | None = 127957
    im_start_id: int = 127962
    im_end_id: int = 127963
    im_newline_id: int = 127964
    image_token_id: int = 127968

    def __post_init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - whatever else a config.json carries
        if self.xdrope_section is None:
            self.xdrope_section = [0.25, 0.25, 0.25, 0.25]
        given = kwargs.pop("rope_scaling", None) or self.rope_parameters
        # a copy: the base class writes into the caller's dict
        self.rope_parameters = {"factor": 1.0, **(given or {"type": "dynamic", "alpha": 1000.0})}
        super().__post_init__(**kwargs)
        _only(
            self,
            {
                "position_embedding_xdrope": True,
                "use_qk_norm": True,
                "use_rotary_pos_emb": True,
                "norm_type": "hf_rms",
                "is_causal": True,
                "mlp_bias": False,
            },
        )
        rope = self.rope_parameters or {}
        if rope.get("rope_type") not in {"default", "dynamic"} or (
            rope["rope_type"] == "dynamic" and not rope.get("alpha")
        ):
            raise UsageError(
                "read rope_scaling of an ARC-Hunyuan-Video decoder",
                found=repr(rope),
                allowed="the type dynamic with alpha, or default",
            )

    @property
    def end_ids(self) -> list[int]:
        """Ids that end an answer, each once."""
        named = self.eos_token_id if isinstance(self.eos_token_id, list) else [self.eos_token_id]
        return [each for each in dict.fromkeys((self.eod_token_id, *named)) if each is not None]

    @property
    def rope_base(self) -> float:
        """Base of the rotary frequencies before ``alpha`` stretches it."""
        return float((self.rope_parameters or {})["rope_theta"])

    @property
    def rope_alpha(self) -> float:
        """How far the base is stretched; 1 where it is not."""
        rope = self.rope_parameters or {}
        return float(rope["alpha"]) if rope["rope_type"] == "dynamic" else 1.0

    @property
    def axis_sizes(self) -> tuple[int, ...]:
        """How many of the ``attention_head_dim / 2`` frequencies each axis turns.

        Raises:
            UsageError: If they do not add up to half a head.
        """
        half = self.attention_head_dim // 2
        section = self.xdrope_section or []
        fractions = sum(section) <= 1
        sizes = tuple(round(each * half) if fractions else int(each) for each in section)
        if sum(sizes) != half:
            raise UsageError(
                f"read xdrope_section {section}", found=f"{sum(sizes)} frequencies", allowed=f"{half}"
            )
        return sizes


class ArcHunyuanVideoVisionConfig(PreTrainedConfig):
    """The vision tower and the merger behind it.

    Attributes:
        max_image_size: Side in pixels of the largest picture the position table has a place for.
        max_vit_seq_len: Patches of one picture in the released model; not needed here, kept to be written back.
        anyres_pooling_size: Patches the merger's first convolution joins along each side.
        force_image_size: Side in pixels that every frame is squashed to.
        chunk_frames: Frames that go through the tower at once; any number computes the same.
    """

    model_type = "arc_hunyuan_video_vision"
    base_config_key = "vision_config"
    attribute_map: ClassVar[dict[str, str]] = {"layer_norm_eps": "rms_norm_eps"}

    hidden_size: int = 1152
    intermediate_size: int = 4304
    num_hidden_layers: int = 27
    num_attention_heads: int = 16
    hidden_act: str = "gelu"
    patch_size: int = 16
    num_channels: int = 3
    max_image_size: int = 2048
    max_vit_seq_len: int = 1600
    anyres_pooling_size: int = 2
    force_image_size: int = 640
    rms_norm_eps: float = 1e-5  # of LayerNorm, in spite of its name
    attention_bias: bool = True
    attention_dropout: float = 0.0
    mlp_bias: bool = True
    use_qk_norm: bool = False
    use_rotary_pos_emb: bool = False
    norm_type: str = "torch_nn"
    is_causal: bool = False
    initializer_range: float = 0.02
    chunk_frames: int = 8

    def __post_init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - whatever else a config.json carries
        super().__post_init__(**kwargs)
        _only(
            self,
            {
                "attention_bias": True,
                "mlp_bias": True,
                "use_qk_norm": False,
                "use_rotary_pos_emb": False,
                "norm_type": "torch_nn",
                "is_causal": False,
                "anyres_pooling_size": 2,
            },
        )

    @property
    def frame_step_px(self) -> int:
        """A frame's side must be a multiple of this: two poolings by two on top of the patches."""
        return 4 * self.patch_size

    def frame_slots(self, side_px: int) -> int:
        """Vectors that a square frame becomes: rows of pooled patches and a newline each, begin and end.

        Raises:
            UsageError: If the side is no positive multiple of :attr:`frame_step_px`.
        """
        rows, rest = divmod(side_px, self.frame_step_px)
        if rest or rows < 1:
            raise UsageError(
                "encode a frame",
                found=f"{side_px} px a side",
                allowed=f"multiples of {self.frame_step_px} px",
            )
        return slots_per_frame(rows)


class ArcHunyuanVideoAudioConfig(WhisperConfig):
    """The encoder of Whisper-large-v3; fields of the decoder are carried along and not used."""

    model_type = "arc_hunyuan_video_audio"
    base_config_key = "audio_config"

    vocab_size: int = 51866
    num_mel_bins: int = 128
    encoder_layers: int = 32
    encoder_attention_heads: int = 20
    encoder_ffn_dim: int = 5120
    d_model: int = 1280
    max_source_positions: int = 1500
    is_encoder_decoder: bool = False


class ArcHunyuanVideoConfig(PreTrainedConfig):
    """The whole model: 8.635 G parameters with the defaults.

    Attributes:
        text_config: The decoder.
        vision_config: The vision tower and merger.
        audio_config: The speech encoder.
        max_num_frame: Most frames of a video.
    """

    model_type = "arc_hunyuan_video"
    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        "text_config": ArcHunyuanVideoTextConfig,
        "vision_config": ArcHunyuanVideoVisionConfig,
        "audio_config": ArcHunyuanVideoAudioConfig,
    }

    text_config: ArcHunyuanVideoTextConfig | dict[str, Any] | None = None
    vision_config: ArcHunyuanVideoVisionConfig | dict[str, Any] | None = None
    audio_config: ArcHunyuanVideoAudioConfig | dict[str, Any] | None = None
    max_num_frame: int = 150
    tie_word_embeddings: bool = True

    @property
    def text(self) -> ArcHunyuanVideoTextConfig:
        """The decoder's settings, once built."""
        assert isinstance(self.text_config, ArcHunyuanVideoTextConfig)  # built by the base class
        return self.text_config

    @property
    def vision(self) -> ArcHunyuanVideoVisionConfig:
        """The vision tower's settings, once built."""
        assert isinstance(self.vision_config, ArcHunyuanVideoVisionConfig)
        return self.vision_config

    @property
    def audio(self) -> ArcHunyuanVideoAudioConfig:
        """The speech encoder's settings, once built."""
        assert isinstance(self.audio_config, ArcHunyuanVideoAudioConfig)
        return self.audio_config


def tiny_config(vocab_size: int, **text: Any) -> ArcHunyuanVideoConfig:  # noqa: ANN401 - fields of the text config
    """The real architecture with under a million parameters, for tests and for the preset without weights.

    Frames keep their 640 px and 112 slots, sound its 50 vectors a second: the whole path is the released one. The rotary
    base is 100 and not 10,000, so that all four axes matter in a head of 16.

    Args:
        vocab_size: Rows of the embedding; at most about 7,000 to stay under a million parameters.
        text: Ids of special tokens and other fields of :class:`ArcHunyuanVideoTextConfig`.
    """
    small = {
        "vocab_size": vocab_size,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "attention_head_dim": 16,
        "rope_parameters": {"type": "dynamic", "factor": 1.0, "alpha": 8.0, "rope_theta": 100.0},
        **text,
    }
    return ArcHunyuanVideoConfig(
        text_config=small,
        vision_config={
            "hidden_size": 48,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_image_size": 1024,
        },
        audio_config={
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "d_model": 32,
        },
    )


def _only(config: PreTrainedConfig, implemented: dict[str, Any]) -> None:
    """Refuse settings that would need other code.

    Raises:
        UsageError: Naming the first such field.
    """
    for name, value in implemented.items():
        if getattr(config, name) != value:
            raise UsageError(
                f"use {name} {getattr(config, name)!r} in an {config.model_type} config", allowed=repr(value)
            )
