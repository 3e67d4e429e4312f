"""A run from end to end with an engine that needs no weights: log, manifest, scores, going on, failing, comparing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from playhead.errors import MissingExtraError, OutputError, ParseError, PlayheadError, SourceError, UsageError
from playhead.evaluate import run as running
from playhead.evaluate.benchmarks.own import BENCHMARK
from playhead.evaluate.comparison import compare_runs
from playhead.evaluate.log import SAMPLES, Log, read_log
from playhead.evaluate.manifest import describe_engine, plain, read_manifest
from playhead.evaluate.results import read_finished
from playhead.evaluate.run import Choice, choose_samples, run_benchmark
from playhead.media.clip import Video
from playhead.models.base import Exchange
from playhead.models.look_ahead import LookAhead
from playhead.models.registry import ENGINES
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span


class Written:
    """An engine that answers as it is told, by query; an error is raised, a text is one that cannot be read."""

    def __init__(self, answers, **options):
        self.name, self.answers, self.asked, self.prepared = "written", answers, [], []
        self.on_exchange = None
        self.options = options

    def prepare(self, video, *, progress=None):
        self.prepared.append(Path(video.source).name)

    def answer(self, video, task, *, progress=None):
        self.asked.append(task.query)
        told = self.answers[task.query]
        if isinstance(told, BaseException):
            raise told
        if self.on_exchange is not None:
            self.on_exchange(Exchange(f"where is {task.query}?", str(told), finished=True))
        base = Answer(
            task="ground",
            source=video.source,
            duration_s=2.4,
            model="written",
            sampling=Sampling("all", Span(0, 2.4), (0.04, 0.08), (96, 64)),
        )
        if isinstance(told, str):
            return replace(base, failure=ParseFailure(told, "no times in it"))
        return replace(base, events=tuple(Event(Span(*span), "") for span in told))


@pytest.fixture
def folder(tmp_path, drawn):
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(drawn("constant").path, tmp_path / name)
    queries = {"q1": ("a", [[0, 1]]), "q2": ("b", [[0, 1]]), "q3": ("a", [[1, 2]]), "q4": ("b", [])}
    lines = [
        {"id": name, "video": f"{video}.mp4", "task": "ground", "query": name, "spans": spans}
        | {"groups": {"video": video}}
        for name, (video, spans) in queries.items()
    ]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


@pytest.fixture
def engine(monkeypatch):
    """Makes an engine and gives it a name, so that it is loaded like any other."""

    def make(answers):
        made = Written(answers)
        monkeypatch.setitem(ENGINES, "written", lambda **options: made)
        return made

    return make


RIGHT = {"q1": [[0, 1]], "q2": [[0, 1]], "q3": [[1, 2]], "q4": []}


def run(folder, out="run", **more):
    return run_benchmark(BENCHMARK, Choice(data=folder, out=folder / out, engine="written", **more))


def test_a_run_is_logged_scored_and_described(folder, engine) -> None:
    made = engine({**RIGHT, "q2": [[0, 0.5]], "q3": "no idea", "q4": RuntimeError("out of luck")})
    done = run(folder)
    assert made.asked == ["q1", "q3", "q2", "q4"]  # by video: each is opened once
    assert made.prepared == ["a.mp4", "b.mp4"]
    [part] = done.parts
    assert part.estimates["mIoU"].value == pytest.approx((1 + 0.5 + 0 + 0) / 4)
    assert part.estimates["mIoU, a"].value == pytest.approx(0.5)
    assert part.scores.unparsable == 1
    manifest = read_manifest(folder / "run")
    assert manifest == done.manifest
    counts = manifest["counts"]
    assert (counts["samples"], counts["answered"], counts["failed"], counts["unparsable"]) == (4, 3, 1, 1)
    assert manifest["prompts"] == {"ground": "where is q1?"}
    assert manifest["seen"]["picture_sizes_px"] == [[96, 64]]
    assert manifest["settings"]["annotations"].keys() == {"tasks.jsonl"}
    assert manifest["settings"]["versions"]["playhead"]
    entries = {entry.id: entry for entry in read_log(folder / "run")}
    assert entries["q1"].exchanges == (Exchange("where is q1?", "[[0, 1]]", finished=True),)
    assert entries["q1"].answer.sampling.times_s == (0.04, 0.08)
    assert entries["q3"].answer.failure.text == "no idea"
    assert (entries["q4"].failure.kind, entries["q4"].answer) == ("RuntimeError", None)
    assert "out of luck" in entries["q4"].failure.trace
    assert len((folder / "run" / "sampling.jsonl").read_text().splitlines()) == 1
    assert [part.name for part in done.parts] == [*read_finished(folder / "run").scores]


def test_a_finished_run_asks_nothing_again_and_a_failed_sample_only_when_told_to(folder, engine) -> None:
    engine({**RIGHT, "q1": PlayheadError("busy")})
    run(folder)
    made = engine(RIGHT)
    assert run(folder).manifest["counts"]["failed"] == 1
    assert made.asked == []
    standings = []
    again = run_benchmark(
        BENCHMARK,
        Choice(data=folder, out=folder / "run", engine="written", retry=True),
        watcher=lambda standing: standings.append((standing.done, standing.failed, standing.line())),
    )
    assert made.asked == ["q1"]
    assert again.manifest["counts"]["failed"] == 0
    assert standings[0][:2] == (4, 1)
    assert standings[-1] == (4, 0, "mIoU 100.0 %")


def test_a_torn_last_line_is_cut_off_and_its_sample_asked_again(folder, engine) -> None:
    engine(RIGHT)
    run(folder)
    log = folder / "run" / SAMPLES
    log.write_bytes(log.read_bytes()[:-30])
    made = engine(RIGHT)
    done = run(folder)
    assert made.asked == ["q4"]
    assert done.parts[0].estimates["mIoU"].value == 1
    assert len(log.read_text().splitlines()) == 4


def test_a_damaged_line_in_the_middle_is_an_error(folder, engine) -> None:
    engine(RIGHT)
    run(folder)
    log = folder / "run" / SAMPLES
    lines = log.read_text().splitlines()
    log.write_text("\n".join([lines[0], "{", *lines[2:]]) + "\n")
    with pytest.raises(ParseError, match=r"samples\.jsonl, line 2: not JSON"):
        run(folder)


def test_going_on_with_other_settings_is_refused(folder, engine) -> None:
    engine(RIGHT)
    run(folder)
    with pytest.raises(UsageError, match=r"found limit = 2.*allowed: what it began with, None"):
        run(folder, limit=2)
    with pytest.raises(UsageError, match=r"options\.frames = 8"):
        run(folder, options={"frames": 8})
    tasks = folder / "tasks.jsonl"
    tasks.write_text(tasks.read_text().replace("[[1, 2]]", "[[1, 2.1]]"))
    with pytest.raises(UsageError, match=r"annotations\.tasks\.jsonl"):
        run(folder)
    made = engine(RIGHT)
    assert run(folder, overwrite=True).manifest["counts"]["samples"] == 4
    assert len(made.asked) == 4
    (folder / "run" / "manifest.json").unlink()
    with pytest.raises(UsageError, match=r"a log without its manifest\.json"):
        run(folder)


def test_two_processes_cannot_write_into_one_folder(folder, engine) -> None:
    engine(RIGHT)
    with running._only_writer(folder), pytest.raises(UsageError, match="another run that is writing there"):
        run(folder, out=".")


@pytest.mark.parametrize("error", [MissingExtraError("no library"), OutputError("disk full")])
def test_what_would_meet_every_sample_ends_the_run(folder, engine, error) -> None:
    made = engine({**RIGHT, "q3": error})
    with pytest.raises(type(error)):
        run(folder)
    assert made.asked == ["q1", "q3"]
    made = engine(RIGHT)
    run(folder)
    assert made.asked == ["q3", "q2", "q4"]


def test_a_run_whose_first_samples_all_fail_alike_ends(folder, engine, monkeypatch) -> None:
    monkeypatch.setattr(running, "HOPELESS", 3)
    made = engine(dict.fromkeys(RIGHT, UsageError("no such task")))
    with pytest.raises(
        PlayheadError, match="each of the first 3 samples failed; the last: no such task"
    ) as raised:
        run(folder)
    assert raised.value.exit_code == UsageError.exit_code
    assert len(made.asked) == 3
    made = engine(dict.fromkeys(RIGHT, SourceError("damaged")))  # the fault of videos: the next may be whole
    assert run(folder, out="other").manifest["counts"]["failed"] == 4


def test_a_limit_takes_samples_from_all_over(folder) -> None:
    samples = BENCHMARK.load(folder, "all").samples
    assert [sample.id for sample in choose_samples(samples, 2)] == ["q1", "q3"]
    assert [sample.id for sample in choose_samples(samples, 9)] == ["q1", "q3", "q2", "q4"]
    with pytest.raises(UsageError, match="allowed: 1 or more"):
        choose_samples(samples, 0)


# --- ahead ------------------------------------------------------------------------------------------------------------


def test_one_video_is_prepared_ahead_and_never_two() -> None:
    videos = [Video(name) for name in "abcd"]
    prepared, may_go_on = [], threading.Event()

    class Slow(Written):
        def prepare(self, video, *, progress=None):
            prepared.append(video.source)
            if video.source == "b":
                may_go_on.wait(10)
            if video.source == "c":
                raise RuntimeError("asking says so too")

    helper = LookAhead(Slow({}), videos)
    helper.begin(videos[0])
    deadline = time.monotonic() + 10
    while prepared != ["a", "b"] and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert prepared == ["a", "b"]  # while a is being answered
    may_go_on.set()
    for video in videos[1:]:
        helper.begin(video)
    assert prepared == ["a", "b", "c", "d"]
    helper.close()


def test_engines_that_prepare_nothing_are_left_alone() -> None:
    helper = LookAhead(object(), [Video("a")])
    helper.begin(Video("a"))
    helper.close()


# --- manifests --------------------------------------------------------------------------------------------------------


def test_no_key_stands_in_a_manifest() -> None:
    shown = plain({"api_key": "sk-1", "max_new_tokens": 3, "deep": {"token": "t"}, "path": Path("x")})
    assert shown == {
        "api_key": "(not shown)",
        "max_new_tokens": 3,
        "deep": {"token": "(not shown)"},
        "path": "x",
    }


def test_an_engine_is_described_by_its_resolved_settings() -> None:
    import playhead

    described = describe_engine(playhead.load("scout-tiny").engine)
    assert described["class"] == "playhead.models.scout.engine.Scout"
    assert described["config"]["senses"] == ["pictures"]


# --- comparing --------------------------------------------------------------------------------------------------------


def test_two_runs_are_compared_sample_by_sample(folder, engine) -> None:
    engine({**RIGHT, "q2": [], "q3": []})
    run(folder, out="one")
    engine(RIGHT)
    run(folder, out="two")
    found, notes = compare_runs(*(read_finished(folder / name) for name in ("one", "two")))
    by_name = {each.metric: each for each in found}
    assert (by_name["mIoU"].first, by_name["mIoU"].second) == (0.5, 1)
    assert by_name["mIoU"].difference.value == 0.5
    assert (by_name["mIoU"].difference.n, by_name["mIoU"].difference.videos) == (4, 2)
    assert by_name["mIoU, a"].difference.value == 0.5
    assert "tF1" not in by_name
    assert notes == []
    every, _ = compare_runs(*(read_finished(folder / name) for name in ("one", "two")), every=True)
    assert "tF1" in {each.metric for each in every}


def test_runs_of_other_annotations_are_not_compared(folder, engine) -> None:
    engine(RIGHT)
    run(folder, out="one")
    tasks = folder / "tasks.jsonl"
    tasks.write_text(tasks.read_text().replace("[[1, 2]]", "[[1, 2.1]]"))
    run(folder, out="two")
    with pytest.raises(UsageError, match=r"found annotations .*; allowed: runs of one benchmark"):
        compare_runs(*(read_finished(folder / name) for name in ("one", "two")))


def test_only_common_samples_are_compared_and_it_is_said(folder, engine) -> None:
    engine(RIGHT)
    run(folder, out="one")
    run(folder, out="two", limit=2)
    found, notes = compare_runs(*(read_finished(folder / name) for name in ("one", "two")))
    assert found[0].difference.n == 2
    assert any("2 samples are in both runs and compared; 2 are in the first only" in note for note in notes)


def test_an_unfinished_run_and_no_run_are_told_apart(folder, engine) -> None:
    made = engine({**RIGHT, "q2": OutputError("disk full")})
    with pytest.raises(OutputError):
        run(folder)
    assert made.asked[-1] == "q2"
    with pytest.raises(SourceError, match="is not finished; run the same command again"):
        read_finished(folder / "run")
    with pytest.raises(SourceError, match="no run in"):
        read_finished(folder)


# --- through the command line -----------------------------------------------------------------------------------------


def test_a_killed_run_goes_on_where_it_was(folder, tmp_path) -> None:
    """Killed without warning while it works, as often as it takes; every sample is answered once and none is lost."""
    command = [
        sys.executable,
        "-m",
        "playhead",
        "evaluate",
        "own",
        "--data",
        str(folder),
        "--engine",
        "scout-tiny",
    ]
    command += ["--out", str(folder / "run"), "--set", "cache=false", "--json"]
    environment = {**os.environ, "PLAYHEAD_CACHE": str(tmp_path / "cache")}
    log = folder / "run" / SAMPLES
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if log.exists() and log.read_bytes().count(b"\n") >= 1:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    process.communicate()
    assert log.exists()
    before = log.read_text().splitlines()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = log.read_text().splitlines()
    assert after[: len(before)] == before
    assert sorted(json.loads(line)["id"] for line in after) == ["q1", "q2", "q3", "q4"]
    assert json.loads(done.stdout)["manifest"]["counts"]["answered"] == 4
    assert (folder / "run" / "report.html").is_file()


def test_a_log_is_appended_to_and_read_back_as_it_was(tmp_path) -> None:
    from playhead.evaluate.log import Entry

    with Log(tmp_path) as log:
        kept = log.add(
            Entry(
                id="a",
                video="v",
                seconds=0.1,
                answer=Written({"q": [[0.1234567, 1]]}).answer(Video("v"), type("Q", (), {"query": "q"})),
            )
        )
    assert read_log(tmp_path) == [kept]
    assert kept.answer.events[0].span.start_s == 0.123457


def test_the_listing_shows_every_name_whole() -> None:
    from playhead.evaluate.registry import benchmark_names

    done = subprocess.run(
        [sys.executable, "-m", "playhead", "evaluate", "--list"], capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == benchmark_names()
