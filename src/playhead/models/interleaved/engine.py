"""Families whose pictures are runs of tokens in a plain prompt, as engines: transformers' models, our pictures, true time.

Axes: N position in the sequence, F picture, M token of any picture, D width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal

import numpy as np
import torch

from playhead.generate.decode import Generated
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import MediaInfo, Video
from playhead.media.damage import Damage
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.end_to_end import Look, Request
from playhead.models.family import EngineOptions
from playhead.models.interleaved.collate import Sample, collate, words
from playhead.models.interleaved.families import kind_of
from playhead.models.interleaved.keep import entry_of, look_of
from playhead.models.interleaved.kinds import Colours
from playhead.models.interleaved.layout import prompt_layout
from playhead.models.interleaved.pictures import Seen, choose, read
from playhead.models.interleaved.rates import ABSOLUTE, RELATIVE, pooled, small
from playhead.models.interleaved.settings import read_settings, telling_of
from playhead.models.interleaved.tokens import chat_of
from playhead.models.keeping import Keeping
from playhead.models.kept import Entry
from playhead.models.pictures.dialect import request
from playhead.models.pictures.keep import plain
from playhead.models.pictures.read import ranges
from playhead.progress import Progress, silent
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task
from playhead.timeline import Sampling

UNHEARD: Final = "sound is not heard: this model has no ears"
ENCODE_ROWS: Final = 16_384
"""Squares that are encoded at once; each picture is looked at by itself, so they need not all be together."""


class Interleaved(Keeping[Seen]):
    """One of these families answering about videos, by what its configuration says.

    Args:
        name: Name it was loaded by.
        model: The model, on its device.
        tokenizer: The family's.
        options: Settings.
        colours: Mean and deviation of the three colours where the folder names others than the published ones.
        random_weights: Whether the weights are random, so that answers are held to a short form.

    Raises:
        WeightsError: The tokenizer is not the model's, or its chat template cannot be used.
    """

    family: ClassVar[str] = "interleaved"
    looks_ahead: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        model: Any,  # noqa: ANN401 - a model of transformers
        tokenizer: Any,  # noqa: ANN401 - a tokenizer of transformers
        options: EngineOptions,
        *,
        colours: Colours | None = None,
        random_weights: bool = False,
    ) -> None:
        self.kind = kind_of(model.config)
        self.chat = chat_of(self.kind, tokenizer, model.config, asked=f"use {name}")
        super().__init__(name, model, tokenizer, options, constrain=random_weights)
        self.net, self.words = model, tokenizer
        self.colours = colours or self.kind.colours
        self.settings = read_settings(options.family, self.kind, self.seams, name)
        self.telling = telling_of(self.kind, self.settings)
        self._room = RANDOM if random_weights else TRAINED
        self._encoded: tuple[Seen, torch.Tensor] | None = None

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        return self.chat.end_ids

    @property
    def full_s(self) -> float | None:
        """Where the most pictures are reached, in seconds; None where a video always has as many."""
        if "rate_hz" not in self.kind.options:
            return None
        return self.settings.max_frames / self.settings.rate_hz

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """The pictures of a window at their true times, prepared for the encoder.

        Raises:
            MediaError: The file cannot give pictures.
            WindowError: The window lies outside the video.
        """
        damage = Damage()
        config = self.net.config
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            window = resolve_window(video, media.info)
            chosen = choose(media, video, window, kind=self.kind, config=config, settings=self.settings)
            seen = read(
                media,
                chosen,
                kind=self.kind,
                config=config,
                settings=self.settings,
                colours=self.colours,
                dtype=self.net.dtype,
                damage=damage,
                progress=progress,
            )
            info = media.info
        if self.settings.flash:
            seen = replace(seen, small_F=self._small(seen, progress))
        unheard = () if info.audio is None else (UNHEARD,)
        notes = (*info.notes, *chosen.notes(), *damage.notes(), *seen.notes(), *unheard)
        return Look(
            info=info,
            window=window,
            sampling=Sampling(
                policy=chosen.selection.policy,
                window=window,
                times_s=tuple(seen.times_s.tolist()),
                frame_size_px=chosen.size_px,
                audio_s=0.0,
                notes=tuple(dict.fromkeys(notes)),
            ),
            times_s=seen.times_s,
            intervals_S2=seen.told.stretches_S2,
            labels=self._labels(seen),
            data=seen,
        )

    def look_encoded(
        self, video: Video, ahead: Look[Seen] | None = None, progress: Progress = silent
    ) -> Look[Seen]:
        """A look with its features, its pictures left out."""
        self._encoded = None  # let go of the old one first
        look = ahead or self.look(video, progress)
        features_MD = self._features(look.data, progress)
        return replace(look, data=replace(look.data, prepared=None, features_MD=features_MD))

    @property
    def keep(self) -> Literal["features", "prefix"]:
        """What is kept on disk."""
        return self.settings.keep

    def depends_on(self) -> Mapping[str, object]:
        """What decides the features."""
        return {
            "settings": plain(self.settings),
            "colours": self.colours,
        }

    def entry_of(self, look: Look[Seen]) -> Entry:
        """What is kept of a look."""
        return entry_of(look, self._encode(look.data, silent))

    def look_of(self, entry: Entry, info: MediaInfo) -> Look[Seen]:
        """The look that was kept."""
        return look_of(entry, info, device=self.net.device)

    def _labels(self, seen: Seen) -> tuple[str, ...]:
        """The time that is written beside each picture or drawn into it; empty where neither is done."""
        if self.telling.burnt and self.telling.teller is not None:
            return tuple(self.telling.teller.text(moment) for moment in seen.moments)
        return tuple(self.telling.labels(seen.moments))

    def _small(self, seen: Seen, progress: Progress) -> Mask:
        """Which pictures are given as a quarter of their tokens."""
        config, settings = self.net.config, self.settings
        relative, absolute = settings.flash_relative, settings.flash_absolute
        if relative is None:
            relative = float(getattr(config, "flash_relative_threshold", RELATIVE))
        if absolute is None:
            absolute = float(getattr(config, "flash_absolute_threshold", ABSOLUTE))
        fitness_F = seen.alike_F
        if fitness_F is None:
            parts = []
            for first, last in ranges(self.kind.patches(seen.grids_F2), ENCODE_ROWS):
                with torch.inference_mode():
                    parts.append(self.kind.fitness(self.net, seen.pictures()[first:last].to(self.net.device)))
                progress("routing", last, len(seen.grids_F2))
            fitness_F = np.concatenate(parts)
        return small(fitness_F, relative, absolute)

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in words; times are counted from the start of what was looked at."""
        clock = Clock(look.window.duration_s, look.window.start_s)
        starts_s = tuple((np.maximum(look.times_s, look.window.start_s) - look.window.start_s).tolist())
        return request(task, self.telling.clock(clock, starts_s), self._room, self.telling.times)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt with its places; needs no weights."""
        numbered = self.settings.wanted.tell is None
        return prompt_layout(self.kind, self.chat, text, look.data, self.telling, numbered=numbered)

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """One sample for ``model.generate`` or ``model.forward``.

        Where tokens are left out in a way the model cannot be told, the features of the others stand for the pictures.
        """
        made = collate(
            self.kind,
            self.net.config,
            [Sample(layout, look.data)],
            pad_id=self.end_ids[-1],
            device=self.net.device,
        )
        return self._with_features(look, layout, silent) if made is None else made

    def write(self, look: Look[Seen], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request; pictures are encoded and read for the first one and kept for the others."""
        layout = self.layout(look, request.text)
        inputs = self._with_features(look, layout, progress)
        places = np.flatnonzero(layout.input_ids_N == self.chat.place)  # users' words cannot hold one
        return self.write_after(look, inputs, int(places[-1]) + 1, request, progress)

    def _with_features(self, look: Look[Seen], layout: Layout, progress: Progress) -> dict[str, Any]:
        """A sample whose pictures are encoded already."""
        inputs = words([Sample(layout, look.data)], pad_id=self.end_ids[-1], device=self.net.device)
        features_MD = self._encode(look.data, progress)
        return {
            **inputs,
            "mm_encoder_outputs": {self.kind.modality: self.kind.encoded(self.net, features_MD)},
        }

    def _encode(self, seen: Seen, progress: Progress) -> torch.Tensor:
        """Features of the tokens that are given; of looks that hold pictures, those of the last are kept."""
        if seen.features_MD is not None:
            return seen.features_MD
        if self._encoded is None or self._encoded[0] is not seen:
            self._encoded = None  # let go of the old one first
            self._encoded = (seen, self._features(seen, progress))
        return self._encoded[1]

    def _features(self, seen: Seen, progress: Progress) -> torch.Tensor:
        """Features of the tokens that are given, some pictures at a time."""
        parts = []
        bounds = np.concatenate([[0], np.cumsum(self.kind.rows(seen.grids_F2))])
        for first, last in ranges(self.kind.patches(seen.grids_F2), ENCODE_ROWS):
            rows = seen.pictures()[bounds[first] : bounds[last]].to(self.net.device)
            some = None if seen.small_F is None else seen.small_F[first:last]
            with torch.inference_mode():
                part = self.kind.features(self.net, rows, seen.grids_F2[first:last], some)
                if some is not None and not self.kind.routed:
                    part = pooled(part, seen.grids_F2[first:last], some)
                parts.append(part)
            progress("encoding", last, len(seen.grids_F2))
        features_MD = torch.cat(parts)
        if seen.kept_M is not None:
            features_MD = features_MD[torch.from_numpy(seen.kept_M).to(features_MD.device)]
        return features_MD
