"""Hour-LLaVA as a transformers model: a Qwen2 whose video tokens were refreshed from a memory of the whole video.

The model plans nothing. What is remembered (``memory``), which of its rows the language model is shown
(``kept_positions``), where they stand (``slot_mask``) and which text may ask the memory (``query_mask``) all come from
a layout; MemAug runs once, before the first token, and decoding goes on with the cache as for any language model.

Axes: B sample, N position, T picture, P position of a picture, C feature width, M memory token, D width, R kept row.
"""

# mypy: allow-untyped-calls, disable-error-code="untyped-decorator"
# transformers and parts of torch declare no types.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn
from transformers import Cache, GenerationMixin
from transformers import initialization as init  # leaves loaded tensors alone
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.modeling_utils import slice_logits_to_keep
from transformers.models.qwen2.modeling_qwen2 import Qwen2Model, Qwen2PreTrainedModel
from transformers.utils.deprecation import deprecate_kwarg

from playhead.errors import UsageError
from playhead.models.hour_llava.config import HourLlavaConfig
from playhead.models.hour_llava.memaug import MemAug, Reading
from playhead.models.hour_llava.query import Query, Rows, repeated, stretched
from playhead.models.hour_llava.recall import Memory, Tokens, open_memory, with_newlines
from playhead.models.hour_llava.vision import PICTURES_AT_ONCE, VisionTower, video_features
from playhead.nn.fuse import splice

# Inputs of the first step only; generate() passes them on at every step.
_ONCE = ("slot_mask", "query_mask", "memory", "kept_positions", "memory_positions", "visual_embeds")


class HourLlavaPreTrainedModel(Qwen2PreTrainedModel):
    """Weight initialisation and what transformers asks of a family."""

    config: HourLlavaConfig
    config_class = HourLlavaConfig
    _no_split_modules = [  # noqa: RUF012 - as transformers declares it
        "Qwen2DecoderLayer",
        "MemAugBlock",
        "SiglipEncoderLayer",
        "SiglipVisionEmbeddings",
    ]

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, HourLlavaModel):
            init.normal_(module.image_newline, mean=0.0, std=self.config.hidden_size**-0.5)


