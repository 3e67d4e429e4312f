"""Shot boundaries on true presentation times: hard cuts, dissolves and fades, from small pictures as they are decoded.

    detector = ShotDetector()
    for frame in frames:          # every frame, in order, 64x36 is enough
        detector.push(frame)
    shots = detector.finish(end_s)

A cut's time is the presentation time of the first frame of the new shot. No frame rate is used anywhere.

How a cut is told from motion: between two neighbouring frames the share of pixels that changed colour bin (a joint
histogram, blind to where things are) and the mean change of 16x9 blocks (blind to fine detail) must both stand out
against the same numbers of the frames around (local normalisation, in the manner of adaptive cut detectors), and the
change must last: if some frame shortly before looks like one shortly after, it was a flash. Motion, shake and fast pans
move the blocks but hardly the histogram, and move them for several frames in a row.

How a dissolve is told: over half a second to a second and a half, every frame in between is a mixture of the frames at
the ends, with a share that only grows. How a fade is told: contrast dies down to an even frame and comes back as
another picture.

Axes: H row, W column, C colour channel; D values of a block picture (16 x 9 x 3), as one vector.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from playhead.errors import UsageError
from playhead.media.clip import Frame, Pixels
from playhead.timeline import Mark, Span

WIDTH_PX: Final = 64
HEIGHT_PX: Final = 36
_BLOCK_PX: Final = 4

Blocks = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int16]
Kind = Literal["cut", "dissolve", "fade"]


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where one shot gives way to the next.

    Attributes:
        time_s: First frame of the new shot; the middle of a dissolve or fade.
        kind: ``cut``, ``dissolve`` or ``fade``.
        confidence: 0 to 1; above 0.5 for all that are reported.
        span: The whole transition; a point for a cut.
    """

    time_s: float
    kind: Kind
    confidence: float
    span: Span


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """The detector's numbers, chosen on drawn clips (``benchmarks/shots.md``).

    Attributes:
        cut_score: How far a cut must stand out; higher finds fewer.
        neighbours: Frames on either side that motion is judged by.
        lasting: Frames on either side that must differ across a cut; what returns within them is a flash.
        min_shot_s: Boundaries closer than this are one.
        dissolve_s: Lengths in seconds over which mixtures are looked for.
        dissolve_residual: How much of the change a mixture may leave unexplained.
        gradual: Whether to look for dissolves and fades at all.
    """

    cut_score: float = 2.2
    neighbours: int = 8
    lasting: int = 4
    min_shot_s: float = 0.2
    dissolve_s: tuple[float, ...] = (0.6, 1.0, 1.6, 2.4)
    dissolve_residual: float = 0.32
    gradual: bool = True


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of one frame: its time, block picture, and how it differs from the frame before."""

    pts_s: float
    blocks_D: Blocks
    histogram: Counts
    contrast: float
    change: float
    recoloured: float


_CHANGE_FLOOR: Final = 1.5  # grey levels of 255: coding noise
_RECOLOURED_FLOOR: Final = 0.03
_HISTORY_FRAMES: Final = 240
_EVEN_CONTRAST: Final = 5.0  # standard deviation of an even frame's blocks, in grey levels
_DARK: Final = 35.0  # mean grey level below which an even frame is black; as far from 255 it is white
_ALIKE: Final = 0.75  # correlation above which two pictures are the same view
_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class ShotDetector:
    """Finds shot boundaries in one pass over every frame, with bounded memory.

    Args:
        settings: The detector's numbers.
    """

    def __init__(self, settings: ShotSettings | None = None) -> None:
        self._settings = settings or ShotSettings()
        self._seen: deque[_Seen] = deque(maxlen=_HISTORY_FRAMES)
        self._total = 0
        self._first_s = 0.0
        self._boundaries: list[Boundary] = []
        self._even_from_s: float | None = None
        self._fade_from: _Seen | None = None

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """The boundaries found so far, ascending; the last few frames are still open until :meth:`finish`."""
        return tuple(self._boundaries)

    def push(self, frame: Frame) -> None:
        """Look at the next frame.

        Raises:
            UsageError: If its time is not later than the one before.
        """
        if self._seen and frame.pts_s <= self._seen[-1].pts_s:
            raise UsageError(
                "find shots",
                found=f"a frame at {frame.pts_s} s after one at {self._seen[-1].pts_s} s",
                allowed="ascending times",
            )
        pixels_HWC = small(frame.pixels_HWC)
        histogram = _histogram(pixels_HWC)
        blocks_D = _blocks(pixels_HWC)
        change = recoloured = 0.0
        if self._seen:
            change = float(np.abs(blocks_D - self._seen[-1].blocks_D).mean())
            recoloured = _recoloured(self._seen[-1].histogram, histogram)
        else:
            self._first_s = frame.pts_s
        contrast = float((blocks_D.reshape(-1, 3) @ _LUMA).std())
        self._seen.append(_Seen(frame.pts_s, blocks_D, histogram, contrast, change, recoloured))
        self._total += 1
        self._judge_cut(len(self._seen) - 1 - self._settings.neighbours)
        if self._settings.gradual:
            self._judge_fade(self._seen[-1])
            if self._total % 2 == 0:
                self._judge_dissolve()

    def finish(self, end_s: float) -> tuple[Mark, ...]:
        """Settle what is open and return the shots, which cover the video from its first frame to ``end_s``.

        Args:
            end_s: When the last frame stops being shown.

        Returns:
            One mark per shot on the lane ``shots``: text ``shot 1``, ``shot 2``, ..., confidence of the boundary it
            begins with (1 for the first). No frames give no shots.
        """
        for at in range(max(1, len(self._seen) - self._settings.neighbours), len(self._seen)):
            self._judge_cut(at)
        if not self._seen:
            return ()
        starts = [(self._first_s, 1.0), *((b.time_s, b.confidence) for b in self._boundaries)]
        ends_s = [time_s for time_s, _ in starts[1:]] + [max(end_s, self._seen[-1].pts_s)]
        return tuple(
            Mark(Span(start_s, stop_s), "shots", f"shot {number}", round(confidence, 4))
            for number, ((start_s, confidence), stop_s) in enumerate(
                zip(starts, ends_s, strict=True), start=1
            )
        )

    # --- cuts ---------------------------------------------------------------------------------------------------

    def _judge_cut(self, at: int) -> None:
        """Decide whether the frame at this place in the history begins a new shot."""
        if at < 1:
            return
        here = self._seen[at]
        if here.change < _CHANGE_FLOOR:
            return
        reach = self._settings.neighbours
        around = [
            self._seen[i]
            for i in range(max(1, at - reach), min(len(self._seen), at + reach + 1))
            if abs(i - at) > 1
        ]
        change = here.change / (_usual([seen.change for seen in around]) + _CHANGE_FLOOR)
        recoloured = here.recoloured / (_usual([seen.recoloured for seen in around]) + _RECOLOURED_FLOOR)
        if change * recoloured < self._settings.cut_score:
            return
        smallest, likest = self._lasting(at)
        score = change * recoloured * (1 - likest) * (smallest / here.change) ** 2
        if score >= self._settings.cut_score:
            confidence = score / (score + self._settings.cut_score)
            self._add(Boundary(here.pts_s, "cut", confidence, Span(here.pts_s, here.pts_s)))

    def _lasting(self, at: int) -> tuple[float, float]:
        """The smallest change and the highest likeness between frames just before and just after a place."""
        before, here = self._seen[at - 1].blocks_D, self._seen[at].blocks_D
        pairs = [(before, here)]
        for step in range(1, self._settings.lasting + 1):
            if at + step < len(self._seen):
                pairs.append((before, self._seen[at + step].blocks_D))
            if at - 1 - step >= 0:
                pairs.append((self._seen[at - 1 - step].blocks_D, here))
        smallest = min(float(np.abs(a - b).mean()) for a, b in pairs)
        return smallest, max(0.0, *(_likeness(a, b) for a, b in pairs))

    # --- gradual transitions --------------------------------------------------------------------------------------

    def _judge_dissolve(self) -> None:
        """Look for a stretch ending at the newest frame whose frames are mixtures of its two ends."""
        for length_s in self._settings.dissolve_s:
            stretch = self._back(length_s)
            if len(stretch) < 6:
                continue
            found = _mixture(stretch, self._settings.dissolve_residual)
            if found is None:
                continue
            middle_s, span, residual = found
            if any(abs(b.time_s - middle_s) < length_s and b.kind == "cut" for b in self._boundaries[-3:]):
                continue
            confidence = 1 - 0.5 * residual / self._settings.dissolve_residual
            self._add(Boundary(middle_s, "dissolve", confidence, span))
            break

    def _back(self, length_s: float) -> list[_Seen]:
        """The newest frames that span so many seconds."""
        stretch: list[_Seen] = []
        for seen in reversed(self._seen):
            stretch.append(seen)
            if self._seen[-1].pts_s - seen.pts_s >= length_s:
                stretch.reverse()
                return stretch
        return []

    def _judge_fade(self, newest: _Seen) -> None:
        """Follow contrast down to an even frame and up again; another picture afterwards is a new shot."""
        brightness = float(newest.blocks_D.mean())
        even = newest.contrast < _EVEN_CONTRAST and not _DARK < brightness < 255 - _DARK
        if even and self._even_from_s is None:
            lead = [seen for seen in self._seen if newest.pts_s - seen.pts_s <= 1.5]
            richest = max(lead, key=lambda seen: seen.contrast)
            whole = float(np.abs(richest.blocks_D - newest.blocks_D).mean())
            gentle = max(seen.change for seen in lead[1:] or lead) < 0.5 * whole
            self._fade_from = richest if richest.contrast > 3 * _EVEN_CONTRAST and gentle else None
            self._even_from_s = newest.pts_s
        elif not even and self._even_from_s is not None and newest.contrast > 2 * _EVEN_CONTRAST:
            start, span = self._fade_from, Span(self._even_from_s, newest.pts_s)
            self._even_from_s = self._fade_from = None
            if start is not None and _likeness(start.blocks_D, newest.blocks_D) < _ALIKE:
                self._add(Boundary(span.middle_s, "fade", 0.8, span))

    # --- bookkeeping ----------------------------------------------------------------------------------------------

    def _add(self, new: Boundary) -> None:
        """Keep a boundary, or the surest of several that are too close to be more than one."""
        rivals = [old for old in self._boundaries if self._close(old, new)]
        if all(new.confidence > old.confidence for old in rivals):
            self._boundaries = [old for old in self._boundaries if old not in rivals]
            self._boundaries.append(new)
            self._boundaries.sort(key=lambda boundary: boundary.time_s)

    def _close(self, a: Boundary, b: Boundary) -> bool:
        reach_s = self._settings.min_shot_s
        if "cut" not in (a.kind, b.kind):
            reach_s = max(reach_s, a.span.duration_s, b.span.duration_s)
        return abs(a.time_s - b.time_s) < reach_s


def detect_shots(frames: Iterable[Frame], end_s: float | None = None) -> tuple[Mark, ...]:
    """Shots of a whole video, given every frame in order.

    Args:
        frames: All frames; small ones (64x36) are enough and fastest.
        end_s: When the last frame stops being shown; None takes its start plus the interval before it.

    Returns:
        One mark per shot, as :meth:`ShotDetector.finish`.
    """
    detector = ShotDetector()
    before_s = last_s = 0.0
    for frame in frames:
        detector.push(frame)
        before_s, last_s = last_s, frame.pts_s
    return detector.finish(end_s if end_s is not None else last_s + max(0.0, last_s - before_s))


def small(pixels_HWC: Pixels) -> Pixels:
    """The picture at 64x36, every pixel the mean of what it covers; one that has this size is passed on."""
    if pixels_HWC.shape[:2] == (HEIGHT_PX, WIDTH_PX):
        return pixels_HWC
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels_HWC))
    return np.asarray(image.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX))


def _histogram(pixels_HWC: Pixels) -> Counts:
    """Counts of 8 x 8 x 8 joint colour bins."""
    bins = (pixels_HWC >> 5).astype(np.int64)
    joint = (bins[..., 0] << 6) | (bins[..., 1] << 3) | bins[..., 2]
    return np.bincount(joint.ravel(), minlength=512).astype(np.int16)


def _recoloured(a: Counts, b: Counts) -> float:
    """Share of the pixels that changed colour bin at least, 0 to 1."""
    return 1.0 - int(np.minimum(a, b).sum()) / (WIDTH_PX * HEIGHT_PX)


def _blocks(pixels_HWC: Pixels) -> Blocks:
    """Means over blocks of 4 x 4 pixels, as one vector."""
    rows, columns = HEIGHT_PX // _BLOCK_PX, WIDTH_PX // _BLOCK_PX
    parts = pixels_HWC.reshape(rows, _BLOCK_PX, columns, _BLOCK_PX, 3)
    sums = parts.sum(axis=(1, 3), dtype=np.int32).ravel()
    return np.asarray(sums / np.float32(_BLOCK_PX**2), dtype=np.float32)


def _likeness(a_D: Blocks, b_D: Blocks) -> float:
    """Correlation of two block pictures' brightness, -1 to 1: 1 is the same view, however bright."""
    a, b = a_D.reshape(-1, 3) @ _LUMA, b_D.reshape(-1, 3) @ _LUMA
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b) / (math.sqrt(float(a @ a) * float(b @ b)) + 1e-3)


