"""Qwen2.5-Omni and Qwen3-Omni as engines: transformers' own thinkers, our pictures and sound, our positions, true time.

Axes: A axis of a position, N position in the sequence, P square, D value of a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import numpy as np
from transformers import PreTrainedTokenizerFast

from playhead.generate.decode import Generated
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import MediaInfo, Video
from playhead.media.damage import Damage
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.pictures.choose import Chosen, moments
from playhead.models.pictures.dialect import request
from playhead.models.pictures.read import FILTERS
from playhead.models.qwen_omni.collate import Sample, collate
from playhead.models.qwen_omni.kinds import omni_of
from playhead.models.qwen_omni.layout import Perceived, prompt_layout
from playhead.models.qwen_omni.settings import read_settings
from playhead.models.qwen_omni.sound import hear, is_heard
from playhead.models.qwen_omni.tokens import token_ids
from playhead.models.qwen_vl.encode import Encoder, encode_pictures
from playhead.models.qwen_vl.kinds import cut_of
from playhead.models.qwen_vl.pictures import Seen, choose, read
from playhead.models.qwen_vl.telling import telling_of
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task
from playhead.timeline import Sampling

LEFT_OUT: Final = "sound is left out, as was wished"


class QwenOmni(EndToEnd[Perceived]):
    """One of the two systems answering about videos it sees and hears, by what its configuration says.

    Args:
        name: Name it was loaded by.
        model: The thinker, on its device.
        tokenizer: Its tokenizer.
        options: Settings.
        random_weights: Whether the weights are random, so that answers are held to a short form.

    Raises:
        WeightsError: The tokenizer is not the model's.
    """

    family: ClassVar[str] = "qwen-omni"
    looks_ahead: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        model: Any,  # noqa: ANN401 - a thinker
        tokenizer: PreTrainedTokenizerFast,
        options: EngineOptions,
        *,
        random_weights: bool = False,
    ) -> None:
        self.omni = omni_of(model.config)
        self.cut = cut_of(model.config, self.omni.kind)
        self._ids = token_ids(tokenizer, model.config, asked=f"use {name}")
        super().__init__(name, model, tokenizer, options, constrain=random_weights)
        self.net, self.words = model, tokenizer
        self.settings = read_settings(options.family, self.seams, name)
        self.telling = telling_of(self.omni.kind, self.settings.pictures)
        self._room = RANDOM if random_weights else TRAINED
        self._encoded: tuple[Seen, Any] | None = None

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        return (self._ids.turn_end, self._ids.padding)

    @property
    def steps_per_s(self) -> float:
        """Steps of the time axis of positions in a second."""
        return float(self.net.config.position_id_per_seconds)

    def look(self, video: Video, progress: Progress = silent) -> Look[Perceived]:
        """The pictures and the sound of a window at their true times.

        Raises:
            MediaError: The file cannot give pictures, or its sound does not decode.
            WindowError: The window lies outside the video.
        """
        return self._look(video, progress)

    def look_now(
        self, video: Video, ahead: Look[Perceived] | None = None, progress: Progress = silent
    ) -> Look[Perceived]:
        """A look whose pictures are encoded as they are decoded, so that a part of them is held at most."""
        self._encoded = None  # let go of the old one first
        return ahead or self._look(video, progress, Encoder(self.net))

    def _look(self, video: Video, progress: Progress, encoder: Encoder | None = None) -> Look[Perceived]:
        """A look whose pictures are held, or given to something that encodes them."""
        pictures, damage = self.settings.pictures, Damage()
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            info, window = media.info, resolve_window(video, media.info)
            chosen = choose(media, video, window, kind=self.omni.kind, cut=self.cut, settings=pictures)
            seen = read(
                media,
                chosen,
                self.cut,
                wanted=pictures.wanted,
                resize=FILTERS[pictures.resize],
                dtype=self.net.dtype,
                damage=damage,
                progress=progress,
                encoder=encoder,
            )
            heard = None
            if is_heard(info, wanted=self.settings.sound):
                heard = hear(media, window, self.omni, self.net.config, damage)
        notes = (*info.notes, *chosen.notes(), *damage.notes(), *seen.notes(), *self._unheard(info))
        return Look(
            info=info,
            window=window,
            sampling=Sampling(
                policy=chosen.selection.policy,
                window=window,
                times_s=tuple(seen.times_s.tolist()),
                frame_size_px=chosen.size_px,
                audio_s=0.0 if heard is None else heard.audio_s,
                notes=tuple(dict.fromkeys(notes)),
            ),
            times_s=seen.times_s,
            intervals_S2=seen.told.stretches_S2,
            labels=self._labels(seen, chosen),
            data=Perceived(seen, heard),
        )

    def _unheard(self, info: MediaInfo) -> tuple[str, ...]:
        """What a reader should know of sound that is not heard."""
        return (LEFT_OUT,) if info.audio is not None and not self.settings.sound else ()

    def _labels(self, seen: Seen, chosen: Chosen) -> tuple[str, ...]:
        """What is drawn into each picture; empty where nothing is."""
        if not self.telling.burnt or self.telling.teller is None:
            return ("",) * len(seen.times_s)
        each = moments(seen.times_s, replace(chosen, group=1))
        return tuple(self.telling.teller.text(moment) for moment in each)

    def request(self, task: Task, look: Look[Perceived]) -> Request:
        """A task in the Qwen-VL line's words; times are counted from the start of what was looked at."""
        clock = Clock(look.window.duration_s, look.window.start_s)
        starts_s = tuple((np.maximum(look.times_s, look.window.start_s) - look.window.start_s).tolist())
        return request(task, self.telling.clock(clock, starts_s), self._room, self.telling.times)

    def layout(self, look: Look[Perceived], text: str) -> Layout:
        """The prompt with its three-axis positions; needs no weights."""
        return prompt_layout(self.omni, self.words, self._ids, text, look.data, config=self.net.config)

    def inputs(self, look: Look[Perceived], layout: Layout) -> dict[str, Any]:
        """One sample for ``model.generate`` or ``model.forward``, positions included."""
        seen = look.data.seen
        whole = seen.kept_M is None and seen.held is not None
        inputs = self._collated(look, layout, pictures=whole)
        if not whole:
            inputs["mm_encoder_outputs"] = {"video": self._encode(seen, silent)}
        return inputs

    def _collated(self, look: Look[Perceived], layout: Layout, *, pictures: bool) -> dict[str, Any]:
        """One sample as the model takes it, its pictures with it or not."""
        sample, padding = Sample(layout, look.data), self._ids.padding
        return collate([sample], pad_id=padding, device=self.net.device, pictures=pictures)

    def write(self, look: Look[Perceived], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request; pictures and sound are encoded and read for the first one only."""
        layout = self.layout(look, request.text)
        inputs = self._collated(look, layout, pictures=False)
        inputs["mm_encoder_outputs"] = {"video": self._encode(look.data.seen, progress)}
        last = layout.slots[-1]
        marks = 1 if look.data.heard is None else 2
        return self.write_after(look, inputs, last.start + last.length + marks, request, progress)

    def _encode(self, seen: Seen, progress: Progress) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of the pictures as the model makes them; of looks that hold pictures, those of the last are kept."""
        if seen.features is not None:
            return seen.features
        if self._encoded is None or self._encoded[0] is not seen:
            self._encoded = None  # let go of the old one first
            self._encoded = (seen, encode_pictures(self.net, seen.pictures(), seen.kept_M, progress))
        return self._encoded[1]
