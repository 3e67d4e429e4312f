"""The Qwen-VL line as engines: transformers' own models, our pictures, our positions, true time.

Axes: A axis of a position, N position in the sequence, P square, D value of a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from playhead.generate.decode import Generated
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.generate.prefix import Prefix, prefix_from, prefix_tensors
from playhead.media.clip import Video
from playhead.media.damage import Damage
from playhead.media.probe import opened
from playhead.media.window import resolve_window
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.kept import Entry, Looks, entry_key, weights_digest
from playhead.models.pictures.choose import Chosen, moments
from playhead.models.pictures.dialect import request
from playhead.models.pictures.read import FILTERS
from playhead.models.qwen_vl.collate import Sample, collate
from playhead.models.qwen_vl.encode import Encoder, encode_pictures
from playhead.models.qwen_vl.keep import entry_of, features_of, look_of, plain
from playhead.models.qwen_vl.kinds import cut_of, kind_of
from playhead.models.qwen_vl.layout import prompt_layout
from playhead.models.qwen_vl.pictures import Seen, choose, read
from playhead.models.qwen_vl.settings import read_settings
from playhead.models.qwen_vl.telling import telling_of
from playhead.models.qwen_vl.tokens import token_ids
from playhead.perceive.cache import EvidenceCache
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
        self._looks = Looks()
        self._entry: tuple[Video, str] | None = None  # what the last video's look is kept under
        self._digests: dict[str, str] = {}

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

    def look_now(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """:meth:`look` that encodes pictures as they are decoded and holds a part of them at most; by one process at once."""
        key = None if self._entry is None or self._entry[0] != video else self._entry[1]
        if key is None:
            return self._look(video, progress, Encoder(self.net))
        with self._looks.lock(key):
            look = self._recall(video, key)  # made by another process meanwhile
            if look is None:
                look = self._look(video, progress, Encoder(self.net))
                self._looks.save(key, entry_of(look, look.data.features))
        return look

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

    def is_kept(self, video: Video) -> bool:
        """Whether :meth:`recall` would find it."""
        key = self._key(video)
        return key is not None and key in self._looks

    def _key(self, video: Video) -> str | None:
        """What features of a window are kept by; None where they are not kept."""
        content = EvidenceCache().content(video.source) if self.options.cache else None
        if content is None:
            return None
        return entry_key(
            kind="qwen-vl",
            content=content,
            video=replace(video, source=""),
            settings=plain(self.settings),
            telling=self.kind.model_type,
            cut=self.cut,
            vision=self.net.config.vision_config.to_dict(),
            weights=self._digest("vision", self.net.model.visual),
            computed=str(self.net.dtype),
        )

    def recall(self, video: Video) -> Look[Seen] | None:
        """The look at a window with its features as it was kept on disk; nothing is decoded then."""
        self._encoded = None
        key = self._key(video)
        self._entry = None if key is None else (video, key)
        return None if key is None else self._recall(video, key)

    def _recall(self, video: Video, key: str) -> Look[Seen] | None:
        entry = self._looks.load(key)
        if entry is None:
            return None
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            return look_of(entry, media.info, group=self.cut.group, device=self.net.device)

    def _digest(self, name: str, module: torch.nn.Module) -> str:
        """A digest of weights, made once; it is part of the name that entries are kept under."""
        if name not in self._digests:
            self._digests[name] = weights_digest(module)
        return self._digests[name]

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
        inputs["mm_encoder_outputs"] = {"video": self._features(look, progress)}
        last = layout.slots[-1]
        return self.write_after(look, inputs, last.start + last.length + 1, request, progress)

    def read(self, look: Look[Seen], inputs: dict[str, Any], length: int) -> Prefix:
        """What the model keeps of the beginning of a prompt, from disk where that is wished."""
        under = self._kept_under(look)
        if under is None or self.settings.keep != "prefix":
            return super().read(look, inputs, length)
        ids = tuple(inputs["input_ids"][0, :length].tolist())
        weights = self._digest("all", self.net)
        key = entry_key(kind="prefix", look=under, ids=ids, weights=weights)
        entry = self._looks.load(key)
        if entry is not None:
            return prefix_from(self.model, ids, entry.tensors)
        made = super().read(look, inputs, length)
        tensors = prefix_tensors(made)
        if tensors is not None:
            self._looks.save(key, Entry(tensors, {"tokens": length}))
        return made

    def _kept_under(self, look: Look[Seen]) -> str | None:
        """The name a look is kept under; None for one that was made in another way than to answer."""
        own = self._last is not None and self._last[1] is look
        return self._entry[1] if own and self._entry is not None else None

    def _features(self, look: Look[Seen], progress: Progress) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of a look; what is made of them here is kept for the next time, by one process at once."""
        key = self._kept_under(look)
        made = look.data.features is not None or (self._encoded is not None and self._encoded[0] is look.data)
        if key is None or made:
            return self._encode(look.data, progress)
        with self._looks.lock(key):
            entry = self._looks.load(key)  # made by another process meanwhile
            if entry is not None and len(entry.tensors["times_s"]) == len(look.times_s):
                self._encoded = (look.data, features_of(entry.tensors, self.net.device))
                return self._encoded[1]
            features = self._encode(look.data, progress)
            self._looks.save(key, entry_of(look, features))
        return features

    def _encode(self, seen: Seen, progress: Progress) -> Any:  # noqa: ANN401 - an output of transformers
        """Features of the pictures as the model makes them; of looks that hold pictures, those of the last are kept."""
        if seen.features is not None:
            return seen.features
        if self._encoded is None or self._encoded[0] is not seen:
            self._encoded = None  # let go of the old one first
            self._encoded = (seen, encode_pictures(self.net, seen.pictures(), seen.kept_M, progress))
        return self._encoded[1]