def _usual(values: list[float]) -> float:
    """The third largest: high while the camera moves for a few frames, low where only a cut or two lie near."""
    return sorted(values)[-3] if len(values) >= 3 else min(values, default=0.0)


def _mixture(stretch: list[_Seen], limit: float) -> tuple[float, Span, float] | None:
    """If every frame of a stretch mixes its ends in growing share: middle, span and unexplained part; else None."""
    first_D, last_D = stretch[0].blocks_D, stretch[-1].blocks_D
    way_D = last_D - first_D
    length = math.sqrt(float(way_D @ way_D))
    if length < 8 * math.sqrt(way_D.shape[0]) or _likeness(first_D, last_D) > 0.6:
        return None
    if min(seen.contrast for seen in stretch) < _EVEN_CONTRAST:
        return None  # over an even picture: a fade
    if _recoloured(stretch[0].histogram, stretch[-1].histogram) < 0.3:
        return None
    inner_FD = np.stack([seen.blocks_D for seen in stretch]) - first_D
    share_F = inner_FD @ way_D / length**2
    steps_F = np.diff(share_F)
    if steps_F.min() < -0.06 or steps_F.max() > 0.4 or ((share_F > 0.15) & (share_F < 0.85)).sum() < 3:
        return None
    margin = max(1, len(stretch) // 8)  # a pan over a smooth picture mixes too, but from end to end
    if share_F[margin] > 0.1 or share_F[-1 - margin] < 0.9:
        return None
    residual = float(np.linalg.norm(inner_FD - share_F[:, None] * way_D, axis=1).max()) / length
    if residual > limit:
        return None
    times_s = [seen.pts_s for seen in stretch]
    start = int(np.flatnonzero(share_F < 0.1)[-1])
    stop = int(np.flatnonzero(share_F > 0.9)[0])
    return float(np.interp(0.5, share_F, times_s)), Span(times_s[start], times_s[max(stop, start)]), residual
