"""Which sound each picture of ARC-Hunyuan-Video gets: the released rules, and one that goes by true time.

The audio encoder gives 50 vectors per second; those of a frame are added to its first slots. The released code knows
the length of pictures and of sound only in whole numbers, counts from 0 in both, and hopes that they agree:

    F  pictures that are kept      A  seconds of sound, rounded up      D  the duration that both are taken to have

With D up to 150 a frame gets the 50 vectors of the second of its own number; above, each of 150 frames gets the next
k = ceil(D / 150 * 50) vectors. Three rules for F and D are published, and they differ (:func:`reconcile`). Where sound
and pictures are of one length they keep a frame and its sound within 3 s of each other; where not, they crash or
drift apart by up to the length of the video. The rule ``true-intervals`` asks when each vector is heard and gives every
frame those of its own stretch.

The default, ``auto``, does what the model was trained with wherever training did it, kept in step, and the released
inference code goes on too; it goes by true intervals everywhere else, which is from 150 to 151 s, with short sound, and
with fewer pictures than 150. On videos of up to 150 s with their whole sound both are the same.

Axes: F frame, S slot of a frame, 2 start and end, J audio vector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.arc import MAX_FRAMES
from playhead.sequence.layout import Ids

VECTORS_PER_S: Final = 50
"""Vectors the audio encoder gives for a second of sound."""

CHUNK_S: Final = 30
"""Seconds of a chunk of sound; its vectors past the end of the sound stand for silence."""

CHUNK_VECTORS: Final = CHUNK_S * VECTORS_PER_S
"""Vectors the audio encoder gives for a chunk."""

IN_STEP_S: Final = 3.0
"""How far a frame's sound may lie from its stretch in what counts as trained: the most that rounding k up makes it."""

ReleasedRule = Literal["training", "transformers", "vllm"]
SoundRule = Literal["auto", "training", "transformers", "vllm", "true-intervals"]
NOTHING: Final = -1
"""Index of a slot to which no sound is added."""

