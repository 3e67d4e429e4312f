"""A frame to its vectors: patches, vision tower, merger with rows of pooled patches and learned newlines.

640 px a side is 40 x 40 patches, 20 x 20 after the merger's convolution, 10 x 10 after pooling, 10 rows of 10 + 1 with
the newline column, and 112 vectors with begin and end. The tower's layers are transformers' SigLIP layers, which
compute the same (pre-norm, biased attention, exact GELU); there is no norm after the last.

Axes: F frame, C channel, H and W pixels, P patch, S slot, D width; E is the merger's inner width.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="no-untyped-call,misc"

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.models.hunyuan_v1_dense.modeling_hunyuan_v1_dense import HunYuanDenseV1RMSNorm
from transformers.models.siglip.modeling_siglip import SiglipAttention, SiglipEncoderLayer

from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoVisionConfig
from playhead.nn.interpolate import resize_table


class VisionEmbeddings(nn.Module):
    """Pixels to patch vectors with their positions; row 0 of the table belongs to a class token nobody uses."""

    position_ids: torch.Tensor

    def __init__(self, config: ArcHunyuanVideoVisionConfig) -> None:
        super().__init__()
        rows = (config.max_image_size // config.patch_size) ** 2 + 1
        patch = config.patch_size
        self.patch_embedding = nn.Conv2d(
            config.num_channels, config.hidden_size, kernel_size=patch, stride=patch
        )
        self.position_embedding = nn.Embedding(rows, config.hidden_size)
        # Not needed to compute anything, but the released weights hold it and get it back.
        self.register_buffer("position_ids", torch.arange(rows)[None])

    def positions(self, side: int, device: torch.device | None = None) -> torch.Tensor:
        """Position vectors of ``side * side`` patches, shape (P, D)."""
        # Looked up, not read off the weight: one that is kept on disk is there only while its module is called.
        table = self.position_embedding(
            torch.arange(1, self.position_embedding.num_embeddings, device=device)
        )
        return resize_table(table, side)

    def forward(self, pixels_FCHW: torch.Tensor) -> torch.Tensor:
        """Patch vectors with positions, shape (F, P, D), rows first."""
        patches_FDHW: torch.Tensor = self.patch_embedding(pixels_FCHW)
        side = patches_FDHW.shape[-1]
        return patches_FDHW.flatten(2).transpose(1, 2) + self.positions(side, patches_FDHW.device)


class VisionTower(nn.Module):
    """Embeddings and layers."""

    def __init__(self, config: ArcHunyuanVideoVisionConfig) -> None:
        super().__init__()
        self.embeddings = VisionEmbeddings(config)
        layers: list[nn.Module] = [SiglipEncoderLayer(config) for _ in range(config.num_hidden_layers)]  # type: ignore[arg-type] # duck-typed: same fields
        self.layers = nn.ModuleList(layers)

    def forward(self, pixels_FCHW: torch.Tensor) -> torch.Tensor:
        """The last layer's output, shape (F, P, D)."""
        hidden_FPD: torch.Tensor = self.embeddings(pixels_FCHW)
        for layer in self.layers:
            hidden_FPD = layer(hidden_FPD, attention_mask=None)
        return hidden_FPD


