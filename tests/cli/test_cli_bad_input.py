"""Everything a person can get wrong about a file: one line that says what to do, the right code, nothing half written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environ, playhead
from helpers.lights import draw_lights, draw_sound

PLUGIN = Path(__file__).parent / "plugin"


def fails(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """One error line with these words, this code, nothing on stdout, no traceback."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("playhead: error: ")]
    assert len(lines) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == lines[0]
    for words in said:
        assert words in lines[0]
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def missing(folder: Path) -> list[str]:
    return ["gone.mp4"]


def empty_folder(folder: Path) -> list[str]:
    (folder / "films").mkdir()
    (folder / "films" / "notes.txt").write_text("no video")
    return ["films"]


def text_file(folder: Path) -> list[str]:
    (folder / "letter.mp4").write_text("Dear reader, this is no video.\n" * 50)
    return ["letter.mp4"]


def empty_file(folder: Path) -> list[str]:
    (folder / "empty.mp4").write_bytes(b"")
    return ["empty.mp4"]


def truncated_before_the_index(folder: Path) -> list[str]:
    data = draw_lights(folder / "whole.mp4", 3).read_bytes()
    (folder / "cut.mp4").write_bytes(data[: len(data) // 2])  # the index of an MP4 stands at its end
    return ["cut.mp4"]


def corrupt(folder: Path) -> list[str]:
    data = bytearray(draw_lights(folder / "whole.mkv", 3).read_bytes())
    data[:64] = os.urandom(64)
    (folder / "noise.mkv").write_bytes(bytes(data[:64]) + bytes(len(data)))
    return ["noise.mkv"]


def zero_frames(folder: Path) -> list[str]:
    import av

    with av.open(str(folder / "none.mp4"), "w") as container:
        container.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        container.start_encoding()
    return ["none.mp4"]


def unknown_codec(folder: Path) -> list[str]:
    path = draw_lights(folder / "odd.avi", 1)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"ZQZQ").replace(b"fmp4", b"zqzq"))
    return ["odd.avi"]


def dead_address(folder: Path) -> list[str]:
    return ["http://127.0.0.1:9/film.mp4"]


def unknown_scheme(folder: Path) -> list[str]:
    return ["gopher://example.invalid/film.mp4"]


def no_permission(folder: Path) -> list[str]:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    draw_lights(folder / "mine.mp4", 1).chmod(0)
    return ["mine.mp4"]


MEDIA_TROUBLE = [
    missing,
    empty_folder,
    text_file,
    empty_file,
    truncated_before_the_index,
    corrupt,
    zero_frames,
    unknown_codec,
    dead_address,
    no_permission,
]


@pytest.mark.parametrize("verb", ["probe", "watch"])
@pytest.mark.parametrize("make", MEDIA_TROUBLE, ids=lambda make: make.__name__)
def test_a_file_that_gives_nothing_is_a_media_error(make, verb, tmp_path) -> None:
    words = make(tmp_path)
    extra = ["--engine", "lamp"] if verb == "watch" else []
    done = playhead(verb, *words, *extra, cwd=tmp_path, path=PLUGIN)
    fails(done, 3, Path(words[0]).name)
    assert not list(tmp_path.rglob("out/*.*"))


def test_an_unknown_kind_of_address_is_refused(tmp_path) -> None:
    pytest.importorskip("fsspec")
    fails(playhead("probe", *unknown_scheme(tmp_path)), 3, "gopher", "unknown scheme", "http(s)://")


def test_damage_in_the_middle_still_gives_what_can_be_decoded(tmp_path) -> None:
    data = draw_lights(tmp_path / "whole.mkv", 3).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: int(len(data) * 0.7)])  # Matroska needs no index
    done = playhead("watch", "cut.mkv", "--engine", "lamp", cwd=tmp_path, path=PLUGIN)
    assert done.returncode == 0, done.stderr
    assert "light" in done.stdout


def test_no_sound_is_no_error(tmp_path) -> None:
    draw_lights(tmp_path / "silent.mp4", 2)
    done = playhead("watch", "silent.mp4", "--engine", "lamp", cwd=tmp_path, path=PLUGIN)
    assert done.returncode == 0, done.stderr
    assert "Transcript" not in done.stdout


def test_sound_alone_is_no_error_for_an_engine_that_listens(tmp_path) -> None:
    draw_sound(tmp_path / "sound.wav")
    done = playhead("transcribe", "sound.wav", "--engine", "lamp", cwd=tmp_path, path=PLUGIN)
    assert done.returncode == 0, done.stderr
    assert "No speech was heard." in done.stdout


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (["--start", "2:00"], "found a video of 2.9"),
        (["--start", "2", "--end", "1"], "not after the start"),
        (["--start", "1", "--end", "1"], "not after the start"),
        (["--end", "0"], "not after the start"),
        (["--start", "1:75"], "--start"),
        (["--end", "soon"], "--end"),
        (["--start=-3"], "--start"),
    ],
)
def test_a_window_that_is_not_there_is_a_usage_error(window, said, tmp_path) -> None:
    draw_lights(tmp_path / "film.mp4", 3)
    done = playhead("watch", "film.mp4", *window, "--engine", "lamp", cwd=tmp_path, path=PLUGIN)
    fails(done, 2, said)
    assert not list(tmp_path.rglob("out/*.*"))


@pytest.mark.parametrize(
    "stream", [["--video-stream", "9"], ["--audio-stream", "9"], ["--audio-stream", "fra"]]
)
def test_a_stream_that_is_not_there_is_a_usage_error(stream, tmp_path) -> None:
    draw_lights(tmp_path / "film.mp4", 1, beep=True)
    fails(playhead("probe", "film.mp4", *stream, cwd=tmp_path), 2, stream[1])


def test_a_full_disk_leaves_no_half_file(tmp_path) -> None:
    draw_lights(tmp_path / "film.mp4", 3)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "playhead", "watch", "film.mp4", "--engine", "lamp"],
        cwd=tmp_path,
        env=environ(PLUGIN),
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    fails(done, 6, "cannot write", "--out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_found_out_before_the_work(tmp_path) -> None:
    draw_lights(tmp_path / "film.mp4", 1)
    (tmp_path / "taken").write_text("a file")
    log = tmp_path / "log.txt"
    done = playhead(
        "watch",
        "film.mp4",
        "--engine",
        "lamp",
        "--out",
        "taken/here",
        cwd=tmp_path,
        path=PLUGIN,
        LAMP_LOG=str(log),
    )
    fails(done, 6, "taken/here")
    assert not log.exists()


OFFLINE = {
    "PIP_NO_INDEX": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_ENDPOINT": "http://127.0.0.1:9",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
}


def test_absent_weights_and_no_network_is_a_weights_error(tmp_path) -> None:
    draw_lights(tmp_path / "film.mp4", 2, beep=True)
    done = playhead("watch", "film.mp4", cwd=tmp_path, PLAYHEAD_CACHE=str(tmp_path / "cache"), **OFFLINE)
    fails(done, 4)
    assert not list(tmp_path.rglob("out/*.*"))


def test_pulling_without_a_network_is_a_weights_error(tmp_path) -> None:
    done = playhead("models", "pull", "yamnet", PLAYHEAD_CACHE=str(tmp_path / "cache"), **OFFLINE)
    fails(done, 4, "yamnet")
