"""LLaVA-OneVision in the format of transformers: each picture one square, its features halved along both sides.

Source: LLaVA-OneVision (arXiv 2408.03326); the video path of transformers 5.24.
Axes: F picture, C colour channel, H row, W column, K token, D value or width, M token of any picture.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration

from playhead.media.clip import Pixels, Times
from playhead.media.sampling import Policy, Selection
from playhead.media.sampling.vtimellm import vtimellm
from playhead.models.interleaved.kinds import HALF, Colours, Kind, Values, blocks, normal
from playhead.models.pictures.choose import SizeRule
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids


class LlavaOnevision(Kind):
    """32 pictures from the first to the last, 196 tokens each, and one token that ends the video."""

    model_type = "llava_onevision"
    title = "LLaVA-OneVision"
    config_class: ClassVar[Any] = LlavaOnevisionConfig
    model_class: ClassVar[Any] = LlavaOnevisionForConditionalGeneration
    modality = "video"
    most = 32
    colours = HALF
    video_mark = "<video>"

    def token_id(self, config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
        """Places of a video."""
        return int(config.video_token_id)

    def policy(self, count: int, rate_hz: float) -> Policy:
        """So many from the first to the last, numbers rounded down: the rule of VTimeLLM with another count."""
        del rate_hz
        rule = vtimellm(n=count)

        def choose(duration_s: float, times_s: Times) -> Selection:
            source = "LLaVA-OneVision (arXiv 2408.03326), released examples"
            return replace(rule(duration_s, times_s), policy=f"llava-onevision:n={count}", source=source)

        return choose

    def size_rule(self, config: Any, budget_tokens: int) -> SizeRule:  # noqa: ANN401
        """One square, whatever the picture's shape."""
        del budget_tokens
        side_px = int(config.vision_config.image_size)
        return lambda *_: (side_px, side_px)

    def token_px(self, config: Any) -> int:  # noqa: ANN401
        """About: sides of a picture are no multiples of it."""
        return int(config.vision_config.patch_size) * 2

    def grid(self, config: Any, size_px: tuple[int, int]) -> tuple[int, int]:  # noqa: ANN401
        """Half of the encoder's squares along each side, rounded up."""
        del size_px
        side = math.ceil(_squares(config) / 2)
        return side, side

    def tail(self) -> int:
        """One place that ends the video (its learned line break)."""
        return 1

    def prepare(self, config: Any, pixels_HWC: Pixels, colours: Colours) -> Values:  # noqa: ANN401
        """Colour planes (3, H, W)."""
        del config
        return normal(pixels_HWC, colours)

    def cells(self, config: Any, prepared: Values) -> Values:  # noqa: ANN401
        """The four squares a token's features are interpolated from."""
        patch_px, side = int(config.vision_config.patch_size), _squares(config)
        cut = blocks(prepared[:, : side * patch_px, : side * patch_px], patch_px).reshape(side, side, -1)
        half = math.ceil(side / 2)
        at = np.clip((np.arange(half) + 0.5) * side / half - 0.5, 0, side - 1)
        low, high = np.floor(at).astype(int), np.minimum(np.floor(at).astype(int) + 1, side - 1)
        four = [cut[rows][:, columns] for rows in (low, high) for columns in (low, high)]
        made: Values = np.concatenate(four, axis=2).reshape(half * half, -1)
        return made

    def inputs(self, config: Any, prepared: torch.Tensor, grids_F2: Ids) -> dict[str, torch.Tensor]:  # noqa: ANN401
        """One video."""
        del config, grids_F2
        return {"pixel_values_videos": prepared[None]}

    def features(
        self,
        model: Any,  # noqa: ANN401
        prepared: torch.Tensor,
        grids_F2: Ids,
        small_F: Mask | None,
    ) -> torch.Tensor:
        """Projected, then halved."""
        del grids_F2, small_F
        made: torch.Tensor = model.get_video_features(prepared[None], return_dict=True).pooler_output
        return made[0, :-1]

    def encoded(self, model: Any, features_MD: torch.Tensor) -> Any:  # noqa: ANN401
        """As one video's, with the token that ends it."""
        newline_D = model.model.image_newline.to(features_MD)
        return super().encoded(model, torch.cat([features_MD, newline_D[None]])[None])

    def tower(self, config: Any) -> tuple[int, int, int]:  # noqa: ANN401
        """SigLIP without its last layer."""
        vision = config.vision_config
        return vision.hidden_size, vision.intermediate_size, vision.num_hidden_layers

    def projector_weights(self, config: Any) -> int:  # noqa: ANN401
        """Two matrices; each of about four squares of a token goes through them."""
        text, vision = config.text_config.hidden_size, config.vision_config.hidden_size
        return int(4 * text * (vision + text))


def _squares(config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
    """Squares of the encoder along a side."""
    return int(config.vision_config.image_size) // int(config.vision_config.patch_size)


LLAVA_ONEVISION = LlavaOnevision()
