"""How engines do on drawn clips with events of known times: by kind of event, by level, by timing.

    playhead make-bench bench --seed 0 --clips 15
    python benchmarks/synthetic.py --data bench --engine scout --engine scout-tiny --engine qwen3-vl-tiny
    python benchmarks/synthetic.py --data bench --engine scout:llm=none --markdown benchmarks/synthetic.md

Two rows need no engine: ``nothing`` answers every question with nothing, ``all of it`` with the whole clip and the first
option; engines with random weights (``*-tiny``) show that the plumbing holds and what chance gives. Answers are counted by
the scorers of ``playhead evaluate own``; one that fails or cannot be read is wrong.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import playhead
from machine import describe_run
from playhead.cli.options import read_settings
from playhead.errors import PlayheadError, UsageError
from playhead.evaluate.base import Moments, Outcome, Sample
from playhead.evaluate.registry import find_benchmark, load_benchmark
from playhead.refine.mechanisms import TASKS
from playhead.refine.refined import wanted
from playhead.refine.settings import Refinement
from playhead.timeline import Answer, Event, Sampling, Span

KINDS = ("shape", "motion", "text", "backdrop", "sound", "speech", "together")
Answerer = Callable[[Sample], Answer]
Chosen = Callable[[Sample], bool]


@dataclass(frozen=True)
class Row:
    """One engine's answers, and the seconds they took."""

    name: str
    outcomes: tuple[Outcome, ...]
    seconds: float


def nothing(sample: Sample) -> Answer:
    """No span, no option, no words."""
    return _answer(sample)


def all_of_it(sample: Sample) -> Answer:
    """The whole clip as one span, the first option."""
    whole = Event(Span(0.0, sample.duration_s or 0.0), "everything")
    return _answer(sample, events=(whole,), choice="A")


def _answer(sample: Sample, *, events: tuple[Event, ...] = (), choice: str | None = None) -> Answer:
    length_s = sample.duration_s or 0.0
    seen = Sampling("none", Span(0.0, length_s))
    return Answer(
        task=sample.task.name,
        source=str(sample.video),
        duration_s=length_s,
        model="none",
        sampling=seen,
        events=events,
        choice=choice,
    )


def answerer(words: str) -> Answerer:
    """An engine from ``NAME:option=value,...+mechanism=value,...``; options and mechanisms may be left out."""
    found = re.fullmatch(r"([^:+]+)(?::([^+]*))?(?:\+(.*))?", words)
    if found is None:
        raise UsageError(
            f"cannot read the engine {words!r}", allowed="NAME[:OPTION=VALUE,...][+MECHANISM=VALUE,...]"
        )
    name, options, mechanisms = (part or "" for part in found.groups())
    session = playhead.load(name, **read_settings([word for word in options.split(",") if word]))
    if not mechanisms:
        return lambda sample: session.answer(sample.video, sample.asked)
    chosen = read_settings(mechanisms.split(","))
    looking, needed = session.refined(**chosen), wanted(Refinement(**chosen))

    def answer(sample: Sample) -> Answer:
        # Where a mechanism does nothing for a task the engine answers as it does without.
        works = all(sample.asked.name in TASKS[each] for each in needed)
        return (looking if works else session).answer(sample.video, sample.asked)

    return answer


def run(name: str, answer: Answerer, samples: Sequence[Sample]) -> Row:
    """Ask everything; what fails is kept as failed."""
    outcomes, started = [], time.perf_counter()
    for number, sample in enumerate(samples, start=1):
        try:
            outcomes.append(Outcome(sample, answer(sample)))
        except PlayheadError as error:
            outcomes.append(Outcome(sample, None, str(error)))
            print(f"{name}: {sample.id}: {error}", file=sys.stderr)
        if number % 25 == 0:
            print(
                f"{name}: {number} of {len(samples)}, {time.perf_counter() - started:.0f} s", file=sys.stderr
            )
    return Row(name, tuple(outcomes), time.perf_counter() - started)


# --- the tables -------------------------------------------------------------------------------------------------------


