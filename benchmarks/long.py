"""Does an hour work: memory against length, the result against the truth, questions about it afterwards?

    python benchmarks/long_clip.py hour.mp4 --minutes 60
    python benchmarks/long.py hour.mp4 --ends 180 1200 3600 --llm none
    python benchmarks/long.py hour.mp4 --questions

Each run is a process of its own, ``playhead watch`` as a user starts it. Its resident memory is read once a second, its
CPU seconds when it ends. Without ``--keep`` the senses run anew each time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import describe_run
from playhead.timeline import transcript_from_dict
from scores import heard_text, share, word_errors

BOUNDARY_TOLERANCE_S = 2.0
MIB = 1 << 20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Run:
    """One finished process: its answer, what it cost, and its resident memory over time as (seconds, MiB)."""

    answer: dict[str, Any]
    wall_s: float
    cpu_s: float
    peak_mib: float
    memory: tuple[tuple[float, float], ...]


def run(*words: str) -> Run:
    """Run ``playhead`` with some words, asking for JSON, and watch its memory.

    Raises:
        RuntimeError: When it fails; with what it said.
    """
    start_s = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "playhead", *words, "--json", "--quiet"], stdout=out, stderr=err
        )
        memory: list[tuple[float, float]] = []
        while (ended := os.wait4(child.pid, os.WNOHANG))[0] == 0:
            memory.append((time.perf_counter() - start_s, _resident_mib(child.pid)))
            time.sleep(1.0)
        wall_s, used = time.perf_counter() - start_s, ended[2]
        child.returncode = os.waitstatus_to_exitcode(ended[1])
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise RuntimeError(err.read().decode())
        answer = json.loads(out.read())
    return Run(answer, wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, tuple(memory))


def _resident_mib(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MIB
    except OSError:
        return 0.0


def costs(name: str, done: Run) -> str:
    """A table row: what a run cost, and its memory early, half way and late."""

    def near(part: float) -> float:
        at_s = part * done.wall_s
        return min(done.memory, key=lambda sample: abs(sample[0] - at_s))[1]

    length_s = done.answer["sampling"]["window"]["end"] - done.answer["sampling"]["window"]["start"]
    levels = " | ".join(f"{near(part):.0f}" for part in (0.25, 0.5, 0.75))
    ratio = done.wall_s / length_s
    return (
        f"| {name} | {length_s:.0f} | {done.wall_s:.1f} | {ratio:.3f} | {done.cpu_s:.1f} | {levels} "
        f"| {done.peak_mib:.0f} |"
    )


COSTS_HEAD = (
    "| run | video s | wall s | wall / video | CPU s | MiB at a quarter | at half | at three quarters | peak |\n"
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
)


def boundaries(true_s: Sequence[float], found_s: Sequence[float]) -> tuple[int, list[float]]:
    """How many true boundaries have a found one within two seconds, and which found ones are nobody's."""
    left = sorted(found_s)
    hit = 0
    for time_s in sorted(true_s):
        near = next((f for f in left if abs(f - time_s) <= BOUNDARY_TOLERANCE_S), None)
        if near is not None:
            left.remove(near)
            hit += 1
    return hit, left


def against_truth(answer: dict[str, Any], truth: Sequence[dict[str, Any]]) -> str:
    """Chapters, events, title cards and words of an answer against what was told when."""
    end_s = answer["sampling"]["window"]["end"]
    told = [one for one in truth if one["end_s"] <= end_s + 1.0]
    changes_s = [one["start_s"] for one in told if one["start_s"] > 0]
    lines = []
    for kind in ("chapters", "events"):
        starts_s = [one["start"] for one in answer[kind] if one["start"] > 0]
        hit, extra = boundaries(changes_s, starts_s)
        lines.append(
            f"- {kind}: {len(answer[kind])}; {hit} of {len(changes_s)} changes of subject begin one "
            f"(within {BOUNDARY_TOLERANCE_S:g} s); {len(extra)} begin elsewhere"
        )
    covered = sum(
        any(one["title"].lower() in f"{c['title']} {c['text']}".lower() for c in answer["chapters"])
        for one in told
    )
    lines.append(f"- subjects named in a chapter's title or text: {covered} of {len(told)}")
    heard = heard_text(transcript_from_dict(answer["transcript"]))
    counts = word_errors(" ".join(one["text"] for one in told), heard)
    rate = share(counts.word_errors, counts.words)
    lines.append(
        f"- words: {counts.words}, wrong {counts.word_errors}, word error rate {100 * (rate or 0):.2f} %"
    )
    return "\n".join(lines)


