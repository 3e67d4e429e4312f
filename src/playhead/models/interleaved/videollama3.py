"""VideoLLaMA 3 in the format of transformers: pictures in their own proportions, each after its time in words.

Places that do not change from picture to picture are left out, as released (the differential frame pruner).

Source: VideoLLaMA 3 (arXiv 2501.13106); cutting and text as in transformers 5.24.
Axes: F picture, C colour channel, H row, W column, P square, K token, D value or width, M token of any picture.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from transformers import VideoLlama3Config, VideoLlama3ForConditionalGeneration

from playhead.media.clip import Pixels
from playhead.media.sampling import Policy
from playhead.media.sampling.qwen import fit_px
from playhead.media.sampling.videollama3 import videollama3
from playhead.models.interleaved.kinds import HALF, Colours, Kind, Values, two
from playhead.models.pictures.choose import SizeRule
from playhead.models.pictures.tell import TELLERS
from playhead.sequence.drop import THRESHOLD, Mask
from playhead.sequence.layout import Ids
from playhead.sequence.patches import Cut, cut_frames

MERGE = 2
"""Squares along each side of a token of a video; single images of the released models have one."""
BUDGET_TOKENS = 16_384
"""Most tokens of a video, before any are left out."""
_MIN_TOKENS = 16


class VideoLLaMA3(Kind):
    """One picture a second, at most 180, in whole tokens of 28 by 28 pixels."""

    model_type = "video_llama_3"
    title = "VideoLLaMA 3"
    config_class: ClassVar[Any] = VideoLlama3Config
    model_class: ClassVar[Any] = VideoLlama3ForConditionalGeneration
    modality = "video"
    most = 180
    options = frozenset({"rate_hz", "video_tokens"})
    colours = HALF
    video_mark = "<|video_pad|>"
    between = ","
    teller = TELLERS["videollama3"]
    drop = THRESHOLD
    all_logits = True

    def token_id(self, config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
        """Places of a video."""
        return int(config.video_token_id)

    def policy(self, count: int, rate_hz: float) -> Policy:
        """So many a second, thinned where there are too many."""
        return videollama3(rate_hz=rate_hz, max_frames=count)

    def size_rule(self, config: Any, budget_tokens: int) -> SizeRule:  # noqa: ANN401
        """Pictures share the budget; none has fewer than 16 tokens."""
        side = self.token_px(config)

        def size(width_px: int, height_px: int, frames: int) -> tuple[int, int]:
            most_px = max(budget_tokens * side**2 // frames, _MIN_TOKENS * side**2)
            return fit_px(width_px, height_px, side, _MIN_TOKENS * side**2, most_px)

        return size

    def token_px(self, config: Any) -> int:  # noqa: ANN401
        """28 as released."""
        return two(config.vision_config.patch_size) * MERGE

    def grid(self, config: Any, size_px: tuple[int, int]) -> tuple[int, int]:  # noqa: ANN401
        """In the picture's proportions."""
        side = self.token_px(config)
        return size_px[1] // side, size_px[0] // side

    def prepare(self, config: Any, pixels_HWC: Pixels, colours: Colours) -> Values:  # noqa: ANN401
        """Squares (P, D), those of a token together."""
        return cut_frames(pixels_HWC[None], Cut(two(config.vision_config.patch_size), MERGE, 1, *colours))

    def cells(self, config: Any, prepared: Values) -> Values:  # noqa: ANN401
        """The squares of a token."""
        del config
        return prepared.reshape(len(prepared) // MERGE**2, -1)

    def inputs(self, config: Any, prepared: torch.Tensor, grids_F2: Ids) -> dict[str, torch.Tensor]:  # noqa: ANN401
        """One grid for the video, or one for each picture where they differ."""
        del config
        squares_F2 = grids_F2 * MERGE
        one = bool((squares_F2 == squares_F2[0]).all())
        grids = [[len(squares_F2), *squares_F2[0]]] if one else [[1, *each] for each in squares_F2.tolist()]
        return {
            "pixel_values_videos": prepared,
            "video_grid_thw": torch.tensor(np.array(grids)),
            "video_merge_sizes": torch.full((len(grids),), MERGE),
        }

    def features(
        self,
        model: Any,  # noqa: ANN401
        prepared: torch.Tensor,
        grids_F2: Ids,
        small_F: Mask | None,
    ) -> torch.Tensor:
        """Four squares averaged, then projected."""
        del small_F
        given = {
            name: each.to(model.device)
            for name, each in self.inputs(model.config, prepared, grids_F2).items()
        }
        made: torch.Tensor = torch.cat(model.get_video_features(**given, return_dict=True).pooler_output)
        return made

    def rows(self, grids_F2: Ids) -> list[int]:
        """Squares."""
        made: list[int] = (grids_F2.prod(axis=1) * MERGE**2).tolist()
        return made

    def left_out(self, kept_M: Mask | None, small_F: Mask | None) -> dict[str, torch.Tensor] | None:
        """Its own model takes the mask."""
        if kept_M is None:
            return super().left_out(kept_M, small_F)
        return {"video_compression_mask": torch.from_numpy(kept_M)}

    def encoded(self, model: Any, features_MD: torch.Tensor) -> Any:  # noqa: ANN401
        """As one video's."""
        made = super().encoded(model, features_MD)
        made.pooler_output = (features_MD,)
        return made

    def tower(self, config: Any) -> tuple[int, int, int]:  # noqa: ANN401
        """SigLIP with two-axis rotary positions."""
        vision = config.vision_config
        return vision.hidden_size, vision.intermediate_size, vision.num_hidden_layers

    def projector_weights(self, config: Any) -> int:  # noqa: ANN401
        """Two matrices."""
        return int(
            config.text_config.hidden_size
            * (config.vision_config.hidden_size + config.text_config.hidden_size)
        )


VIDEOLLAMA3 = VideoLLaMA3()
