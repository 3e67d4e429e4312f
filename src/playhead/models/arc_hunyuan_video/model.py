"""ARC-Hunyuan-Video as an ordinary transformers model: pictures, sound and text to text.

Each frame becomes 112 vectors; the sound heard with it is added to its first slots; the sums take the places of the
image ids; a decoder with four-axis rotary positions writes the answer. What stands where, which sound belongs to which
frame and every position are planned outside (``playhead.sequence``); the model only obeys.

Axes: B sample, A axis of a position, N position, F frame of the whole batch, K sound chunk of the whole batch, S slot of
a frame, D width.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="no-untyped-call,untyped-decorator,misc"

from __future__ import annotations

import os
from typing import Any, ClassVar

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.whisper.modeling_whisper import WhisperEncoder
from transformers.utils.deprecation import deprecate_kwarg
from transformers.utils.generic import can_return_tuple

from playhead.errors import UsageError, WeightsError
from playhead.models.arc_hunyuan_video.audio import add_sound, projector
from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig
from playhead.models.arc_hunyuan_video.generation import ArcHunyuanVideoGenerationMixin, plain_positions
from playhead.models.arc_hunyuan_video.text import ArcHunyuanVideoTextForCausalLM, all_axes
from playhead.models.arc_hunyuan_video.vision import ArcHunyuanVideoVisionModel, beside
from playhead.nn.fuse import splice


class ArcHunyuanVideoForConditionalGeneration(PreTrainedModel, ArcHunyuanVideoGenerationMixin):
    """The whole model, under the released names of its four parts."""

    config: ArcHunyuanVideoConfig
    config_class = ArcHunyuanVideoConfig
    main_input_name = "input_ids"
    input_modalities: ClassVar[Any] = ("image", "video", "audio", "text")
    output_modalities = ("text",)
    supports_gradient_checkpointing = True
    _no_split_modules: ClassVar[list[str]] = [
        *("HunYuanDenseV1DecoderLayer", "WhisperEncoderLayer", "VisionEmbeddings"),
        *("SiglipEncoderLayer", "Merger"),
    ]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: ArcHunyuanVideoConfig) -> None:
        super().__init__(config)
        text = config.text
        self.vision_model = ArcHunyuanVideoVisionModel(
            config.vision, width=text.hidden_size, eps=text.rms_norm_eps
        )
        self.speech_encoder = WhisperEncoder(config.audio)
        self.mlp2 = projector(config.audio.d_model, text.hidden_size)
        self.language_model = ArcHunyuanVideoTextForCausalLM(text)
        self.post_init()
        if self.generation_config is not None:  # a folder's own generation_config.json replaces it
            self.generation_config.eos_token_id = text.end_ids

    def forward_frames(
        self,
        pixel_values: torch.Tensor,
        input_features: torch.Tensor | None = None,
        audio_index: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Vectors of frames with their sound, shape (F, S, D).

        Args:
            pixel_values: Normalised frames, (F, 3, H, H).
            input_features: Log-mel chunks of 30 s, (K, 128, 3000), with ``audio_index``, or None for no sound.
            audio_index: int64 of shape (F, S): row of the flattened sound vectors (K * 1500 rows) to add, -1 for none.

        Raises:
            UsageError: If only one of the two about sound is given, or counts do not agree.
        """
        if (input_features is None) != (audio_index is None):
            given = "audio_index" if input_features is None else "input_features"
            raise UsageError(
                "add sound to frames",
                found=f"only {given}",
                allowed="input_features and audio_index together",
            )
        frames_FSD: torch.Tensor = self.vision_model(pixel_values)
        if input_features is None or audio_index is None:
            return frames_FSD
        return add_sound(frames_FSD, self.forward_sound(input_features), audio_index)

    def forward_sound(self, input_features: torch.Tensor) -> torch.Tensor:
        """Vectors of sound, 50 a second, chunk after chunk: shape (K * 1500, D).

        Args:
            input_features: Log-mel chunks of 30 s, (K, 128, 3000).
        """
        chunks = beside(input_features, self.speech_encoder.conv1.weight)
        heard_KMD = self.speech_encoder(chunks).last_hidden_state
        vectors_MD: torch.Tensor = self.mlp2(heard_KMD.flatten(0, 1))
        return vectors_MD

    @deprecate_kwarg("past_key_values", "5.40.0", new_name="cache")
    @can_return_tuple
    def forward(  # noqa: PLR0917 - transformers' order of arguments
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        input_features: torch.Tensor | None = None,
        audio_index: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs: Any,  # noqa: ANN401 - passed on to the decoder
    ) -> CausalLMOutputWithPast:
        """Logits, and the loss where labels are given.

        Args:
            input_ids: int64 ids of shape (B, N); every slot of a frame holds the image id, row ends included.
            attention_mask: (B, past + N), 1 where there is a token; all ones where None.
            position_ids: (B, 4, N): index, column, row, frame; needed with pictures. (B, N) and None are for text.
            cache: Keys and values of what came before.
            inputs_embeds: (B, N, D) instead of ids; then without pictures.
            pixel_values: Normalised frames of all samples in order, (F, 3, H, H).
            input_features: Log-mel chunks of 30 s of all samples in order, (K, 128, 3000).
            audio_index: (F, S) row of the flattened sound vectors of the whole batch to add to each slot, -1 for none.
            labels: (B, N) ids to predict, -100 where not trained; the loss is the shifted mean cross-entropy.
            use_cache: Whether to keep keys and values.
            logits_to_keep: How many last positions get logits, 0 for all.
            kwargs: Passed on to the decoder.

        Raises:
            UsageError: If sound comes without pictures, pictures without ids or positions, or slots of the prompt and
                vectors differ in count; with both numbers.
        """
        self._check(
            input_ids=input_ids,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            pixel_values=pixel_values,
            input_features=input_features,
            audio_index=audio_index,
        )
        past = 0 if cache is None else int(cache.get_seq_length())
        if inputs_embeds is None:
            inputs_embeds = self.language_model.model.embed_tokens(input_ids)
            if input_ids is not None and (pixel_values is not None or past == 0):
                inputs_embeds = self._fuse(
                    input_ids, inputs_embeds, pixel_values, input_features, audio_index
                )
        if attention_mask is None:
            attention_mask = inputs_embeds.new_ones(
                (inputs_embeds.shape[0], past + inputs_embeds.shape[1]), dtype=torch.long
            )
        if position_ids is None:
            position_ids = plain_positions(attention_mask, inputs_embeds.shape[1])
        output: CausalLMOutputWithPast = self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=all_axes(position_ids, len(self.config.text.axis_sizes)),
            cache=cache,
            labels=labels,
            use_cache=use_cache,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )
        return output

    @staticmethod
    def _check(
        *,
        input_ids: torch.Tensor | None,
        inputs_embeds: torch.Tensor | None,
        attention_mask: torch.Tensor | None,
        position_ids: torch.Tensor | None,
        pixel_values: torch.Tensor | None,
        input_features: torch.Tensor | None,
        audio_index: torch.Tensor | None,
    ) -> None:
        """Refuse inputs that would be ignored or guessed.

        Raises:
            UsageError: See :meth:`forward`.
        """
        if (input_ids is None) == (inputs_embeds is None):
            given = "neither" if input_ids is None else "both"
            raise UsageError("run ARC-Hunyuan-Video", found=given, allowed="input_ids or inputs_embeds")
        if pixel_values is None and (input_features is not None or audio_index is not None):
            raise UsageError(
                "hear sound without pictures",
                found="input_features or audio_index but no pixel_values",
                todo="give pictures of zeros, as the model was trained",
            )
        if pixel_values is not None and input_ids is None:
            raise UsageError(
                "look at pictures", found="no input_ids", allowed="ids with image ids among them"
            )
        if pixel_values is not None and (position_ids is None or position_ids.ndim != 3):
            found = "none" if position_ids is None else f"shape {tuple(position_ids.shape)}"
            raise UsageError(
                "look at pictures", found=f"position_ids: {found}", allowed="shape (batch, 4, tokens)"
            )
        if position_ids is None and attention_mask is not None and attention_mask.ndim != 2:
            raise UsageError(
                "place tokens by their attention mask",
                found=f"a mask of {attention_mask.ndim} axes and no position_ids",
                todo="give position_ids",
            )

    def _fuse(
        self,
        input_ids: torch.Tensor,
        embeds_BND: torch.Tensor,
        pixel_values: torch.Tensor | None,
        input_features: torch.Tensor | None,
        audio_index: torch.Tensor | None,
    ) -> torch.Tensor:
        """Token embeddings with frames where the image ids are.

        Raises:
            UsageError: If image ids and vectors differ in count.
        """
        filled_BN = input_ids == self.config.text.image_token_id
        slots = int(filled_BN.sum())
        if pixel_values is None:
            frames_FSD = None
        else:
            frames_FSD = self.forward_frames(pixel_values, input_features, audio_index)
        vectors = 0 if frames_FSD is None else frames_FSD.shape[0] * frames_FSD.shape[1]
        if slots != vectors:
            raise UsageError(
                "put frames into the prompt",
                found=f"{slots} image ids for {vectors} vectors",
                allowed="one id for each vector of each frame",
            )
        if frames_FSD is None:
            return embeds_BND
        return splice(embeds_BND, filled_BN, frames_FSD.flatten(0, 1).to(embeds_BND.device))

    def freeze_encoders(self, *, vision: bool = True, speech: bool = True) -> None:
        """Take the vision tower with its merger, or the speech encoder, out of training; ``mlp2`` stays in.

        Frozen parts build no graph: nothing of theirs is kept for the backward pass. This is what the released
        fine-tuning does.
        """
        for wanted, part in ((vision, self.vision_model), (speech, self.speech_encoder)):
            if wanted:
                part.requires_grad_(False)

    def tie_weights(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - transformers' signature
        """Tie the head to the token embeddings, as the config says.

        Raises:
            WeightsError: If a checkpoint brings a head of other values; the base class would leave it untied.
        """
        super().tie_weights(*args, **kwargs)
        text = self.language_model
        head, table = text.lm_head.weight, text.model.embed_tokens.weight
        apart = head is not table and "meta" not in (head.device.type, table.device.type)
        if self.config.text.tie_word_embeddings and apart:
            raise WeightsError(
                "tie language_model.lm_head.weight to the token embeddings",
                found="a head of other values in the checkpoint",
                todo="set tie_word_embeddings of text_config to false, or leave the head out",
            )

    def get_decoder(self) -> nn.Module:
        """The decoder without its head, for trainers that want hidden states and no logits."""
        decoder: nn.Module = self.language_model.model
        return decoder

    def save_pretrained(  # type: ignore[override]  # its many keywords are passed on as they are
        self,
        save_directory: str | os.PathLike[str],
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> None:
        """Write a folder in the released layout; of a quantised model in the model's own, for its parts cannot be fused."""
        if getattr(self, "hf_quantizer", None) is not None:
            kwargs.setdefault("save_original_format", False)
        super().save_pretrained(save_directory, **kwargs)

    def get_input_embeddings(self) -> nn.Module:
        """The token embeddings."""
        embed_tokens: nn.Module = self.language_model.model.embed_tokens
        return embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Other token embeddings."""
        self.language_model.model.embed_tokens = value

    def get_output_embeddings(self) -> nn.Module:
        """The decoder's head."""
        head: nn.Module = self.language_model.lm_head
        return head

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        """Another head."""
        self.language_model.lm_head = new_embeddings
