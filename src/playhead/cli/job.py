"""One verb over one or many videos: skip what is finished, go on after a failure, list failures at the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from playhead.cli import finished, progress_bars, sources, terminal
from playhead.cli.options import Options, read_formats
from playhead.errors import MediaError, OutputError, ParseError, PlayheadError, UsageError
from playhead.progress import Progress
from playhead.timeline import Answer, answer_from_dict, to_dict

if TYPE_CHECKING:
    from playhead.api import Session, Window
    from playhead.export import Options as Choices
    from playhead.media.clip import Video
    from playhead.models.look_ahead import LookAhead

DEFAULT_OUT: Final = Path("out")
KEPT_FORMAT: Final = "json"  # always written, so that a second run can show and re-export without the engine
# Files of a model's folder by which its record tells one state of it from another.
_OF_MODELS: Final = frozenset(
    {".json", ".safetensors", ".bin", ".pt", ".npy", ".gz", ".model", ".tiktoken", ".txt", ".jinja"}
)
# What is wrong with one file and perhaps not with the next: its bytes, a window or format that does not suit it, an
# answer that cannot be read. Anything else (no weights, disk full) ends the run at once.
OF_ONE_FILE: Final = (MediaError, UsageError, ParseError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a verb asks of each video.

    Attributes:
        verb: Name of the session's method.
        arguments: What the method takes after the video: a question, a query, options.
        formats: What to write when no format is named; empty writes nothing unless asked.
        refined: How to look again, as :meth:`playhead.api.Session.refined` takes it; only what was given.
    """

    verb: str
    arguments: tuple[object, ...] = ()
    formats: tuple[str, ...] = ()
    refined: dict[str, Any] = field(default_factory=dict)

    def result_name(self, stem: str) -> str:
        """Name of the result's files: ``talk`` for watch, ``talk.chapters``, ``talk.ask-1f3a9c2e`` by question."""
        if self.verb == "watch":
            return stem
        if not self.arguments:
            return f"{stem}.{self.verb}"
        words = json.dumps(self.arguments, ensure_ascii=True)
        return f"{stem}.{self.verb}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def run(job: Job, videos: list[str], options: Options) -> None:
    """Answer for each video in turn, print each result, write what was asked for.

    Raises:
        PlayheadError: The failure of the only file; or the first failure, after all were listed; or at once one
            that would meet every file.
    """
    worker = _Worker(job, videos, options)
    with contextlib.closing(worker):
        failures = _work_through(worker, options)
    if failures:
        list_failures(failures, len(worker.sources))


def _work_through(worker: _Worker, options: Options) -> list[tuple[str, PlayheadError]]:
    """Answer for each video in turn; what failed, and why."""
    failures: list[tuple[str, PlayheadError]] = []
    for number, source in enumerate(worker.sources, start=1):
        if worker.many and not options.quiet:
            terminal.say(f"[{number}/{len(worker.sources)}] {source}")
        try:
            worker.work(source)
        except OF_ONE_FILE as error:
            wrong_option = isinstance(error, UsageError) and worker.session is None
            if wrong_option or not worker.many:
                raise
            failures.append((source, error))
            terminal.say(f"failed: {source}")
    return failures


def list_failures(failures: Sequence[tuple[str, PlayheadError]], total: int) -> None:
    """Say which files failed and why, then end with the exit code of the first failure.

    Raises:
        PlayheadError: Always; one line for the whole run.
    """
    terminal.say(f"{len(failures)} of {total} files failed; reasons:")
    for source, error in failures:
        terminal.say(f"  {source}: {error}")
    first = failures[0][1]
    summary = PlayheadError(f"{len(failures)} of {total} files failed, listed above")
    summary.exit_code = first.exit_code
    raise summary from first


