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
from playhead.clockcheck.ids import overlapping
from playhead.clockcheck.subject import Given, Telling, Told

RATE_HZ: Final = 2
GROUP: Final = 2  # pictures that share one time
SECONDS: Final = re.compile(r"<([\d.]+) seconds>")
DIGITS_S: Final = 0.05  # what one digit after the point leaves open, to either side


class Qwen3Text:
    """Times as Qwen3-VL's processor writes them before each pair of pictures."""

    name = "transformers, Qwen3-VL text"

    def given(self, clip: DrawnClip) -> Given:
        """Frames by Qwen3-VL's choice; times and token ids by its processor."""
        from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

        settings: Any = SimpleNamespace(
            fps=RATE_HZ,
            min_frames=Qwen3VLVideoProcessor.min_frames,
            max_frames=Qwen3VLVideoProcessor.max_frames,
        )
        pictures, metadata = _load(clip, lambda known: Qwen3VLVideoProcessor.sample_frames(settings, known))
        words, groups = qwen3_prompt(pictures, metadata)
        told = [(second - DIGITS_S, second + DIGITS_S) for second in map(float, SECONDS.findall(words))]
        return given(pictures, metadata, told, "text", tuple(wrong_marks(words, groups)))


class Qwen25Positions:
    """Times as Qwen2.5-VL's positions say them: one interval for all, from the average rate."""

    name = "transformers, Qwen2.5-VL positions"

    def given(self, clip: DrawnClip) -> Given:
        """Frames by ``load_video(fps=2)``, times by Qwen2.5-VL's ``get_rope_index``."""
        import numpy as np
        import torch
        from transformers.video_utils import default_sample_indices_fn

        from playhead.models.qwen_vl.family import tiny_model

        pictures, metadata = _load(clip, lambda known: default_sample_indices_fn(known, fps=RATE_HZ))
        model = tiny_model("qwen2_5_vl")
        groups = -(-len(pictures) // GROUP)
        ids = torch.tensor([[7, *[model.config.video_token_id] * groups, 7]])
        positions, _ = model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == model.config.video_token_id).int() * 2,
            video_grid_thw=torch.tensor([[groups, 2, 2]]),
            second_per_grid_ts=[GROUP / metadata.sampled_fps],  # as its processor computes it
        )
        step_s = 1 / model.config.vision_config.tokens_per_second
        starts_s = (np.asarray(positions[0, 0, 1:-1]) - 1) * step_s + clip.start_s
        faults = tuple(overlapping(np.asarray(positions[:, 0]), groups))
        return given(
            pictures, metadata, [(float(at), float(at) + step_s) for at in starts_s], "positions", faults
        )


SUBJECTS: Final = (Qwen3Text, Qwen25Positions)


def qwen3_prompt(pictures: Any, metadata: Any, tokenizer: Any = None) -> tuple[str, int]:  # noqa: ANN401 - of transformers
    """A prompt about a video as the installed ``Qwen3VLProcessor`` makes it, decoded from its token ids.

    Its video processor, which needs torchvision, is stood in for: the pictures are chosen already, and only their count
    and metadata are asked for. Everything about text and ids is the processor's own.

    Args:
        pictures: The pictures that were chosen.
        metadata: What is known of them.
        tokenizer: One with the marks of Qwen3-VL; the tiny one where it is not given.

    Returns:
        The words with their marks, and how many groups of pictures they are about.
    """
    import torch
    from transformers import BatchFeature
    from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor

    if tokenizer is None:
        from playhead.models.qwen_vl.tokens import tiny_tokenizer

        tokenizer = tiny_tokenizer()
    groups = -(-len(pictures) // GROUP)
    counted = {"video_grid_thw": torch.tensor([[groups, 2, 2]]), "video_metadata": [metadata]}

    class Counted:
        merge_size, temporal_patch_size, model_input_names = 2, GROUP, ("video_grid_thw",)

        def __call__(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - a feature of transformers
            return BatchFeature(dict(counted))

        def fetch_videos(self, videos: object, **_: object) -> tuple[object, list[Any]]:
            return videos, [metadata]

    processor: Any = Qwen3VLProcessor.__new__(Qwen3VLProcessor)
    processor.tokenizer, processor.video_processor = tokenizer, Counted()
    processor.image_token, processor.video_token = "<|image_pad|>", "<|video_pad|>"
    processor.vision_start_token, processor.vision_end_token = "<|vision_start|>", "<|vision_end|>"
    for name in ("image_token", "video_token", "vision_start_token", "vision_end_token"):
        number = processor.tokenizer.convert_tokens_to_ids(getattr(processor, name))
        setattr(processor, f"{name}_id", number)
    processor.image_ids, processor.video_ids, processor.audio_ids = (
        [processor.image_token_id],
        [processor.video_token_id],
        [],
    )
    text = (
        "<|vision_start|><|video_pad|><|vision_end|>What is shown?"  # as the released chat template writes it
    )
    made = processor(text=[text], videos=[pictures])
    return str(processor.tokenizer.decode(made["input_ids"][0])), groups


def wrong_marks(words: str, groups: int) -> list[str]:
    """What of a prompt's marks is not as the released Qwen3-VL models read it: one pair around each group's places."""
    faults = []
    pairs = min(words.count("<|vision_start|>"), words.count("<|vision_end|>"))
    if pairs != groups:
        faults.append(
            f"{pairs} pairs of vision marks around {groups} groups of pictures: not the ids of the released models"
        )
    places = words.count("<|video_pad|>")
    if places != groups:  # a grid of 2 x 2 squares is one place
        faults.append(f"{places} places for {groups} groups of pictures")
    return faults


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


def given(
    pictures: Any,  # noqa: ANN401 - arrays, or a tensor
    metadata: Any,  # noqa: ANN401 - of transformers
    told: list[tuple[float, float]],
    telling: Telling,
    faults: tuple[str, ...] = (),
) -> Given:
    """What pairs of pictures are told, by a loader that numbers frames and divides by an average rate."""
    count = len(pictures)
    return Given(
        tuple(read_number(pixels_HWC) for pixels_HWC in pictures),
        tuple(metadata.timestamps),
        tuple(
            Told(number * GROUP, min((number + 1) * GROUP, count) - 1, *span)
            for number, span in enumerate(told)
        ),
        telling,
        faults,
        not faults,
    )
