"""The pass over the pictures: every frame once for shots and motion, two per second for the costlier senses.

One thread decodes, one reads text, one finds objects and makes vectors; pictures wait in short lines between them, so
memory does not grow with the video.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from playhead.media import stream_frames
from playhead.media.clip import Frame, MediaInfo, Pixels, Times, Video
from playhead.media.damage import Damage
from playhead.media.shots import ShotDetector
from playhead.perceive.crew import Crew, Pipe
from playhead.perceive.motion import STEP_S, Motion
from playhead.perceive.objects import ObjectDetector, ObjectTracks
from playhead.perceive.onscreen import Glance, OnScreen, glance
from playhead.perceive.pictures import PictureEncoder
from playhead.perceive.shrink import luma, shrink
from playhead.perceive.visits import Visits
from playhead.progress import Progress
from playhead.timeline import Mark, Span

_SMALL_PX: Final = (64, 36)
_LONG_SIDE_PX: Final = 1280
_ROOM: Final = 4  # pictures that may wait for a sense
_GLANCE_S: Final = 0.1  # text that comes or goes is dated this finely
_TEXT_EVERY: Final = 2  # looks: text is read once per second
_VECTOR_EVERY: Final = 4


@dataclass(slots=True, kw_only=True)
class Eyes:
    """The senses that look, made ready; None for one that is switched off."""

    text: OnScreen | None = None
    detector: ObjectDetector | None = None
    encoder: PictureEncoder | None = None
    objects: ObjectTracks = field(default_factory=ObjectTracks)


@dataclass(frozen=True, slots=True)
class _Look:
    time_s: float
    pixels_HWC: Pixels
    glances: tuple[Glance, ...] = ()


class Looking:
    """Looks at a window of a video once; ``start`` adds its threads to a crew, ``result`` is read afterwards."""

    def __init__(self, video: Video, info: MediaInfo, window: Span, eyes: Eyes, progress: Progress) -> None:
        self._video, self._info, self._window = video, info, window
        self._eyes = eyes
        self._progress = progress
        self._shots = ShotDetector()
        self._motion = Motion()
        self._visits = Visits()
        self._vector_times_s: list[float] = []
        self._vectors: list[npt.NDArray[np.float32]] = []
        self.times_s: list[float] = []
        self.size_px: tuple[int, int] | None = None
        self.damage = Damage()

    def start(self, crew: Crew) -> None:
        """Start decoding and the senses that look."""
        texts: Pipe[_Look] | None = Pipe(crew, _ROOM) if self._eyes.text else None
        views: Pipe[_Look] | None = None
        if self._eyes.detector or self._eyes.encoder:
            views = Pipe(crew, _ROOM)
        crew.start("decode", lambda: self._decode(crew, texts, views))
        if texts is not None and (reading := self._eyes.text) is not None:
            crew.start("text", lambda: self._read(reading, texts))
        if views is not None:
            crew.start("objects", lambda: self._view(views))

    def lanes(self) -> dict[str, tuple[Mark, ...]]:
        """What was seen, by lane."""
        end_s = self._window.end_s
        shots = self._shots.finish(end_s)
        cuts_s = [mark.span.start_s for mark in shots[1:]]
        lanes = {"shots": shots}
        if self._eyes.text:
            lanes["text"] = self._eyes.text.finish(end_s, cuts_s)
        visits = self._visits.finish(end_s, cuts_s, lanes.get("text", ()))
        moved = (*self._motion.finish(end_s, cuts_s), *visits)
        lanes["motion"] = tuple(sorted(moved, key=lambda mark: mark.span))
        if self._eyes.detector:
            lanes["objects"] = self._eyes.objects.finish(end_s, cuts_s)
        return lanes

    @property
    def text_note(self) -> str:
        """What the reading budget left out, in a sentence, or empty."""
        return self._eyes.text.note if self._eyes.text else ""

    def vectors(self) -> tuple[Times, npt.NDArray[np.float32]]:
        """Times and vectors of the pictures that have one, of shapes (P,) and (P, D)."""
        if not self._vectors:
            return np.zeros(0), np.zeros((0, 0), np.float32)
        return np.asarray(self._vector_times_s, np.float64), np.stack(self._vectors)

    def _decode(self, crew: Crew, texts: Pipe[_Look] | None, views: Pipe[_Look] | None) -> None:
        start_s, length_s = self._window.start_s, self._window.duration_s
        next_s = glance_s = float("-inf")
        glances: list[Glance] = []
        frames = stream_frames(self._video, size=_bounded, info=self._info, damage=self.damage)
        for frame in frames:
            crew.check()
            small_HWC = shrink(frame.pixels_HWC, *_SMALL_PX)
            self._shots.push(Frame(frame.pts_s, small_HWC))
            if texts is not None and frame.pts_s >= glance_s - 1e-6:
                glances.append((frame.pts_s, glance(frame.pixels_HWC)))
                glance_s = frame.pts_s + _GLANCE_S
            if frame.pts_s < next_s - 1e-6:
                continue
            number = len(self.times_s)
            next_s = start_s + STEP_S * (math.floor((frame.pts_s - start_s) / STEP_S + 1e-6) + 1)
            self.times_s.append(frame.pts_s)
            small_HW = luma(small_HWC)
            self._motion.look(frame.pts_s, small_HW)
            self._visits.look(frame.pts_s, small_HW)
            self.size_px = (frame.pixels_HWC.shape[1], frame.pixels_HWC.shape[0])
            if texts is not None and number % _TEXT_EVERY == 0:
                texts.put(_Look(frame.pts_s, frame.pixels_HWC, tuple(glances)))
                glances = []
            if views is not None:
                views.put(_Look(frame.pts_s, frame.pixels_HWC))
            self._progress("looking", min(max(0.0, frame.pts_s - start_s), length_s), length_s)
        for pipe in (texts, views):
            if pipe is not None:
                pipe.close()
        self._progress("looking", length_s, length_s)

    @staticmethod
    def _read(reading: OnScreen, texts: Pipe[_Look]) -> None:
        for look in texts:
            reading.look(look.time_s, look.pixels_HWC, look.glances)

    def _view(self, views: Pipe[_Look]) -> None:
        for number, look in enumerate(views):
            if self._eyes.detector:
                self._eyes.objects.look(look.time_s, self._eyes.detector.detect(look.pixels_HWC))
            if self._eyes.encoder and number % _VECTOR_EVERY == 0:
                self._vector_times_s.append(look.time_s)
                self._vectors.append(self._eyes.encoder.encode(look.pixels_HWC[None])[0])


def _bounded(width_px: int, height_px: int) -> tuple[int, int]:
    """The size pictures are looked at: as stored, but at most 1280 on the longer side."""
    scale = min(1.0, _LONG_SIDE_PX / max(width_px, height_px))
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))