class _Worker:
    """What stays the same from video to video: names, options, the loaded engine."""

    def __init__(self, job: Job, videos: list[str], options: Options) -> None:
        self.job, self.options = job, options
        self.window = options.for_answer  # read first: a wrong option is found before any work
        from playhead.export import FORMATS, names_for

        if job.refined:
            from playhead.refine.settings import Refinement, refinement

            refinement(Refinement(), **job.refined)

        formats = read_formats(options.format)
        wanted = options.out is not None or bool(formats) or (bool(job.formats) and not options.json)
        self.formats = list(dict.fromkeys([KEPT_FORMAT, *(formats or job.formats)])) if wanted else []
        self.takes_all = not set(FORMATS) - set(formats)  # all formats: those that can hold the answer
        self.out_dir = options.out or DEFAULT_OUT
        self.sources = sources.expand(videos)
        self.many = len(self.sources) > 1
        self.names = dict(zip(self.sources, names_for(self.sources), strict=True))
        self.session: Session | None = None
        self.ahead: LookAhead | None = None  # from the first video that is asked about on

    def close(self) -> None:
        """Look at no further videos."""
        if self.ahead is not None:
            self.ahead.close()

    def work(self, source: str) -> None:
        """One video, from the file to its printed and written result."""
        if self.ahead is not None:
            with progress_bars.shown(quiet=self.options.quiet) as progress:
                self.ahead.begin(self.video(source), progress)
        name = self.job.result_name(self.names[source])
        if not self.formats:
            self.show(self.ask(source))
            return
        wanted = finished.describe(source, self.made, self.formats)
        before = None if self.options.overwrite else self.kept(name, wanted)
        if before is not None:
            self.show(before)
            return
        if not self.options.overwrite:
            finished.refuse_to_replace_another(self.out_dir, name, wanted)
        self.refuse_no_folder()
        answer = self.ask(source)
        written = self.write(answer, self.formats, name)
        if answer.failure is None:
            finished.write(self.out_dir, name, replace(wanted, formats=written))
        self.show(answer)

    def kept(self, name: str, wanted: finished.Record) -> Answer | None:
        """The finished result of an earlier run, in every format wanted now; None when there is none."""
        if not finished.is_finished(self.out_dir, name, wanted):
            return None
        path = self.out_dir / f"{name}.{KEPT_FORMAT}"
        try:
            answer = answer_from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ParseError):
            return None  # somebody changed it; it is made anew
        there = finished.read(self.out_dir, name)
        before = there.formats if there is not None else []
        missing = [each for each in self.formats if each not in before]
        if missing:
            added = self.write(answer, missing, name)
            finished.write(self.out_dir, name, replace(wanted, formats=[*before, *added]))
        if not self.options.quiet:
            terminal.say(f"finished before, kept {path} (--overwrite does it again)")
        return answer

    @property
    def made(self) -> dict[str, object]:
        """Everything that changes the result, as it goes into the record."""
        from playhead import __version__

        engine = {key: value for key, value in self.options.for_engine.items() if key != "cache"}
        refined = self.job.refined
        made: dict[str, object] = json.loads(  # through JSON, so that it compares equal to what was read back
            json.dumps(
                {
                    "playhead": __version__,
                    "verb": self.job.verb,
                    "arguments": self.job.arguments,
                    "engine": _engine_mark(self.options.engine),
                    **{key: _mark(value) for key, value in engine.items()},
                    **({"refined": {k: _mark(v) for k, v in refined.items()}} if refined else {}),
                    **self.window,
                }
            )
        )
        return made

    def ask(self, source: str) -> Answer:
        """The engine's answer, with progress shown while it works."""
        from playhead.api import load
        from playhead.models.look_ahead import LookAhead

        with progress_bars.shown(quiet=self.options.quiet) as progress:
            if self.session is None:
                loaded = load(self.options.engine, progress=progress, **self.options.for_engine)
                self.session = loaded.refined(**self.job.refined) if self.job.refined else loaded
                if not self.job.refined:  # what asks again looks at other windows, which are not known ahead
                    self.ahead = LookAhead(self.session.engine, self.unfinished(source))
            # Through plain data and back, so that a first run shows the very times its JSON (and a second run) shows.
            return answer_from_dict(to_dict(self.call(self.session, source, progress)))

    def video(self, source: str) -> Video:
        """The file and its window, as the session opens it."""
        from playhead.api import video_of

        return video_of(source, cast("Window", self.window))

    def unfinished(self, source: str) -> list[Video]:
        """The videos behind one that will be asked about: each once, without those an earlier run finished."""
        behind = self.sources[self.sources.index(source) + 1 :]
        return list(dict.fromkeys(self.video(each) for each in behind if not self.is_finished(each)))

    def is_finished(self, source: str) -> bool:
        """Whether an earlier run has its result."""
        if not self.formats or self.options.overwrite:
            return False
        try:
            wanted = finished.describe(source, self.made, self.formats)
        except OF_ONE_FILE:
            return False  # its turn comes, and says so
        return finished.is_finished(self.out_dir, self.job.result_name(self.names[source]), wanted)

    def call(self, session: Session, source: str, progress: Progress) -> Answer:
        """Call the session's method of the verb's name."""
        method = getattr(session, self.job.verb)
        answer: Answer = method(source, *self.job.arguments, **self.window, progress=progress)
        return answer

    def write(self, answer: Answer, formats: Sequence[str], name: str) -> list[str]:
        """Write an answer's files and say where they are; a format that cannot hold it costs only itself.

        Returns:
            The formats that were written.

        Raises:
            UsageError: If a format that was asked for by its name cannot hold the answer; the others are written.
            OutputError: If a file cannot be written.
        """
        from playhead.export import Options as Choices
        from playhead.export import write

        # A transcript is what was said and nothing else; other results may caption a silent video by its events.
        spoken_only = self.job.verb == "transcribe"
        choices = Choices(
            captions="transcript" if spoken_only else "transcript-or-events", folder=self.out_dir
        )
        unfit: dict[str, UsageError] = {}
        try:
            paths = write(answer, self.out_dir, formats, name, choices)
        except UsageError:
            unfit = _unfit(answer, formats, choices)
            paths = write(
                answer, self.out_dir, [each for each in formats if each not in unfit], name, choices
            )
        if paths and not self.options.quiet:
            terminal.say(f"wrote {', '.join(str(path) for path in paths)}")
        for error in unfit.values():
            if not self.takes_all:
                raise error
            terminal.say(f"left out: {error}")
        return [each for each in formats if each not in unfit]

    def refuse_no_folder(self) -> None:
        """Find out before minutes of work, not after, that the results cannot be written."""
        try:
            self.out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot make the folder {self.out_dir}",
                found=error.strerror or str(error),
                todo="choose another --out",
            ) from error

    def show(self, answer: Answer) -> None:
        """Print the result: JSON when asked, a readable table otherwise.

        Raises:
            ParseError: If the model's text could not be read; what there is has been printed.
        """
        if self.options.json:
            terminal.result_json(to_dict(answer), lines=self.many)
        else:
            from playhead.cli import show

            terminal.result(
                show.answer(answer) + ("\n\n" if self.many else "")
            )  # a blank line between videos
        terminal.flush()
        if answer.failure is not None:
            raise ParseError(
                f"cannot read the model's answer about {answer.source}",
                found=repr(answer.failure.text[:200]),
                todo=f"{answer.failure.reason}; ask in other words or with another model",
            )


