"""A benchmark run with an engine, from the first sample to the scores, in a folder that it can go on from at any time.

OUT/manifest.json    what the numbers were made with
OUT/samples.jsonl    every sample as soon as it is answered (log.py)
OUT/sampling.jsonl   what was seen
OUT/values.json      one value an item and metric: what means, intervals and comparisons are made of
OUT/scores.json      the scores with intervals
OUT/report.html      the same to look at
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playhead.errors import (
    MediaError,
    MissingExtraError,
    OutputError,
    PlayheadError,
    UsageError,
    WeightsError,
    WindowError,
)
from playhead.evaluate import manifest as manifests
from playhead.evaluate.base import Benchmark, Loaded, Outcome, Sample, Scorer
from playhead.evaluate.log import SAMPLES, SAMPLING, Entry, Failure, Log, seen_of
from playhead.evaluate.registry import load_benchmark, split_of
from playhead.evaluate.results import SCORES, VALUES, Part, score_outcomes, write_results
from playhead.evaluate.scoring import is_read, quick_value
from playhead.media.clip import Video
from playhead.models.base import Engine, Exchange, Overheard
from playhead.models.look_ahead import LookAhead
from playhead.models.registry import make_engine
from playhead.progress import Progress, silent

# What would meet every sample ends the run; it goes on from there once the reason is gone.
ENDING: Final = (WeightsError, MissingExtraError, OutputError)
REPORT: Final = "report.html"
FILES: Final = (manifests.MANIFEST, SAMPLES, SAMPLING, VALUES, SCORES, REPORT)
HOPELESS: Final = 5  # samples that all fail alike, with none answered yet, before the run ends


@dataclass(slots=True)
class Standing:
    """Where a run stands: what the progress bar shows.

    Attributes:
        total: Samples in all.
        done: Samples with an entry in the log.
        failed: Of these, without an answer.
        unread: Of these, with an answer that cannot be read.
        sums: Sum and number of each quick score, by name.
    """

    total: int
    done: int = 0
    failed: int = 0
    unread: int = 0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.done += 1
        if outcome.answer is None:
            self.failed += 1
        elif not is_read(outcome):
            self.unread += 1
        value = quick_value(outcome)
        if value is not None:
            total, count = self.sums.get(value[0], (0.0, 0))
            self.sums[value[0]] = (total + value[1], count + 1)

    def remove_failed(self, outcome: Outcome) -> None:
        """Count one less that had failed and is asked again."""
        self.done -= 1
        self.failed -= 1
        value = quick_value(outcome)
        if value is not None:
            total, count = self.sums[value[0]]
            self.sums[value[0]] = (total - value[1], count - 1)

    def line(self) -> str:
        """The running score in words: ``mIoU 41.2 %, accuracy 60.0 %, 1 failed``."""
        parts = [f"{name} {100 * total / count:.1f} %" for name, (total, count) in self.sums.items() if count]
        parts += [
            f"{count} {what}" for what, count in (("failed", self.failed), ("unread", self.unread)) if count
        ]
        return ", ".join(parts)


Watcher = Callable[[Standing], None]


def nobody(standing: Standing) -> None:
    """Watch nothing."""
    del standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to run and how.

    Attributes:
        data: Folder with annotations and videos.
        out: The run's folder.
        engine: Name of the engine.
        options: The engine's settings.
        split: Split of the benchmark; its first when None.
        limit: Run so many samples only, evenly chosen; all when None.
        ahead: Whether the next video is prepared while the engine answers.
        retry: Whether samples that failed in an earlier go are asked again.
        overwrite: Whether a run that is in the folder is thrown away.
        resamples: Draws for the intervals.
        seed: Of these draws.
    """

    data: Path
    out: Path
    engine: str = "scout"
    options: Mapping[str, Any] = field(default_factory=dict)
    split: str | None = None
    limit: int | None = None
    ahead: bool = True
    retry: bool = False
    overwrite: bool = False
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run.

    Attributes:
        manifest: As it was written.
        loaded: The benchmark's samples.
        entries: The log.
        parts: Scores of every evaluation.
        notes: What a reader of the scores must know.
    """

    manifest: Mapping[str, Any]
    loaded: Loaded
    entries: Sequence[Entry]
    parts: Sequence[Part]
    notes: tuple[str, ...]


def run_benchmark(
    benchmark: Benchmark, choice: Choice, *, progress: Progress = silent, watcher: Watcher = nobody
) -> Run:
    """Run a benchmark, or go on with a run, and write its scores; the page is written by :mod:`playhead.evaluate.report`.

    Args:
        benchmark: What to run.
        choice: With which engine, where.
        progress: Told how far loading an engine is.
        watcher: Told where the run stands, after every sample.

    Raises:
        UsageError: The folder holds a run with other settings, or another process writes there.
        SourceError: Annotation files are missing.
        ParseError: They are malformed.
        MissingExtraError: What the engine or a scorer needs is not installed.
        WeightsError: The engine's weights are not to be had.
        OutputError: The folder cannot be written.
        PlayheadError: Every one of the first samples failed alike.
    """
    split = split_of(benchmark, choice.split)
    loaded = load_benchmark(benchmark, choice.data, split)
    samples = choose_samples(loaded.samples, choice.limit)
    scorers, unscored = _usable(benchmark.scorers, samples)
    try:
        choice.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder {choice.out}", found=error.strerror or str(error)
        ) from error
    with _only_writer(choice.out), _log(choice) as log:
        settings = _settings(benchmark, split, loaded, samples, choice)
        manifest = _begin(log, settings, benchmark, loaded)
        standing = _standing(samples, log)
        watcher(standing)
        left = [sample for sample in samples if _is_left(log.entries.get(sample.id), retry=choice.retry)]
        if left:
            engine = make_engine(choice.engine, progress=progress, **choice.options)
            _note_session(choice.out, manifest, engine)
            _ask_all(engine, left, log, standing, watcher, ahead=choice.ahead)
        entries = [log.entries[sample.id] for sample in samples]
        notes = (*loaded.notes, *unscored)
        parts = score_outcomes(
            scorers,
            [log.entries[s.id].outcome(s) for s in samples],
            resamples=choice.resamples,
            seed=choice.seed,
        )
        _finish(choice.out, manifest, samples, entries)
        write_results(choice.out, parts, notes)
    return Run(manifest=manifest, loaded=loaded, entries=entries, parts=parts, notes=notes)


def choose_samples(samples: Sequence[Sample], limit: int | None) -> list[Sample]:
    """So many samples, evenly from the first to the last, then brought together by video: each is then opened once.

    Raises:
        UsageError: If the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"cannot run {limit} samples", allowed="1 or more")
    count = len(samples)
    kept = samples if limit is None or limit >= count else [samples[n * count // limit] for n in range(limit)]
    place = {key: at for at, key in enumerate(dict.fromkeys(_video(sample) for sample in kept))}
    return sorted(kept, key=lambda sample: place[_video(sample)])


def _video(sample: Sample) -> Video:
    return Video(str(sample.video), sample.start_s, sample.end_s)


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask_all(
    engine: Engine, samples: Sequence[Sample], log: Log, standing: Standing, watcher: Watcher, *, ahead: bool
) -> None:
    videos = list(dict.fromkeys(_video(sample) for sample in samples))
    helper = LookAhead(engine, videos if ahead else ())
    failures: list[PlayheadError] = []
    answered = any(entry.answer is not None for entry in log.entries.values())
    try:
        for sample in samples:
            before = log.entries.get(sample.id)
            helper.begin(_video(sample))
            entry, error = _ask(engine, sample)
            log.add(entry)
            if before is not None:
                standing.remove_failed(before.outcome(sample))
            standing.add(log.entries[sample.id].outcome(sample))
            watcher(standing)
            answered = answered or entry.answer is not None
            if error is not None and not answered:
                failures.append(error)
                _end_if_hopeless(failures, entry)
    finally:
        helper.close()


def _ask(engine: Engine, sample: Sample) -> tuple[Entry, PlayheadError | None]:
    """One answer, or why there is none."""
    exchanges: list[Exchange] = []
    if isinstance(engine, Overheard):
        engine.on_exchange = exchanges.append
    answer, failure, raised = None, None, None
    started = time.perf_counter()
    try:
        answer = engine.answer(_video(sample), sample.asked)
    except ENDING:
        raise
    except PlayheadError as error:
        raised, failure = error, Failure(kind=type(error).__name__, message=str(error))
    except Exception as error:  # noqa: BLE001 - a night's run may not end for one video; it is counted with its trace
        message = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
        failure = Failure(kind=type(error).__name__, message=message, trace=traceback.format_exc())
        raised = PlayheadError(message)
    seconds = time.perf_counter() - started
    entry = Entry(
        id=sample.id,
        video=sample.video_id,
        seconds=seconds,
        answer=answer,
        failure=failure,
        exchanges=tuple(exchanges),
    )
    return entry, raised


def _end_if_hopeless(failures: Sequence[PlayheadError], entry: Entry) -> None:
    """End a run whose first samples all fail for one reason that is not their video's.

    Raises:
        PlayheadError: The last failure.
    """
    kinds = {type(each) for each in failures}
    of_video = any(isinstance(each, (MediaError, WindowError)) for each in failures)
    if len(failures) >= HOPELESS and len(kinds) == 1 and not of_video:
        if entry.failure is not None and entry.failure.trace:
            sys.stderr.write(entry.failure.trace)
        last = failures[-1]
        raised = PlayheadError(f"each of the first {len(failures)} samples failed; the last: {last}")
        raised.exit_code = last.exit_code
        raise raised from last


# --- the folder -------------------------------------------------------------------------------------------------------


def _usable(scorers: Sequence[Scorer], samples: Sequence[Sample]) -> tuple[list[Scorer], tuple[str, ...]]:
    """Scorers with something to score, and what is left out for want of what it needs.

    Raises:
        MissingExtraError: If one that is not optional lacks what it needs.
    """
    found, notes = [], []
    for scorer in scorers:
        if not any(isinstance(sample.truth, scorer.truth) for sample in samples):
            continue
        try:
            scorer.require()
        except MissingExtraError as error:
            if not scorer.optional:
                raise
            notes.append(f"not scored: {scorer.name}: {error}")
            continue
        found.append(scorer)
    return found, tuple(notes)


def _is_left(entry: Entry | None, *, retry: bool) -> bool:
    return entry is None or (retry and entry.answer is None)


def _standing(samples: Sequence[Sample], log: Log) -> Standing:
    """Where a run stands before it goes on; samples that failed count until they are asked again."""
    standing = Standing(len(samples))
    for sample in samples:
        if sample.id in log.entries:
            standing.add(log.entries[sample.id].outcome(sample))
    return standing


def _log(choice: Choice) -> Log:
    """The folder's log, an empty one where the run that is there is not wanted."""
    if choice.overwrite:
        try:
            for name in FILES:
                (choice.out / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot overwrite {choice.out}", found=error.strerror or str(error)) from error
    return Log(choice.out)


@contextlib.contextmanager
def _only_writer(out: Path) -> Iterator[None]:
    """Keep a second process from writing into the same folder; the lock ends with the process, however it ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            f"cannot run in {out}", found="another run that is writing there", todo="choose another --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _settings(
    benchmark: Benchmark, split: str, loaded: Loaded, samples: Sequence[Sample], choice: Choice
) -> dict[str, Any]:
    """Everything that decides the numbers, as the manifest holds it."""
    ids = hashlib.sha256("\n".join(sample.id for sample in samples).encode("utf-8", "surrogateescape"))
    return {
        "benchmark": benchmark.name,
        "split": split,
        "annotations": dict(loaded.annotations),
        "samples": len(samples),
        "samples_sha256": ids.hexdigest(),
        "limit": choice.limit,
        "engine": choice.engine,
        "options": manifests.plain(choice.options),
        "versions": manifests.versions(),
    }


def _begin(log: Log, settings: dict[str, Any], benchmark: Benchmark, loaded: Loaded) -> dict[str, Any]:
    """The manifest of the folder: the one that is there when its settings are these, else a new one."""
    there = manifests.read_manifest(log.folder)
    if there is not None:
        manifests.refuse_other_settings(log.folder, there["settings"], settings)
        return there
    if log.entries:
        raise UsageError(
            f"cannot go on with the run in {log.folder}",
            found="a log without its manifest.json",
            todo="put it back, choose another --out, or begin anew with --overwrite",
        )
    official = {
        file.path: file.sha256 for files in benchmark.splits.values() for file in files if file.sha256
    }
    made: dict[str, Any] = {
        "format": manifests.FORMAT,
        "title": benchmark.title,
        "source": benchmark.source,
        "licence": benchmark.licence,
        "notes": [*benchmark.notes, *loaded.notes],
        "settings": settings,
        "official_annotations": {
            path: digest == loaded.annotations.get(path)
            for path, digest in official.items()
            if path in loaded.annotations
        },
        "missing_videos": dict(loaded.missing),
        "parser": "playhead.tasks of this commit; an answer that is no answer to its task is unparsable and wrong",
        "sessions": [],
    }
    manifests.write_manifest(log.folder, made)
    return made


def _note_session(out: Path, manifest: dict[str, Any], engine: Engine) -> None:
    """Write down when, on what and with which resolved settings the run goes on."""
    manifest["engine"] = manifests.describe_engine(engine)
    session = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": manifests.hardware(),
        "command": " ".join([_program(sys.argv[0]), *sys.argv[1:]]),
    }
    manifest["sessions"].append(session)
    manifests.write_manifest(out, manifest)


def _program(path: str) -> str:
    name = Path(path).name
    return "playhead" if name == "__main__.py" else name


def _finish(out: Path, manifest: dict[str, Any], samples: Sequence[Sample], entries: Sequence[Entry]) -> None:
    """Add what is known at the end: prompts, what was seen, counts."""
    manifest["prompts"] = _prompts(samples, entries)
    manifest["seen"] = seen_of(entries)
    manifest["counts"] = {
        "samples": len(entries),
        "answered": sum(entry.answer is not None for entry in entries),
        "failed": sum(entry.answer is None for entry in entries),
        "unparsable": sum(
            entry.answer is not None and not is_read(entry.outcome(sample))
            for sample, entry in zip(samples, entries, strict=True)
        ),
        "missing_videos": len(manifest["missing_videos"]),
        "samples_of_missing_videos": sum(manifest["missing_videos"].values()),
        "seconds": round(sum(entry.seconds for entry in entries), 1),
    }
    manifests.write_manifest(out, manifest)


def _prompts(samples: Sequence[Sample], entries: Sequence[Entry]) -> dict[str, str]:
    """The first prompt of each task, word for word where the engine tells."""
    found: dict[str, str] = {}
    for sample, entry in zip(samples, entries, strict=True):
        name = sample.task.name
        if name in found:
            continue
        if entry.exchanges:
            found[name] = entry.exchanges[0].prompt
        elif entry.answer is not None:
            found[name] = "(this engine tells no prompts; its words are those of playhead at this commit)"
    return found
