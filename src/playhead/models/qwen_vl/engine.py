"""The Qwen-VL line as engines: transformers' own models, our pictures, our positions, true time.

Axes: A axis of a position, N position in the sequence, P square, D value of a square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal

import numpy as np
from transformers import PreTrainedTokenizerFast

from playhead.generate.decode import Generated
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import MediaInfo, Video
from playhead.media.damage import Damage
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.end_to_end import Look, Request
from playhead.models.family import EngineOptions
from playhead.models.keeping import Keeping
from playhead.models.kept import Entry
from playhead.models.pictures.choose import Chosen, moments
from playhead.models.pictures.dialect import request
from playhead.models.pictures.keep import plain
from playhead.models.pictures.read import FILTERS
from playhead.models.qwen_vl.collate import Sample, collate
from playhead.models.qwen_vl.encode import Encoder, encode_pictures
from playhead.models.qwen_vl.keep import entry_of, look_of
from playhead.models.qwen_vl.kinds import cut_of, kind_of
from playhead.models.qwen_vl.layout import prompt_layout
from playhead.models.qwen_vl.pictures import Seen, choose, read
from playhead.models.qwen_vl.settings import read_settings
from playhead.models.qwen_vl.telling import telling_of
from playhead.models.qwen_vl.tokens import token_ids
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task
from playhead.timeline import Sampling

UNHEARD: Final = "sound is not heard: this model has no ears"


class QwenVL(Keeping[Seen]):
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
    looks_ahead: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        model: Any,  # noqa: ANN401 - a model of the line
        tokenizer: PreTrainedTokenizerFast,
        options: EngineOptions,
        *,
        random_weights: bool = False,
    ) -> None:
        self.kind, self.cut = kind_of(model.config), cut_of(model.config)
        self._ids = token_ids(tokenizer, model.config, asked=f"use {name}")
        super().__init__(name, model, tokenizer, options, constrain=random_weights)
        self.net, self.words = model, tokenizer
        self.settings = read_settings(options.family, self.seams, name)
        self.telling = telling_of(self.kind, self.settings)
        self._room = RANDOM if random_weights else TRAINED
        self._encoded: tuple[Seen, Any] | None = None

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        return (self._ids.turn_end, self._ids.padding)

    @property
    def full_s(self) -> float:
        """Where the most pictures are reached at the rate of the settings, in seconds."""
        return self.settings.max_frames / self.settings.rate_hz

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """The pictures of a window at their true times, cut for the encoder.

        Raises:
            MediaError: The file cannot give pictures.
            WindowError: The window lies outside the video.
        """
        return self._look(video, progress)

    def look_encoded(
        self, video: Video, ahead: Look[Seen] | None = None, progress: Progress = silent
    ) -> Look[Seen]:
        """A look whose pictures are encoded as they are decoded, so that a part of them is held at most."""
        self._encoded = None  # let go of the old one first
        if ahead is None:
            return self._look(video, progress, Encoder(self.net))
        seen = ahead.data
        features = encode_pictures(self.net, seen.pictures(), seen.kept_M, progress)
        return replace(ahead, data=replace(seen, held=None, features=features))

    def _look(self, video: Video, progress: Progress, encoder: Encoder | None = None) -> Look[Seen]:
        """A look whose pictures are held, or given to something that encodes them."""
        damage = Damage()
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            window = resolve_window(video, media.info)
            chosen = choose(media, video, window, kind=self.kind, cut=self.cut, settings=self.settings)
            seen = read(
                media,
                chosen,
                self.cut,
                wanted=self.settings.wanted,
                resize=FILTERS[self.settings.resize],
                dtype=self.net.dtype,
                damage=damage,
                progress=progress,
                encoder=encoder,
            )
            info = media.info
        unheard = () if info.audio is None else (UNHEARD,)
        labels = self._labels(seen, chosen)
        return Look(
            info=info,
            window=window,
            sampling=Sampling(
                policy=chosen.selection.policy,
                window=window,
                times_s=tuple(seen.times_s.tolist()),
                frame_size_px=chosen.size_px,
                audio_s=0.0,
                notes=tuple(
                    dict.fromkeys((*info.notes, *chosen.notes(), *damage.notes(), *seen.notes(), *unheard))
                ),
            ),
            times_s=seen.times_s,
            intervals_S2=seen.told.stretches_S2,
            labels=labels,
            data=seen,
        )

    def _labels(self, seen: Seen, chosen: Chosen) -> tuple[str, ...]:
        """What is written beside each picture's group or drawn into the picture; empty where neither is done."""
        if self.telling.burnt and self.telling.teller is not None:
            each = moments(seen.times_s, replace(chosen, group=1))
            return tuple(self.telling.teller.text(moment) for moment in each)
        written = self.telling.labels(seen.moments)
        return tuple(written[number // self.cut.group] for number in range(len(seen.times_s)))

    @property
    def keep(self) -> Literal["features", "prefix"]:
        """What is kept on disk."""
        return self.settings.keep

    def depends_on(self) -> Mapping[str, object]:
        """What decides the features."""
        return {
            "settings": plain(self.settings),
            "cut": self.cut,
        }

    def entry_of(self, look: Look[Seen]) -> Entry:
        """What is kept of a look."""
        return entry_of(look)

    def look_of(self, entry: Entry, info: MediaInfo) -> Look[Seen]:
        """The look that was kept."""
        return look_of(entry, info, group=self.cut.group, device=self.net.device)

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in the family's words; times are counted from the start of what was looked at."""
        clock = Clock(look.window.duration_s, look.window.start_s)
        starts_s = tuple((np.maximum(look.times_s, look.window.start_s) - look.window.start_s).tolist())
        return request(task, self.telling.clock(clock, starts_s), self._room, self.telling.times)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt with its three-axis positions; needs no weights."""
        return prompt_layout(
            self.kind,
            self.words,
            self._ids,
            text,
            look.data,
            telling=self.telling,
            config=self.net.config,
        )

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """One sample for ``model.generate`` or ``model.forward``, positions included.

        See :mod:`playhead.models.qwen_vl.collate`. Where tokens are left out the features of the others stand for the
        pictures: transformers takes either all of a picture or none.
        """
        whole = look.data.kept_M is None and look.data.held is not None
        inputs = self._collated(look, layout, pictures=whole)
        if not whole:
            inputs["mm_encoder_outputs"] = {"video": self._encode(look.data, silent)}
        return inputs

    def _collated(self, look: Look[Seen], layout: Layout, *, pictures: bool) -> dict[str, Any]:
        """One sample as the model takes it, its pictures with it or not."""
        sample, padding = Sample(layout, look.data), self._ids.padding
        return collate([sample], pad_id=padding, device=self.net.device, pictures=pictures)

    def write(self, look: Look[Seen], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request; pictures are encoded and read for the first one and kept for the others."""
        layout = self.layout(look, request.text)
        inputs = self._collated(look, layout, pictures=False)
        inputs["mm_encoder_outputs"] = {"video": self._encode(look.data, progress)}
        last = layout.slots[-1]
        return self.write_after(look, inputs, last.start + last.length + 1, request, progress)

    def _encode(self, seen: Seen, progress: Progress) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of the pictures as the model makes them; of looks that hold pictures, those of the last are kept."""
        if seen.features is not None:
            return seen.features
        if self._encoded is None or self._encoded[0] is not seen:
            self._encoded = None  # let go of the old one first
            self._encoded = (seen, encode_pictures(self.net, seen.pictures(), seen.kept_M, progress))
        return self._encoded[1]