def value(row: Row, scorer: str, metric: str, chosen: Chosen, *, interval: bool = False) -> str:
    """One metric in percent over the samples that are chosen, with its 95 % interval where asked."""
    [found] = [each for each in find_benchmark("own").scorers if each.name == scorer]
    outcomes = [
        each for each in row.outcomes if isinstance(each.sample.truth, found.truth) and chosen(each.sample)
    ]
    if not outcomes:
        return ""
    estimate = found.score(outcomes).estimates()[metric]
    if estimate.value != estimate.value:
        return ""
    text = f"{100 * estimate.value:.1f}"
    if interval and estimate.low is not None and estimate.high is not None:
        text += f" ({100 * estimate.low:.0f} to {100 * estimate.high:.0f})"
    return text


def there(sample: Sample) -> bool:
    """Whether what is asked for happens."""
    return not isinstance(sample.truth, Moments) or bool(sample.truth.spans)


def in_group(kind: str, name: str, *, present: bool = True) -> Chosen:
    """Samples of one group."""
    return lambda sample: sample.groups.get(kind) == name and (there(sample) or not present)


def overall(rows: Sequence[Row]) -> str:
    """What all clips give, one row an engine."""
    columns: dict[str, Callable[[Row], str]] = {
        "set IoU": lambda r: value(r, "grounding", "set IoU", there, interval=True),
        "mIoU": lambda r: value(r, "grounding", "mIoU", there),
        "R1@0.5": lambda r: value(r, "grounding", "R1@0.5", there),
        "tF1": lambda r: value(r, "grounding", "tF1", there),
        "absent": lambda r: value(
            r, "grounding", "no-target accuracy", lambda s: not there(s), interval=True
        ),
        "events tF1": lambda r: value(r, "spans of events", "tF1", lambda _: True),
        **{
            kind: lambda r, kind=kind: value(r, "multiple choice", "overall", in_group("kind", kind))
            for kind in ("order", "count", "when")
        },
        "choices": lambda r: value(r, "multiple choice", "overall", lambda _: True),
        "words": lambda r: value(r, "facts told", "recall", lambda _: True),
        "failed": lambda r: str(sum(each.answer is None for each in r.outcomes)),
        "unread": lambda r: str(
            sum(each.answer is not None and each.answer.failure is not None for each in r.outcomes)
        ),
        "seconds": lambda r: f"{r.seconds:.0f}",
    }
    return table(
        "engine", list(columns), [(row.name, [cell(row) for cell in columns.values()]) for row in rows]
    )


def by_group(rows: Sequence[Row], kind: str, names: Sequence[str]) -> str:
    """Set IoU of what is there, by groups of one kind."""
    cells = [
        (row.name, [value(row, "grounding", "set IoU", in_group(kind, name)) for name in names])
        for row in rows
    ]
    return table("engine", names, cells)


def table(first: str, head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join([first, *head])} |", f"| --- |{' --: |' * len(head)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


def report(rows: Sequence[Row], samples: Sequence[Sample]) -> str:
    """All tables; tasks that are in no group of a kind, as those of the real clips are, have none by it."""
    groups = {
        kind: sorted({s.groups[kind] for s in samples if kind in s.groups}) for kind in ("level", "timing")
    }
    apart: list[str] = []
    if groups["level"]:
        apart += ["## Set IoU of what is there, by kind of event", by_group(rows, "kind", KINDS)]
    for kind, names in groups.items():
        apart += [f"## By {kind}", by_group(rows, kind, names)] if names else []
    counts = {
        kind: sum(s.task.name == kind for s in samples) for kind in ("ground", "events", "choose", "ask")
    }
    clips = len({sample.video for sample in samples})
    return "\n\n".join([
        describe_run(),
        f"{clips} clips; " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + ". All figures in percent.",
        "## All clips",
        overall(rows),
        *apart,
    ])  # fmt: skip


def main() -> None:
    """Ask the engines, print the tables, write them where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="what playhead make-bench made")
    parser.add_argument(
        "--engine", action="append", default=[], metavar="NAME[:OPTION=VALUE,...][+MECHANISM=VALUE,...]"
    )
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    options = parser.parse_args()
    samples = load_benchmark(find_benchmark("own"), options.data).samples
    rows = [run("nothing", nothing, samples), run("all of it", all_of_it, samples)]
    for words in options.engine:
        rows.append(run(words, answerer(words), samples))
        print(overall(rows), file=sys.stderr)
    text = report(rows, samples)
    print(text)
    if options.markdown:
        options.markdown.write_text(f"# Synthetic clips\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
