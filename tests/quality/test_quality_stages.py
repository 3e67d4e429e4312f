"""The stage clock of the watch benchmark, on time told by hand."""

from __future__ import annotations

import threading

import pytest

from stages import StageClock, table


class Time:
    now = 100.0

    def __call__(self):
        return self.now


def test_stages_are_timed_from_their_first_call_to_their_last():
    wall, cpu = Time(), Time()
    clock = StageClock(wall, cpu)
    with clock.run():
        for stage, at_s in (("speech", 101), ("shots", 102), ("speech", 105), ("shots", 103)):
            wall.now, cpu.now = at_s, 100 + 2 * (at_s - 100)
            clock(stage, 0.0, None)
        wall.now, cpu.now = 110, 115
    assert (clock.stages["speech"].wall_s, clock.stages["speech"].cpu_s) == (4, 8)
    assert (clock.stages["shots"].first_s, clock.stages["shots"].last_s) == (2, 3)
    assert (clock.total_wall_s, clock.total_cpu_s) == (10, 15)
    rows = table(clock, 20.0).splitlines()
    assert rows[2] == "| speech | 1.00 | 5.00 | 4.00 | 8.00 | 0.200 |"
    assert rows[-1] == "| **all** | 0.00 | 10.00 | 10.00 | 15.00 | 0.500 |"


def test_the_total_is_kept_when_the_work_fails():
    wall = Time()
    clock = StageClock(wall, Time())

    def work():
        wall.now = 103
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), clock.run():
        work()
    assert clock.total_wall_s == 3


def test_threads_may_report_at_once():
    clock = StageClock()
    threads = [
        threading.Thread(target=lambda n=n: [clock(f"stage {n % 3}", i, 99) for i in range(200)])
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(clock.stages) == ["stage 0", "stage 1", "stage 2"]