_EPS_S: Final = 1e-6
_JOINT_S: Final = 1e-3  # stretches nearer than this follow one another


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a released rule makes of pictures and sound.

    Attributes:
        frames: Pictures that are kept, the first ones.
        duration_s: Seconds that both are taken to last, a whole number.
        error: Why the released code stops there or skips the sample; empty where it does not.
    """

    frames: int
    duration_s: int
    error: str = ""

    @property
    def fits(self) -> bool:
        """Whether as many frames get sound as there are."""
        return not self.error and self.frames == (min(self.duration_s, MAX_FRAMES))


@dataclass(frozen=True, slots=True)
class Aligned:
    """Which audio vector is added to which slot.

    Attributes:
        index_FS: Index into the stream of 50 vectors per second, chunk after chunk; -1 where nothing is added.
        rule: The rule that was followed, never ``auto``.
        why: Why ``auto`` left the trained rule, or empty.
    """

    index_FS: Ids
    rule: SoundRule
    why: str = ""


def reconcile(frames: int, step_s: float, audio_s: int, rule: ReleasedRule = "training") -> Reconciled:
    """How many pictures and how many seconds a released rule keeps.

    Args:
        frames: Pictures that were sampled, at most 150.
        step_s: Seconds each stands for: 1, or the video's length over 150.
        audio_s: Seconds of sound, rounded up, after the rules of :func:`playhead.media.chunks.arc_sound`.
        rule: ``training`` keeps all frames, and skips a sample whose padded sound is shorter than its frames; ``vllm``
            drops frames past the sound; ``transformers`` too, and takes one second off many videos above 150 s by
            cutting a quotient down.

    Source: released training code (read), released vLLM and transformers inference code (run) of ARC-Hunyuan-Video.

    Raises:
        UsageError: On another rule, or counts that no video has.
    """
    if rule not in get_args(ReleasedRule):
        allowed = ", ".join(get_args(ReleasedRule))
        raise UsageError("reconcile pictures and sound", found=f"rule={rule!r}", allowed=allowed)
    if not (1 <= frames <= MAX_FRAMES and audio_s >= 1 and step_s > 0):
        found = f"{frames} frames of {step_s} s and {audio_s} s of sound"
        raise UsageError(
            "reconcile pictures and sound", found=found, allowed=f"1 to {MAX_FRAMES} frames, at least 1 s"
        )
    if rule == "transformers":
        return _transformers(frames, step_s, audio_s)
    if rule == "vllm":
        frames = min(frames, audio_s)
    elif math.ceil(audio_s / CHUNK_S) * CHUNK_S < frames:
        return Reconciled(frames, audio_s, "skipped: chunks of sound shorter than the frames")
    if audio_s <= MAX_FRAMES:
        return Reconciled(frames, frames)
    error = "" if frames == MAX_FRAMES else f"{frames} frames where sound above 150 s needs 150"
    return Reconciled(frames, audio_s, error)


def _transformers(frames: int, step_s: float, audio_s: int) -> Reconciled:
    rate = 1.0 / step_s if step_s != 1 else 1.0  # the "sample fps" that the released code carries about
    duration_s = min(int(frames / rate), audio_s)
    kept = int(duration_s * rate) if duration_s <= MAX_FRAMES else frames
    rows = min(duration_s, MAX_FRAMES)
    error = "" if kept == rows else f"{kept} frames for {rows} rows of sound"
    return Reconciled(kept, duration_s, error)


def vectors_per_frame(duration_s: int) -> int:
    """Audio vectors each frame gets when pictures and sound last this long: 50, more above 150 s.

    Computed in floating point as released, which gives 56 at 165 s and 57 at 168 s, one more than exact arithmetic.
    """
    if duration_s <= MAX_FRAMES:
        return VECTORS_PER_S
    return math.ceil(duration_s / MAX_FRAMES * VECTORS_PER_S)


def by_order(frames: int, duration_s: int, slots: int) -> Ids:
    """Audio vectors by the order of frames, as in training: shape (frames, slots).

    Args:
        frames: As many as seconds, or 150 for more than 150 s.
        duration_s: Seconds that pictures and sound are taken to last.
        slots: Slots of a frame; vectors that find none are left out (the released code stops below 50 slots).

    Source: released model code of ARC-Hunyuan-Video; its paper (arXiv 2507.20939) does not state it.

    Raises:
        UsageError: If frames and duration do not go together, as the released code does.
    """
    rows = min(duration_s, MAX_FRAMES)
    if frames != rows:
        raise UsageError(
            "add sound to frames", found=f"{frames} frames for {rows} rows of sound", allowed="as many"
        )
    each = vectors_per_frame(duration_s)
    vectors_FJ = np.arange(frames * each, dtype=np.int64).reshape(frames, each)
    vectors_FJ[vectors_FJ >= VECTORS_PER_S * duration_s] = NOTHING
    return _into_slots(vectors_FJ, slots)


def by_time(intervals_S2: Times, heard_J: Times, slots: int) -> Ids:
    """Audio vectors by true time: each frame gets those heard within its stretch, the first ones that find a slot.

    Args:
        intervals_S2: Start and end in seconds of the stretch each frame stands for.
        heard_J: When each vector begins to be heard, on the same clock, ascending.
        slots: Slots of a frame.
    """
    index_FS = np.full((intervals_S2.shape[0], slots), NOTHING, np.int64)
    firsts, stops = np.searchsorted(heard_J, intervals_S2.T - _EPS_S, side="left")
    for row, (first, stop) in enumerate(zip(firsts.tolist(), stops.tolist(), strict=True)):
        found = np.arange(first, min(stop, first + slots))
        index_FS[row, : len(found)] = found
    return index_FS


def align(
    intervals_S2: Times, heard_J: Times, *, step_s: float, audio_s: int, slots: int, rule: SoundRule = "auto"
) -> Aligned:
    """Which audio vector is added to which slot of which frame.

    A rule that drops frames gives fewer rows than there are stretches; the frames past them are not to be shown.

    Args:
        intervals_S2: Start and end in seconds of the stretch each frame stands for.
        heard_J: When each vector begins to be heard, on the same clock, ascending.
        step_s: Seconds each frame stands for, as the policy cut them.
        audio_s: Seconds of sound, rounded up.
        slots: Slots of a frame.
        rule: See the top of this file.

    Raises:
        UsageError: On an unknown rule, or where a released rule stops or skips the sample.
    """
    if rule not in get_args(SoundRule):
        allowed = ", ".join(get_args(SoundRule))
        raise UsageError("align sound with pictures", found=f"rule={rule!r}", allowed=allowed)
    count = intervals_S2.shape[0]
    if rule == "true-intervals":
        return Aligned(by_time(intervals_S2, heard_J, slots), rule)
    made = reconcile(count, step_s, audio_s, "training" if rule == "auto" else rule)
    if rule != "auto":
        if not made.fits:
            raise UsageError(
                f"align {count} pictures with {audio_s} s of sound by the rule {rule!r}",
                found=made.error or f"{made.frames} frames for {made.duration_s} s",
                todo="use the rule auto, which goes by true time there",
            )
        return Aligned(by_order(made.frames, made.duration_s, slots), rule)
    why = made.error or _out_of_step(intervals_S2, heard_J, made) or _stops(count, step_s, audio_s)
    if why:
        return Aligned(by_time(intervals_S2, heard_J, slots), "true-intervals", why)
    return Aligned(by_order(count, made.duration_s, slots), "training")


def _out_of_step(intervals_S2: Times, heard_J: Times, made: Reconciled) -> str:
    """Why the trained rule does not hold here, or nothing where each frame's sound is near its stretch."""
    if not made.fits:
        return f"{made.frames} frames for {made.duration_s} s"
    before_s = np.concatenate([[0.0], intervals_S2[:-1, 1]])
    if float(np.abs(intervals_S2[:, 0] - before_s).max()) > _JOINT_S:
        return "stretches that do not follow one another from the start"
    first_F = np.arange(made.frames) * vectors_per_frame(made.duration_s)
    there_F = first_F < len(heard_J)
    starts_s = intervals_S2[: made.frames, 0]
    apart_s = np.abs(heard_J[first_F[there_F]] - starts_s[there_F])
    furthest_s = float(apart_s.max(initial=0.0))
    return "" if furthest_s <= IN_STEP_S else f"sound up to {furthest_s:.1f} s away from its picture"


def _stops(frames: int, step_s: float, audio_s: int) -> str:
    """Why the released inference code for transformers stops here, or nothing where it does not."""
    error = reconcile(frames, step_s, audio_s, "transformers").error
    return error and f"the released code stops here with {error}"


def _into_slots(vectors_FJ: Ids, slots: int) -> Ids:
    index_FS = np.full((vectors_FJ.shape[0], slots), NOTHING, np.int64)
    used = min(slots, vectors_FJ.shape[1])
    index_FS[:, :used] = vectors_FJ[:, :used]
    return index_FS