def _engine_mark(name: str) -> object:
    """The engine as it goes into the record: its name, with the user's own folder of that name; or a folder's mark."""
    from playhead.hub.folder import local_folder

    kept = local_folder(None)
    if Path(name).expanduser().is_dir() or kept is None or not (kept / name).is_dir():
        return _mark(name)
    return [name, _mark(str(kept / name))]


def _mark(value: object) -> object:
    """A setting as it goes into the record: of a path also the size and time of what lies there, which may change."""
    path = Path(value).expanduser() if isinstance(value, str) and value else None
    try:
        if path is not None and path.is_dir():
            files = sorted(each for each in path.iterdir() if each.suffix in _OF_MODELS)
            return [str(path.absolute()), *([each.name, *_size_and_time(each)] for each in files)]
        if path is not None and path.is_file():
            return [str(path.absolute()), *_size_and_time(path)]
    except OSError:
        pass  # not to be read: opening it says what is wrong
    return value


def _size_and_time(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _unfit(answer: Answer, formats: Sequence[str], choices: Choices) -> dict[str, UsageError]:
    """Which formats cannot hold an answer, and why."""
    from playhead.export import exporter

    reasons: dict[str, UsageError] = {}
    for name in formats:
        try:
            exporter(name).render(answer, choices)
        except UsageError as error:
            reasons[name] = error
    return reasons
