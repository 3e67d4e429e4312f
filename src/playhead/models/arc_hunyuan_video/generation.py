"""How ARC-Hunyuan-Video writes token after token, and several answers at once.

Axes: B sample, N position, F frame of the whole batch.
"""

# transformers declares no types for the methods and decorators its models are built from.
# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import torch
from transformers import GenerationMixin

from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig
from playhead.models.arc_hunyuan_video.text import all_axes


class ArcHunyuanVideoGenerationMixin(GenerationMixin):
    """What this model needs beyond transformers' own generation."""

    config: ArcHunyuanVideoConfig

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
                    plain_positions(mask, inputs["input_ids"].shape[1]), len(self.config.text.axis_sizes)
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


def plain_positions(attention_mask: torch.Tensor, tokens: int) -> torch.Tensor:
    """Position of the last ``tokens`` columns: real tokens before each in its row; 0 where padded. Shape (B, N)."""
    count_BN = attention_mask.long().cumsum(-1) - 1
    return count_BN.clamp(min=0)[:, -tokens:]
