"""What the loaders of benchmarks share: annotation rows become samples, missing videos and unusable rows are counted.

A loader opens a :class:`Collector` for its files, goes through their rows, and adds a sample for each. A row that is not
what the format says is an error with its file and line. A row that follows the format and still cannot be asked (an empty
option, a query without a word) is left out, counted, and named in the notes.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from playhead.errors import UsageError
from playhead.evaluate.base import (
    AnnotationFile,
    Facts,
    Highlights,
    Loaded,
    Moments,
    Option,
    Sample,
    Story,
    Truth,
)
from playhead.evaluate.find import Videos, annotation, digest
from playhead.evaluate.rows import read_lines, read_rows
from playhead.metrics.choice import without_label
from playhead.metrics.files import Record
from playhead.metrics.told import Caption
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Span

LETTERS: Final = string.ascii_uppercase
_NAMED: Final = 3  # how many of the samples left out are named
Pair = Sequence[float]
Names = str | Sequence[str]


class Collector:
    """The samples of a split while its annotation files are read.

    Args:
        data: The folder that holds annotation files and videos.
        files: The split's annotation files, in the order in which :meth:`rows` knows them.

    Raises:
        SourceError: If a file or the folder is not there.
        WeightsUnavailableError: If a file is only on the hub and cannot be fetched.
    """

    def __init__(self, data: Path, files: Sequence[AnnotationFile]) -> None:
        self.paths: Final = [annotation(data, file) for file in files]
        self._digests = {file.path: digest(path) for file, path in zip(files, self.paths, strict=True)}
        self.videos: Final = Videos(data)
        self._samples: list[Sample] = []
        self._unusable: dict[str, list[str]] = {}
        self._turned = 0

    # --- rows -----------------------------------------------------------------------------------------------------

    def rows(self, number: int = 0, *, inside: str = "", by_id: bool = False) -> Iterator[Record]:
        """The rows of an annotation file (see :func:`playhead.evaluate.rows.read_rows`)."""
        return read_rows(self.paths[number], inside=inside, by_id=by_id)

    def lines(self, number: int = 0) -> Iterator[Record]:
        """The lines of an annotation file."""
        return read_lines(self.paths[number])

    # --- samples --------------------------------------------------------------------------------------------------

    def ground(
        self,
        name: str,
        video: Names,
        query: str,
        spans: Sequence[Pair],
        *,
        annotators: Sequence[Sequence[Pair]] = (),
        **more: Any,  # noqa: ANN401 - further fields of Sample
    ) -> None:
        """Add a query and when it happens.

        A true span that ends before it starts, as a few published ones do, is turned round and counted in the notes.

        Args:
            name: The sample's id.
            video: The video's name, or several it may have.
            query: What to look for.
            spans: True ``(start_s, end_s)``.
            annotators: Each person's own spans, where they are scored apart.
            more: Further fields of :class:`Sample`.
        """
        truth = Moments(self._spans(spans), tuple(self._spans(each) for each in annotators))
        self._add(name, video, lambda: Ground(query), truth, more)

    def highlight(self, name: str, video: Names, query: str, truth: Highlights, **more: Any) -> None:  # noqa: ANN401
        """Add a query of QVHighlights with its windows and ratings."""
        self._add(name, video, lambda: Ground(query), truth, more)

    def tell(self, name: str, video: Names, told: Sequence[Sequence[Caption]], **more: Any) -> None:  # noqa: ANN401
        """Add a video and what happens in it, as every annotator told it."""
        self._add(name, video, Events, Story(tuple(tuple(each) for each in told)), more)

    def ask(self, name: str, video: Names, question: str, truth: Facts, **more: Any) -> None:  # noqa: ANN401
        """Add an open question and what its answer has to say."""
        self._add(name, video, lambda: Ask(question), truth, more)

    def choose(
        self,
        record: Record,
        name: str,
        video: Names,
        *,
        question: str,
        options: Sequence[str],
        answer: str | int,
        field: str = "answer",
        **more: Any,  # noqa: ANN401 - further fields of Sample
    ) -> None:
        """Add a multiple-choice question.

        Args:
            record: Where it stands, for faults.
            name: The sample's id.
            video: The video's name, or several it may have.
            question: What is asked.
            options: What may be chosen; letters in front ("A. Apples") are taken off where each has its own.
            answer: Letter of the right option, or its place from 0.
            field: The field the answer was read from, for faults.
            more: Further fields of :class:`Sample`.

        Raises:
            ParseError: If the answer is none of the options.
        """
        plain = unlabelled(options)
        letters = LETTERS[: len(plain)]
        if isinstance(answer, int):
            if not 0 <= answer < len(plain):
                raise record.fault(field, answer, f"a whole number from 0 to {len(plain) - 1}")
            label = letters[answer]
        else:
            label = answer.strip().upper()
            if len(label) != 1 or label not in letters:
                raise record.fault(field, answer, f"a letter from {letters[:1]} to {letters[-1:]}")
        self._add(name, video, lambda: Choose(question, plain, repeats=True), Option(label), more)

    # --- the end --------------------------------------------------------------------------------------------------

    def loaded(self, *notes: str) -> Loaded:
        """What was read, with a note on everything that was left out or set right."""
        for reason, names in self._unusable.items():
            named = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
            notes = (*notes, f"{len(names)} samples cannot be asked and are left out ({named}): {reason}")
        if self._turned:
            notes = (
                *notes,
                f"{self._turned} true spans end before they start in the annotations; turned round",
            )
        return Loaded(
            samples=tuple(self._samples), missing=self.videos.missing, annotations=self._digests, notes=notes
        )

    def _add(
        self, name: str, video: Names, task: Callable[[], Task], truth: Truth, more: Mapping[str, Any]
    ) -> None:
        names = (video,) if isinstance(video, str) else tuple(video)
        path = self.videos.find(*names)
        if path is None:
            return
        try:
            asked = task()
        except UsageError as error:
            self._unusable.setdefault(str(error), []).append(name)
            return
        self._samples.append(Sample(id=name, video=path, video_id=names[0], task=asked, truth=truth, **more))

    def _spans(self, pairs: Sequence[Pair]) -> tuple[Span, ...]:
        self._turned += sum(pair[1] < pair[0] for pair in pairs)
        return tuple(Span(min(pair), max(pair)) for pair in pairs)


class Numbers:
    """Ids for rows that carry none: the video's name and which of its rows it is, from 0."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def next(self, video: str) -> str:
        """The next id of a video."""
        self._seen[video] += 1
        return f"{video}/{self._seen[video] - 1}"


