"""Other loaders as subjects, where they are installed: qwen-vl-utils, and vLLM's own loader in this process.

Both hand over frames with their numbers and an average rate; what Qwen3-VL would be told is computed from these by the
code that does it in use: transformers' processor behind qwen-vl-utils, vLLM's own behind vLLM. Neither runs a model.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from playhead.clockcheck.clips import DrawnClip
from playhead.clockcheck.loading import DIGITS_S, GROUP, RATE_HZ, SECONDS, given, qwen3_prompt, wrong_marks
from playhead.clockcheck.subject import Given
from playhead.errors import MissingExtraError

_PATCH_PX: Final = 16  # of Qwen3-VL


class QwenUtilsText:
    """``qwen_vl_utils.fetch_video``, windows and all, with the text of transformers' Qwen3-VL processor.

    Raises:
        MissingExtraError: qwen-vl-utils or torchvision, which it imports, is not there or does not load.
    """

    name = "qwen-vl-utils, Qwen3-VL text"

    def __init__(self) -> None:
        try:
            vision_process: Any = import_module("qwen_vl_utils.vision_process")
        except (
            ImportError,
            RuntimeError,
        ) as error:  # a torchvision built for another torch raises RuntimeError
            raise _missing(
                "qwen-vl-utils", "qwen-vl-utils, a torchvision of this torch, and torchcodec or decord", error
            ) from error
        self._fetch: Any = vision_process.fetch_video

    def given(self, clip: DrawnClip) -> Given:
        """Frames by its choice at two a second, times by its metadata."""
        from transformers.video_utils import VideoMetadata

        video = clip.video
        asked: dict[str, Any] = {"video": video.source, "fps": float(RATE_HZ)}
        asked.update(
            {
                name: at
                for name, at in (("video_start", video.start_s), ("video_end", video.end_s))
                if at is not None
            }
        )
        pictures, facts = self._fetch(asked, image_patch_size=_PATCH_PX, return_video_metadata=True)
        metadata = VideoMetadata(
            total_num_frames=int(facts["total_num_frames"]),
            fps=facts["fps"],
            frames_indices=[int(index) for index in facts["frames_indices"]],
        )
        pictures = pictures.permute(0, 2, 3, 1).clamp(0, 255).byte().numpy()
        words, groups = qwen3_prompt(pictures, metadata)
        told = [(at - DIGITS_S, at + DIGITS_S) for at in map(float, SECONDS.findall(words))]
        return given(pictures, metadata, told, "text", tuple(wrong_marks(words, groups)))


class VllmText:
    """vLLM's loader for Qwen3-VL with its times for the prompt; it has no windows, so a window is the whole file.

    Raises:
        MissingExtraError: vLLM is not installed, or not all it imports.
    """

    name = "vllm, Qwen3-VL text"

    def __init__(self) -> None:
        try:
            model: Any = import_module("vllm.model_executor.models.qwen3_vl")
            video: Any = import_module("vllm.multimodal.video")
        except (ImportError, RuntimeError) as error:
            raise _missing(
                "vllm", "vllm where its model runs; an endpoint of it can be tested by its address", error
            ) from error
        self._loader: Any = video.VIDEO_LOADER_REGISTRY.load("qwen3_vl")
        self._info: Any = model.Qwen3VLProcessingInfo

    def given(self, clip: DrawnClip) -> Given:
        """Frames by its loader's choice, times as it writes them; ids are its engine's and are not seen here."""
        from dataclasses import replace

        from transformers.video_utils import VideoMetadata

        pictures, facts = self._loader.load_bytes(Path(clip.video.source).read_bytes())
        info = SimpleNamespace(
            get_video_processor=lambda: SimpleNamespace(
                temporal_patch_size=GROUP, merge_size=2, fps=RATE_HZ, min_frames=4, max_frames=768
            )
        )
        info._calculate_timestamps = lambda *at: self._info._calculate_timestamps(info, *at)
        times_s = self._info._get_video_second_idx(info, facts, do_sample_frames=False)
        metadata = VideoMetadata(
            total_num_frames=facts["total_num_frames"],
            fps=facts["fps"],
            frames_indices=facts["frames_indices"],
        )
        told = [(round(at, 1) - DIGITS_S, round(at, 1) + DIGITS_S) for at in times_s]
        return replace(given(pictures, metadata, told, "text"), ids_right=None)


def _missing(name: str, todo: str, error: Exception) -> MissingExtraError:
    return MissingExtraError(
        f"test the clock of {name}", found=" ".join(str(error).split())[:200], todo=f"install {todo}"
    )