def questions(video: str, llm: str, truth: Sequence[dict[str, Any]]) -> str:
    """Ground and ask about subjects from all over the video, with everything kept."""
    lines = ["| question | wall s | right | answer |", "| --- | --: | --- | --- |"]
    asked = (
        ("ground", "penguins", "Penguins"),
        ("ground", "a violin is made of spruce and maple", "Violins"),
        ("ground", "a helicopter lands on a roof", None),
        ("ask", "How far is a marathon?", "Marathons"),
        ("ask", "How many flowers does a bee visit?", "Honey Bees"),
        ("ask", "What is this video about?", None),
    )
    for verb, words, subject in asked:
        done = run(verb, video, words, "--llm", llm)
        lines.append(
            f"| {verb}: {words} | {done.wall_s:.1f} | {_rests_on(done.answer, truth, subject)} "
            f"| {_shown(done.answer)} |"
        )
    return "\n".join(lines)


def _spans(answer: dict[str, Any]) -> list[dict[str, float]]:
    spans: list[dict[str, float]] = answer["events"] or answer["evidence"]
    return spans


def _rests_on(answer: dict[str, Any], truth: Sequence[dict[str, Any]], subject: str | None) -> str:
    """How many of the seconds cited lie where the subject is told."""
    spans = _spans(answer)
    if subject is None:
        return "none cited" if not spans else f"{len(spans)} cited"
    (one,) = (one for one in truth if one["title"] == subject)
    inside = sum(one["start_s"] <= (s["start"] + s["end"]) / 2 <= one["end_s"] for s in spans)
    return f"{inside} of {len(spans)} spans"


def _shown(answer: dict[str, Any]) -> str:
    if answer["text"]:
        return str(answer["text"]).replace("|", "/")
    spans = ", ".join(f"{s['start']:.1f} to {s['end']:.1f}" for s in _spans(answer))
    return spans or str(answer["reason"])


def main() -> None:
    """Run what was asked for and print, or add to a file, the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", help="drawn by long_clip.py, with its .truth.json beside it")
    parser.add_argument("--ends", nargs="*", type=float, default=[], help="watch up to each of these seconds")
    parser.add_argument("--llm", default="qwen2.5-1.5b")
    parser.add_argument("--keep", action="store_true", help="use and keep evidence")
    parser.add_argument("--questions", action="store_true", help="ask about the whole video")
    parser.add_argument("--markdown", type=Path, help="add the report to this file")
    options = parser.parse_args()
    truth = json.loads(Path(options.video).with_suffix(".truth.json").read_text(encoding="utf-8"))
    end_s = truth[-1]["end_s"]
    kept = [] if options.keep else ["--no-cache"]
    report = [describe_run(), ""]
    rows, details = [COSTS_HEAD], []
    for until_s in options.ends:
        part = ["--end", str(until_s)] if until_s < end_s else []
        done = run("watch", options.video, "--llm", options.llm, *part, *kept)
        rows.append(costs(f"watch, {options.llm}", done))
        length_s = min(until_s, end_s)
        details += ["", f"Against the truth, {length_s:.0f} s:", "", against_truth(done.answer, truth)]
    if options.ends:
        report += [*rows, *details, ""]
    if options.questions:
        report += [questions(options.video, options.llm, truth), ""]
    text = "\n".join(report)
    print(text)
    if options.markdown:
        with options.markdown.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
