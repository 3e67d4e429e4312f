"""Files: whole or not at all, under names that do not collide."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from export_samples import realistic
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import EXIT_INTERRUPTED, OutputError, UsageError
from playhead.export import FORMATS, exporter, load_answer, names_for, write
from playhead.timeline import Answer, Sampling, Span


def test_every_format_is_written_under_its_suffix(tmp_path):
    paths = write(realistic(), tmp_path / "new" / "out", FORMATS, "talk")
    assert [path.name for path in paths] == [f"talk{item.suffix}" for item in FORMATS.values()]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == sorted(
        path.name for path in paths
    )
    assert all(path.stat().st_size for path in paths)
    assert load_answer(paths[0]).title == realistic().title


def test_suffixes_differ_and_needs_are_fields_of_an_answer():
    suffixes = [item.suffix for item in FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)
    assert all(item.needs in {"", *Answer.__dataclass_fields__} for item in FORMATS.values())


def test_files_get_the_users_usual_permissions(tmp_path):
    mask = os.umask(0o022)
    try:
        [path] = write(realistic(), tmp_path, ["json"], "a")
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644


def test_writing_again_replaces(tmp_path):
    (tmp_path / "a.json").write_text("old")
    [path] = write(realistic(), tmp_path, ["json"], "a")
    assert load_answer(path).task == "watch"


def test_an_unknown_format_is_refused_with_the_nearest_name(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'json'"):
        write(realistic(), tmp_path, ["jsn"], "a")
    with pytest.raises(UsageError, match="known: csv"):
        exporter("docx")


def test_a_format_that_cannot_hold_the_answer_leaves_nothing(tmp_path):
    answer = Answer(task="watch", source="a", duration_s=3, model="m", sampling=Sampling("p", Span(0, 3)))
    with pytest.raises(UsageError, match="YouTube"):
        write(answer, tmp_path, ["json", "youtube"], "a")
    assert list(tmp_path.iterdir()) == []


def test_a_path_with_bytes_that_are_no_utf8_is_written(tmp_path):
    source = os.fsdecode(b"film\xff.mp4")
    answer = Answer(task="watch", source=source, duration_s=3, model="m", sampling=Sampling("p", Span(0, 3)))
    paths = write(answer, tmp_path, [name for name in FORMATS if name != "youtube"], "a")
    assert load_answer(paths[0]).source == source


def test_a_folder_that_is_a_file_is_an_output_error(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        write(realistic(), tmp_path / "out", ["json"], "a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission_is_an_output_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="ermission"):
        write(realistic(), tmp_path, ["json"], "a")


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from export_samples import realistic
from playhead.errors import PlayheadError
from playhead.export import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write(realistic(), sys.argv[1], ["vtt", "json", "md"], "talk")
except PlayheadError as error:
    print(error)
    raise SystemExit(error.exit_code)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit on this system")
def test_a_full_disk_leaves_nothing_new_and_the_old_file_whole(tmp_path):
    """A file size limit makes write() fail in the middle of the second file, as a full disk does."""
    (tmp_path / "talk.json").write_text("old")
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == OutputError.exit_code, done.stderr
    assert done.stdout.startswith(f"cannot write {tmp_path / 'talk.json'}")
    assert len(done.stdout.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["talk.json"]
    assert (tmp_path / "talk.json").read_text() == "old"


def test_an_interruption_leaves_no_broken_file(tmp_path, monkeypatch):
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(realistic(), tmp_path, ["json"], "a")
    assert list(tmp_path.iterdir()) == []
    assert EXIT_INTERRUPTED == 130


def test_names_come_from_the_videos():
    assert names_for(["a/talk.mp4", "b/other.tar.mkv", "https://x.org/v/clip%20one.mp4?sig=1#t"]) == [
        "talk",
        "other.tar",
        "clip one",
    ]
    assert names_for(["s3://bucket/key/film.mp4", "https://x.org/"]) == ["film", "x"]


def test_videos_of_one_name_get_different_files_that_stay_the_same():
    sources = ["a/talk.mp4", "b/Talk.mov", "c.mp4"]
    names = names_for(sources)
    assert names == names_for(sources)
    assert len({name.casefold() for name in names}) == 3
    assert names[2] == "c"
    assert names[0].startswith("talk-")
    assert names_for(list(reversed(sources))) == list(reversed(names))


def test_names_no_file_system_refuses():
    names = names_for(
        [
            'a<b>:"c|d?.mp4',
            "x" * 400 + ".mp4",
            "con.mp4",
            "...",
            "é" * 200 + ".mp4",
            "C:\\films\\a b.mp4",
            "-",
        ]
    )
    assert names[0] == "a_b___c_d_"
    assert all(0 < len(name.encode()) <= 151 and "/" not in name for name in names)
    assert names[2] == "_con"
    assert names[5] == "a b"


@given(st.lists(st.text(max_size=30), unique=True, max_size=6))
def test_any_sources_give_distinct_usable_names(sources):
    names = names_for(sources)
    different = {Path(source.replace("\0", "0")).resolve() for source in sources}
    assert len({name.casefold() for name in names}) >= len(different)
    assert all(name and name not in {".", ".."} and "/" not in name and "\0" not in name for name in names)
