"""Kept files are whole or absent, and the least recently used go first."""

from __future__ import annotations

import os

import pytest

from playhead.hub.kept import trim, write_whole


def test_a_file_is_whole_or_absent(tmp_path):
    path = tmp_path / "new" / "a.json"
    write_whole(path, lambda file: file.write(b"{}"))
    assert path.read_bytes() == b"{}"

    def fail(file):
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fail)
    assert path.read_bytes() == b"{}"
    assert [each.name for each in path.parent.iterdir()] == ["a.json"]


def test_others_may_read_a_file_where_the_users_umask_lets_them(tmp_path):
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "a.json", lambda file: file.write(b"{}"))
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_the_least_recently_used_go_first(tmp_path):
    for age, name in enumerate(("new.npz", "old.npz", "oldest.npz", "other.txt")):
        (tmp_path / name).write_bytes(b"x" * 10)
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    trim(tmp_path, frozenset({".npz"}), 20)
    assert {path.name for path in tmp_path.iterdir()} == {"new.npz", "old.npz", "other.txt"}
    trim(tmp_path, frozenset({".npz"}), 0, keep=tmp_path / "old.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"old.npz", "other.txt"}
