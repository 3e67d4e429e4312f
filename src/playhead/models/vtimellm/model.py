"""VTimeLLM: features of frames and sounds through one linear layer each, among the embeddings of a language model.

There is no module for time: positions are plainly counted, and seconds are written as two-digit numbers in the text.
Source: VTimeLLM (arXiv 2311.18445), section 3; LongVALE (arXiv 2411.19772); AVicuna (arXiv 2403.16276).

Axes: B sample, N position, M filled position, D width, C channel, H row, W column.
"""

# mypy: allow-untyped-calls, disable-error-code="untyped-decorator"
# (transformers leaves many of its functions without types)

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoModel, Cache, GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import slice_logits_to_keep
from transformers.utils.deprecation import deprecate_kwarg

from playhead.errors import UsageError
from playhead.models.vtimellm.config import KINDS, TEXT, VTimeLLMConfig
from playhead.models.vtimellm.sound import make_sound_tower, make_speech_tower
from playhead.models.vtimellm.vision import encode_frames, make_tower
from playhead.nn.fuse import splice

_FEATURES = {kind: f"{kind}_features" for kind in KINDS}


class VTimeLLMPreTrainedModel(PreTrainedModel):
    """What transformers needs to know of every model of this family."""

    config: VTimeLLMConfig
    config_class = VTimeLLMConfig
    base_model_prefix = "model"
    input_modalities = ["image", "audio", "text"]  # noqa: RUF012 - as transformers declares it
    supports_gradient_checkpointing = True
    _no_split_modules = [  # noqa: RUF012 - as transformers declares it
        "LlamaDecoderLayer",
        "GlmDecoderLayer",
        "CLIPEncoderLayer",
        "WhisperEncoderLayer",
        "ClapAudioLayer",
    ]
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_attention_backend = True


