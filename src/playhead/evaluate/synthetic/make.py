"""Makes the benchmark: clips as files, each whole or not there, and the file of tasks that ``own`` reads.

    DIR/bench.json            what was asked for; a folder holds one benchmark
    DIR/clips/NAME.mp4        a clip (``.ts`` for transport streams)
    DIR/clips/NAME.json       its script, its tasks, its sha256; written last, so that it marks a finished clip
    DIR/tasks.jsonl           all tasks, when all clips are there

A run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from playhead.errors import OutputError, PlayheadError, UsageError, nearest
from playhead.evaluate.synthetic import sounds
from playhead.evaluate.synthetic.chance import Chance
from playhead.evaluate.synthetic.levels import LEVELS
from playhead.evaluate.synthetic.pictures import Painter
from playhead.evaluate.synthetic.plan import EDITION, Planned, plan
from playhead.evaluate.synthetic.questions import Clip, Record, tasks_of
from playhead.evaluate.synthetic.timing import TIMINGS
from playhead.hub.kept import write_whole
from playhead.media import index_frames, probe
from playhead.media.write import Picture, Sound, Writing, write_media
from playhead.progress import Progress, silent

BENCH_FILE: Final = "bench.json"
TASKS_FILE: Final = "tasks.jsonl"
_CLIPS: Final = "clips"
_MOST_CLIPS: Final = 10_000
_SIDES_PX: Final = (64, 1920)
_LIBRARIES: Final = ("av", "numpy", "pillow")
_EXACT_S: Final = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Which benchmark.

    Attributes:
        seed: Another seed, other clips.
        clips: How many; with all levels, 40 have every level with every timing once.
        levels: Names of levels, taken in turn.
        size_px: Width and height of the pictures.

    Raises:
        UsageError: If a level is unknown, there are none, or a number is out of range.
    """

    seed: int = 0
    clips: int = len(LEVELS) * len(TIMINGS)
    levels: tuple[str, ...] = tuple(LEVELS)
    size_px: tuple[int, int] = (640, 360)

    def __post_init__(self) -> None:
        for level in self.levels:
            if level not in LEVELS:
                raise UsageError(
                    f"no level {level!r}", allowed=", ".join(LEVELS), todo=nearest(level, LEVELS)
                )
        if not self.levels or len(set(self.levels)) < len(self.levels):
            raise UsageError(
                "cannot make a benchmark", found=f"levels {self.levels}", allowed="each level once"
            )
        if not 1 <= self.clips <= _MOST_CLIPS:
            raise UsageError(
                "cannot make a benchmark", found=f"{self.clips} clips", allowed=f"1 to {_MOST_CLIPS}"
            )
        if self.seed < 0:
            raise UsageError("cannot make a benchmark", found=f"seed {self.seed}", allowed="0 and more")
        low, high = _SIDES_PX
        width_px, height_px = self.size_px
        even = all(low <= side <= high and side % 2 == 0 for side in self.size_px)
        if not even or width_px * 3 < height_px * 4:
            raise UsageError(
                f"cannot draw pictures of {width_px}x{height_px}",
                allowed=f"even numbers from {low} to {high}, at least 4 wide for 3 high",
            )

    def clip(self, number: int) -> Clip:
        """The clip of that number: levels in turn, each with every timing in turn."""
        at = number % len(self.levels)
        level, timings = self.levels[at], tuple(TIMINGS)
        timing = timings[(number // len(self.levels) + 3 * at) % len(timings)]
        name = f"{number:03d}-{level}-{timing}"
        suffix = ".ts" if timing == "transport" else ".mp4"
        return Clip(name, f"{_CLIPS}/{name}{suffix}", level, timing)


@dataclass(frozen=True, slots=True)
class Made:
    """What is in the folder now.

    Attributes:
        tasks: Every task, as in the file.
        durations_s: Length of each clip by its name.
        kept: How many clips were there before.
    """

    tasks: tuple[Record, ...]
    durations_s: dict[str, float]
    kept: int


def make_bench(folder: Path, bench: Bench, *, progress: Progress = silent) -> Made:
    """Make a benchmark, or what of it is not there yet.

    Args:
        folder: Where; made when missing.
        bench: Which.
        progress: Told of each clip.

    Raises:
        UsageError: The folder holds another benchmark or somebody's tasks.
        OutputError: A file cannot be written.
        PlayheadError: A written clip's times are not the planned ones: a fault of playhead or of FFmpeg's libraries.
    """
    folder = Path(folder)
    _claim(folder, bench)
    facts: list[dict[str, Any]] = []
    kept = 0
    for number in range(bench.clips):
        progress("drawing clips", number, bench.clips)
        clip = bench.clip(number)
        there = _finished(folder, clip)
        kept += there is not None
        facts.append(there or _make(folder, bench, number, clip))
    tasks = tuple(task for each in facts for task in each["tasks"])
    lines = "".join(json.dumps(task, ensure_ascii=False) + "\n" for task in tasks)
    _write(folder / TASKS_FILE, lambda file: file.write(lines.encode()))
    progress("drawing clips", bench.clips, bench.clips)
    return Made(tasks, {each["name"]: each["duration"] for each in facts}, kept)


def _claim(folder: Path, bench: Bench) -> None:
    """Write what is asked for into a new folder, or see that a folder was begun with the same.

    Raises:
        UsageError: If it was not.
    """
    wanted = {"edition": EDITION, **json.loads(json.dumps(asdict(bench)))}
    path = folder / BENCH_FILE
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot go on in {folder}", found=f"{BENCH_FILE}: {error}") from error
        if found != wanted:
            raise UsageError(
                f"cannot make the benchmark in {folder}",
                found=f"another one there: {json.dumps(found)}",
                allowed=f"the same settings: {json.dumps(wanted)}",
                todo="choose another folder",
            )
        return
    if (folder / TASKS_FILE).exists() or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            f"cannot make a benchmark in {folder}", found="other files there", todo="choose another folder"
        )
    _write(path, lambda file: file.write((json.dumps(wanted, indent=1) + "\n").encode()))


def _finished(folder: Path, clip: Clip) -> dict[str, Any] | None:
    """The facts of a clip that is there whole; None when it has to be made."""
    try:
        facts: dict[str, Any] = json.loads(_facts_path(folder, clip).read_text(encoding="utf-8"))
        whole = facts["sha256"] == _sha256(folder / clip.video)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never made, or somebody changed it; it is made anew
    return facts if whole else None


def _make(folder: Path, bench: Bench, number: int, clip: Clip) -> dict[str, Any]:
    planned = plan(bench.seed, number, clip.level, clip.timing)
    path = folder / clip.video
    _write(path, lambda file: write_clip(file, planned, bench.size_px))
    _hold_to_plan(path, planned)
    chance = Chance("questions", EDITION, bench.seed, number)
    facts = {
        "name": clip.name,
        "video": clip.video,
        "sha256": _sha256(path),
        "duration": planned.script.edges_s[-1],
        "made_with": {name: version(name) for name in _LIBRARIES},
        "script": asdict(planned.script),
        "tasks": tasks_of(planned.script, clip, chance),
    }
    _write(_facts_path(folder, clip), lambda file: file.write((json.dumps(facts) + "\n").encode()))
    return facts


def write_clip(target: Any, planned: Planned, size_px: tuple[int, int]) -> None:  # noqa: ANN401 - a path or an open file
    """Draw a planned clip into a file."""
    how, painter = planned.schedule, Painter(planned.script, size_px)
    first = round((how.sound_start_s + float(how.zero * how.tick_s)) * sounds.RATE_HZ)
    drawn = [painter.hidden()] * how.hidden

    def pictures() -> Any:  # noqa: ANN401 - a generator of pictures
        lasting = np.diff(how.ticks).tolist()
        for tick, ticks, pixels_HWC in zip(
            how.ticks[:-1], lasting, _chain(drawn, painter.all()), strict=True
        ):
            yield Picture(tick, ticks, pixels_HWC)

    write_media(
        target,
        pictures(),
        Writing(
            size_px=size_px,
            tick_s=how.tick_s,
            container=how.container,
            encoder={"crf": "12", "preset": "veryfast", **how.encoder},
            gop=50,
            muxer=how.muxer,
        ),
        Sound(sounds.track_of(planned.script), sounds.RATE_HZ, first, how.codec),
    )


def _hold_to_plan(path: Path, planned: Planned) -> None:
    """See that the written file says the very times its truth was planned with.

    Raises:
        PlayheadError: If it does not.
    """
    index, edges_s = index_frames(path, probe(path)), np.array(planned.script.edges_s)
    found_s = np.append(index.times_s, index.end_s)
    if len(found_s) != len(edges_s) or np.abs(found_s - edges_s).max() > _EXACT_S:
        raise PlayheadError(
            f"{path} was written with other times than planned",
            found=f"{len(found_s) - 1} pictures from {found_s[0]:.6f} to {found_s[-1]:.6f} s",
            allowed=f"{len(edges_s) - 1} pictures from {edges_s[0]:.6f} to {edges_s[-1]:.6f} s",
        )


def _chain(hidden: Sequence[Any], shown: Any) -> Any:  # noqa: ANN401 - pictures
    yield from hidden
    yield from shown


def _facts_path(folder: Path, clip: Clip) -> Path:
    return folder / _CLIPS / f"{clip.name}.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, write: Callable[[Any], object]) -> None:
    try:
        write_whole(path, write)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}",
            found=error.strerror or str(error),
            todo="free space or choose another folder",
        ) from error
