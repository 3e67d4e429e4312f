"""Hour-LLaVA as an engine: a video is encoded once and kept; a question touches only MemAug and the language model.

Axes: N position, T picture or memory frame, P position of a picture, C feature width, D width of the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from transformers import Qwen2Tokenizer

from playhead.generate.decode import Generated
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import Times, Video
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.hour_llava.dialect import request
from playhead.models.hour_llava.encode import View, encode, entry_key, project, published
from playhead.models.hour_llava.forget import (
    FRAME_POSITIONS,
    FRAME_TOKENS,
    Kept,
    Spatial,
    keyframe_frames,
    plan_memory,
    question_frames,
    repeat_index,
    seed_of,
)
from playhead.models.hour_llava.layout import HourLayout, Seen, prompt_layout, what_is_shown
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.hour_llava.rows import StoreDType
from playhead.models.hour_llava.settings import read_settings
from playhead.models.hour_llava.store import Passing, Store
from playhead.models.hour_llava.tokens import encode as encode_text
from playhead.models.hour_llava.tokens import token_ids
from playhead.models.kept import weights_digest
from playhead.perceive.cache import EvidenceCache
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task

_MEANS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Hour:
    """What is known of a window of a video before any question.

    Attributes:
        features_TPC: Pooled features of every picture, memory-mapped.
        memory: Projected frames (T, P + 1, D), memory-mapped, or the features where they are projected as they are read.
        seed: Seed of the random pick.
        means: Mean vectors of every memory frame, of projected tokens and of features, made when a rule asks for them.
    """

    features_TPC: torch.Tensor
    memory: torch.Tensor
    seed: int
    means: dict[bool, torch.Tensor] = field(default_factory=dict)


class HourLlava(EndToEnd[Hour]):
    """Hour-LLaVA answering about videos.

    Args:
        name: Name it was loaded by.
        model: The model, on its device.
        tokenizer: Qwen2's.
        options: Settings.
        random_weights: Whether the weights are random, so that answers are held to a short form.
    """

    family: ClassVar[str] = "hour-llava"

    def __init__(
        self,
        name: str,
        model: HourLlavaForCausalLM,
        tokenizer: Qwen2Tokenizer,
        options: EngineOptions,
        *,
        random_weights: bool = False,
    ) -> None:
        super().__init__(name, model, tokenizer, options, constrain=random_weights)
        self.net = model
        self.words = tokenizer
        self.settings = read_settings(options.family)
        self._spatial = self.settings.spatial or cast("Spatial", model.config.spatial_sampling_type)
        self._ids = token_ids(tokenizer)
        self._room = RANDOM if random_weights else TRAINED
        self._digests: dict[str, str] = {}

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        return (self._ids.turn_end, self._ids.padding)

    def look(self, video: Video, progress: Progress = silent) -> Look[Hour]:
        """Features and projected memory of a window, from the store or made now, never all in memory.

        Raises:
            MediaError: The file cannot give pictures.
            WindowError: The window lies outside the video.
            OutputError: Features cannot be written.
        """
        content = EvidenceCache().content(video.source, note=self.options.cache)
        store = self._store(content)
        view, key = self._view(video, content, store, progress)
        memory = view.features.rows
        if self.settings.keep_memory:
            projected = project(
                memory,
                self.net.model.project_frames,
                width=self.net.config.hidden_size,
                store=store,
                key=entry_key(
                    kind="memory",
                    of=key,
                    projector=self._digest("projector", self.net.model.mm_projector, _Newline(self.net)),
                    computed=str(self.net.dtype),
                ),
                dtype=self._store_dtype(),
                progress=progress,
            )
            memory = projected.rows
        seed = self.settings.seed
        if seed is None:
            seed = seed_of(content or f"{video.source} {view.info.duration_s:.6f} {view.times_s.tolist()}")
        intervals_S2 = _intervals(view)
        return Look(
            info=view.info,
            window=view.window,
            sampling=replace(
                view.sampling,
                notes=(
                    *view.sampling.notes,
                    *what_is_shown(len(view.times_s), replace(self.settings, spatial=self._spatial)),
                ),
            ),
            times_s=view.times_s,
            intervals_S2=intervals_S2,
            labels=self._labels(view),
            data=Hour(view.features.rows, memory, seed),
        )

    def request(self, task: Task, look: Look[Hour]) -> Request:
        """A task in the family's words; times are counted from the start of what was looked at."""
        return request(task, Clock(look.window.duration_s, look.window.start_s), self._room)

    def layout(self, look: Look[Hour], text: str) -> HourLayout:
        """The prompt with 17 places for every kept frame; needs weights only for ``temporal="question"``."""
        seen = Seen(look.times_s, look.intervals_S2, look.window)
        return prompt_layout(
            self.words,
            self._ids,
            text,
            seen,
            self.kept(look, text),
            timestamps=self.settings.timestamps,
            query=self.settings.query,
        )

    def kept(self, look: Look[Hour], text: str) -> Kept:
        """Which memory tokens the language model is shown for a question; the same every time."""
        rule = self.settings.temporal
        frames_K = None
        if rule == "keyframe":
            frames_K = keyframe_frames(self._means(look.data, projected=False))
        elif rule == "question":
            ids = torch.tensor(encode_text(self.words, text), device=self.net.device)
            with torch.inference_mode():
                question_D = self.net.model.embed_tokens(ids).mean(dim=0).cpu()
            frames_K = question_frames(self._means(look.data, projected=True), question_D)
        return plan_memory(len(look.times_s), seed=look.data.seed, spatial=self._spatial, frames_K=frames_K)

    def write(self, look: Look[Hour], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text; on a long video most of the time goes by before its first token, in MemAug."""
        blocks = self.net.model.vision_resampler.layers
        done = 0

        def passed(*_: object) -> None:
            nonlocal done
            done += 1
            progress("reading the memory", done, len(blocks))

        progress("reading the memory", 0, len(blocks))
        hooks = [block.register_forward_hook(passed) for block in blocks]
        try:
            return super().write(look, request, progress)
        finally:
            for hook in hooks:
                hook.remove()

    def inputs(self, look: Look[Hour], layout: Layout) -> dict[str, Any]:
        """One sample for ``model.generate``; the memory stays where it is stored and is read in pieces."""
        if not isinstance(layout, HourLayout) or layout.kept is None:
            raise TypeError("a layout of this engine's own is needed")
        device = self.net.device
        input_ids = torch.from_numpy(layout.input_ids_N)[None].to(device)
        slots_N = np.zeros(len(layout), np.bool_)
        slots_N[layout.filled()] = True
        return {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids),
            "slot_mask": torch.from_numpy(slots_N)[None].to(device),
            "query_mask": torch.from_numpy(layout.query_N)[None].to(device),
            "memory": [look.data.memory],
            "kept_positions": [layout.kept.rows_R],
        }

    # --- what a look is made of ------------------------------------------------------------------------------------

    def _view(self, video: Video, content: str | None, store: Store, progress: Progress) -> tuple[View, str]:
        config = self.net.config
        if self.settings.features is not None:
            view = published(video, self.settings.features, config.mm_hidden_size)
            file = EvidenceCache().content(str(self.settings.features), note=self.options.cache)
            return view, entry_key(kind="published", content=content, file=file, times=view.times_s.tolist())
        dtype, tower = self._store_dtype(), self.net.model.vision_tower
        key = entry_key(
            kind="features",
            content=content,
            window=[video.start_s, video.end_s],
            streams=[video.video_stream, video.audio_stream],
            sampling="hour-llava",
            tower=self._digest("tower", tower),
            config=config.tower.to_dict(),
            computed=str(self.net.dtype),
            dtype=dtype,
        )
        view = encode(
            video,
            lambda pixels_FCHW: self.net.model.encode_video(
                pixels_FCHW, pictures_at_once=self.settings.encode_frames
            ),
            side_px=config.image_side_px,
            row_shape=(FRAME_POSITIONS, config.mm_hidden_size),
            store=store,
            key=key,
            dtype=dtype,
            frames_at_once=self.settings.encode_frames,
            progress=progress,
        )
        return view, key

    def _store(self, content: str | None) -> Store:
        """Where features go: the cache, or nowhere when that is wished or the content cannot be identified."""
        if not self.options.cache or content is None:
            return Passing()
        return Store(max_bytes=round(self.settings.store_gb * 1e9))

    def _store_dtype(self) -> StoreDType:
        """16 bits: the model's own type where it has 16, else float16, which is closer to its 32 than bfloat16."""
        if self.settings.store_dtype != "auto":
            return self.settings.store_dtype
        return "bfloat16" if self.net.dtype == torch.bfloat16 else "float16"

    def _digest(self, name: str, *modules: torch.nn.Module) -> str:
        """A digest of weights, made once; it is part of the name that features are stored under."""
        if name not in self._digests:
            self._digests[name] = weights_digest(*modules)
        return self._digests[name]

    def _labels(self, view: View) -> tuple[str, ...]:
        if not self.settings.timestamps:
            return ("",) * len(view.times_s)
        return tuple(f"{time_s - view.window.start_s:.2f}s" for time_s in view.times_s)

    def _means(self, hour: Hour, *, projected: bool) -> torch.Tensor:
        """Mean vector of every memory frame: of its features (T, C), or of its projected tokens (T, D) as stored."""
        if projected not in hour.means:
            rows = hour.memory if projected else hour.features_TPC
            as_stored = rows.shape[1] == FRAME_TOKENS or not projected
            parts = []
            with torch.inference_mode():
                for first in range(0, len(rows), _MEANS_AT_ONCE):
                    part = rows[first : first + _MEANS_AT_ONCE]
                    tokens = part if as_stored else self.net.model.project_frames(part)
                    parts.append(tokens[:, :FRAME_POSITIONS].float().mean(dim=1).cpu())
            hour.means[projected] = torch.cat(parts)[repeat_index(len(rows))]
        return hour.means[projected]


class _Newline(torch.nn.Module):
    """The newline as a module, so that it enters a digest."""

    def __init__(self, net: HourLlavaForCausalLM) -> None:
        super().__init__()
        self.image_newline = cast("torch.nn.Parameter", net.model.image_newline)


def _intervals(view: View) -> Times:
    """The stretch each picture stands for: until the next one taken, the last one until the end of the window."""
    starts = np.maximum(view.times_s, view.window.start_s)
    ends = np.maximum(np.append(starts[1:], view.window.end_s), starts)
    return np.stack([starts, ends], axis=1)