class VTimeLLMModel(VTimeLLMPreTrainedModel):
    """The language model without its head, the projectors, and the encoders the configuration names."""

    def __init__(self, config: VTimeLLMConfig) -> None:
        super().__init__(config)
        self.language_model: Any = AutoModel.from_config(config.text_config)
        width = config.text_config.hidden_size
        modalities = config.modalities or {}
        self.projectors: Any = nn.ModuleDict(
            {kind: nn.Linear(wide, width) for kind, wide in modalities.items()}
        )
        self.vision_tower = None if config.vision_config is None else make_tower(config.vision_config)
        self.sound_tower = None if config.sound_config is None else make_sound_tower(config.sound_config)
        self.speech_tower = None if config.speech_config is None else make_speech_tower(config.speech_config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of token embeddings."""
        table: nn.Module = self.language_model.get_input_embeddings()
        return table

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of token embeddings."""
        self.language_model.set_input_embeddings(value)

    def fuse(
        self,
        embeds_BND: torch.Tensor,
        slot_kinds_BN: torch.Tensor | None,
        features: dict[str, torch.Tensor | None],
    ) -> torch.Tensor:
        """Put projected features where the slots of their kind are.

        Args:
            embeds_BND: Embeddings of the tokens.
            slot_kinds_BN: What each position stands for, or None for text alone.
            features: Kind to rows of shape (M, width), all samples' rows in the order of their positions.

        Raises:
            UsageError: If rows and positions differ in number (with both), a row has another width than the
                projector, or there is no projector of that kind.
        """
        for kind, value in KINDS.items():
            filled_BN = None if slot_kinds_BN is None else slot_kinds_BN == value
            vectors_MD = features.get(kind)
            self._check(kind, filled_BN, vectors_MD)
            if filled_BN is None or vectors_MD is None or vectors_MD.shape[0] == 0:
                continue
            projector = self.projectors[kind]  # the bias tells the precision: a quantised weight does not
            projected_MD = projector(vectors_MD.to(embeds_BND.device, projector.bias.dtype))
            embeds_BND = splice(embeds_BND, filled_BN.to(embeds_BND.device), projected_MD)
        return embeds_BND

    @deprecate_kwarg("past_key_values", "5.40.0", new_name="cache")
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        slot_kinds: torch.Tensor | None = None,
        *,
        frame_features: torch.Tensor | None = None,
        sound_features: torch.Tensor | None = None,
        speech_features: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        **kwargs: Any,  # noqa: ANN401 - handed on to the language model
    ) -> BaseModelOutputWithPast:
        """Hidden states of every position; see :meth:`VTimeLLMForCausalLM.forward` for the arguments."""
        if (input_ids is None) == (inputs_embeds is None):
            raise UsageError("run VTimeLLM", allowed="either input_ids or inputs_embeds")
        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
        if pixel_values is not None:
            frame_features = self._encode(pixel_values, frame_features)
        rows = {"frame": frame_features, "sound": sound_features, "speech": speech_features}
        if slot_kinds is not None or any(each is not None for each in rows.values()):
            inputs_embeds = self.fuse(inputs_embeds, slot_kinds, rows)
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            # Counted over real tokens, so that a sample padded on the left is the same as alone.
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -inputs_embeds.shape[1] :]
        outputs: BaseModelOutputWithPast = self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=cache,
            **kwargs,
        )
        return outputs

    def _encode(self, pixels_MCHW: torch.Tensor, features: torch.Tensor | None) -> torch.Tensor:
        if features is not None:
            raise UsageError(
                "run VTimeLLM", found="both pixel_values and frame_features", allowed="one of them"
            )
        if self.vision_tower is None:
            raise UsageError(
                "run VTimeLLM on pixel_values",
                found="a folder without the CLIP tower",
                todo="assemble it with tower=, or give frame_features",
            )
        return encode_frames(self.vision_tower, pixels_MCHW)

    def _check(self, kind: str, filled_BN: torch.Tensor | None, vectors_MD: torch.Tensor | None) -> None:
        """Refuse features that do not go with the slots, before they are spent."""
        wanted = 0 if filled_BN is None else int(filled_BN.sum())
        given = 0 if vectors_MD is None else int(vectors_MD.shape[0])
        asked = f"fill {wanted} {kind} positions"
        if (wanted or given) and kind not in self.projectors:
            raise UsageError(
                asked, found=f"no {kind} projector", allowed=f"modalities {', '.join(self.projectors)}"
            )
        if wanted != given:
            todo = f"give one row of {_FEATURES[kind]} for each"
            raise UsageError(asked, found=f"{given} rows of {_FEATURES[kind]}", todo=todo)
        if vectors_MD is not None and given:
            width = self.projectors[kind].in_features
            if vectors_MD.ndim != 2 or vectors_MD.shape[1] != width:
                shape = tuple(vectors_MD.shape)
                raise UsageError(
                    asked, found=f"{_FEATURES[kind]} of shape {shape}", allowed=f"({wanted}, {width})"
                )