def unlabelled(options: Sequence[str]) -> tuple[str, ...]:
    """Options without the letters in front of them, where every one begins with its own."""
    bare = [without_label(option, place) for place, option in enumerate(options)]
    labelled = all(one != other for one, other in zip(bare, options, strict=True))
    return tuple(each.strip() for each in (bare if labelled else options))


def seconds(record: Record, field: str) -> float:
    """A number of seconds, also where it is written as text, as in tables.

    Raises:
        ParseError: If it is none.
    """
    value = record.get(field, "a number of seconds")
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if isinstance(value, bool) or not abs(found) < float("inf"):
        raise record.fault(field, value, "a number of seconds")
    return found


def whole(record: Record, field: str) -> int:
    """A whole number, also where it is written as text.

    Raises:
        ParseError: If it is none.
    """
    value = record.get(field, "a whole number")
    try:
        return int(value) if isinstance(value, str) else int(value.__index__())
    except (AttributeError, ValueError) as error:
        raise record.fault(field, value, "a whole number") from error


def texts(record: Record, field: str, least: int = 1) -> list[str]:
    """A list of texts; whole numbers are taken as text.

    Raises:
        ParseError: If it is none, or is shorter.
    """
    allowed = f"a list of at least {least} texts"
    values = record.items(field, allowed)
    if len(values) < least or not all(type(each) in (str, int) for each in values):
        raise record.fault(field, values, allowed)
    return [str(each) for each in values]


def place_of(record: Record, answer: str, options: Sequence[str]) -> int:
    """The place of the option whose text the right answer is.

    Raises:
        ParseError: If it is none of them.
    """
    plain = [option.strip() for option in options]
    if answer.strip() not in plain:
        raise record.fault("answer", answer, f"one of the {len(plain)} options")
    return plain.index(answer.strip())


def timed(record: Record, told: str = "sentences", spans: str = "timestamps") -> list[Caption]:
    """Timed sentences in the layout of ActivityNet Captions: a list of spans beside a list of sentences.

    Raises:
        ParseError: If the two differ in number or are none.
    """
    times = record.spans(spans)
    sentences = record.items(told, "a list of texts")
    if len(sentences) != len(times) or not all(isinstance(each, str) for each in sentences):
        raise record.fault(told, sentences, f"{len(times)} texts, one a span of {spans}")
    return [Caption(start, end, text) for (start, end), text in zip(times, sentences, strict=True)]