class HourLlavaModel(Qwen2Model, HourLlavaPreTrainedModel):
    """A Qwen2 with a vision tower, a projector, a newline and MemAug beside its layers, named as in released files.

    Its forward is Qwen2's own; everything of the video happens before, in :meth:`refresh`.
    """

    config: HourLlavaConfig
    config_class = HourLlavaConfig

    def __init__(self, config: HourLlavaConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        self.image_newline = nn.Parameter(torch.empty(width))
        self.mm_projector = nn.Sequential(
            nn.Linear(config.mm_hidden_size, width), nn.GELU(), nn.Linear(width, width)
        )
        self.vision_tower = VisionTower(config)
        self.vision_resampler = MemAug(config)
        self._is_hf_initialized = False  # Qwen2Model's constructor has said so before there was a newline
        self.post_init()

    def encode_video(
        self, pixels_FCHW: torch.Tensor, *, pictures_at_once: int = PICTURES_AT_ONCE
    ) -> torch.Tensor:
        """Pooled features of preprocessed pictures, (T, 64, C), in the tower's type."""
        return video_features(self.vision_tower, pixels_FCHW, pictures_at_once=pictures_at_once)

    def project_frames(self, features_TPC: torch.Tensor) -> torch.Tensor:
        """Features to memory tokens with a newline behind each picture, (T, P + 1, D)."""
        newline_D = self.image_newline
        return with_newlines(self.mm_projector(features_TPC.to(newline_D)), newline_D)

    def refresh(
        self,
        input_ids: torch.Tensor,
        slot_mask: torch.Tensor,
        query_mask: torch.Tensor,
        memory: Sequence[torch.Tensor | None],
        kept_positions: Sequence[Rows | None],
        *,
        memory_positions: Sequence[torch.Tensor | None] | None = None,
        reading: Reading = "auto",
    ) -> torch.Tensor:
        """Kept tokens of all samples after MemAug, one for each True of ``slot_mask``, as (R, D).

        Args:
            input_ids: (B, N).
            slot_mask: (B, N) bool, True where a kept token stands.
            query_mask: (B, N) bool, True where a text token enters MemAug's query.
            memory: For each sample (T, 64, C) features, (T, 65, D) projected frames, (M, D) projected tokens, features
                (I, S * S, C) of still images of one tile each, or None for a sample without.
            kept_positions: For each sample the int64 memory rows kept, ascending within a placeholder; a sequence of
                these where it has several placeholders. A sample with rows but without a slot goes through MemAug for
                nothing, so that every process of a training run has the same graph.
            memory_positions: For each sample the position of every memory row (still images), or None for 0, 1, 2, ...
            reading: How the memory is read (:meth:`MemAug.forward`).

        Raises:
            UsageError: If counts that must agree do not.
        """
        batch = input_ids.shape[0]
        positions = memory_positions if memory_positions is not None else [None] * batch
        for name, each in (
            ("memory", memory),
            ("kept_positions", kept_positions),
            ("memory_positions", positions),
        ):
            if len(each) != batch:
                raise UsageError("run MemAug", found=f"{len(each)} entries of {name} for {batch} samples")
        parts = [self.image_newline.new_zeros(0, self.config.hidden_size)]
        for row, remembered in enumerate(memory):
            slots = int(slot_mask[row].sum())
            rows = kept_positions[row]
            if remembered is None or rows is None:
                if slots:
                    raise UsageError("run MemAug", found=f"{slots} places but no memory in sample {row}")
                continue
            opened = open_memory(remembered, self.mm_projector, self.image_newline)
            if torch.is_grad_enabled():  # one tensor, so that the projector's graph is built once
                opened = Tokens(opened.read(0, len(opened)), self.image_newline)
            kept = [rows] if isinstance(rows, torch.Tensor) else list(rows)
            query = Query(input_ids[row], slot_mask[row], query_mask[row], kept)
            parts.append(self._refresh_one(query, opened, positions[row], reading)[:slots])
        return torch.cat(parts)

    def _refresh_one(
        self, query: Query, memory: Memory, positions_M: torch.Tensor | None, reading: Reading
    ) -> torch.Tensor:
        """Kept tokens of one sample after MemAug, (R, D)."""
        device = self.image_newline.device
        positions_M = torch.arange(len(memory)) if positions_M is None else positions_M
        tokens, places, is_video, next_position = [], [], [], 0
        for ids, rows in query.pieces():
            if rows is None:
                place = torch.arange(len(ids), device=device)
                tokens.append(self.embed_tokens(ids.to(device)).to(self.image_newline))
            else:
                place = positions_M[rows.to(positions_M.device)].to(device)
                tokens.append(memory.rows(rows).to(self.image_newline))
            is_video.append(torch.full((len(place),), rows is not None, device=device))
            if len(place):
                places.append(place + next_position)
                next_position = int(places[-1].max()) + 1
        out_ND = self.vision_resampler(
            torch.cat(tokens), torch.cat(places), memory, positions_M.to(device), reading=reading
        )
        return cast("torch.Tensor", out_ND[torch.cat(is_video).to(out_ND.device)].to(device))


class HourLlavaForCausalLM(HourLlavaPreTrainedModel, GenerationMixin):
    """Hour-LLaVA with its language-model head: answers about a video from its memory and a prompt."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012 - transformers' own form

    def __init__(self, config: HourLlavaConfig) -> None:
        super().__init__(config)
        self.model = HourLlavaModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    @deprecate_kwarg("past_key_values", "5.40.0", new_name="cache")
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        *,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        slot_mask: torch.Tensor | None = None,
        query_mask: torch.Tensor | None = None,
        memory: Sequence[torch.Tensor | None] | None = None,
        kept_positions: Sequence[Rows | None] | None = None,
        memory_positions: Sequence[torch.Tensor | None] | None = None,
        visual_embeds: torch.Tensor | None = None,
        **kwargs: Any,  # noqa: ANN401 - passed on to transformers
    ) -> CausalLMOutputWithPast:
        """Logits of every position, and the mean next-token loss where labels are given.

        Args:
            input_ids: (B, N) ids; positions of kept video tokens hold any placeholder id.
            attention_mask: (B, N), 0 where padded on either side.
            position_ids: (B, N), or None for plain order.
            cache: Cache of earlier steps.
            inputs_embeds: (B, N, D) embeddings in place of ids; then nothing of the video is put in.
            labels: (B, N) ids to predict, -100 where nothing is trained.
            use_cache: Whether to return a cache.
            logits_to_keep: Last positions whose logits are wanted; 0 for all.
            slot_mask: (B, N) bool, True where a kept video token stands.
            query_mask: (B, N) bool, True where a text token enters MemAug; None with labels for those not trained.
            memory: What is remembered, see :meth:`HourLlavaModel.refresh`.
            kept_positions: Memory rows kept, likewise.
            memory_positions: Positions of memory rows, likewise.
            visual_embeds: (R, D) MemAug's output for these samples, in place of a memory.
            kwargs: More of transformers' Qwen2.

        Raises:
            UsageError: If a memory comes without the masks it needs, or counts do not agree.
        """
        if inputs_embeds is None and slot_mask is not None and input_ids is not None:
            if visual_embeds is None:
                visual_embeds = self.look_up(
                    input_ids, slot_mask, query_mask, memory, kept_positions,
                    memory_positions=memory_positions, attention_mask=attention_mask, labels=labels,
                )  # fmt: skip
            inputs_embeds = self.embed(input_ids, slot_mask, visual_embeds)
        outputs = self.model(
            input_ids=input_ids if inputs_embeds is None else None,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=cache,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )
        hidden = outputs.last_hidden_state
        logits = self.lm_head(slice_logits_to_keep(hidden, logits_to_keep))
        loss = None
        if labels is not None:
            loss = self.loss_function(
                logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs
            )
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            cache=outputs.cache,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )

    def look_up(
        self,
        input_ids: torch.Tensor,
        slot_mask: torch.Tensor,
        query_mask: torch.Tensor | None,
        memory: Sequence[torch.Tensor | None] | None,
        kept_positions: Sequence[Rows | None] | None,
        *,
        memory_positions: Sequence[torch.Tensor | None] | None = None,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """MemAug's output for a batch, (R, D), to be passed on as ``visual_embeds`` where it is used more than once.

        Arguments as of :meth:`forward`.

        Raises:
            UsageError: If a memory comes without the masks it needs, or counts do not agree.
        """
        if memory is None or kept_positions is None:
            raise UsageError(
                "put a video's tokens into a prompt",
                found="slot_mask alone",
                allowed="memory with kept_positions, or visual_embeds",
            )
        if query_mask is None:
            if labels is None:
                raise UsageError(
                    "run MemAug", found="neither query_mask nor labels", allowed="one of the two"
                )
            query_mask = labels == -100
        if attention_mask is not None and attention_mask.ndim == 2:
            query_mask = query_mask & attention_mask.bool()
        model: HourLlavaModel = self.model
        return model.refresh(
            input_ids, slot_mask, query_mask, memory, kept_positions, memory_positions=memory_positions
        )

    def embed(
        self, input_ids: torch.Tensor, slot_mask: torch.Tensor, visual_embeds: torch.Tensor
    ) -> torch.Tensor:
        """Embeddings of a prompt with the video's tokens in their places, (B, N, D).

        Raises:
            UsageError: If there are more or fewer tokens than places.
        """
        embeds_BND = cast("torch.Tensor", self.model.embed_tokens(input_ids))
        wanted = int(slot_mask.sum())
        if wanted != visual_embeds.shape[0]:
            raise UsageError(
                "put a video's tokens into a prompt",
                found=f"{visual_embeds.shape[0]} tokens for {wanted} places",
            )
        return splice(embeds_BND, slot_mask.to(embeds_BND.device), visual_embeds.to(embeds_BND.device))

    def prepare_inputs_for_generation(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - transformers' own
        """What :meth:`forward` is given at each step; the video only where its places are among the ids."""
        parent: Any = super()  # its declared self is a protocol this class cannot name
        inputs: dict[str, Any] = parent.prepare_inputs_for_generation(*args, **kwargs)
        if not kwargs.get("is_first_iteration", False) and kwargs.get("use_cache", True):
            return {key: value for key, value in inputs.items() if key not in _ONCE}
        return stretched(inputs)  # without a cache every step begins anew, each time one id longer

    def _expand_inputs_for_generation(
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = False,
        input_ids: torch.Tensor | None = None,
        **model_kwargs: Any,  # noqa: ANN401 - transformers' signature
    ) -> Any:  # noqa: ANN401 - transformers' signature
        """Repeat each sample for beams or several answers, what is given as lists too."""
        once = {key: model_kwargs.pop(key) for key in _ONCE if model_kwargs.get(key) is not None}
        parent: Any = super()
        ids, rest = parent._expand_inputs_for_generation(
            expand_size, is_encoder_decoder, input_ids, **model_kwargs
        )
        return ids, {**rest, **repeated(once, expand_size)}
