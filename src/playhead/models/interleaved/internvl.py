"""InternVL 3 and 3.5 in the format of transformers: one square tile for a picture, numbered, between two marks.

Source: InternVL 3.5 (arXiv 2508.18265); prompt and pixel shuffle as in transformers 5.24.
Axes: F picture, C colour channel, H row, W column, K token, D value or width, M token of any picture.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from transformers import InternVLConfig, InternVLForConditionalGeneration

from playhead.media.clip import Pixels
from playhead.media.sampling import Policy
from playhead.media.sampling.internvl import internvl
from playhead.models.interleaved.kinds import IMAGENET, Colours, Kind, Values, blocks, normal, two
from playhead.models.pictures.choose import SizeRule
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids


class InternVL(Kind):
    """Each picture squashed to one tile (448 by 448, 256 tokens), on a line of its own after its number."""

    model_type = "internvl"
    title = "InternVL"
    config_class: ClassVar[Any] = InternVLConfig
    model_class: ClassVar[Any] = InternVLForConditionalGeneration
    modality = "image"
    most = 32
    colours = IMAGENET
    video_mark = "<video>"
    begin = "<img>"
    end = "</img>"
    between = "\n"

    def number(self, picture: int) -> str:
        """As transformers and the model cards have it, from 1."""
        return f"Frame{picture + 1}: "

    def token_name(self) -> str:
        """It has places of its own, apart from the video's mark."""
        return "<IMG_CONTEXT>"

    def token_id(self, config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
        """Places of pictures."""
        return int(config.image_token_id)

    def policy(self, count: int, rate_hz: float) -> Policy:
        """Near the middles of equal segments; always so many."""
        del rate_hz
        return internvl(count)

    def size_rule(self, config: Any, budget_tokens: int) -> SizeRule:  # noqa: ANN401
        """One tile, whatever the picture's shape."""
        del budget_tokens
        side_px = two(config.vision_config.image_size)
        return lambda *_: (side_px, side_px)

    def token_px(self, config: Any) -> int:  # noqa: ANN401
        """A square of patches that pixel shuffle puts together."""
        return int(two(config.vision_config.patch_size) * round(1 / config.downsample_ratio))

    def grid(self, config: Any, size_px: tuple[int, int]) -> tuple[int, int]:  # noqa: ANN401
        """Of a tile."""
        side = self.token_px(config)
        return size_px[1] // side, size_px[0] // side

    def prepare(self, config: Any, pixels_HWC: Pixels, colours: Colours) -> Values:  # noqa: ANN401
        """Colour planes (3, H, W)."""
        del config
        return normal(pixels_HWC, colours)

    def cells(self, config: Any, prepared: Values) -> Values:  # noqa: ANN401
        """The square a token stands for."""
        return blocks(prepared, self.token_px(config))

    def inputs(self, config: Any, prepared: torch.Tensor, grids_F2: Ids) -> dict[str, torch.Tensor]:  # noqa: ANN401
        """Tiles, one after the other."""
        del config, grids_F2
        return {"pixel_values": prepared}

    def features(
        self,
        model: Any,  # noqa: ANN401
        prepared: torch.Tensor,
        grids_F2: Ids,
        small_F: Mask | None,
    ) -> torch.Tensor:
        """Pixel-shuffled and projected."""
        del grids_F2, small_F
        made: torch.Tensor = model.get_image_features(prepared, return_dict=True).pooler_output
        return made.flatten(0, 1)

    def tower(self, config: Any) -> tuple[int, int, int]:  # noqa: ANN401
        """InternViT."""
        vision = config.vision_config
        return vision.hidden_size, vision.intermediate_size, vision.num_hidden_layers

    def projector_weights(self, config: Any) -> int:  # noqa: ANN401
        """Two matrices, the first over the patches of a token."""
        width = config.text_config.hidden_size
        return int(
            width * (config.vision_config.hidden_size * round(1 / config.downsample_ratio) ** 2 + width)
        )


INTERNVL = InternVL()
