"""Any other model of transformers that reads images and text: pictures as images, each after its true time in words.

Nothing is known of such a model but what its folder says: its own processor prepares pictures and words, its own chat
template puts them together, its own class answers. What is ours is which pictures, and the time before each.

Axes: N position in the sequence, F picture, H row, W column, C colour channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal

import numpy as np
import torch

from playhead.errors import (
    CorruptMediaError,
    UnsupportedError,
    UsageError,
    WeightsError,
    nearest,
)
from playhead.generate.grammars import TRAINED
from playhead.media.clip import Pixels, Times, Video
from playhead.media.damage import Damage
from playhead.media.probe import Opened, opened
from playhead.media.sampling.uniform import per_second
from playhead.media.window import resolve_window
from playhead.models.end_to_end import EndToEnd, Look, Request
from playhead.models.family import EngineOptions, Plan
from playhead.models.pictures import choose as pictures
from playhead.models.pictures.choose import Chosen, Told, moments, told_times
from playhead.models.pictures.dialect import request
from playhead.models.pictures.read import read_groups
from playhead.models.pictures.settings import PICTURE_OPTIONS, Wanted, read_wanted
from playhead.models.pictures.tell import TELLERS, Moment
from playhead.models.pictures.telling import Telling
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout, Slot
from playhead.tasks.base import Clock, Task
from playhead.timeline import Sampling, Span

SEAMS: Final = frozenset({"instants", "words", "burnt"})
UNHEARD: Final = "sound is not given to this model here"
OPTIONS: Final[Mapping[str, str]] = {
    "max_frames": "Most pictures of a video (32); there is one a second where that is fewer.",
    "side_px": "Longest side of a picture in pixels before the model's own processor gets it (768).",
    **{name: text for name, text in PICTURE_OPTIONS.items() if name != "drop"},
}
_WHOLE: Final = {"max_frames": (1, 4096), "side_px": (32, 8192)}
_TILING: Final = ("do_image_splitting", "do_pan_and_scan", "crop_to_patches", "do_resize_and_split")
"""Settings of image processors that cut one picture into many; off, since a video's pictures are many already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options with their values; see :data:`OPTIONS`."""

    max_frames: int = 32
    side_px: int = 768
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen


def read_settings(given: Mapping[str, Any], engine: str) -> Settings:
    """Settings from options as a caller wrote them.

    Raises:
        UsageError: On an unknown name or a value that is not allowed.
        UnsupportedError: A mechanism that needs more of a model than is known here.
    """
    own = {}
    for name, value in given.items():
        if name not in OPTIONS:
            raise UsageError(f"{engine} has no option {name!r}", todo=nearest(name, OPTIONS))
        if name in _WHOLE:
            least, most = _WHOLE[name]
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise UsageError(f"{name}={value!r:.40}", allowed=f"a whole number from {least} to {most}")
            own[name] = value
    return Settings(**own, wanted=read_wanted(given, SEAMS, engine))


