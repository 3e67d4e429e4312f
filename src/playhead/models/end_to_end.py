"""The engine every end-to-end family shares: look at a video once, put tasks to it, read the answers.

A family says how it looks (:meth:`EndToEnd.look`), how it words a task (:meth:`EndToEnd.request`) and what its model is
given (:meth:`EndToEnd.inputs`); decoding, reading, and the composite task ``watch`` are the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import torch

from playhead.errors import OutputError, UnsupportedError
from playhead.generate.decode import Generated, generate
from playhead.generate.grammar import Grammar
from playhead.generate.prefix import Prefix, after_prefix, read_prefix
from playhead.media.clip import MediaInfo, Times, Video
from playhead.models.ahead import Ahead
from playhead.models.answers import TASKS, WATCH_PARTS, file_state, query_of, read_answer, watched
from playhead.models.base import Exchange
from playhead.models.family import EngineOptions, Plan
from playhead.models.machine import gigabytes, memory
from playhead.models.mechanisms import require, seams_of
from playhead.models.weights import without_kernel_notes
from playhead.progress import Progress, silent
from playhead.sequence.layout import Layout
from playhead.tasks.base import Clock, Task
from playhead.tasks.watch import Watch
from playhead.timeline import Answer, Sampling, Span

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

D = TypeVar("D")

SMALL_PARAMETERS = 50_000_000
"""Models below this fit everywhere: no plan is made before they answer."""


@dataclass(frozen=True, slots=True)
class Look(Generic[D]):
    """What a family took from a window of a video, before any question.

    Attributes:
        info: The container's facts.
        window: The part that was looked at, in seconds on the video's clock.
        sampling: What was seen and heard.
        times_s: True presentation times of the pictures the model is given, float64 of shape (frames,).
        intervals_S2: The stretch each picture stands for, in seconds, shape (frames, 2).
        labels: How each picture's time is told to the model, one text per picture; empty texts when by order alone.
        data: What the family's :meth:`EndToEnd.inputs` needs: pixels, features, sound.
    """

    info: MediaInfo
    window: Span
    sampling: Sampling
    times_s: Times
    intervals_S2: Times
    labels: tuple[str, ...]
    data: D


@dataclass(frozen=True, slots=True)
class Request:
    """A task in a family's own words.

    Attributes:
        text: What the user's turn says.
        clock: What times in the answer mean.
        grammar: The texts that can be read as an answer, used when answers are constrained.
        stop: Texts that end the answer.
    """

    text: str
    clock: Clock
    grammar: Grammar
    stop: tuple[str, ...] = ()


class EndToEnd(ABC, Generic[D]):
    """One end-to-end model as an engine; threads take turns.

    The look at the last video is kept, so that a second question decodes and encodes nothing; a file that was changed
    since is looked at again.

    Args:
        name: Name it was loaded by: a preset's, or the folder.
        model: The transformers model.
        tokenizer: Its tokenizer.
        options: Settings.
        constrain: Whether answers are held to the task's grammar.
    """

    family: ClassVar[str]
    looks_ahead: ClassVar[bool] = False
    """Whether :meth:`look` may run in another thread while the model answers about another video."""

    def __init__(
        self,
        name: str,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        options: EngineOptions,
        *,
        constrain: bool = False,
    ) -> None:
        self.name, self.tokenizer, self.options = name, tokenizer, options
        self.model: PreTrainedModel = model.train(False)
        self.constrain = constrain if options.constrain is None else options.constrain
        self._lock = RLock()
        self._last: tuple[tuple[Video, object], Look[D]] | None = None
        self._prefix: tuple[Look[D], Prefix] | None = None
        self._ahead: Ahead[Look[D]] = Ahead()
        self.on_exchange: Callable[[Exchange], None] | None = None

    # --- what a family says ---------------------------------------------------------------------------------------

    @abstractmethod
    def look(self, video: Video, progress: Progress = silent) -> Look[D]:
        """Decode (and encode, where that needs no question) a window of a video."""

    @abstractmethod
    def request(self, task: Task, look: Look[D]) -> Request:
        """A task in the family's own words; never called with ``watch``."""

    @abstractmethod
    def layout(self, look: Look[D], text: str) -> Layout:
        """The prompt's positions: what stands where, and for which seconds. Needs no weights."""

    @abstractmethod
    def inputs(self, look: Look[D], layout: Layout) -> dict[str, Any]:
        """What ``model.generate`` is given for one sample: ``input_ids`` of shape (1, N) and the family's tensors."""

    @property
    def seams(self) -> frozenset[str]:
        """What it can do for mechanisms (:data:`playhead.models.mechanisms.SEAMS`)."""
        return seams_of(str(self.model.config.model_type))

    @property
    @abstractmethod
    def end_ids(self) -> Sequence[int]:
        """Ids that end an answer."""

    def recall(self, video: Video) -> Look[D] | None:
        """The look at a window as it was kept on disk, so that nothing is decoded; None where a family keeps none."""
        del video
        return None

    def look_now(self, video: Video, ahead: Look[D] | None = None, progress: Progress = silent) -> Look[D]:
        """The look for a question that follows at once, after :meth:`recall` found none; some families encode it too.

        Args:
            video: The file and the window.
            ahead: What :meth:`look` made of it ahead.
            progress: Told how far it is.
        """
        return ahead or self.look(video, progress)

    def is_kept(self, video: Video) -> bool:
        """Whether :meth:`recall` would find it; asked from any thread."""
        del video
        return False

    # --- what all share -------------------------------------------------------------------------------------------

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video, with times in seconds on the video's own clock.

        Raises:
            MediaError: The file cannot give what the task needs.
            WeightsError: The engine's weights are not to be had.
            UnsupportedError: The engine does not offer the task, or the memory is too small for it.
        """
        if not isinstance(task, TASKS):
            raise UnsupportedError(
                f"{self.name} does not offer the task {task.name!r}",
                allowed=", ".join(each.name for each in TASKS),
                todo="use the engine scout",
            )
        if video.instants_s is not None:
            require("frames", self.seams, self.name)
        with self._lock, without_kernel_notes():
            try:
                look = self._seen(video, progress)
                if isinstance(task, Watch):
                    return self._watch(video, look, progress)
                return self._ask(video, look, task, progress)
            except RuntimeError as error:  # torch tells a full memory by this kind, or by one derived from it
                if not _is_full_memory(error):
                    raise
                self._last = None
                raise self._too_large(self.plan(video)) from error

    def prepare(self, video: Video, *, progress: Progress = silent) -> None:
        """Look at a video ahead, from another thread; does nothing where the family's look needs its model alone.

        Raises:
            MediaError: The file cannot give what an answer needs.
            UnsupportedError: The memory is too small for it.
        """
        key = (video, file_state(video))
        if not self.looks_ahead or key in self._ahead or self.is_kept(video):
            return
        self._require_room(video)
        self._ahead.put(key, self.look(video, progress))

    def plan(self, video: Video) -> Plan:
        """What answering about a video would take.

        Raises:
            MediaError: The file cannot be read.
        """
        from playhead.models.plan import plan_engine

        return plan_engine(self, video)

    @property
    def full_s(self) -> float | None:
        """Longest window in seconds whose pictures are taken as near to one another as the family's rule wants.

        None where the rule has no such limit: a fixed number of pictures, or parts that the family cuts itself.
        """
        return None

    def video_tokens(self, video: Video, task: Task) -> int | None:
        """Positions that the last look at a video fills in the prompt of a task; None when it was no single look."""
        with self._lock:
            if self._last is None or self._last[0] != (video, file_state(video)) or isinstance(task, Watch):
                return None
            look = self._last[1]
            return len(self.layout(look, self.request(task, look).text).filled())

    def save(self, folder: Path) -> None:
        """Write the model as a folder that :func:`playhead.load` opens, and transformers too.

        Raises:
            OutputError: The folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.model.save_pretrained(folder)
            # A processor holds the tokenizer and what it was made with.
            getattr(self, "processor", self.tokenizer).save_pretrained(folder)
        except OSError as error:
            raise OutputError(
                f"cannot write {error.filename or folder}",
                found=error.strerror or str(error),
                todo="choose another folder, or free some space",
            ) from error

    @property
    def parameters(self) -> int:
        """Count of the model's weights."""
        return sum(each.numel() for each in self.model.parameters())

    def write(self, look: Look[D], request: Request, progress: Progress = silent) -> Generated:
        """The model's own text for a request about what was seen."""
        layout = self.layout(look, request.text)
        return generate(
            self.model,
            self.tokenizer,
            self.inputs(look, layout),
            end_ids=self.end_ids,
            max_new_tokens=self.options.max_new_tokens,
            stop=request.stop,
            grammar=request.grammar if self.constrain else None,
            progress=progress,
        )

    def _seen(self, video: Video, progress: Progress) -> Look[D]:
        """The look at a video; the last one is kept while its file stays as it is."""
        key = (video, file_state(video))
        if self._last is None or self._last[0] != key:
            self._last = self._prefix = None  # let go of the old one first
            ahead = self._ahead.take(key)
            if ahead is None:
                self._require_room(video)
            self._last = (key, self.recall(video) or self.look_now(video, ahead, progress))
        return self._last[1]

    def write_after(
        self, look: Look[D], inputs: dict[str, Any], length: int, request: Request, progress: Progress
    ) -> Generated:
        """The model's own text for a prompt whose beginning is read for the first question about a look only.

        Args:
            look: What was seen; its beginning is kept while it is the last one.
            inputs: The whole prompt, as ``model.generate`` takes it.
            length: Tokens of the beginning, which holds all that was seen.
            request: What is asked.
            progress: Told how far it is.
        """
        ids = tuple(inputs["input_ids"][0, :length].tolist())
        if self._prefix is None or self._prefix[0] is not look or self._prefix[1].ids != ids:
            self._prefix = None
            progress("reading", 0, length)
            self._prefix = (look, self.read(look, inputs, length))
            progress("reading", length, length)
        return generate(
            self.model,
            self.tokenizer,
            after_prefix(inputs, self._prefix[1]),
            end_ids=self.end_ids,
            max_new_tokens=self.options.max_new_tokens,
            stop=request.stop,
            grammar=request.grammar if self.constrain else None,
            progress=progress,
        )

    def read(self, look: Look[D], inputs: dict[str, Any], length: int) -> Prefix:
        """The beginning of a prompt, read by the model, or from where a family keeps it."""
        del look
        return read_prefix(self.model, inputs, length)

    def _require_room(self, video: Video) -> None:
        """Refuse what the plan says does not fit beside the weights, before minutes go into it."""
        if self.parameters < SMALL_PARAMETERS:
            return
        plan, free_bytes = self.plan(video), memory(self.model.device).free_bytes
        if free_bytes is not None and plan.peak_bytes - plan.weights_bytes > free_bytes:
            raise self._too_large(plan)

    def _too_large(self, plan: Plan) -> UnsupportedError:
        """What the plan counts, for one who has to choose less; the weights are loaded already."""
        free_bytes = memory(self.model.device).free_bytes
        free = "an unknown amount" if free_bytes is None else gigabytes(free_bytes)
        return UnsupportedError(
            f"too little memory to answer about {plan.source} with {self.name} on {self.model.device}",
            found=f"{free} free beside the weights",
            allowed=f"at least {gigabytes(plan.peak_bytes - plan.weights_bytes)} for {plan.frames} frames and "
            f"{plan.video_tokens} video tokens; {gigabytes(plan.peak_bytes)} at the peak, "
            f"{gigabytes(plan.weights_bytes)} of it weights",
            todo="use a shorter window, dtype='bfloat16' or another device",
        )

    def _ask(self, video: Video, look: Look[D], task: Task, progress: Progress) -> Answer:
        request = self.request(task, look)
        written = self.write(look, request, progress)
        if self.on_exchange is not None:
            self.on_exchange(Exchange(request.text, written.text, written.finished))
        reading = task.read(written.text, request.clock)
        base = Answer(
            task=task.name,
            source=video.source,
            duration_s=look.info.duration_s,
            model=self.name,
            sampling=look.sampling,
            query=query_of(task),
        )
        return read_answer(base, reading, finished=written.finished)

    def _watch(self, video: Video, look: Look[D], progress: Progress) -> Answer:
        """Everything: three questions about one look; a part that cannot be read costs only itself."""
        return watched([self._ask(video, look, task, progress) for task in WATCH_PARTS])


def _is_full_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
