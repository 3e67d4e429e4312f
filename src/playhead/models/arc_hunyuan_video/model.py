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

from typing import Any, ClassVar

import torch
from torch import nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.whisper.modeling_whisper import WhisperEncoder
from transformers.utils.generic import can_return_tuple

from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video.audio import add_sound, projector
from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig
from playhead.models.arc_hunyuan_video.text import ArcHunyuanVideoTextForCausalLM, all_axes
from playhead.models.arc_hunyuan_video.vision import ArcHunyuanVideoVisionModel
from playhead.nn.fuse import splice


class ArcHunyuanVideoForConditionalGeneration(PreTrainedModel, GenerationMixin):
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
    _skip_keys_device_placement: ClassVar[list[str]] = ["past_key_values"]
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
        weight = self.speech_encoder.conv1.weight
        chunks = input_features.to(weight.device, weight.dtype)
        heard_KMD = self.speech_encoder(chunks).last_hidden_state
        vectors_MD: torch.Tensor = self.mlp2(heard_KMD.flatten(0, 1))
        return vectors_MD

    @can_return_tuple
    def forward(  # noqa: PLR0917 - transformers' order of arguments
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
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
            past_key_values: Keys and values of what came before.
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
        prefill = past_key_values is None or int(past_key_values.get_seq_length()) == 0
        if pixel_values is None and (input_features is not None or audio_index is not None):
            raise UsageError(
                "hear sound without pictures",
                found="input_features or audio_index but no pixel_values",
                todo="give pictures of zeros, as the model was trained",
            )
        if pixel_values is not None and (position_ids is None or position_ids.ndim != 3 or input_ids is None):
            raise UsageError(
                "look at pictures",
                found="no position_ids of shape (batch, 4, tokens)"
                if input_ids is not None
                else "no input_ids",
                allowed="input_ids with image ids and positions of four axes",
            )
        if inputs_embeds is None and input_ids is not None:
            inputs_embeds = self.language_model.model.embed_tokens(input_ids)
            if pixel_values is not None or prefill:
                inputs_embeds = self._fuse(
                    input_ids, inputs_embeds, pixel_values, input_features, audio_index
                )
        if inputs_embeds is None:
            raise UsageError("run ARC-Hunyuan-Video", found="neither input_ids nor inputs_embeds")
        if attention_mask is None:
            past = 0 if past_key_values is None else int(past_key_values.get_seq_length())
            attention_mask = inputs_embeds.new_ones(
                (inputs_embeds.shape[0], past + inputs_embeds.shape[1]), dtype=torch.long
            )
        if position_ids is None:
            position_ids = _plain(attention_mask, inputs_embeds.shape[1])
        output: CausalLMOutputWithPast = self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=all_axes(position_ids, len(self.config.text.axis_sizes)),
            past_key_values=past_key_values,
            labels=labels,
            use_cache=use_cache,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )
        return output

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

    def prepare_inputs_for_generation(
        self,
        input_ids: Any,  # noqa: ANN401 - transformers' signature
        *args: Any,  # noqa: ANN401 - transformers' signature
        is_first_iteration: bool | None = False,
        **kwargs: Any,  # noqa: ANN401 - transformers' signature
    ) -> dict[str, Any]:
        """Inputs of the next step: pictures and sound only on the first; then plain positions on every axis.

        A new token's position is the number of real tokens before it in its row, so padding does not move it.
        """
        mask = kwargs.get("attention_mask")
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(
            input_ids, *args, is_first_iteration=is_first_iteration, **kwargs
        )
        if not is_first_iteration and kwargs.get("use_cache", True):
            for name in ("pixel_values", "input_features", "audio_index"):
                inputs.pop(name, None)
            if mask is not None and mask.ndim == 2:
                inputs["position_ids"] = all_axes(
                    _plain(mask, inputs["input_ids"].shape[1]), len(self.config.text.axis_sizes)
                )
        return inputs

    def _expand_inputs_for_generation(
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = False,
        input_ids: Any = None,  # noqa: ANN401 - transformers' signature
        **model_kwargs: Any,  # noqa: ANN401 - transformers' signature
    ) -> Any:  # noqa: ANN401 - transformers' signature
        """Several answers to each sample: its frames are repeated as a run, the batch's sound is shared.

        The base would repeat each frame next to itself, and take the first axis of positions for the axes.
        """
        if expand_size == 1 or input_ids is None:
            return super()._expand_inputs_for_generation(
                expand_size, is_encoder_decoder, input_ids, **model_kwargs
            )
        own = {name: model_kwargs.pop(name, None) for name in ("pixel_values", "audio_index")}
        shared = {name: model_kwargs.pop(name, None) for name in ("input_features",)}
        positions = model_kwargs.pop("position_ids", None)
        frames = self._frames_of_rows(input_ids, own["pixel_values"])
        ids, rest = super()._expand_inputs_for_generation(
            expand_size, is_encoder_decoder, input_ids, **model_kwargs
        )
        for name, value in own.items():
            if value is not None:
                runs = [run for run in value.split(frames) for _ in range(expand_size)]
                rest[name] = torch.cat(runs)
        rest.update({name: value for name, value in shared.items() if value is not None})
        if positions is not None:
            rest["position_ids"] = positions.repeat_interleave(expand_size, dim=0)
        return ids, rest

    def _frames_of_rows(self, input_ids: torch.Tensor, pixel_values: torch.Tensor | None) -> list[int]:
        """How many frames each sample of a batch has."""
        if pixel_values is None:
            return []
        slots = self.config.vision.frame_slots(pixel_values.shape[-1])
        return [
            int(row) // slots for row in (input_ids == self.config.text.image_token_id).sum(dim=1).tolist()
        ]

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


def _plain(attention_mask: torch.Tensor, tokens: int) -> torch.Tensor:
    """Position of the last ``tokens`` columns: real tokens before each in its row; 0 where padded. Shape (B, N)."""
    count_BN = attention_mask.long().cumsum(-1) - 1
    return count_BN.clamp(min=0)[:, -tokens:]