class VTimeLLMForCausalLM(VTimeLLMPreTrainedModel, GenerationMixin):
    """VTimeLLM, LongVALE-LLM or AVicuna with its language-model head."""

    _tied_weights_keys = {  # noqa: RUF012 - as transformers declares it
        "lm_head.weight": "model.language_model.embed_tokens.weight"
    }

    def __init__(self, config: VTimeLLMConfig) -> None:
        super().__init__(config)
        self.model: Any = VTimeLLMModel(config)
        text = config.text_config
        self.lm_head: nn.Module = nn.Linear(text.hidden_size, text.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of token embeddings."""
        table: nn.Module = self.model.get_input_embeddings()
        return table

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of token embeddings."""
        self.model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """The language-model head."""
        return self.lm_head

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        """Replace the language-model head."""
        self.lm_head = new_embeddings

    @deprecate_kwarg("past_key_values", "5.40.0", new_name="cache")
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        slot_kinds: torch.Tensor | None = None,
        *,
        frame_features: torch.Tensor | None = None,
        sound_features: torch.Tensor | None = None,
        speech_features: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs: Any,  # noqa: ANN401 - handed on to the language model
    ) -> CausalLMOutputWithPast:
        """Logits of the next token, and the loss where labels are given.

        Args:
            input_ids: int64 (B, N); positions that will be filled may hold any id of the vocabulary, 0 by convention.
            slot_kinds: int64 (B, N): 0 text, 1 frame, 2 sound, 3 speech; None for text alone.
            frame_features: (M, 768), all samples' rows in the order of their positions.
            sound_features: (M, 768) of BEATs or (M, 512) of CLAP, as the configuration says.
            speech_features: (M, 1280) of the Whisper large-v2 encoder.
            pixel_values: (M, 3, 224, 224) instead of frame_features, where the folder holds the tower.
            attention_mask: (B, N) with 1 for real tokens; samples may be padded on either side.
            position_ids: (B, N); counted over real tokens by default.
            cache: Cache of what was read before.
            inputs_embeds: (B, N, D) instead of input_ids.
            labels: int64 (B, N), -100 where nothing is trained.
            logits_to_keep: How many of the last positions to compute logits of; 0 for all.
            kwargs: More for the language model (``use_cache``, ``output_hidden_states``).

        Raises:
            UsageError: If features and slots do not go together, with both counts.
        """
        outputs = self.model(
            input_ids=input_ids,
            slot_kinds=slot_kinds,
            frame_features=frame_features,
            sound_features=sound_features,
            speech_features=speech_features,
            pixel_values=pixel_values,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=cache,
            inputs_embeds=inputs_embeds,
            **kwargs,
        )
        logits_BNV = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None
        if labels is not None:
            vocab_size = self.config.text_config.vocab_size
            loss = self.loss_function(logits=logits_BNV, labels=labels, vocab_size=vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits_BNV,
            cache=outputs.cache,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )

    def prepare_inputs_for_generation(
        self,
        input_ids: torch.Tensor,
        **kwargs: Any,  # noqa: ANN401 - transformers' own
    ) -> dict[str, Any]:
        """Give the features to the first step only; without a cache the whole prompt is read anew every step."""
        again = bool(kwargs.get("is_first_iteration")) or kwargs.get("cache") is None
        slot_kinds_BN = kwargs.pop("slot_kinds", None)
        given = {name: kwargs.pop(name, None) for name in (*_FEATURES.values(), "pixel_values")}
        mixin: Any = super()
        inputs: dict[str, Any] = mixin.prepare_inputs_for_generation(input_ids, **kwargs)
        if again:
            inputs.update(given)
            if slot_kinds_BN is not None:
                written = input_ids.shape[1] - slot_kinds_BN.shape[1]
                inputs["slot_kinds"] = nn.functional.pad(slot_kinds_BN, (0, written), value=TEXT)
        return inputs

    def _expand_inputs_for_generation(  # type: ignore[override]
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = False,
        input_ids: torch.Tensor | None = None,
        **model_kwargs: Any,  # noqa: ANN401 - transformers' own
    ) -> tuple[torch.Tensor | None, dict[str, Any]]:
        """Repeat whole samples for beams: the rows of one sample belong together."""
        names = [name for name in (*_FEATURES.values(), "pixel_values") if model_kwargs.get(name) is not None]
        given = {name: model_kwargs.pop(name) for name in names}
        kinds_BN = model_kwargs.get("slot_kinds")
        mixin: Any = super()
        ids, kwargs = mixin._expand_inputs_for_generation(
            expand_size, is_encoder_decoder, input_ids, **model_kwargs
        )
        for name, rows in given.items():
            kind = KINDS["frame" if name == "pixel_values" else name.removesuffix("_features")]
            kwargs[name] = _repeat_samples(rows, kinds_BN, kind, expand_size)
        return ids, kwargs


def _repeat_samples(rows: torch.Tensor, kinds_BN: torch.Tensor | None, kind: int, times: int) -> torch.Tensor:
    """Each sample's rows so many times, sample after sample."""
    if times == 1 or kinds_BN is None:
        return rows
    parts = rows.split((kinds_BN == kind).sum(-1).tolist())
    return torch.cat([part for part in parts for _ in range(times)])
