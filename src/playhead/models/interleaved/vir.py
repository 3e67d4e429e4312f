"""The visual resolution router of InternVL3.5-Flash, as it was published, and the model around it.

A tile's 1024 squares are pooled by one learned query in four passes of cross-attention, of which the third and fourth
use the weights of the second again (``attn3`` and ``attn4`` were released and are never used); four residual blocks and
a softmax over two say how fit the tile is to be given as 64 tokens instead of 256. Modules and tensors have the
released names; only the fused matrices of attention are taken apart, as in all of transformers.

The decision passes no gradient, and the published router was trained apart from all else: its weights do not ask for one.

Source: InternVL 3.5 (arXiv 2508.18265), section on the visual resolution router; layout of the released code.
Axes: F tile, S square, C width of the encoder, K token, D width of the language model, M token of any tile.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import InternVLConfig, InternVLForConditionalGeneration, InternVLModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from playhead.models.interleaved.rates import small

HEADS = 16
_DROPOUT = 0.1


class InternVLFlashConfig(InternVLConfig):
    """InternVL's, with the thresholds of the router.

    Attributes:
        flash_relative_threshold: Quantile of a request's tiles above which one may be given small.
        flash_absolute_threshold: Least fitness of a tile that is given small.
    """

    model_type = "internvl_flash"

    flash_relative_threshold: float = 0.5
    flash_absolute_threshold: float = 0.5


class CrossAttention(nn.Module):
    """Queries over keys and values, with biases; as ``nn.MultiheadAttention`` computes it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, width) for _ in range(3))
        self.out_proj = nn.Linear(width, width)

    def forward(self, query_FQC: torch.Tensor, squares_FSC: torch.Tensor) -> torch.Tensor:
        """What the queries take up, shape (F, Q, C)."""
        tiles, queries, width = query_FQC.shape

        def heads(values: torch.Tensor) -> torch.Tensor:
            return values.reshape(tiles, -1, HEADS, width // HEADS).transpose(1, 2)

        q, k, v = self.q_proj(query_FQC), self.k_proj(squares_FSC), self.v_proj(squares_FSC)
        taken = scaled_dot_product_attention(heads(q), heads(k), heads(v))
        made: torch.Tensor = self.out_proj(taken.transpose(1, 2).reshape(tiles, queries, width))
        return made


class CrossAttentionPooling(nn.Module):
    """One learned query over a tile's squares, four times."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_token = nn.Parameter(torch.randn(1, width))
        for number in range(1, 5):
            setattr(self, f"attn{number}", CrossAttention(width))
            setattr(self, f"norm{number}", nn.LayerNorm(width))

    def forward(self, squares_FSC: torch.Tensor) -> torch.Tensor:
        """A vector for each tile, shape (F, C)."""
        taken = self.query_token.expand(len(squares_FSC), 1, -1)
        for number in (1, 2, 2, 2):  # as released
            attention, norm = getattr(self, f"attn{number}"), getattr(self, f"norm{number}")
            taken = norm(attention(taken, squares_FSC))
        return taken[:, 0]


class Gating(nn.Module):
    """Four residual blocks and a softmax over two: given small, given large."""

    def __init__(self, width: int) -> None:
        super().__init__()
        for number in range(1, 5):
            block = nn.Sequential(
                nn.Linear(width, 4 * width),
                nn.GELU(),
                nn.Dropout(_DROPOUT),
                nn.Linear(4 * width, width),
                nn.Dropout(_DROPOUT),
                nn.LayerNorm(width),
            )
            setattr(self, f"block{number}", block)
        self.gate = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2))

    def forward(self, pooled_FC: torch.Tensor) -> torch.Tensor:
        """Probabilities, shape (F, 2)."""
        for number in range(1, 5):
            pooled_FC = pooled_FC + getattr(self, f"block{number}")(pooled_FC)
        made: torch.Tensor = self.gate(pooled_FC).softmax(dim=-1)
        return made


def second_projector(squares_width: int, width: int) -> nn.Sequential:
    """From 16 squares put together to one token."""
    return nn.Sequential(
        nn.LayerNorm(16 * squares_width),
        nn.Linear(16 * squares_width, 2 * width),
        nn.GELU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(2 * width, 2 * width),
        nn.GELU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(2 * width, width),
    )


class InternVLFlashModel(InternVLModel):
    """InternVL's model whose tiles have two rates."""

    config: InternVLFlashConfig

    def __init__(self, config: InternVLFlashConfig) -> None:
        super().__init__(config)
        width: Any = config.vision_config
        text: Any = config.text_config
        self.mlp2 = second_projector(width.hidden_size, text.hidden_size)
        self.pooling_before_gating = CrossAttentionPooling(width.hidden_size)
        self.gating = Gating(width.hidden_size)
        self.pooling_before_gating.requires_grad_(False)
        self.gating.requires_grad_(False)
        self.post_init()

    def squares(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """What the encoder makes of each tile, shape (F, S, C)."""
        made: torch.Tensor = self.vision_tower(
            pixel_values=pixel_values.to(self.dtype), return_dict=True
        ).last_hidden_state
        return made[:, 1:]

    def fitness(self, squares_FSC: torch.Tensor) -> torch.Tensor:
        """How fit each tile is to be given small, shape (F,)."""
        made: torch.Tensor = self.gating(self.pooling_before_gating(squares_FSC))[:, 0].float()
        return made

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        small_tiles: torch.Tensor | None = None,
        **kwargs: Any,  # noqa: ANN401 - transformers' own, of no use here
    ) -> BaseModelOutputWithPooling:
        """Features of the tiles, one after the other, each at its rate.

        Args:
            pixel_values: Tiles.
            small_tiles: Which are given small, bool of shape (F,); None asks the router, about all of them together.
            kwargs: What else transformers passes.
        """
        del kwargs
        squares_FSC = self.squares(pixel_values)
        if small_tiles is None:
            fitness_F = self.fitness(squares_FSC).double().cpu().numpy()
            config = self.config
            chosen = small(fitness_F, config.flash_relative_threshold, config.flash_absolute_threshold)
            small_tiles = torch.from_numpy(chosen)
        small_tiles = small_tiles.to(squares_FSC.device)
        large_FKD = self.multi_modal_projector(self._together(squares_FSC[~small_tiles], 2))
        small_FKD = self.mlp2(self._together(squares_FSC[small_tiles], 4))
        large, little = iter(large_FKD), iter(small_FKD)
        features = [next(little) if is_small else next(large) for is_small in small_tiles.tolist()]
        return BaseModelOutputWithPooling(pooler_output=torch.cat(features))

    def _together(self, squares_FSC: torch.Tensor, side: int) -> torch.Tensor:
        """Blocks of squares as one vector each, by transformers' own pixel shuffle."""
        tiles, squares, width = squares_FSC.shape
        edge = round(squares**0.5)
        made: torch.Tensor = self.pixel_shuffle(
            squares_FSC.reshape(tiles, edge, edge, width), scale_factor=1 / side
        )
        return made.flatten(1, 2)

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        small_tiles: torch.Tensor | None = None,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        **kwargs: Any,  # noqa: ANN401 - transformers' own
    ) -> Any:  # noqa: ANN401 - an output of transformers
        """As InternVL's; ``small_tiles`` says which tiles have a quarter of the places."""
        if pixel_values is not None:
            if mm_encoder_outputs:
                raise ValueError("pixel_values and mm_encoder_outputs at the same time")
            mm_encoder_outputs = {"image": self.get_image_features(pixel_values, small_tiles)}
        return super().forward(input_ids=input_ids, mm_encoder_outputs=mm_encoder_outputs, **kwargs)


class InternVLFlashForConditionalGeneration(InternVLForConditionalGeneration):
    """InternVL3.5-Flash with its language model's head."""

    config: InternVLFlashConfig
    config_class = InternVLFlashConfig

    def __init__(self, config: InternVLFlashConfig) -> None:
        super().__init__(config)
        self.model = InternVLFlashModel(config)
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        small_tiles: torch.Tensor | None = None,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        **kwargs: Any,  # noqa: ANN401 - transformers' own
    ) -> Any:  # noqa: ANN401 - an output of transformers
        """As InternVL's; ``small_tiles`` says which tiles have a quarter of the places."""
        if pixel_values is not None:
            if mm_encoder_outputs:
                raise ValueError("pixel_values and mm_encoder_outputs at the same time")
            mm_encoder_outputs = {"image": self.model.get_image_features(pixel_values, small_tiles)}
        return super().forward(input_ids=input_ids, mm_encoder_outputs=mm_encoder_outputs, **kwargs)