def telling_of(settings: Settings) -> Telling:
    """How times are told: in words, as Seed1.5-VL does, unless the caller wants another way."""
    teller = settings.wanted.tell or TELLERS["seed1.5-vl"]
    written: Literal["text", "order"] = "text" if teller.where == "words" else "order"
    return Telling(written, teller if teller.where != "nowhere" else None, teller.times or "seconds")


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a window as the model's processor is given them.

    Attributes:
        pictures: Upright, uint8 RGB, all of one size.
        times_s: True presentation times, float64 of shape (F,).
        told: What they stand for.
        moments: Every picture as it can be named.
    """

    pictures: list[Pixels]
    times_s: Times
    told: Told
    moments: tuple[Moment, ...]


def choose(media: Opened, video: Video, window: Span, settings: Settings) -> Chosen:
    """The pictures of a window that are taken, and their size.

    Raises:
        EmptyMediaError: There are none.
        WindowError: An instant the caller named lies outside the window.
    """

    def size(width_px: int, height_px: int, frames: int) -> tuple[int, int]:
        del frames
        scale = min(1.0, settings.side_px / max(width_px, height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))

    own = per_second(rate_hz=1.0, max_frames=settings.max_frames)
    return pictures.choose(media, video, window, own=own, size_rule=size, wanted=settings.wanted, token_px=1)


class FramesAsImages(EndToEnd[Seen]):
    """A model of transformers that reads images and text, given a video as images with their times.

    Args:
        name: Name it was loaded by.
        model: The model, on its device.
        processor: Its own processor, with a tokenizer and a chat template.
        options: Settings.

    Raises:
        WeightsError: The processor cannot tell where pictures stand, or has no chat template.
    """

    family: ClassVar[str] = "frames-as-images"
    looks_ahead: ClassVar[bool] = True

    def __init__(self, name: str, model: Any, processor: Any, options: EngineOptions) -> None:  # noqa: ANN401 - of transformers
        self.processor = processor
        self.place = place_of(processor, model.config, asked=f"use {name}")
        super().__init__(name, model, processor.tokenizer, options)
        self.net = model
        self.settings = read_settings(options.family, name)
        self.telling = telling_of(self.settings)
        self._last_prompt: tuple[Seen, str, Any] | None = None

    @property
    def seams(self) -> frozenset[str]:
        """What any such model can do for mechanisms."""
        return SEAMS

    @property
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""
        told = getattr(self.net.generation_config, "eos_token_id", None)
        named = told if isinstance(told, list) else [told, self.processor.tokenizer.eos_token_id]
        return tuple(dict.fromkeys(each for each in named if each is not None))

    @property
    def full_s(self) -> float:
        """Where the most pictures are reached at one a second."""
        return float(self.settings.max_frames)

    def look(self, video: Video, progress: Progress = silent) -> Look[Seen]:
        """The pictures of a window at their true times.

        Raises:
            MediaError: The file cannot give pictures.
            WindowError: The window lies outside the video.
        """
        damage = Damage()
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            info, window = media.info, resolve_window(video, media.info)
            chosen = choose(media, video, window, self.settings)
            held: list[Pixels] = []
            times_s: list[float] = []
            for group in read_groups(media, chosen, damage, burnt=self.settings.wanted.burnt):
                held += group.pictures
                times_s += group.times_s
                progress("looking", len(held), len(chosen.selection))
        if not held:
            raise CorruptMediaError(f"pictures of {video.source!r}", found="none of those wanted decodes")
        times = np.array(times_s, np.float64)
        seen = Seen(held, times, told_times(times, chosen), tuple(moments(times, chosen)))
        unheard = () if info.audio is None else (UNHEARD,)
        return Look(
            info=info,
            window=window,
            sampling=Sampling(
                policy=chosen.selection.policy,
                window=window,
                times_s=tuple(times_s),
                frame_size_px=chosen.size_px,
                audio_s=0.0,
                notes=tuple(dict.fromkeys((*info.notes, *chosen.notes(), *damage.notes(), *unheard))),
            ),
            times_s=times,
            intervals_S2=seen.told.stretches_S2,
            labels=self._labels(seen),
            data=seen,
        )

    def _labels(self, seen: Seen) -> tuple[str, ...]:
        if self.telling.burnt and self.telling.teller is not None:
            return tuple(self.telling.teller.text(moment) for moment in seen.moments)
        return tuple(self.telling.labels(seen.moments))

    def request(self, task: Task, look: Look[Seen]) -> Request:
        """A task in words; times are counted from the start of what was looked at."""
        clock = Clock(look.window.duration_s, look.window.start_s)
        starts_s = tuple((np.maximum(look.times_s, look.window.start_s) - look.window.start_s).tolist())
        return request(task, self.telling.clock(clock, starts_s), TRAINED, self.telling.times)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt as the model's own processor writes it, and where the pictures stand in it.

        Raises:
            UsageError: The user's words hold one of the model's marks.
            UnsupportedError: The processor gives pictures of one size different numbers of places.
        """
        ids_N = self._processed(look.data, text)["input_ids"][0].cpu().numpy().astype(np.int64)
        places = np.flatnonzero(ids_N == self.place)
        count = len(look.times_s)
        if not len(places) or len(places) % count:
            raise UnsupportedError(
                f"find the pictures in a prompt of {self.name}",
                found=f"{len(places)} places for {count} pictures of one size",
                todo="this model needs an engine of its own",
            )
        each, slots = len(places) // count, []
        labels = self._labels(look.data)
        for number in range(count):
            mine = places[number * each : (number + 1) * each]
            bounds = [0, *(np.flatnonzero(np.diff(mine) > 1) + 1).tolist(), each]
            start_s, end_s = look.intervals_S2[number].tolist()
            for first, last in pairwise(bounds):
                span = Span(start_s, end_s)
                slots.append(
                    Slot(
                        int(mine[first]),
                        last - first,
                        "frame",
                        span,
                        float(look.times_s[number]),
                        labels[number],
                    )
                )
        return Layout(ids_N, tuple(slots))

    def inputs(self, look: Look[Seen], layout: Layout) -> dict[str, Any]:
        """What the model's own processor makes of the last prompt, on the model's device and in its precision."""
        if self._last_prompt is None or self._last_prompt[0] is not look.data:
            raise UsageError("give the inputs of a prompt", found="another look", todo="call layout first")
        made = self._last_prompt[2]
        if made["input_ids"].shape[1] != len(layout):
            raise UsageError("give the inputs of a prompt", found="another layout", todo="call layout again")
        return {
            name: value.to(self.net.device, self.net.dtype if value.is_floating_point() else None)
            for name, value in made.items()
            if isinstance(value, torch.Tensor)
        }

    def _processed(self, seen: Seen, text: str) -> Any:  # noqa: ANN401 - a batch of transformers
        if self._last_prompt is None or self._last_prompt[0] is not seen or self._last_prompt[1] != text:
            labels = self.telling.labels(seen.moments)
            self._last_prompt = (seen, text, processed(self.processor, seen.pictures, labels, text))
        return self._last_prompt[2]

    def plan(self, video: Video) -> Plan:
        """What answering about a video would take."""
        from playhead.models.interleaved.generic_family import make_plan

        return make_plan(
            self.name,
            self.processor,
            self.net.config,
            place=self.place,
            parameters=self.parameters,
            video=video,
            options=self.options,
        )