class Merger(nn.Module):
    """A frame's patches to the decoder's vectors.

    Args:
        config: The vision tower's settings.
        width: The decoder's width.
        eps: Of the two RMS norms; the decoder's.
    """

    def __init__(self, config: ArcHunyuanVideoVisionConfig, width: int, eps: float) -> None:
        super().__init__()
        inner, joined = 4 * config.hidden_size, config.anyres_pooling_size
        self.before_rms = HunYuanDenseV1RMSNorm(config.hidden_size, eps=eps)
        self.proj = nn.Sequential(
            nn.Conv2d(config.hidden_size, inner // 2, kernel_size=joined, stride=joined),
            nn.GELU(),
            nn.Conv2d(inner // 2, inner, kernel_size=1),
        )
        self.pool = nn.AvgPool2d(2)
        self.mlp = nn.Linear(inner, width)
        self.image_newline = nn.Parameter(torch.empty(inner))
        self.image_begin = nn.Parameter(torch.empty(width))
        self.image_end = nn.Parameter(torch.empty(width))
        self.image_sep = nn.Parameter(torch.empty(width))  # of a two-picture mode that videos never use
        self.after_rms = HunYuanDenseV1RMSNorm(width, eps=eps)

    def forward(self, patches_FPD: torch.Tensor) -> torch.Tensor:
        """The decoder's vectors, shape (F, S, D): begin, rows each with a newline at its end, end."""
        frames, patches, width = patches_FPD.shape
        side = round(patches**0.5)
        grid_FDHW = self.before_rms(patches_FPD).transpose(1, 2).reshape(frames, width, side, side)
        pooled_FEHW = self.pool(self.proj(grid_FDHW))
        newline_FEH1 = self.image_newline[None, :, None, None].expand(frames, -1, pooled_FEHW.shape[2], 1)
        rows_FSE = (
            torch.cat((pooled_FEHW, newline_FEH1.to(pooled_FEHW.dtype)), dim=-1).flatten(2).transpose(1, 2)
        )
        rows_FSD: torch.Tensor = self.mlp(rows_FSE)
        begin_F1D, end_F1D = (
            each.to(rows_FSD.dtype)[None, None].expand(frames, 1, -1)
            for each in (self.image_begin, self.image_end)
        )
        slots_FSD: torch.Tensor = self.after_rms(torch.cat((begin_F1D, rows_FSD, end_F1D), dim=1))
        return slots_FSD


class ArcHunyuanVideoVisionModel(PreTrainedModel):
    """Frames to the decoder's vectors, a few at a time.

    Args:
        config: Settings of the tower.
        width: The decoder's width.
        eps: Of the merger's RMS norms.
    """

    config: ArcHunyuanVideoVisionConfig
    config_class = ArcHunyuanVideoVisionConfig
    main_input_name = "pixel_values"
    input_modalities: ClassVar[Any] = ("image",)
    supports_gradient_checkpointing = True
    _no_split_modules: ClassVar[list[str]] = ["VisionEmbeddings", "SiglipEncoderLayer", "Merger"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_record_outputs: ClassVar[dict[str, Any]] = {
        "hidden_states": SiglipEncoderLayer,
        "attentions": SiglipAttention,
    }

    def __init__(self, config: ArcHunyuanVideoVisionConfig, *, width: int, eps: float = 1e-5) -> None:
        super().__init__(config)
        self.vit = VisionTower(config)
        self.perceive = Merger(config, width, eps)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, VisionEmbeddings):
            init.copy_(module.position_ids, torch.arange(module.position_ids.shape[-1])[None])
        elif isinstance(module, Merger):
            for vector in (module.image_newline, module.image_begin, module.image_end, module.image_sep):
                init.normal_(vector, std=self.config.initializer_range)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Vectors of frames, shape (F, S, D); at most ``config.chunk_frames`` frames are encoded at once.

        Args:
            pixel_values: Normalised frames of shape (F, 3, H, H); H a multiple of 64.

        Raises:
            UsageError: If the frames have another shape, or there is none.
        """
        shape = tuple(pixel_values.shape)
        if len(shape) != 4 or shape[0] < 1 or shape[1] != self.config.num_channels or shape[2] != shape[3]:
            raise UsageError(
                "encode frames",
                found=f"pixels of shape {shape}",
                allowed="square ones: (frames, 3, side, side)",
            )
        self.config.frame_slots(shape[-1])  # refuses a side that does not fit
        weight = self.vit.embeddings.patch_embedding.weight
        parts = [
            self.perceive(self.vit(beside(chunk, weight)))
            for chunk in pixel_values.split(self.config.chunk_frames)
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def beside(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Values in a weight's precision, and where it is.

    A weight that is kept on disk shows as one on the meta device; whoever brings it brings the values along.
    """
    return values.to(None if weight.is_meta else weight.device, weight.dtype)
