"""The decoder: transformers' Hunyuan dense layers under four-axis rotary positions.

Layers, norms, attention and cache are transformers' own; only the rotary table differs, and with equal axes it equals
transformers' too. Positions are (sequence index, column, row, frame); everything but the rotary table (masks, packed
sequences) goes by the sequence index alone.

Axes: B sample, A axis of a position, N position, D width.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import DynamicCache
from transformers.cache_utils import Cache
from transformers.masking_utils import create_causal_mask
from transformers.modeling_outputs import BaseModelOutputWithPast
from transformers.models.hunyuan_v1_dense.modeling_hunyuan_v1_dense import (
    HunYuanDenseV1DecoderLayer,
    HunYuanDenseV1ForCausalLM,
    HunYuanDenseV1PreTrainedModel,
    HunYuanDenseV1RMSNorm,
)
from transformers.utils.deprecation import deprecate_kwarg
from transformers.utils.generic import merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs

from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoTextConfig
from playhead.nn.axis_rotary import AxisRotary


class ArcHunyuanVideoTextModel(HunYuanDenseV1PreTrainedModel):
    """Token embeddings through the decoder layers."""

    def __init__(self, config: ArcHunyuanVideoTextConfig) -> None:
        super().__init__(config)
        settings: Any = config  # has every field that transformers' layers read of their own config
        self.padding_idx, self.vocab_size = config.pad_token_id, config.vocab_size
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList(
            HunYuanDenseV1DecoderLayer(settings, layer) for layer in range(config.num_hidden_layers)
        )
        self.norm = HunYuanDenseV1RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.rotary = AxisRotary(
            config.attention_head_dim, config.axis_sizes, base=config.rope_base, alpha=config.rope_alpha
        )
        self.gradient_checkpointing = False
        self.post_init()

    @deprecate_kwarg("past_key_values", "5.40.0", new_name="cache")
    @merge_with_config_defaults
    @capture_outputs
    def forward(  # noqa: PLR0917 - transformers' order of arguments
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,  # noqa: ANN401 - passed on to the layers
    ) -> BaseModelOutputWithPast:
        """Hidden states after the final norm.

        Args:
            input_ids: int64 of shape (B, N), or ``inputs_embeds`` of shape (B, N, D), not both.
            attention_mask: (B, past + N), or a ready 4-D mask.
            position_ids: (B, A, N); (B, N) where the axes agree; plain order where None.
            cache: Keys and values of what came before.
            inputs_embeds: See ``input_ids``.
            use_cache: Whether to keep keys and values.
            kwargs: Passed on to the layers.

        Raises:
            ValueError: If not exactly one of ids and embeddings is given.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("exactly one of input_ids and inputs_embeds is needed")
        hidden_BND: torch.Tensor = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        if use_cache and cache is None:
            cache = DynamicCache(config=self.config)
        if position_ids is None:
            first = cache.get_seq_length() if cache is not None else 0
            position_ids = torch.arange(hidden_BND.shape[1], device=hidden_BND.device)[None] + first
        positions_BAN = all_axes(position_ids, len(self.rotary.sizes))
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=hidden_BND,
            attention_mask=attention_mask,
            cache=cache,
            position_ids=positions_BAN[:, 0],
        )
        cos_sin = self.rotary(hidden_BND, positions_BAN)
        for layer in self.layers:
            hidden_BND = layer(
                hidden_BND,
                attention_mask=mask,
                position_embeddings=cos_sin,
                position_ids=positions_BAN[:, 0],
                cache=cache,
                use_cache=use_cache,
                **kwargs,
            )
        return BaseModelOutputWithPast(last_hidden_state=self.norm(hidden_BND), cache=cache)


class ArcHunyuanVideoTextForCausalLM(HunYuanDenseV1ForCausalLM):
    """The decoder with its head, tied to the token embeddings in the released weights."""

    def __init__(self, config: ArcHunyuanVideoTextConfig) -> None:
        # The direct base would build its one-axis decoder first.
        HunYuanDenseV1PreTrainedModel.__init__(self, config)
        self.model = ArcHunyuanVideoTextModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()


def all_axes(position_ids: torch.Tensor, axes: int) -> torch.Tensor:
    """Positions of shape (B, A, N); those of shape (B, N) are the same on every axis."""
    return position_ids if position_ids.ndim == 3 else position_ids[:, None].expand(-1, axes, -1)