def processed(processor: Any, held: Sequence[Pixels], labels: Sequence[str], text: str) -> Any:  # noqa: ANN401 - of transformers
    """Pictures, each after its label, and a question, as a processor makes them.

    Raises:
        UsageError: The question holds one of the model's marks.
        UnsupportedError: The processor refuses them.
    """
    from jinja2 import TemplateError

    marks = [str(each) for each in processor.tokenizer.added_tokens_decoder.values() if len(str(each)) > 1]
    found = next((mark for mark in marks if mark in text), None)
    if found is not None:
        raise UsageError(
            "ask this model", found=f"its mark {found!r} in the question", todo="word it otherwise"
        )
    content: list[dict[str, str]] = []
    for label in labels:
        content += [{"type": "text", "text": label}] if label else []
        content.append({"type": "image"})
    content.append({"type": "text", "text": text})
    switches = {name: False for name in _TILING if hasattr(processor.image_processor, name)}
    try:
        prompt = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        return processor(text=[prompt], images=[list(held)], return_tensors="pt", **switches)
    except (TemplateError, TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UnsupportedError(
            "give this model pictures with words",
            found=f"{type(error).__name__}: {error!s:.200}",
            todo="this model needs an engine of its own",
        ) from error


def place_of(processor: Any, config: Any, *, asked: str) -> int:  # noqa: ANN401 - of transformers
    """The id that stands in pictures' places.

    Raises:
        WeightsError: The processor has no tokenizer or no chat template, or nobody says what that id is.
    """
    for part in ("tokenizer", "image_processor"):
        if getattr(processor, part, None) is None:
            raise WeightsError(
                asked, found=f"a processor without {part}", todo="use the whole released folder"
            )
    if not (getattr(processor, "chat_template", None) or processor.tokenizer.chat_template):
        raise WeightsError(
            asked, found="no chat template", todo="use a model that was trained to answer questions"
        )
    for holder, name in (
        (processor, "image_token_id"),
        (config, "image_token_id"),
        (config, "image_token_index"),
    ):
        found = getattr(holder, name, None)
        if isinstance(found, int):
            return found
    raise WeightsError(asked, found="neither image_token_id nor image_token_index", todo="use another engine")
