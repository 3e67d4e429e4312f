"""The whole command once, with the smallest set of real weights, on the bundled clip whose truth is known."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environ
from playhead.demo import demo_path, demo_truth
from playhead.timeline import Span, answer_from_dict, merge_spans

pytestmark = [pytest.mark.weights, pytest.mark.smoke]

SMALLEST = ("--llm", "smollm2-135m")
LIMIT_S = 20 * 60  # the first run fetches the weights
TRUTH = demo_truth()


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "playhead", *map(str, words)]
    return subprocess.run(
        argv, cwd=cwd, env=environ(), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("watched")


@pytest.fixture(scope="module")
def watched(folder):
    done = run("watch", *SMALLEST, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def answer(watched, folder):
    return answer_from_dict(json.loads((folder / "out" / "demo.json").read_text()))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_five_files_are_written_and_a_timeline_is_printed(watched, folder) -> None:
    for ending in ("json", "vtt", "srt", "md", "html"):
        assert (folder / "out" / f"demo.{ending}").stat().st_size > 100
    assert "Events" in watched.stdout
    assert "Chelsea" in watched.stdout


def test_the_document_follows_the_schema(answer, folder) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(__file__).parents[2] / "docs" / "answer.schema.json").read_text())
    jsonschema.validate(json.loads((folder / "out" / "demo.json").read_text()), schema)


def test_what_is_said_is_written_down_at_its_time(answer) -> None:
    said = words(" ".join(sentence["text"] for sentence in TRUTH["sentences"]))
    heard = words(answer.transcript.text)
    assert difflib.SequenceMatcher(None, said, heard, autojunk=False).ratio() > 0.9
    spoken = merge_spans((segment.span for segment in answer.transcript.segments), gap_s=0.3)
    for sentence in TRUTH["sentences"]:
        span = Span(sentence["start"], sentence["end"])
        assert sum(span.overlap_s(each) for each in spoken) > 0.8 * span.duration_s


def test_cuts_are_found_at_their_times(answer) -> None:
    found = [mark.span.start_s for mark in answer.lanes["shots"]][1:]
    hits = sum(any(abs(cut - each) <= 0.1 for each in found) for cut in TRUTH["cuts"])
    assert 2 * hits / (len(found) + len(TRUTH["cuts"])) > 0.9


def test_text_on_screen_is_read_while_it_is_shown(answer) -> None:
    for shown in ("Espresso", "The Rocket", "Deep Space"):
        [truth] = [each for each in TRUTH["texts"] if each["text"] == shown]
        span = Span(truth["start"], truth["end"])
        marks = [mark for mark in answer.lanes["text"] if shown.lower() in mark.text.lower()]
        assert any(mark.span.overlap_s(span) > 0.5 * span.duration_s for mark in marks), shown


def test_every_sense_writes_a_lane_with_times_and_confidences(answer) -> None:
    for lane in ("speech", "text", "shots", "sounds", "objects"):
        assert answer.lanes[lane], lane
        for mark in answer.lanes[lane]:
            assert 0 <= mark.span.start_s < mark.span.end_s <= answer.duration_s + 1e-6
            assert mark.confidence is not None
            assert 0 < mark.confidence <= 1


def test_events_and_chapters_lie_on_the_clock_and_on_measured_edges(answer) -> None:
    assert answer.duration_s == pytest.approx(TRUTH["duration"], abs=0.1)
    assert len(answer.events) >= 3
    edges = {0.0, answer.duration_s}
    edges |= {
        t for marks in answer.lanes.values() for mark in marks for t in (mark.span.start_s, mark.span.end_s)
    }
    edges |= {t for segment in answer.transcript.segments for t in (segment.span.start_s, segment.span.end_s)}
    for event in answer.events:
        assert 0 <= event.span.start_s < event.span.end_s <= answer.duration_s + 1e-6
        assert event.evidence, "an event without evidence"
        for bound in (event.span.start_s, event.span.end_s):
            assert min(abs(bound - edge) for edge in edges) < 0.05, f"{bound} is no measured edge"
    starts = [chapter.span.start_s for chapter in answer.chapters]
    assert starts == sorted(starts)


def test_a_second_run_does_nothing_again(watched, folder) -> None:
    again = run("watch", *SMALLEST, cwd=folder)
    assert again.stdout == watched.stdout
    assert "finished before" in again.stderr


def test_a_second_question_re_runs_no_sense(watched, folder) -> None:
    done = run("ground", demo_path(), "a cat with green eyes", "--json", *SMALLEST, cwd=folder)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()  # how long it takes is measured by benchmarks/watch.py
    assert not any(stage in line for line in told for stage in ("looking", "listening"))
    json.loads(done.stdout)
