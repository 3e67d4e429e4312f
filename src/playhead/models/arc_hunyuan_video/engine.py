"""ARC-Hunyuan-Video as an engine: look once, read the video once, then answer any number of questions about it.

Everything the model is given before the question is the same for every question: its keys and values are kept with the
look, so a second question costs only its own words. Videos above five minutes are answered in parts (:mod:`playhead.models.parts`).

Axes: F frame, S slot of a frame, D width, B sample, A axis of a position, N position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
import torch
from transformers import DynamicCache

from playhead.generate.decode import Generated, generate
from playhead.generate.grammar import Grammar
from playhead.media.clip import Video
from playhead.media.probe import probe
from playhead.media.window import resolve_window
from playhead.models.answers import TASKS, file_state
from playhead.models.arc_hunyuan_video import dialect
from playhead.models.arc_hunyuan_video.audio import add_sound
from playhead.models.arc_hunyuan_video.config import READ_TOKENS
from playhead.models.arc_hunyuan_video.model import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.pictures import normalise
from playhead.models.arc_hunyuan_video.processor import ArcHunyuanVideoProcessor, Prepared
from playhead.models.arc_hunyuan_video.settings import EngineSettings, settings_of
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions
from playhead.models.merge import Merger, label_in, make_merger
from playhead.models.parts import Part, answer_in_parts, as_watch, parts_of
from playhead.nn.fuse import splice
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.unwrap import unwrap
from playhead.tasks.watch import Watch
from playhead.timecode import seconds_or_none
from playhead.timeline import Answer, Event, Span

CONTEXT_TOKENS: Final = 20_000
"""Longest sample the model was trained on, in tokens."""


@dataclass(slots=True)
class Seen:
    """What the model is given of a video, and what it made of it.

    Attributes:
        prepared: Pictures with their times burnt in, sound, and which sound goes with which picture.
        read_ids: The ids that ``cache`` holds keys and values of: the prompt up to the end of the video.
        cache: Keys and values of these, or None before the first question.
    """

    prepared: Prepared
    read_ids: tuple[int, ...] = ()
    cache: DynamicCache | None = None


class ArcHunyuanVideo(EndToEnd[Seen]):
    """ARC-Hunyuan-Video; threads take turns.

    Args:
        name: Name it was loaded by.
        model: The model.
        processor: Its tokenizer and how videos are made ready.
        options: Settings; the family's own are those of :mod:`playhead.models.arc_hunyuan_video.settings`.
        constrain: Whether answers are held to the task's grammar.
    """

    family: ClassVar[str] = "arc-hunyuan-video"
    looks_ahead: ClassVar[bool] = True
    model: ArcHunyuanVideoForConditionalGeneration

    def __init__(
        self,
        name: str,
        model: ArcHunyuanVideoForConditionalGeneration,
        processor: ArcHunyuanVideoProcessor,
        options: EngineOptions,
        *,
        constrain: bool = False,
    ) -> None:
        super().__init__(name, model, processor.tokenizer, options, constrain=constrain)
        self.settings: EngineSettings = settings_of(options.family)
        self.processor = processor
        self._cut: tuple[tuple[Video, object], tuple[Part, ...]] | None = None
        self._own = _Own(self)
        self._other: Merger | None = None

    # --- what a family says ---------------------------------------------------------------------------------------

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """Decode the pictures the model is given and all the sound; nothing is encoded yet.

        Raises:
            MediaError: The file has no pictures, or sound that cannot be decoded.
        """
        progress("looking", 0, None)
        looked = self.processor.look_at(video)
        progress("looking", 1, 1)
        clip, prepared = looked.clip, looked.prepared
        return Look(
            clip.info,
            prepared.window,
            looked.sampling,
            prepared.times_s,
            prepared.intervals_S2,
            prepared.labels,
            Seen(prepared),
        )

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in the trained form; times count from the window's start, as the burnt-in labels do."""
        return dialect.request(
            task,
            last_s=_last_label_s(look),
            start_s=look.window.start_s,
            language=self.settings.language,
            think=self.settings.think,
            title=self.settings.title,
        )

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt's positions: the start, 114 for each frame, the words."""
        return self.processor.layout(look.data.prepared, text)

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """Everything at once, as ``model.generate`` and ``model`` take it; :meth:`write` gives the same in two steps."""
        made = self.processor.inputs(look.data.prepared, layout)
        device, dtype = self.model.device, self.model.dtype
        return {
            name: each.to(device, dtype if each.is_floating_point() else None) for name, each in made.items()
        }

    @property
    def end_ids(self) -> Sequence[int]:
        """``<|endoftext|>``, which ends every trained answer, and ``<|eos|>``, which no training shows."""
        return (self.processor.special.endoftext, self.processor.special.eos)

    # --- reading the video once -------------------------------------------------------------------------------------

    def write(self, look: Look[Seen], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request; the video is read at the first one only."""
        layout = self.layout(look, request.text)
        cache = self._read(look.data, layout, progress)
        ids_BN = torch.from_numpy(layout.input_ids_N)[None].to(self.model.device)
        inputs = {"input_ids": ids_BN, "attention_mask": torch.ones_like(ids_BN), "cache": cache}
        look.data.cache = None  # an interrupted answer may leave its layers at different lengths
        written = self._generate(inputs, request.grammar, request.stop, progress)
        asked_tokens = cache.get_seq_length() - len(look.data.read_ids)
        if asked_tokens > 0:
            cache.crop(-asked_tokens)  # what was asked and answered is forgotten
        look.data.cache = cache
        return written

    def _read(self, seen: Seen, layout: Layout, progress: Progress) -> DynamicCache:
        """Keys and values of the prompt up to the end of the video, read in pieces so that few are in work at once."""
        last = layout.slots[-1]
        stop = last.start + last.length + 2  # </img> and </vid>
        ids_N = layout.input_ids_N[:stop]
        if seen.cache is not None and seen.read_ids == tuple(ids_N.tolist()):
            return seen.cache
        device = self.model.device
        filled_BN = np.zeros((1, stop), np.bool_)
        filled_BN[0, layout.filled()] = True
        with torch.inference_mode():
            frames_FSD = self._encode(seen.prepared, progress)
            progress("reading", 0, stop)
            embeds_BND = self.model.get_input_embeddings()(torch.from_numpy(ids_N)[None].to(device))
            embeds_BND = splice(embeds_BND, torch.from_numpy(filled_BN).to(device), frames_FSD.flatten(0, 1))
            cache = DynamicCache(config=self.model.config.text)
            positions = layout.positions
            assert positions is not None  # this family's layouts always have four axes
            positions_BAN = torch.from_numpy(positions[None, :, :stop].copy()).to(device)
            for first in range(0, stop, READ_TOKENS):
                piece = slice(first, first + READ_TOKENS)
                self.model(
                    inputs_embeds=embeds_BND[:, piece],
                    position_ids=positions_BAN[:, :, piece],
                    cache=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                progress("reading", min(stop, piece.stop), stop)
        seen.cache, seen.read_ids = cache, tuple(ids_N.tolist())
        return cache

    def _encode(self, prepared: Prepared, progress: Progress) -> torch.Tensor:
        """Vectors of all frames with their sound, (F, S, D); a few pictures at a time."""
        count, each = len(prepared), self.model.config.vision.chunk_frames
        made = []
        for first in range(0, count, each):
            progress("encoding", first, count)
            pixels = normalise(prepared.pictures_FHWC[first : first + each])
            made.append(self.model.vision_model(torch.from_numpy(pixels)))
        sound_MD = self.model.forward_sound(torch.from_numpy(prepared.input_features_KMT))
        progress("encoding", count, count)
        return add_sound(torch.cat(made), sound_MD, torch.from_numpy(prepared.audio_index_FS))

    def _generate(
        self, inputs: dict[str, Any], grammar: Grammar, stop: Sequence[str], progress: Progress
    ) -> Generated:
        return generate(
            self.model,
            self.tokenizer,
            inputs,
            end_ids=self.end_ids,
            max_new_tokens=self.options.max_new_tokens,
            stop=stop,
            grammar=grammar if self.constrain else None,
            progress=progress,
        )

    # --- answers ----------------------------------------------------------------------------------------------------

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video, with times in seconds on the video's own clock; in parts where it is long.

        Raises:
            MediaError: The file cannot give what the task needs.
            UnsupportedError: The engine does not offer the task, or the memory is too small for it.
        """
        if not isinstance(task, TASKS):
            return super().answer(video, task, progress=progress)  # which says what it offers
        with self._lock:
            parts = self._parts(video) if self.settings.segment_s > 0 else ()
            if len(parts) < 2:
                return super().answer(video, task, progress=progress)
            whole = isinstance(task, Watch)
            merged = answer_in_parts(
                parts,
                (Describe(), Events(), Chapters()) if whole else (task,),
                self._answer_part,
                self._merger(progress),
                language=self.settings.language,
                progress=progress,
            )
            return as_watch(merged) if whole else merged[0]

    def prepare(self, video: Video, *, progress: Progress = silent) -> None:
        """Look at a video ahead, from another thread; one that is answered in parts is looked at part by part then.

        Raises:
            MediaError: The file cannot give what an answer needs.
            UnsupportedError: The memory is too small for it.
        """
        if self.settings.segment_s > 0:
            info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
            if len(parts_of(video, resolve_window(video, info), self.settings.segment_s)) > 1:
                return
        super().prepare(video, progress=progress)

    def write_text(self, text: str, grammar: Grammar, progress: Progress = silent) -> Generated:
        """The decoder's own text without any video: how it merges answers about the parts of a long one."""
        special = self.processor.special
        words = self.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        ids_BN = torch.tensor([[special.startoftext, *words, special.sep]], device=self.model.device)
        inputs = {"input_ids": ids_BN, "attention_mask": torch.ones_like(ids_BN)}
        return self._generate(inputs, grammar, (dialect.STOP,), progress)

    def _parts(self, video: Video) -> tuple[Part, ...]:
        """The parts a video is answered in; of the last one they are known while its file stays as it is."""
        key = (video, file_state(video))
        if self._cut is None or self._cut[0] != key:
            info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
            self._cut = (key, parts_of(video, resolve_window(video, info), self.settings.segment_s))
        return self._cut[1]

    def _merger(self, progress: Progress) -> Merger | None:
        """Who merges the parts' answers; another model is loaded at its first use and kept."""
        self._own.progress = progress
        if self._other is None:
            made = make_merger(self.settings.merge, self._own, progress)
            if made is self._own or made is None:
                return made
            self._other = made
        return self._other

    def _answer_part(self, video: Video, task: Task, progress: Progress) -> Answer:
        return super().answer(video, task, progress=progress)

    def _ask(self, video: Video, look: Look[Seen], task: Task, progress: Progress) -> Answer:
        answer = super()._ask(video, look, task, progress)
        start_s, last_s = look.window.start_s, _last_label_s(look)

        def told(text: str) -> str:
            return dialect.on_the_videos_clock(text, start_s, last_s)

        def placed(events: Sequence[Event]) -> tuple[Event, ...]:
            return tuple(
                replace(
                    each, span=_inside(each.span, look.window), text=told(each.text), title=told(each.title)
                )
                for each in events
            )

        return replace(
            answer,
            title=told(answer.title),
            text=told(answer.text),
            thinking=told(answer.thinking),
            events=placed(answer.events),
            chapters=placed(answer.chapters),
        )


class _Own:
    """The engine's own decoder as the one that merges the answers about parts."""

    def __init__(self, engine: ArcHunyuanVideo) -> None:
        self.name, self._engine = f"{engine.name}'s own decoder", engine
        self.progress: Progress = silent

    def fits(self, prompt: str) -> bool:
        """Whether a prompt and its answer lie within what the model was trained on."""
        ids = self._engine.tokenizer.encode(self._asked(prompt), add_special_tokens=False)
        return len(ids) + 2 + self._engine.options.max_new_tokens <= CONTEXT_TOKENS

    def write(self, prompt: str) -> str:
        """The answer in words."""
        settings = self._engine.settings
        form = dialect.tagged(
            dialect.sentence(settings.language), language=settings.language, think=settings.think
        )
        return self._answer(prompt, form)

    def choose(self, prompt: str, labels: Sequence[str]) -> str | None:
        """The label its answer names."""
        settings = self._engine.settings
        form = dialect.tagged(f"[{''.join(labels)}]", language=settings.language, think=settings.think)
        return label_in(self._answer(prompt, form, "choose"), labels)

    def _answer(self, prompt: str, form: Grammar, task: str = "") -> str:
        written = self._engine.write_text(self._asked(prompt, task), form, self.progress)
        return unwrap(written.text).answer

    def _asked(self, prompt: str, task: str = "") -> str:
        return f"{prompt}\n{dialect.suffix(task)}" if self._engine.settings.think else prompt


def _last_label_s(look: Look[Seen]) -> float:
    """The last time that can be told, in seconds from the window's start: the rounded end of the last stretch."""
    return max(1.0, seconds_or_none(look.labels[-1].rpartition("-")[2]) or 0.0)


def _inside(span: Span, window: Span) -> Span:
    """A span cut to the window: labels are whole seconds, so the last one may lie up to one past the end."""
    return Span(min(span.start_s, window.end_s), min(span.end_s, window.end_s))
