"""Plain loading by transformers as a subject: its reader, its times, its rules, called as they are.

``transformers.video_utils.load_video`` reads with PyAV, two pictures a second. What a model is told is computed by
transformers' own code for Qwen3-VL (its choice of frames and its text) and for Qwen2.5-VL (its positions). It has no
time windows: one is cut here by ``load_video``'s own hook for choosing frames, by the times transformers itself believes.

Axes: G group of two pictures.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, Final

from playhead.clockcheck.clips import DrawnClip
from playhead.clockcheck.code import read_number
from playhead.clockcheck.subject import Given, Told

_RATE_HZ: Final = 2
_GROUP: Final = 2  # pictures that share one time
_SECONDS: Final = re.compile(r"<([\d.]+) seconds>")
_DIGITS_S: Final = 0.05  # what one digit after the point leaves open, to either side


class Qwen3Text:
    """Times as Qwen3-VL's processor writes them before each pair of pictures."""

    name = "transformers, Qwen3-VL text"

    def given(self, clip: DrawnClip) -> Given:
        """Frames by Qwen3-VL's choice, times by its text."""
        import torch
        from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
        from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

        settings: Any = SimpleNamespace(
            fps=_RATE_HZ,
            min_frames=Qwen3VLVideoProcessor.min_frames,
            max_frames=Qwen3VLVideoProcessor.max_frames,
        )
        pictures, metadata = _load(clip, lambda known: Qwen3VLVideoProcessor.sample_frames(settings, known))
        processor: Any = Qwen3VLProcessor.__new__(Qwen3VLProcessor)  # its text needs none of its other parts
        processor.video_processor = SimpleNamespace(merge_size=2, temporal_patch_size=_GROUP)
        processor.video_token = "<|video_pad|>"
        processor.vision_start_token, processor.vision_end_token = "<|vision_start|>", "<|vision_end|>"
        grid = torch.tensor([[-(-len(pictures) // _GROUP), 2, 2]])
        text = processor.replace_video_token({"video_grid_thw": grid, "video_metadata": [metadata]}, 0)
        written = [float(second) for second in _SECONDS.findall(text)]
        told = [(second - _DIGITS_S, second + _DIGITS_S) for second in written]
        return _given(pictures, metadata, told, "text")


class Qwen25Positions:
    """Times as Qwen2.5-VL's positions say them: one interval for all, from the average rate."""

    name = "transformers, Qwen2.5-VL positions"

    def given(self, clip: DrawnClip) -> Given:
        """Frames by ``load_video(fps=2)``, times by Qwen2.5-VL's ``get_rope_index``."""
        import numpy as np
        import torch
        from transformers.video_utils import default_sample_indices_fn

        from playhead.models.qwen_vl.family import tiny_model

        pictures, metadata = _load(clip, lambda known: default_sample_indices_fn(known, fps=_RATE_HZ))
        model = tiny_model("qwen2_5_vl")
        groups = -(-len(pictures) // _GROUP)
        ids = torch.tensor([[7, *[model.config.video_token_id] * groups]])
        positions, _ = model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == model.config.video_token_id).int() * 2,
            video_grid_thw=torch.tensor([[groups, 2, 2]]),
            second_per_grid_ts=[_GROUP / metadata.sampled_fps],  # as its processor computes it
        )
        step_s = 1 / model.config.vision_config.tokens_per_second
        starts_s = (np.asarray(positions[0, 0, 1:]) - 1) * step_s + clip.start_s
        return _given(pictures, metadata, [(float(at), float(at) + step_s) for at in starts_s], "positions")


SUBJECTS: Final = (Qwen3Text, Qwen25Positions)


def _load(clip: DrawnClip, choose: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a rule and metadata of transformers
    """Pictures and metadata as transformers reads them; a window keeps what lies in it by its own times."""
    from dataclasses import replace

    from transformers.video_utils import load_video

    def chosen(metadata: Any, **_: object) -> Any:  # noqa: ANN401 - metadata and indices of transformers
        indices = choose(metadata)
        times_s = replace(metadata, frames_indices=indices).timestamps
        return indices[[clip.start_s <= time_s < clip.end_s for time_s in times_s]]

    source: Any = clip.video.source  # a path, which its annotation leaves out
    loaded: Any = load_video(source, sample_indices_fn=chosen)  # a pair, not the array it is annotated as
    pictures, metadata = loaded
    return pictures, metadata


def _given(pictures: Any, metadata: Any, told: list[tuple[float, float]], telling: Any) -> Given:  # noqa: ANN401 - of transformers
    count = len(pictures)
    return Given(
        tuple(read_number(pixels_HWC) for pixels_HWC in pictures),
        tuple(metadata.timestamps),
        tuple(
            Told(number * _GROUP, min((number + 1) * _GROUP, count) - 1, *span)
            for number, span in enumerate(told)
        ),
        telling,
    )
