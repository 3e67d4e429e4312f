"""Pictures to features: SigLIP cut before its last layer, a picture's 27 x 27 patches, a video's 8 x 8.

Axes: F picture, H height, W width, C channel or feature width, P position of a picture, D width of the language model.
"""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from transformers import SiglipVisionConfig, SiglipVisionModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from playhead.errors import UsageError
from playhead.models.hour_llava.forget import FRAME_SIDE

if TYPE_CHECKING:
    from playhead.models.hour_llava.config import HourLlavaConfig

PICTURES_AT_ONCE: Final = 16
"""Pictures in one pass of the tower; 0.5 GB of activations each at most in 32-bit floats on a plain kernel."""
MOST_TRAINED_PICTURES: Final = 128
"""A video of more pictures never trains the tower (released code)."""


class CutSiglip(SiglipVisionModel):
    """transformers' SigLIP tower whose output is the last kept layer's, before the final norm.

    The norm stays, unused, because released files hold it. A class of its own, so that the renames transformers keeps
    for its own class do not touch our names, which are the released ones.
    """

    def __init__(self, config: SiglipVisionConfig) -> None:
        super().__init__(config)
        self.post_layernorm.requires_grad_(requires_grad=False)

    def forward(
        self, pixel_values: torch.Tensor, interpolate_pos_encoding: bool | None = False, **kwargs: object
    ) -> BaseModelOutputWithPooling:
        """Hidden states of pixels (F, C, H, W), as (F, P, C) in ``last_hidden_state``."""
        hidden = self.embeddings(pixel_values, interpolate_pos_encoding=bool(interpolate_pos_encoding))
        return BaseModelOutputWithPooling(last_hidden_state=self.encoder(hidden, **kwargs).last_hidden_state)


class _Shell(nn.Module):
    """One level of the released names."""

    def __init__(self, config: HourLlavaConfig) -> None:
        super().__init__()
        self.vision_model: CutSiglip = CutSiglip._from_config(config.vision_config)


class VisionTower(nn.Module):
    """The tower under the names of the released files: ``vision_tower.vision_tower.vision_model``."""

    def __init__(self, config: HourLlavaConfig) -> None:
        super().__init__()
        self.vision_tower = _Shell(config)
        self.grid_side = config.grid_side

    def forward(self, pixels_FCHW: torch.Tensor) -> torch.Tensor:
        """Features of every patch of what :func:`preprocess` returns, (F, P, C) on the pixels' device, in one pass."""
        tower = self.vision_tower.vision_model
        out = tower(pixels_FCHW.to(tower.embeddings.patch_embedding.weight.device))
        return cast("torch.Tensor", out.last_hidden_state.to(pixels_FCHW.device))


def pool(features_FPC: torch.Tensor, side: int = FRAME_SIDE) -> torch.Tensor:
    """Shrink every picture's square grid of features to ``side`` x ``side``, as (F, side * side, C).

    Two-tap bilinear sampling without antialiasing, which is what the released code does where the paper says average.
    """
    count, positions, width = features_FPC.shape
    before = round(positions**0.5)
    grid = features_FPC.reshape(count, before, before, width).permute(0, 3, 1, 2)
    small = nn.functional.interpolate(grid.float(), size=(side, side), mode="bilinear", align_corners=False)
    return small.to(features_FPC.dtype).flatten(2).transpose(1, 2)


def video_features(
    tower: VisionTower, pixels_FCHW: torch.Tensor, *, pictures_at_once: int = PICTURES_AT_ONCE
) -> torch.Tensor:
    """Pooled features of a video's pictures, (F, 64, C); more than 128 pictures train nothing.

    Args:
        tower: Gives the features of every patch.
        pixels_FCHW: What :func:`preprocess` returns.
        pictures_at_once: Pictures in one pass; the patches of no more than these are held at once.
    """
    learns = torch.is_grad_enabled() and pixels_FCHW.shape[0] <= MOST_TRAINED_PICTURES
    with torch.set_grad_enabled(learns):
        return torch.cat([pool(tower(part)) for part in pixels_FCHW.split(pictures_at_once)])


def preprocess(pictures_FHWC: npt.NDArray[np.uint8], side_px: int) -> torch.Tensor:
    """RGB pictures of any one size as the tower wants them, float32 (F, C, side, side) between -1 and 1.

    As transformers' SigLIP processor: resized to a square by Pillow's bicubic filter whatever their shape, divided by
    255, mean 0.5 and deviation 0.5 taken out.

    Args:
        pictures_FHWC: 8-bit pictures with three channels.
        side_px: Height and width the tower wants.

    Raises:
        UsageError: If they are no such pictures.
    """
    from PIL import Image

    if pictures_FHWC.ndim != 4 or pictures_FHWC.shape[-1] != 3 or pictures_FHWC.dtype != np.uint8:
        raise UsageError(
            "prepare pictures",
            found=f"{pictures_FHWC.dtype} of shape {pictures_FHWC.shape}",
            allowed="uint8 of shape (F, H, W, 3)",
        )
    out_FHWC = np.empty((len(pictures_FHWC), side_px, side_px, 3), np.uint8)
    for number, picture_HWC in enumerate(pictures_FHWC):
        resized = Image.fromarray(picture_HWC).resize((side_px, side_px), Image.Resampling.BICUBIC)
        out_FHWC[number] = np.asarray(resized)
    pixels_FCHW = torch.from_numpy(out_FHWC).permute(0, 3, 1, 2)
    return (pixels_FCHW.to(torch.float32) / 255 - 0.5) / 0.5
