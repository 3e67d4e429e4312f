"""How good are an engine's answers? Word errors, cuts, clocks, grounding, choices, on clips whose truth is known.

    python benchmarks/quality.py                      # the bundled clip, and ../shared/media when it is there
    python benchmarks/quality.py --llm qwen2.5-0.5b   # another language model
    python benchmarks/quality.py --only demo.mp4 --json
    python benchmarks/quality.py --markdown benchmarks/quality.md

Every number is counted by ``scores.py`` against ``facts.py``; a total weighs every word, cut and question the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import playhead
from facts import Facts, bundled, real_clips
from machine import describe_run
from playhead.errors import PlayheadError
from playhead.timeline import Answer
from scores import (
    Counts,
    chosen,
    clock_reads,
    cut_f1,
    cuts_of,
    grounded,
    heard_text,
    invented,
    match_cuts,
    share,
    sounds_named,
    spans_iou,
    texts_read,
    word_errors,
)

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"


class Engine(Protocol):
    """The part of ``playhead.load(...)`` that is measured."""

    def watch(self, source: Path) -> Answer: ...  # noqa: D102
    def ground(self, source: Path, query: str) -> Answer: ...  # noqa: D102
    def choose(self, source: Path, question: str, options: tuple[str, ...]) -> Answer: ...  # noqa: D102


@dataclass
class Result:
    """One clip: its counts, how long it took, and every single answer worth reading."""

    name: str
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)


def measure(engine: Engine, facts: Facts) -> Result:
    """Ask an engine everything that is known of one clip; an error is counted and the next question asked."""
    result = Result(facts.name)
    started = time.perf_counter()
    with _counted(result, "watch"):
        answer = engine.watch(facts.path)
        result.counts += _read(result, answer) + score_watch(facts, answer, result.details)
    for query, spans in facts.ground:
        with _counted(result, f"ground {query!r}"):
            answer = engine.ground(facts.path, query)
            result.counts += _read(result, answer) + grounded(spans, answer.spans)
            found = [(round(s.start_s, 2), round(s.end_s, 2)) for s in answer.spans]
            true = [(s.start_s, s.end_s) for s in spans]
            result.details.append(
                f"ground {query!r}: true {true}, found {found}, IoU {spans_iou(spans, answer.spans):.2f}"
            )
    for question, options, right in facts.choices:
        with _counted(result, f"choose {question!r}"):
            answer = engine.choose(facts.path, question, options)
            result.counts += _read(result, answer) + chosen(right, answer.choice)
            result.details.append(f"choose {question!r}: right {right}, chosen {answer.choice}")
    result.seconds = time.perf_counter() - started
    return result


@contextmanager
def _counted(result: Result, what: str) -> Iterator[None]:
    result.counts += Counts(answers=1)
    try:
        yield
    except PlayheadError as error:
        result.counts += Counts(errors=1)
        result.details.append(f"{what}: {type(error).__name__}: {error}")


def _read(result: Result, answer: Answer) -> Counts:
    if answer.failure is None:
        return Counts()
    result.details.append(f"{answer.task}: cannot be read ({answer.failure.reason}): {answer.failure.text!r}")
    return Counts(failures=1)


def score_watch(facts: Facts, answer: Answer, details: list[str]) -> Counts:
    """Score everything one ``watch`` answer says: speech, cuts, clock, texts, sounds."""
    counts = Counts()
    lane = answer.lanes.get
    if facts.speech:
        heard = heard_text(answer.transcript, facts.speech_until_s)
        counts += word_errors(facts.speech, heard, clear=facts.clear)
        details.append(f"said:  {facts.speech}")
        details.append(f"heard: {heard}")
    if facts.quiet:
        counts += invented(answer.transcript)
    if facts.cuts_s is not None:
        found = cuts_of(lane("shots", ()))
        counts += match_cuts(facts.cuts_s, found, ignore=facts.gradual)
        details.append(f"cuts: true {list(facts.cuts_s)}, found {[round(f, 3) for f in found]}")
    if facts.clock:
        counts += clock_reads(
            lane("text", ()),
            rate_hz=facts.clock.rate_hz,
            offset_s=facts.clock.offset_s,
            duration_s=answer.duration_s,
        )
    if facts.texts:
        counts += texts_read(facts.texts, lane("text", ()))
    if facts.sounds:
        counts += sounds_named(facts.sounds, lane("sounds", ()))
    return counts


# --- the table ------------------------------------------------------------------------------------------------

Cell = Callable[[Counts], str]


def _percent(part: float, whole: float) -> str:
    value = share(part, whole)
    return "" if value is None else f"{100 * value:.1f} %"


def _of(part: float, whole: int) -> str:
    return f"{part} of {whole}" if whole else ""


def _f1(counts: Counts) -> str:
    value = cut_f1(counts)
    return "" if value is None else f"{value:.3f}"


COLUMNS: dict[str, Cell] = {
    "WER": lambda c: _percent(c.word_errors, c.words),
    "WER on clear narration": lambda c: _percent(c.clear_errors, c.clear_words),
    "shot F1 at 0.1 s": _f1,
    "takes without false cut": lambda c: _of(c.takes_clean, c.takes),
    "clock seconds read": lambda c: _of(c.clock_hit, c.clock_seconds),
    "clock readings right": lambda c: _of(c.clock_reads_right, c.clock_reads),
    "texts read": lambda c: _of(c.texts_hit, c.texts),
    "text span IoU": lambda c: f"{c.text_iou / c.texts:.2f}" if c.texts else "",
    "sounds named": lambda c: _of(c.sounds_hit, c.sounds),
    "grounding IoU": lambda c: (
        f"{c.iou / c.present:.2f} ({c.iou_half} of {c.present} at 0.5)" if c.present else ""
    ),
    "absent answered []": lambda c: _of(c.absent_right, c.absent),
    "choices right": lambda c: _of(c.choices_right, c.choices),
    "invented words": lambda c: str(c.invented_words) if c.quiet else "",
    "unreadable": lambda c: _of(c.failures, c.answers),
    "errors": lambda c: _of(c.errors, c.answers),
}


def table(results: list[Result]) -> str:
    """A Markdown table: what is measured down, clips and their total across."""
    columns = [(r.name, r.counts) for r in results]
    if len(results) > 1:
        columns.append(("all", sum((r.counts for r in results), Counts())))
    lines = ["| measure | " + " | ".join(name for name, _ in columns) + " |"]
    lines.append("| --- |" + " --: |" * len(columns))
    for title, cell in COLUMNS.items():
        cells = [cell(counts) for _, counts in columns]
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    seconds = [f"{r.seconds:.1f}" for r in results]
    if len(results) > 1:
        seconds.append(f"{sum(r.seconds for r in results):.1f}")
    lines.append("| seconds | " + " | ".join(seconds) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and write it where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", default="scout")
    parser.add_argument("--llm", help="language model of the engine; its default if not given")
    parser.add_argument("--only", action="append", metavar="CLIP", help="file name; may be repeated")
    parser.add_argument("--media", type=Path, default=MEDIA, help="folder with clips and facts.jsonl")
    parser.add_argument("--json", action="store_true", help="print counts and every answer as JSON")
    parser.add_argument(
        "--markdown", type=Path, help="write the table with command, commit and hardware here"
    )
    options = parser.parse_args()
    clips = [bundled(), *real_clips(options.media)]
    if options.only:
        known = [clip.name for clip in clips]
        if unknown := [name for name in options.only if name not in known]:
            parser.error(f"no clip {', '.join(unknown)}; known: {', '.join(known)}")
        clips = [clip for clip in clips if clip.name in options.only]
    engine = playhead.load(options.engine, **({"llm": options.llm} if options.llm else {}))
    results = []
    for clip in clips:
        results.append(measure(engine, clip))
        print(f"{clip.name}: {results[-1].seconds:.1f} s", file=sys.stderr)
        for line in results[-1].details:
            print(f"  {line}", file=sys.stderr)
    if options.json:
        print(json.dumps({"run": describe_run(), "clips": [asdict(r) for r in results]}, indent=1))
    else:
        print(table(results))
    if options.markdown:
        text = f"# Quality: {options.engine} {options.llm or ''}".rstrip()
        options.markdown.write_text(f"{text}\n\n{describe_run()}\n\n{table(results)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
