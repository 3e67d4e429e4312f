"""The Qwen-VL line as engines: transformers' own models, our pictures, our positions, true time.

Axes: A axis of a position, N position in the sequence, P square, D value of a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import torch
from transformers import Qwen2Tokenizer

from playhead.generate.decode import Generated, generate
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import Video
from playhead.media.damage import Damage
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.qwen_vl.collate import Sample, collate
from playhead.models.qwen_vl.dialect import request
from playhead.models.qwen_vl.kinds import cut_of, kind_of
from playhead.models.qwen_vl.layout import labels_of, prompt_layout
from playhead.models.qwen_vl.pictures import ENCODE_ROWS, Seen, choose, read
from playhead.models.qwen_vl.settings import read_settings
from playhead.models.qwen_vl.tokens import token_ids
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task
from playhead.timeline import Sampling

UNHEARD: Final = "sound is not heard: this model has no ears"


class QwenVL(EndToEnd[Seen]):
    """One of the three generations answering about videos, by what its configuration says.

    Args:
        name: Name it was loaded by.
        model: The model, on its device.
        tokenizer: Qwen's.
        options: Settings.
        random_weights: Whether the weights are random, so that answers are held to a short form.

    Raises:
        WeightsError: The tokenizer is not the model's.
    """

    family: ClassVar[str] = "qwen-vl"

    def __init__(
        self,
        name: str,
        model: Any,  # noqa: ANN401 - a model of the line
        tokenizer: Qwen2Tokenizer,
        options: EngineOptions,
        *,
        random_weights: bool = False,
    ) -> None:
        self.kind, self.cut = kind_of(model.config), cut_of(model.config)
        self._ids = token_ids(tokenizer, model.config, asked=f"use {name}")
        super().__init__(name, model, tokenizer, options, constrain=random_weights)
        self.net, self.words = model, tokenizer
        self.settings = read_settings(options.family)
        self._room = RANDOM if random_weights else TRAINED
        self._encoded: tuple[Seen, Any] | None = None

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        return (self._ids.turn_end, self._ids.padding)

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """The pictures of a window at their true times, cut for the encoder.

        Raises:
            MediaError: The file cannot give pictures.
            WindowError: The window lies outside the video.
        """
        self._encoded = None
        damage = Damage()
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            window = resolve_window(video, media.info)
            chosen = choose(media, window, self.kind, self.cut, self.settings)
            seen = read(media, chosen, self.cut, dtype=self.net.dtype, damage=damage, progress=progress)
            info = media.info
        unheard = () if info.audio is None else (UNHEARD,)
        labels = labels_of(self.kind, seen.means_T)
        return Look(
            info=info,
            window=window,
            sampling=Sampling(
                policy=chosen.selection.policy,
                window=window,
                times_s=tuple(seen.times_s.tolist()),
                frame_size_px=chosen.size_px,
                audio_s=0.0,
                notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *damage.notes(), *unheard))),
            ),
            times_s=seen.times_s,
            intervals_S2=seen.stretches_S2,
            labels=tuple(labels[number // self.cut.group] for number in range(len(seen.times_s))),
            data=seen,
        )

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in the family's words; times are counted from the start of what was looked at."""
        clock = Clock(look.window.duration_s, look.window.start_s)
        return request(task, clock, self._room, self.settings.times)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt with its three-axis positions; needs no weights."""
        return prompt_layout(self.kind, self.words, self._ids, text, look.data, config=self.net.config)

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """One sample for ``model.generate`` or ``model.forward``, positions included.

        See :mod:`playhead.models.qwen_vl.collate`.
        """
        return collate([Sample(layout, look.data)], pad_id=self._ids.padding, device=self.net.device)

    def write(self, look: Look[Seen], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request; the pictures are encoded for the first one and kept for the others."""
        layout = self.layout(look, request.text)
        inputs = self.inputs(look, layout)
        inputs.pop("pixel_values_videos")
        return generate(
            self.model,
            self.words,
            {**inputs, "mm_encoder_outputs": {"video": self._encode(look.data, progress)}},
            end_ids=self.end_ids,
            max_new_tokens=self.options.max_new_tokens,
            stop=request.stop,
            grammar=request.grammar if self.constrain else None,
            progress=progress,
        )

    def _encode(self, seen: Seen, progress: Progress) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of the pictures as the model makes them, some groups at a time."""
        if self._encoded is not None and self._encoded[0] is seen:
            return self._encoded[1]
        groups, rows, columns = seen.grid_THW
        at_once = max(1, ENCODE_ROWS // (rows * columns))
        parts = []
        for first in range(0, groups, at_once):
            count = min(at_once, groups - first)
            rows_PD = seen.rows_PD[first * rows * columns : (first + count) * rows * columns]
            grid = torch.tensor([[count, rows, columns]], device=self.net.device)
            with torch.inference_mode():
                parts.append(self.net.get_video_features(rows_PD.to(self.net.device), grid, return_dict=True))
            progress("encoding", first + count, groups)
        self._encoded = (seen, _joined(parts))
        return self._encoded[1]


def _joined(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - outputs of transformers
    """Features of groups encoded apart as if they had been encoded together, as the features of one video."""
    made = parts[0]
    made.last_hidden_state = None  # of no use any more, and as large as the rest
    deep = getattr(made, "deepstack_features", None)  # of some layers, for each a tensor per video
    if deep is not None:
        made.deepstack_features = [
            (torch.cat([each for part in parts for each in part.deepstack_features[layer]]),)
            for layer in range(len(deep))
        ]
    made.pooler_output = (torch.cat([each for part in parts for each in part.pooler_output]),)
    return made
