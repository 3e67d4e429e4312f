"""Threads are chosen by the CPUs that are free, since a thread that has to wait stops all the others."""

from __future__ import annotations

import subprocess
import sys

import pytest

from playhead.language import cpus


def test_at_least_one_and_never_more_than_may_be_used():
    assert 1 <= cpus.free_cpus(0.05) <= cpus.usable_cpus()


@pytest.mark.skipif(not cpus._STAT.exists(), reason="this system does not tell how busy it is")
def test_a_machine_that_is_fully_busy_has_one_cpu_free():
    # At the lowest priority: others run tests meanwhile, and this one has to get a turn to end them.
    spin = [sys.executable, "-c", "import os\nos.nice(19)\nwhile True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(2 * cpus.usable_cpus())]
    try:
        assert cpus.free_cpus(0.5) == 1
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_without_a_count_all_cpus_are_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(cpus, "_STAT", tmp_path / "absent")
    assert cpus.free_cpus() == cpus.usable_cpus()
