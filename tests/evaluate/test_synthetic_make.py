"""Making the benchmark: the same bytes twice, whole files only, goes on where it stopped, refuses what it cannot do."""

from __future__ import annotations

import errno
import io
import json

import pytest

from helpers.command import playhead
from playhead.errors import UsageError
from playhead.evaluate.registry import find_benchmark, load_benchmark
from playhead.evaluate.synthetic.make import Bench, make_bench, write_clip
from playhead.evaluate.synthetic.plan import plan
from playhead.timeline import Span

SMALL = Bench(seed=5, clips=4, levels=("single", "brief"), size_px=(128, 72))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return folder, make_bench(folder, SMALL)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_seed_gives_the_same_files(made, tmp_path) -> None:
    make_bench(tmp_path, SMALL)
    assert contents(tmp_path) == contents(made[0])
    assert len(contents(tmp_path)) == 2 + 2 * SMALL.clips


def test_the_tasks_are_read_by_the_benchmark_own(made) -> None:
    folder, result = made
    loaded = load_benchmark(find_benchmark("own"), folder)
    assert [sample.id for sample in loaded.samples] == [task["id"] for task in result.tasks]
    assert not loaded.missing
    assert not loaded.notes
    for sample, task in zip(loaded.samples, result.tasks, strict=True):
        if task["task"] == "ground":
            assert sample.truth.spans == tuple(Span(*pair) for pair in task["spans"])
        assert sample.groups == task["groups"]


def test_a_run_goes_on_where_it_was_stopped(made, tmp_path) -> None:
    def stop(stage, done, total) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_bench(tmp_path, SMALL, progress=stop)
    assert not (tmp_path / "tasks.jsonl").exists()
    assert make_bench(tmp_path, SMALL).kept == 2
    assert contents(tmp_path) == contents(made[0])


def test_what_was_damaged_or_lost_is_made_again(made, tmp_path) -> None:
    make_bench(tmp_path, SMALL)
    [first, second, third, fourth] = sorted(tmp_path.glob("clips/*.json"))
    first.unlink()
    second.write_text("{")
    video = third.with_suffix(".mp4")
    video.write_bytes(video.read_bytes()[:-100])
    again = make_bench(tmp_path, SMALL)
    assert again.kept == 1
    assert fourth.exists()
    assert contents(tmp_path) == contents(made[0])


def test_a_folder_holds_one_benchmark(made, tmp_path) -> None:
    with pytest.raises(UsageError, match="another one there"):
        make_bench(made[0], Bench(seed=6, clips=4, levels=SMALL.levels, size_px=SMALL.size_px))
    (tmp_path / "tasks.jsonl").write_text("")
    with pytest.raises(UsageError, match="other files there"):
        make_bench(tmp_path, SMALL)
    (tmp_path / "tasks.jsonl").unlink()
    (tmp_path / "bench.json").write_text("{")
    with pytest.raises(UsageError, match=r"bench\.json"):
        make_bench(tmp_path, SMALL)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"levels": ("singel",)}, "did you mean 'single'"),
        ({"levels": ()}, "each level once"),
        ({"levels": ("brief", "brief")}, "each level once"),
        ({"clips": 0}, "1 to 10000"),
        ({"clips": 10**6}, "1 to 10000"),
        ({"seed": -1}, "0 and more"),
        ({"size_px": (641, 360)}, "even numbers"),
        ({"size_px": (32, 24)}, "from 64"),
        ({"size_px": (360, 640)}, "4 wide for 3 high"),
    ],
)
def test_what_cannot_be_made_is_refused(wrong, said) -> None:
    with pytest.raises(UsageError, match=said):
        Bench(**wrong)


def test_every_level_meets_every_timing_once() -> None:
    bench = Bench()
    pairs = {(clip.level, clip.timing) for clip in map(bench.clip, range(bench.clips))}
    assert len(pairs) == bench.clips == 40


def test_the_command_makes_it_and_says_what_it_made(tmp_path) -> None:
    words = ["make-bench", str(tmp_path / "bench"), "--seed", "5", "--clips", "2", "--size", "128x72"]
    first = playhead(*words, "--levels", "single, brief", "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["clips"] == 2
    assert told["kept"] == 0
    assert sum(told["tasks"].values()) == len((tmp_path / "bench" / "tasks.jsonl").read_text().splitlines())
    again = playhead(*words, "--levels", "single,brief")
    assert "2 of them from before" in again.stderr
    assert "single" in again.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--levels", "brif"], "did you mean 'brief'"),
        (["--size", "640"], "WIDTHxHEIGHT"),
        (["--size", "63x64"], "even numbers"),
        (["--clips", "0"], "1 to 10000"),
    ],
)
def test_the_command_refuses_on_one_line(tmp_path, words, said) -> None:
    done = playhead("make-bench", str(tmp_path / "bench"), *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "bench").exists()


@pytest.mark.parametrize("timing", ["constant", "transport"])
def test_a_full_disk_is_the_disks_own_error(timing) -> None:
    class Full(io.BytesIO):
        def write(self, data) -> int:
            if self.tell() > 2000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"):
        write_clip(Full(), plan(0, 0, "single", timing), (128, 72))


def test_a_place_that_cannot_be_written_is_an_error_of_output(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    done = playhead("make-bench", str(tmp_path / "file" / "bench"), "--clips", "1", "--levels", "single")
    assert done.returncode == 6
    assert "cannot write" in done.stderr
