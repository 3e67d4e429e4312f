"""What a benchmark is: samples with a task and a truth each, where their files lie, and what scores them.

A benchmark knows no engine. It reads its official annotation files into samples; the runner asks an engine the task of
each; the benchmark's scorers compare the answers with the truths. All times are seconds on the clock of the video file
that is asked about, also where only a window of it is.

    Benchmark.load(data, split) -> Loaded(samples, missing, annotations)
    Sample(id, video, task, truth)      what is asked, and what is true
    Outcome(sample, answer | error)     what came of it
    Scorer.score(outcomes) -> Scores    what it is worth
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from playhead.errors import UsageError
from playhead.metrics.highlights import Highlighted
from playhead.metrics.interval import Scores
from playhead.metrics.told import Caption
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.timeline import Answer, Span

# --- truths -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moments:
    """When something happens; asked with ``Ground``.

    Attributes:
        spans: Every true span; none when it does not happen.
        annotators: Each person's own spans where several marked them (DiDeMo) and the benchmark scores them apart.
    """

    spans: tuple[Span, ...]
    annotators: tuple[tuple[Span, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """The right option; asked with ``Choose``.

    Attributes:
        label: Its letter.
    """

    label: str


@dataclass(frozen=True, slots=True)
class Story:
    """What happens and when, in timed sentences; asked with ``Events``.

    Attributes:
        told: Every annotator's captions, at least one annotator.
    """

    told: tuple[tuple[Caption, ...], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text has to say; asked with ``Describe`` or ``Ask``.

    Attributes:
        text: A reference text, possibly empty.
        atoms: Atomic events or statements the text has to tell.
    """

    text: str = ""
    atoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Highlights:
    """Relevant windows and rated clips of QVHighlights; asked with ``Ground``.

    Attributes:
        true: The truth as its metrics take it.
    """

    true: Highlighted


Truth = Moments | Option | Story | Facts | Highlights

# --- samples ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One question about one video, and what is true.

    Attributes:
        id: Name of the sample, unique in its benchmark and split, the same in every run.
        video: The file, as the loader found it.
        video_id: The benchmark's own name of the video: scores are clustered by it.
        task: What is asked.
        truth: What is true.
        context: Words that come before the question, such as subtitles; reach the model through :attr:`asked`.
        start_s: Where the part that may be looked at begins, or None for the beginning.
        end_s: Where it ends, or None for the end.
        duration_s: Length of the video as the annotations state it, or None.
        groups: For any number of ways to group, the group this sample is in: ``{"duration": "short", "task": "count"}``.
    """

    id: str
    video: Path
    video_id: str
    task: Task
    truth: Truth
    context: str = ""
    start_s: float | None = None
    end_s: float | None = None
    duration_s: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> Task:
        """The task with the context before its question.

        Raises:
            UsageError: If there is a context and the task has no question to put it before.
        """
        if not self.context:
            return self.task
        if not isinstance(self.task, (Ask, Choose)):
            raise UsageError(
                f"sample {self.id}: context with the task {self.task.name}", allowed="ask, choose"
            )
        return replace(self.task, question=f"{self.context.rstrip()}\n\n{self.task.question}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a benchmark's files hold.

    Attributes:
        samples: Every sample whose video is there, in the order of the annotations.
        missing: Videos that are not there, by the benchmark's own name, with the number of samples left out for each.
        annotations: sha256 of every annotation file that was read, by its path under the data folder.
        notes: Plain sentences on what a reader of the scores must know.
    """

    samples: tuple[Sample, ...]
    missing: Mapping[str, int]
    annotations: Mapping[str, str]
    notes: tuple[str, ...] = ()


# --- scores -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a sample.

    Attributes:
        sample: What was asked.
        answer: The engine's answer, or None where it gave none.
        error: Why there is no answer; empty where there is one.
    """

    sample: Sample
    answer: Answer | None
    error: str = ""


def nothing_needed() -> None:
    """A scorer that needs nothing but playhead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """One evaluation of a benchmark.

    Attributes:
        name: What it is called in tables: ``grounding``, ``dense captions``.
        truth: Kind of truth it is about, or kinds; outcomes of other kinds are not handed to it.
        score: From outcomes to one value an item and metric; never called without outcomes.
        first: Metrics shown first.
        require: Called before a run, so that what it needs (Java) is missed before hours of work and not after.
        optional: Whether a run goes on without this evaluation, and says so, where what it needs is missing.
    """

    name: str
    truth: type[Truth] | tuple[type[Truth], ...]
    score: Callable[[Sequence[Outcome]], Scores]
    first: tuple[str, ...] = ()
    require: Callable[[], None] = nothing_needed
    optional: bool = False


# --- benchmarks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """An official annotation file of a split.

    Attributes:
        path: Where it is expected under the data folder: ``annotations/charades_sta_test.txt``. A file of that name
            anywhere under it is taken as well when there is only one, and a table (``.parquet``) also as ``.jsonl``.
        sha256: Digest of the official file, or None where it is not known to us. Another digest is no error: it is
            noted in the manifest and on the report page.
        url: Where its makers publish it.
        hub: Its repository of data on the hub, ``owner/name`` or ``owner/name@revision``, from which it is fetched
            when it is not under the data folder; empty where it is on none.
        hub_path: Where it lies in that repository; like ``path`` when empty.
    """

    path: str
    sha256: str | None = None
    url: str = ""
    hub: str = ""
    hub_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark; one file in ``evaluate/benchmarks`` each.

    Attributes:
        name: As in ``playhead evaluate NAME``: lower case, with hyphens.
        title: As its makers write it.
        source: Address of its paper or home page.
        licence: Of the annotations, as stated by their makers; ``not stated`` where they state none.
        splits: Annotation files of every split by the split's name; the first split is used when none is named.
        videos: Where videos are looked for under the data folder, and how they are named, in a sentence.
        load: From the data folder and a split to samples.
        scorers: What scores it.
        notes: What the field calls by the same name and is not the same; quirks that are kept.
    """

    name: str
    title: str
    source: str
    licence: str
    splits: Mapping[str, tuple[AnnotationFile, ...]]
    videos: str
    load: Callable[[Path, str], Loaded]
    scorers: tuple[Scorer, ...]
    notes: tuple[str, ...] = ()
