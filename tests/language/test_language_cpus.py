"""Threads are chosen by the CPUs that are free, since a thread that has to wait stops all the others."""

from __future__ import annotations

import pytest

from playhead.language import cpus

BEFORE = "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\n"  # user, nice, system, idle, waiting for disks, ...


def test_at_least_one_and_never_more_than_may_be_used() -> None:
    assert 1 <= cpus.free_cpus(0.05) <= cpus.usable_cpus()


@pytest.mark.parametrize(
    ("after", "free"),
    [
        ("cpu  500 0 50 800 50 0 0 0 0 0\n", 1),  # none was idle, and one is always taken
        ("cpu  300 0 50 1000 50 0 0 0 0 0\n", 4),  # half of it
        ("cpu  300 0 50 800 250 0 0 0 0 0\n", 4),  # waiting for disks leaves a CPU free
        ("cpu  100 0 50 1200 50 0 0 0 0 0\n", 8),
        (BEFORE, 8),  # no tick has passed: nothing is known
    ],
)
def test_the_share_of_time_that_was_idle_says_how_many(monkeypatch, tmp_path, after, free) -> None:
    told = tmp_path / "stat"
    told.write_text(BEFORE)
    monkeypatch.setattr(cpus, "_STAT", told)
    monkeypatch.setattr(cpus, "usable_cpus", lambda: 8)
    monkeypatch.setattr(cpus.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(cpus.time, "sleep", lambda _: told.write_text(after))
    assert cpus.free_cpus() == free


def test_a_container_that_may_use_fewer_gets_no_more(monkeypatch, tmp_path) -> None:
    told = tmp_path / "stat"
    told.write_text(BEFORE)
    monkeypatch.setattr(cpus, "_STAT", told)
    monkeypatch.setattr(cpus, "usable_cpus", lambda: 2)
    monkeypatch.setattr(cpus.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(cpus.time, "sleep", lambda _: told.write_text("cpu  100 0 50 1200 50 0 0 0 0 0\n"))
    assert cpus.free_cpus() == 2


def test_without_a_count_all_cpus_are_taken(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(cpus, "_STAT", tmp_path / "absent")
    assert cpus.free_cpus() == cpus.usable_cpus()
