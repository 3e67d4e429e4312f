"""The log of a run: one line a sample, appended as soon as it is answered, so that nothing finished is ever lost.

samples.jsonl    what was asked, what the model wrote, the answer or why there is none, seconds
sampling.jsonl   what was seen, once for all samples that saw the same; a sample's line names it by digest

A process that is killed leaves at most one torn line at the end of a file; it is cut off when the run goes on, and its
sample is asked again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from playhead.errors import OutputError, ParseError, SourceError
from playhead.evaluate.base import Outcome, Sample
from playhead.models.base import Exchange
from playhead.timeline import Answer, answer_from_dict, to_dict

SAMPLES: Final = "samples.jsonl"
SAMPLING: Final = "sampling.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an engine gave no answer.

    Attributes:
        kind: Name of the error.
        message: Its line.
        trace: The traceback of an error nobody foresaw, else empty.
    """

    kind: str
    message: str
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log.

    Attributes:
        id: The sample.
        video: The benchmark's own name of its video.
        seconds: Wall-clock time from asking to the answer, what was prepared ahead not counted.
        answer: The answer, or None.
        failure: Why there is none, or None.
        exchanges: What was asked and written, word for word, where the engine tells.
    """

    id: str
    video: str
    seconds: float
    answer: Answer | None
    failure: Failure | None = None
    exchanges: tuple[Exchange, ...] = ()

    def outcome(self, sample: Sample) -> Outcome:
        """What came of a sample, as scorers take it."""
        return Outcome(sample, self.answer, self.failure.message if self.failure else "")


class Log:
    """A log that is read once and then appended to; use it in a ``with`` block.

    Args:
        folder: The run's folder.

    Raises:
        OutputError: If it cannot be written.
        ParseError: If a line other than the last is no entry.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = {entry.id: entry for entry in read_log(folder)}
        self._seen = {digest for digest, _ in _read_sampling(folder)}
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Log:
        """Open the files, torn ends cut off."""
        try:
            for name in (SAMPLES, SAMPLING):
                path = self.folder / name
                whole = _whole_length(path)
                self._files[name] = path.open("ab")
                self._files[name].truncate(whole)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def add(self, entry: Entry) -> Entry:
        """Append an entry and see that it is on the disk.

        Returns:
            The entry as it will be read back: times have microseconds, evidence is left out.

        Raises:
            OutputError: If the disk refuses.
        """
        data: dict[str, Any] = {
            "id": entry.id,
            "video": entry.video,
            "seconds": round(entry.seconds, 3),
            "answer": None,
            "failure": None if entry.failure is None else asdict(entry.failure),
            "exchanges": [asdict(each) for each in entry.exchanges],
        }
        if entry.answer is not None:
            answer = to_dict(_without_evidence(entry.answer))
            sampling = answer.pop("sampling")
            data["answer"], data["sampling"] = answer, self._add_sampling(sampling)
            entry = replace(entry, answer=answer_from_dict({**answer, "sampling": sampling}))
        self._append(SAMPLES, data)
        self.entries[entry.id] = entry
        return entry

    def _add_sampling(self, sampling: dict[str, Any]) -> str:
        digest = hashlib.sha256(json.dumps(sampling, sort_keys=True).encode()).hexdigest()[:16]
        if digest not in self._seen:
            self._append(SAMPLING, {"id": digest, "sampling": sampling})
            self._seen.add(digest)
        return digest

    def _append(self, name: str, data: dict[str, Any]) -> None:
        line = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        try:
            file = self._files[name]
            file.write(line.encode("utf-8", errors="backslashreplace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(self.folder, error) from error


def read_log(folder: Path) -> list[Entry]:
    """Every entry of a log; of a sample that was asked again only the last.

    Raises:
        SourceError: If a file cannot be read.
        ParseError: If a line other than a torn last one is no entry.
    """
    samplings = dict(_read_sampling(folder))
    found: dict[str, Entry] = {}
    for number, data in _lines(folder / SAMPLES):
        try:
            answer = data["answer"]
            if answer is not None:
                answer = answer_from_dict({**answer, "sampling": samplings[data["sampling"]]})
            found[data["id"]] = Entry(
                id=data["id"],
                video=data["video"],
                seconds=data["seconds"],
                answer=answer,
                failure=None if data["failure"] is None else Failure(**data["failure"]),
                exchanges=tuple(Exchange(**each) for each in data["exchanges"]),
            )
        except (KeyError, TypeError, ParseError) as error:
            raise ParseError(
                f"{folder / SAMPLES}, line {number}: no entry of a log",
                found=f"{type(error).__name__}: {error}",
                todo="take the line out, or begin anew in another folder",
            ) from error
    return [*found.values()]


def _read_sampling(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, data in _lines(folder / SAMPLING):
        yield str(data["id"]), data["sampling"]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole lines as JSON objects, with their numbers; what comes after the last line break is torn and left out."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise SourceError(f"cannot read {path}", found=error.strerror or str(error)) from error
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ParseError(f"{path}, line {number}: not JSON", found=str(error)) from error
        if not isinstance(value, dict):
            raise ParseError(f"{path}, line {number}: no object", found=f"{value!r:.60}")
        yield number, value


def _whole_length(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    try:
        return path.read_bytes().rfind(b"\n") + 1
    except FileNotFoundError:
        return 0


def _without_evidence(answer: Answer) -> Answer:
    """An answer without what it rests on, which is as large as the video is long and kept elsewhere."""
    events, chapters = (
        tuple(replace(each, evidence=()) for each in part) for part in (answer.events, answer.chapters)
    )
    return replace(answer, lanes={}, evidence=(), transcript=None, events=events, chapters=chapters)


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write into {folder}",
        found=error.strerror or str(error),
        todo="free some space; the same command goes on from there",
    )


def seen_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """What was seen in all, for the manifest: policies, pictures, their sizes, seconds of sound."""
    answers = [entry.answer for entry in entries if entry.answer is not None]
    counts = sorted(len(answer.sampling.times_s) for answer in answers)
    sizes = {answer.sampling.frame_size_px for answer in answers if answer.sampling.frame_size_px}
    return {
        "policies": sorted({answer.sampling.policy for answer in answers}),
        "pictures_a_sample": {
            "least": counts[0] if counts else None,
            "median": counts[len(counts) // 2] if counts else None,
            "most": counts[-1] if counts else None,
        },
        "picture_sizes_px": sorted([width, height] for width, height in sizes)[:20],
        "audio_s": round(sum(answer.sampling.audio_s for answer in answers), 3),
        "times": f"every picture's presentation time is in {SAMPLING}",
    }
