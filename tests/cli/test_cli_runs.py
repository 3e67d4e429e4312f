"""Runs over one and many videos, with an engine that joins from outside by its entry point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.command import environ, playhead
from helpers.lights import draw_lights

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture
def film(tmp_path):
    return draw_lights(tmp_path / "film.mp4", 3, beep=True)


def lamp(*words, cwd, **environment):
    verb, *rest = words
    return playhead(
        verb, *rest, "--engine", "lamp", cwd=cwd, path=PLUGIN, LAMP_LOG=str(cwd / "log.txt"), **environment
    )


def runs(folder: Path) -> list[str]:
    log = folder / "log.txt"
    return log.read_text().splitlines() if log.exists() else []


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --- results ---------------------------------------------------------------------------------------------------


def test_watch_prints_a_timeline_and_writes_five_files(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "film.mp4 - 0:03 - lamp" in done.stdout
    assert "0:01.000 - 0:02.000  light" in done.stdout
    written = {f"film.{ending}" for ending in ("json", "vtt", "srt", "md", "html")}
    assert files(tmp_path / "out") == {*written, ".playhead/film.json"}


def test_json_is_one_document_and_writes_nothing_unasked(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert [(each["start"], each["end"], each["text"]) for each in data["events"]][1] == (1.0, 2.0, "light")
    assert not (tmp_path / "out").exists()


def test_json_follows_the_published_schema(film, tmp_path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(__file__).parents[2] / "docs" / "answer.schema.json").read_text())
    for words in (["watch", "film.mp4"], ["ground", "film.mp4", "light"], ["transcribe", "film.mp4"]):
        jsonschema.validate(json.loads(lamp(*words, "--json", cwd=tmp_path).stdout), schema)


def test_a_window_keeps_the_clock_of_the_whole_video(film, tmp_path) -> None:
    data = json.loads(
        lamp("events", "film.mp4", "--start", "0:01.5", "--end", "2.5s", "--json", cwd=tmp_path).stdout
    )
    assert [(each["start"], each["text"]) for each in data["events"]] == [(1.5, "light"), (2.0, "dark")]
    assert data["sampling"]["window"] == {"start": 1.5, "end": 2.5}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["ground", "film.mp4", "light"], "0:01.000 - 0:02.000  light"),
        (["ground", "film.mp4", "a cat"], "Not in this video."),
        (["ask", "film.mp4", "When is it light?"], "dark then light then dark"),
        (["choose", "film.mp4", "What is it?", "-o", "a lamp", "-o", "a cat"], "A. "),
        (["transcribe", "film.mp4"], "No speech was heard."),
        (["chapters", "film.mp4"], "0:01.000  light"),
        (["describe", "film.mp4"], "dark then light then dark"),
        (["events", "film.mp4"], "0:02.000 - 0:03"),
    ],
)
def test_every_verb_shows_its_answer_and_writes_nothing_unasked(words, shown, film, tmp_path) -> None:
    done = lamp(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert not (tmp_path / "out").exists()


def test_formats_are_written_where_asked(film, tmp_path) -> None:
    done = lamp("events", "film.mp4", "--out", "here", "--format", "csv,md", "--format", "srt", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {f"film.events.{ending}" for ending in ("json", "csv", "md", "srt")}
    assert files(tmp_path / "here") == {*names, ".playhead/film.events.json"}


def test_two_questions_of_one_video_do_not_share_a_file(film, tmp_path) -> None:
    for question in ("When?", "Where?"):
        assert lamp("ask", "film.mp4", question, "--out", "out", cwd=tmp_path).returncode == 0
    assert len([name for name in files(tmp_path / "out") if name.startswith("film.ask-")]) == 2


def test_options_reach_the_engine(film, tmp_path) -> None:
    lamp("watch", "film.mp4", "--json", "--llm", "tiny", "--device", "cuda:1", "--no-cache", cwd=tmp_path)
    assert runs(tmp_path) == ["film.mp4 watch llm=tiny device=cuda:1 cache=False"]


def test_a_title_cannot_command_the_terminal(tmp_path) -> None:
    draw_lights(tmp_path / "a\x1b[31mb.mp4", 1)
    done = lamp("events", "a\x1b[31mb.mp4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout


def test_quiet_says_nothing(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_progress_and_notes_go_to_stderr(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "--json", cwd=tmp_path, LAMP_WAIT_S="0.2")
    assert "looking" in done.stderr
    json.loads(done.stdout)


def test_without_a_video_the_bundled_clip_is_watched(tmp_path) -> None:
    done = lamp("watch", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the clip that comes with playhead" in done.stderr
    assert (tmp_path / "out" / "demo.html").is_file()


# --- many videos, and doing it again -----------------------------------------------------------------------------


def test_a_finished_video_is_not_done_again_but_shown(film, tmp_path) -> None:
    first = lamp("watch", "film.mp4", cwd=tmp_path)
    again = lamp("watch", "film.mp4", cwd=tmp_path)
    assert again.stdout == first.stdout
    assert len(runs(tmp_path)) == 1
    assert "finished before" in again.stderr


def test_overwrite_other_options_other_content_and_lost_files_are_done_again(film, tmp_path) -> None:
    lamp("watch", "film.mp4", cwd=tmp_path)
    lamp("watch", "film.mp4", "--overwrite", cwd=tmp_path)
    lamp("watch", "film.mp4", "--end", "2", cwd=tmp_path)
    assert len(runs(tmp_path)) == 3
    draw_lights(film, 2)
    assert "0:02" in lamp("watch", "film.mp4", "--end", "2", cwd=tmp_path).stdout
    assert len(runs(tmp_path)) == 4
    (tmp_path / "out" / "film.srt").unlink()
    lamp("watch", "film.mp4", "--end", "2", cwd=tmp_path)
    assert len(runs(tmp_path)) == 5


def test_a_copy_of_the_same_video_is_known_by_its_content(film, tmp_path) -> None:
    lamp("watch", "film.mp4", cwd=tmp_path)
    film.touch()
    lamp("watch", "film.mp4", cwd=tmp_path)
    assert len(runs(tmp_path)) == 1


def test_another_format_is_written_without_the_engine(film, tmp_path) -> None:
    lamp("watch", "film.mp4", "--format", "srt", cwd=tmp_path)
    done = lamp("watch", "film.mp4", "--format", "csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(runs(tmp_path)) == 1
    assert {"film.csv", "film.srt"} <= files(tmp_path / "out")


def test_results_of_another_video_are_not_replaced(film, tmp_path) -> None:
    (tmp_path / "b").mkdir()
    draw_lights(tmp_path / "b" / "film.mp4", 2)
    lamp("watch", "film.mp4", cwd=tmp_path)
    before = (tmp_path / "out" / "film.json").read_bytes()
    done = lamp("watch", "b/film.mp4", cwd=tmp_path)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert (tmp_path / "out" / "film.json").read_bytes() == before
    assert len(runs(tmp_path)) == 1


def test_a_folder_goes_on_after_a_failure_and_lists_it(tmp_path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("a.mp4", "c.mkv"):
        draw_lights(folder / name, 2)
    (folder / "b.mp4").write_text("this is a letter")
    (folder / "notes.txt").write_text("no video")
    done = lamp("watch", "films", "--json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 3
    assert [Path(json.loads(line)["source"]).name for line in done.stdout.splitlines()] == ["a.mp4", "c.mkv"]
    assert "1 of 3 files failed" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("playhead: error: 1 of 3")
    assert {"a.json", "c.json"} <= files(tmp_path / "out")
    lamp("watch", "films", "--out", "out", "--format", "json", cwd=tmp_path)
    assert len(runs(tmp_path)) == 2  # only the bad one was tried again, and it never opened


def test_videos_of_one_name_get_a_mark_each(tmp_path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        draw_lights(tmp_path / folder / "film.mp4", 1 + (folder == "b"))
    done = lamp("watch", "a/film.mp4", "b/film.mp4", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len([name for name in files(tmp_path / "out") if name.startswith("film-")]) == 2


def test_the_first_failure_gives_the_code(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "gone.mp4", "--start", "2:00", "--json", cwd=tmp_path)
    assert done.returncode == 2  # the window lies outside film.mp4; gone.mp4 comes second
    assert "2 of 2 files failed" in done.stderr


def test_a_format_that_cannot_hold_the_answer_keeps_the_json(film, tmp_path) -> None:
    done = lamp("chapters", "film.mp4", "--format", "youtube", cwd=tmp_path)
    assert done.returncode == 2
    assert "YouTube" in done.stderr
    assert files(tmp_path / "out") == {"film.chapters.json"}


# --- failures ------------------------------------------------------------------------------------------------------


def test_an_unreadable_answer_is_kept_and_has_a_code_of_its_own(film, tmp_path) -> None:
    done = lamp("ask", "film.mp4", "unreadable", "--json", cwd=tmp_path)
    assert done.returncode == 5
    assert json.loads(done.stdout)["failure"] == {"text": "mumble", "reason": "no words in it"}
    assert done.stderr.splitlines()[-1].startswith("playhead: error: ")


def test_a_fault_is_one_line_and_its_traceback_is_shown_on_debug(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", cwd=tmp_path, LAMP_FAULT="1")
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "error" in line]
    assert "unexpected RuntimeError: the bulb has burst" in line
    assert "Traceback" in lamp("watch", "film.mp4", "--debug", cwd=tmp_path, LAMP_FAULT="1").stderr


@pytest.mark.parametrize(
    "trouble",
    [{"LAMP_WAIT_S": "60"}, {"LAMP_STUCK": "1"}, {"LAMP_SWALLOWS": "1"}],
    ids=["python", "native", "swallowed"],
)
def test_ctrl_c_ends_soon_with_one_line_and_no_half_file(trouble, film, tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead", "watch", "film.mp4", "--engine", "lamp"],
        cwd=tmp_path,
        env=environ(PLUGIN, **trouble),
        # A shell that starts the tests in the background has them ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "looking" in line:
            break
    time.sleep(0.5)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 15  # 3 s of grace, and a busy machine
    assert process.returncode == 130
    assert out == ""
    assert [line for line in err.splitlines() if "interrupted" in line] == err.splitlines()[-1:]
    assert "Traceback" not in err
    assert files(tmp_path / "out") == set()


def test_on_a_terminal_progress_is_drawn_and_results_fit_its_width(film, tmp_path) -> None:
    code, screen = on_a_terminal(
        "watch", "film.mp4", "--engine", "lamp", cwd=tmp_path, LAMP_WAIT_S="1", COLUMNS="60"
    )
    assert code == 0
    assert "looking" in screen
    assert "%" in screen  # a bar, not the plain lines of a log
    assert "0:01.000 - 0:02.000  light" in screen
    assert "looking ..." not in screen


def on_a_terminal(*words: str, cwd: Path, **environment: str) -> tuple[int, str]:
    """Run the command with a terminal of its own for stdout and stderr; returns its code and all it drew."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead", *words],
        cwd=cwd,
        env=environ(PLUGIN, TERM="xterm", **environment),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    drawn = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux ends a terminal so
            break
        if not part:
            break
        drawn += part
    os.close(master)
    return process.wait(), drawn.decode(errors="replace")
