"""The one way in: ``playhead.load(name)``, then ``watch``, ``ask``, ``ground``, ``chapters``, ``describe``, ...

>>> import playhead
>>> session = playhead.load("scout", llm="none")  # weights come when the first video does
>>> session.engine.name
'scout'
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Real
from typing import Any, TypedDict, Unpack

from playhead.errors import UnsupportedError, UsageError, nearest
from playhead.media.clip import Video
from playhead.models.base import Engine
from playhead.models.family import Plan
from playhead.models.plan import plan_video
from playhead.models.registry import make_engine
from playhead.progress import Progress, silent
from playhead.refine.refined import Refined
from playhead.refine.settings import Refinement, refinement
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch
from playhead.timeline import Answer

Source = str | os.PathLike[str]


class Window(TypedDict, total=False):
    """Which part of a video, and who is told how far the work is.

    Attributes:
        start_s: Start in seconds on the video's own clock; its beginning if not given.
        end_s: End in seconds; its end if not given.
        video_stream: Index of the picture stream; the default one if not given.
        audio_stream: Index or language (``eng``) of the sound stream; the default one if not given.
        progress: Called with (stage, done, total) while working.
    """

    start_s: float | None
    end_s: float | None
    video_stream: int | None
    audio_stream: int | str | None
    progress: Progress


class Session:
    """An engine ready to answer about videos.

    Every method takes a path or address and the keywords of :class:`Window`, and returns an
    :class:`~playhead.timeline.Answer` with times in seconds on the video's own clock. Videos that are longer than the
    engine sees well are cut (:class:`~playhead.refine.settings.Refinement`); :meth:`refined` looks again in other ways.

    Args:
        engine: The engine.
        settings: What is done around it.

    Raises:
        MediaError: If the file cannot give what is asked.
        WeightsError: If the engine's weights are not to be had.
        WindowError: If the window lies outside the video.
        UsageError: If the question is empty or has too few options, or a keyword is not one of :class:`Window`.
    """

    def __init__(self, engine: Engine, settings: Refinement | None = None) -> None:
        self.engine = engine
        self.settings = settings or Refinement()
        self._answering = Refined(engine, self.settings)

    def refined(self, **settings: Any) -> Session:  # noqa: ANN401 - the fields of Refinement, checked by it
        """The same engine with mechanisms around it, as in ``session.refined(zoom=2, votes=5, snap=True)``.

        Args:
            settings: Fields of :class:`~playhead.refine.settings.Refinement`; those not given stay as they are here.

        Raises:
            UsageError: An unknown setting or a value that is not allowed.
            UnsupportedError: A mechanism this engine has no seam for.
        """
        return Session(self.engine, refinement(self.settings, **settings))

    def watch(self, source: Source, **window: Unpack[Window]) -> Answer:
        """Everything: summary, events, chapters, transcript, and the evidence lanes."""
        return self.answer(source, Watch(), **window)

    def describe(self, source: Source, **window: Unpack[Window]) -> Answer:
        """What the video is about, in a title and a few sentences."""
        return self.answer(source, Describe(), **window)

    def events(self, source: Source, **window: Unpack[Window]) -> Answer:
        """What happens and when, as timed events."""
        return self.answer(source, Events(), **window)

    def chapters(self, source: Source, **window: Unpack[Window]) -> Answer:
        """Chapters that cover the video, with titles."""
        return self.answer(source, Chapters(), **window)

    def ground(self, source: Source, query: str, **window: Unpack[Window]) -> Answer:
        """When something happens: every span that shows it, none when nothing supports it."""
        return self.answer(source, Ground(query), **window)

    def ask(self, source: Source, question: str, **window: Unpack[Window]) -> Answer:
        """An answer in words, with the evidence it rests on."""
        return self.answer(source, Ask(question), **window)

    def choose(
        self, source: Source, question: str, options: Sequence[str], **window: Unpack[Window]
    ) -> Answer:
        """The best of several options, by its label."""
        if isinstance(options, str):  # a text is a sequence too, of its letters
            raise UsageError("cannot choose", found=f"{options!r:.80}", allowed="a list of str")
        return self.answer(source, Choose(question, tuple(options)), **window)

    def transcribe(self, source: Source, **window: Unpack[Window]) -> Answer:
        """What is said, word by word, with times."""
        return self.answer(source, Transcribe(), **window)

    def plan(self, source: Source, **window: Unpack[Window]) -> Plan:
        """What answering would take: frames, tokens, memory, seconds; and what is merged or dropped.

        :func:`plan` says the same before any weights are fetched or loaded.

        Raises:
            UnsupportedError: If the engine makes no plans.
        """
        make = getattr(self.engine, "plan", None)
        if make is None:
            raise UnsupportedError(f"the engine {self.engine.name} makes no plans", todo="ask its makers")
        made: Plan = make(video_of(source, window))
        return made

    def answer(self, source: Source, task: Task, **window: Unpack[Window]) -> Answer:
        """An answer to any task."""
        return self._answering.answer(video_of(source, window), task, progress=window.get("progress", silent))


def video_of(source: Source, window: Window) -> Video:
    """What the caller named, refused where it would be misread in silence.

    Raises:
        UsageError: If the source is no path or address, a keyword is unknown, or a bound is no number of seconds.
    """
    if not isinstance(source, (str, os.PathLike)) or not isinstance(os.fspath(source), str):
        raise UsageError(
            f"cannot open {source!r:.80}", found=type(source).__name__, allowed="a path or an address"
        )
    for name in window:
        if name not in Window.__annotations__:
            raise UsageError(f"no option {name!r} of a question", todo=nearest(name, Window.__annotations__))
    bounds = {name: window.get(name) for name in ("start_s", "end_s")}
    for name, value in bounds.items():
        if value is not None and not isinstance(value, Real):
            raise UsageError(f"cannot use {name}={value!r:.40}", allowed="seconds as a number, such as 12.5")
    return Video(
        os.fspath(source),
        window.get("start_s"),
        window.get("end_s"),
        window.get("video_stream"),
        window.get("audio_stream"),
    )


def load(
    name: str = "scout",
    *,
    progress: Progress = silent,
    **options: Any,  # noqa: ANN401 - each engine declares its own options
) -> Session:
    """Load an engine.

    Args:
        name: Its name (``playhead models`` lists them), a local folder that holds a model, or a repository of the
            Hugging Face hub (``owner/name``, ``owner/name@revision``).
        progress: Called with (stage, done, total) while weights are fetched.
        options: The engine's own settings; ``scout`` takes those of ``ScoutConfig``, end-to-end models those of
            ``EngineOptions`` and of their family.

    Raises:
        UsageError: If there is no such engine, or it refuses an option.
        WeightsError: If weights are not to be had, or not those of the model.
        MissingExtraError: If the libraries the engine runs on are not installed.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise UsageError(
            f"engine {name!r:.80} is not known", found=type(name).__name__, allowed="a name or a path"
        )
    return Session(make_engine(os.fspath(name), progress=progress, **options))


def plan(source: Source, name: str = "scout", *, window: Window | None = None, **options: Any) -> Plan:  # noqa: ANN401 - each engine declares its own options
    """What an engine would take for a video, before its weights are fetched or loaded.

    Args:
        source: Path or address of the video.
        name: The engine, as for :func:`load`.
        window: Which part of the video.
        options: The engine's own settings.

    Raises:
        MediaError: If the file cannot be read.
        UsageError: If there is no such engine, or it refuses an option.
    """
    return plan_video(os.fspath(name), video_of(source, window or {}), **options)
