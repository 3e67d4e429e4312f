"""How wrong what was given is, in seconds; and the whole test of something by name.

A picture's time is wrong by its distance from when the picture with that number is first shown. A time that is told is
wrong by its distance from the nearest instant at which one of the pictures it is told of is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playhead.clockcheck.clips import DrawnClip, draw_clips
from playhead.clockcheck.subject import Given, Telling, Told

ALLOWED_S: Final = 0.001
"""Rounding that is no fault: far below a frame, above what a container rounds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How right one subject's clock is on one clip.

    Attributes:
        subject: What was tested.
        clip: Name of the clip.
        pictures: How many pictures the model would be given; None where that cannot be seen.
        frames_off_s: Worst distance of a picture's time from the truth.
        told_off_s: Worst distance of a told time from the truth, or None where nothing can be compared.
        telling: How times are told.
        faults: What else is wrong, in plain sentences.
        ids_right: Whether the prompt's token ids and positions are; None where nothing of them can be seen.
        allowed_s: What of a distance is no fault.
    """

    subject: str
    clip: str
    pictures: int | None
    frames_off_s: float | None
    told_off_s: float | None
    telling: Telling
    faults: tuple[str, ...]
    ids_right: bool | None = None
    allowed_s: float = ALLOWED_S

    @property
    def passed(self) -> bool:
        """Whether everything that can be seen is right; of what is known by its answers alone, pictures cannot be."""
        seen = (self.told_off_s,) if self.telling == "answers" else (self.frames_off_s, self.told_off_s)
        return not self.faults and all(off_s is not None and off_s <= self.allowed_s for off_s in seen)


def check_clock(name: str, **options: Any) -> list[Verdict]:  # noqa: ANN401 - each engine declares its own options
    """Test a clock on every clip.

    Args:
        name: An end-to-end engine of playhead (a name, a folder, a repository), ``openai``, one of
            :data:`playhead.clockcheck.subjects.LOADERS`, or the address of an endpoint.
        options: The engine's own settings.

    Returns:
        One verdict for each clip and each way in which times are told.

    Raises:
        UnsupportedError: The engine lays out no prompt here, or what takes no settings was given some.
        UsageError: No engine has that name.
        WeightsError: Its weights are not to be had, or the endpoint cannot be reached.
        MissingExtraError: The libraries models run on are not installed.
    """
    from playhead.clockcheck.subjects import is_endpoint, subjects_of

    if is_endpoint(name):
        from playhead.clockcheck.asked import check_endpoint

        return check_endpoint(name, **options)
    subjects = subjects_of(name, options)
    with TemporaryDirectory(prefix="playhead-clock-") as folder:
        clips = draw_clips(Path(folder))
        return [judge(subject.name, clip, subject.given(clip)) for subject in subjects for clip in clips]


def judge(name: str, clip: DrawnClip, given: Given) -> Verdict:
    """Compare what was given of a clip with the truth."""
    faults = list(given.faults)
    if not given.numbers:
        faults.append("no pictures were given")
    if len(given.times_s) != len(given.numbers):
        faults.append(f"{len(given.numbers)} pictures but {len(given.times_s)} times")
    unknown = sum(not _is_known(number, clip) for number in given.numbers)
    if unknown:
        faults.append(f"{unknown} pictures are none of the clip's")
    outside = sum(_outside_s(number, clip) > ALLOWED_S for number in given.numbers)
    if outside:
        faults.append(f"{outside} pictures are never on the screen in what was asked for")
    untold = set(range(len(given.numbers))) - {
        number for told in given.told for number in range(told.first, told.last + 1)
    }
    if untold:
        faults.append(f"{len(untold)} pictures are told no time")
    off_s = [
        abs(time_s - float(clip.starts_F[number]))
        for number, time_s in zip(
            given.numbers, given.times_s, strict=False
        )  # a different count is a fault above
        if number is not None and _is_known(number, clip)
    ]
    told_off_s = [each for told in given.told if (each := _told_off_s(told, given, clip)) is not None]
    return Verdict(
        name,
        clip.name,
        len(given.numbers),
        max(off_s, default=None),
        max(told_off_s, default=None),
        given.telling,
        tuple(faults),
        given.ids_right,
    )


def _is_known(number: int | None, clip: DrawnClip) -> bool:
    return number is not None and number < len(clip.starts_F)


def _outside_s(number: int | None, clip: DrawnClip) -> float:
    """How far from the part that was asked for a picture is on the screen; 0 where it is within."""
    if number is None or not _is_known(number, clip):
        return 0.0
    return max(0.0, clip.start_s - float(clip.ends_F[number]), float(clip.starts_F[number]) - clip.end_s)


def _told_off_s(told: Told, given: Given, clip: DrawnClip) -> float | None:
    """Seconds between what is told of some pictures and the time they are on the screen; None where none is known."""
    numbers = [number for number in given.numbers[told.first : told.last + 1] if _is_known(number, clip)]
    if not numbers:
        return None
    known = [number for number in numbers if number is not None]
    start_s, end_s = float(clip.starts_F[min(known)]), float(clip.ends_F[max(known)])
    return max(0.0, start_s - told.end_s, told.start_s - end_s)
