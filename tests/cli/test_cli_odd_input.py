"""Odd files and odd shells: what never ends is refused, odd names work, closed streams and one unfit format cost nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environ, playhead
from helpers.draw import SCENES
from helpers.lights import draw_lights
from playhead.export import FORMATS

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture
def film(tmp_path):
    return draw_lights(tmp_path / "film.mp4", 3, beep=True)


def lamp(*words, cwd, **environment):
    verb, *rest = words
    return playhead(verb, *rest, "--engine", "lamp", cwd=cwd, path=PLUGIN, **environment)


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("playhead: error: ")
    for words in said:
        assert words in last


# --- files that are none ---------------------------------------------------------------------------------------


def pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe.mp4")
    return "pipe.mp4"


def device(folder: Path) -> str:
    del folder
    return "/dev/zero"


def circle_of_links(folder: Path) -> str:
    (folder / "a.mp4").symlink_to("b.mp4")
    (folder / "b.mp4").symlink_to("a.mp4")
    return "a.mp4"


def endless_name(folder: Path) -> str:
    del folder
    return "n" * 300 + ".mp4"


@pytest.mark.skipif(os.name != "posix", reason="pipes, devices and links of POSIX")
@pytest.mark.parametrize(
    "verb", [("probe",), ("watch", "--engine", "lamp"), ("watch", "--json", "--engine", "lamp")]
)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "a pipe"),
        (device, "a device"),
        (circle_of_links, "cannot open"),
        (endless_name, "name too long"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_is_no_file_is_refused_and_never_waited_for(make, said, verb, tmp_path) -> None:
    name = make(tmp_path)
    done = playhead(*verb, name, cwd=tmp_path, path=PLUGIN)
    refused(done, 3, said, name)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_dead_link_in_a_folder_is_listed_among_the_failures(tmp_path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    draw_lights(folder / "good.mp4", 1)
    (folder / "lost.mp4").symlink_to("nowhere.mp4")
    done = playhead("probe", "films", cwd=tmp_path)
    refused(done, 3, "1 of 2 files failed")
    assert "lost.mp4: cannot open" in done.stderr
    assert "good.mp4" in done.stdout


# --- names -------------------------------------------------------------------------------------------------------


def test_one_file_under_three_spellings_is_one_video(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "./film.mp4", str(film), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == "film.mp4"


def test_videos_keep_the_order_in_which_they_were_first_named(film, tmp_path) -> None:
    draw_lights(tmp_path / "next.mp4", 1)
    done = lamp("watch", "next.mp4", "film.mp4", "./next.mp4", "--json", cwd=tmp_path)
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == ["next.mp4", "film.mp4"]


@pytest.mark.parametrize(
    "name", ["ünï cödé 影片 🎬.mp4", "two  spaces.mp4", "-dash.mp4", "a'b\"c.mp4", "per%20cent#1.mp4"]
)
def test_odd_names_are_watched_and_written(name, film, tmp_path) -> None:
    film.rename(tmp_path / name)
    words = ("--engine", "lamp", "--format", "json", "--", name)
    done = playhead("watch", *words, cwd=tmp_path, path=PLUGIN)
    assert done.returncode == 0, done.stderr
    (written,) = (tmp_path / "out").glob("*.json")
    assert json.loads(written.read_text())["source"] == name


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no UTF-8 exist on Linux")
def test_a_name_that_is_no_text_is_watched_and_shown_with_a_mark(film, tmp_path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    film.rename(tmp_path / name)
    done = lamp("watch", name, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("caf\ufffd.mp4")
    assert (tmp_path / "out" / "caf_.json").is_file()


# --- shells ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="closing streams as a POSIX shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(closed, film, tmp_path) -> None:
    command = f'"{sys.executable}" -m playhead watch film.mp4 --engine lamp --format json {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=tmp_path,
        env=environ(PLUGIN),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((tmp_path / "out" / "film.json").read_text())["task"] == "watch"


def test_a_missing_question_is_said_to_be_missing(film, tmp_path) -> None:
    refused(
        playhead("ask", "film.mp4", cwd=tmp_path), 2, "VIDEO and QUESTION are needed", "playhead ask --help"
    )
    refused(playhead("probe", cwd=tmp_path), 2, "VIDEO")


def test_two_videos_are_set_apart_by_a_blank_line(film, tmp_path) -> None:
    draw_lights(tmp_path / "next.mp4", 1)
    done = lamp("watch", "film.mp4", "next.mp4", "--format", "json", cwd=tmp_path)
    lines = done.stdout.splitlines()
    (second,) = [number for number, line in enumerate(lines) if line.startswith("next.mp4 - ")]
    assert (lines[0].startswith("film.mp4 - "), lines[second - 1]) == (True, "")


# --- formats -----------------------------------------------------------------------------------------------------


def test_all_formats_are_those_that_can_hold_the_answer(film, tmp_path) -> None:
    first = lamp("watch", "film.mp4", "--format", "all", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "left out: cannot write YouTube chapters" in first.stderr
    written = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert written == {f"film{each.suffix}" for name, each in FORMATS.items() if name != "youtube"}
    again = lamp("watch", "film.mp4", "--format", "all", cwd=tmp_path)
    assert "finished before" in again.stderr
    assert again.stdout == first.stdout


def test_a_format_asked_for_by_name_is_an_error_and_the_others_are_written(film, tmp_path) -> None:
    done = lamp("watch", "film.mp4", "--format", "youtube,csv", cwd=tmp_path)
    refused(done, 2, "YouTube")
    assert {path.name for path in (tmp_path / "out").glob("film*")} == {"film.json", "film.csv"}


# --- odd clips ---------------------------------------------------------------------------------------------------

ODD = [
    "late_video",
    "both_late",
    "edit_list",
    "variable",
    "gif",
    "webp",
    "single_frame",
    "rotated_1",
    "still",
    "raw_h264",
]


@pytest.mark.parametrize("scene", ODD)
def test_odd_clips_are_probed_with_their_own_times(scene, tmp_path) -> None:
    drawn = SCENES[scene](tmp_path)
    done = playhead("probe", drawn.path, "--json", "--frames")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["frame_times_s"] == pytest.approx(drawn.times_s, abs=drawn.rounding_s)
    assert data["duration_s"] == pytest.approx(drawn.end_s, abs=drawn.end_rounding_s)
