"""``playhead probe`` against films whose frame times are known."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from helpers.command import environ, playhead
from helpers.lights import draw_lights, draw_sound

UNEVEN_MS = [0, 100, 150, 900, 1000, 1700]


def test_constant_rate_is_measured_and_shown(tmp_path) -> None:
    draw_lights(tmp_path / "even.mp4", 3, beep=True)
    done = playhead("probe", "even.mp4", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "30 frames from 0.000" in done.stdout
    assert "constant rate, measured" in done.stdout
    assert "29x 100.000 ms" in done.stdout
    assert "mpeg4" in done.stdout
    assert "aac" in done.stdout


def test_variable_rate_gives_the_true_times(tmp_path) -> None:
    draw_lights(tmp_path / "uneven.mkv", times_ms=UNEVEN_MS)
    done = playhead("probe", "uneven.mkv", "--json", "--frames", cwd=tmp_path)
    data = json.loads(done.stdout)
    assert data["variable_rate"] is True
    assert data["frame_times_s"] == pytest.approx([ms / 1000 for ms in UNEVEN_MS], abs=1e-6)
    assert data["measured"]["frame_count"] == len(UNEVEN_MS)
    assert data["video"]["codec"] == "mpeg4"
    assert data["audio"] is None


def test_frames_prints_one_time_a_line(tmp_path) -> None:
    draw_lights(tmp_path / "uneven.mp4", times_ms=UNEVEN_MS)
    done = playhead("probe", "uneven.mp4", "--frames", cwd=tmp_path)
    assert [float(line) for line in done.stdout.split()] == [ms / 1000 for ms in UNEVEN_MS]


def test_a_late_stream_shows_its_offset(tmp_path) -> None:
    draw_lights(tmp_path / "late.mkv", 3, beep=True, times_ms=list(range(500, 3000, 100)))
    data = json.loads(playhead("probe", "late.mkv", "--json", cwd=tmp_path).stdout)
    assert data["measured"]["first_frame_s"] == pytest.approx(
        0.5, abs=0.07
    )  # the sound's priming may lie before 0
    assert data["video"]["start_s"] == pytest.approx(0.5, abs=0.07)


def test_sound_alone_is_shown(tmp_path) -> None:
    draw_sound(tmp_path / "sound.wav")
    done = playhead("probe", "sound.wav", cwd=tmp_path)
    assert done.returncode == 0
    assert "pcm_s16le" in done.stdout
    assert playhead("probe", "sound.wav", "--frames", cwd=tmp_path).stdout == ""


def test_several_files_are_json_lines_and_a_bad_one_is_listed(tmp_path) -> None:
    draw_lights(tmp_path / "a.mp4", 1)
    draw_lights(tmp_path / "c.mp4", 2)
    (tmp_path / "b.mp4").write_text("no video")
    done = playhead("probe", ".", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == ["a.mp4", "c.mp4"]
    assert "1 of 3 files failed" in done.stderr
    assert "b.mp4" in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path) -> None:
    draw_lights(tmp_path / "film.mkv", 3)
    probe = subprocess.Popen(
        [sys.executable, "-m", "playhead", "probe", "film.mkv", "--frames"],
        cwd=tmp_path,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert probe.stdout is not None
    assert probe.stderr is not None
    probe.stdout.close()  # before anything is written
    said = probe.stderr.read()
    probe.stderr.close()
    assert said == ""
    assert probe.wait() == 141


def test_a_terminal_that_is_not_utf8_gets_readable_text(tmp_path) -> None:
    draw_lights(tmp_path / "caf\u00e9 \u6620\u753b.mp4", 1)
    for extra in ([], ["--json"]):
        done = playhead("probe", "caf\u00e9 \u6620\u753b.mp4", *extra, cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
    assert json.loads(done.stdout)["source"] == "caf\u00e9 \u6620\u753b.mp4"


def test_a_full_disk_behind_stdout_is_an_output_error(tmp_path) -> None:
    draw_lights(tmp_path / "a.mp4", 1)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        done = subprocess.run(
            [sys.executable, "-m", "playhead", "probe", "a.mp4"],
            cwd=tmp_path,
            env=environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 6
    assert done.stderr.startswith("playhead: error: cannot write results to stdout; found No space left")
    assert len(done.stderr.splitlines()) == 1
