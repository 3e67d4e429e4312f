"""What is written on the screen and when: PP-OCR on pictures that changed, within a budget.

Reading a whole picture costs a hundred times more than comparing it with the last one read, so a picture is read only
where it changed. Where only known lines changed (a clock, a score), only their boxes are read again. Axes: H row, W
column, C channel.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from playhead.errors import MissingExtraError
from playhead.media.clip import Pixels
from playhead.perceive.shrink import Floats, luma, shrink
from playhead.perceive.text_tracks import Box, Line, TextTracks
from playhead.timeline import Mark

_LONG_SIDE_PX: Final = (
    960  # pictures are read at this size; larger ones cost more and misread texture as text
)
_GRID_PX: Final = (160, 90)
_CHANGED: Final = 12.0  # luma difference of a cell that counts as changed, of 255
_FEW_CELLS: Final = 10  # of 14400: less than a short word
_NEW_SCENE: Final = 0.35  # this share of changed cells: everything is new
_MOST_REREADS: Final = 6
_REREAD_SCORE: Final = 0.7
_LONGEST_PAUSE_S: Final = 3.0
_GLANCES: Final = 60

Glance = tuple[float, Floats]


class TextReader(Protocol):
    """Anything that reads text in pictures."""

    name: str

    def read(self, pixels_HWC: Pixels) -> tuple[Line, ...]:
        """All lines in a picture."""
        ...

    def reread(self, pixels_HWC: Pixels, box: Box) -> Line:
        """The one line in a box."""
        ...


class RapidReader:
    """PP-OCR through rapidocr, whose package carries the weights.

    Args:
        threads: CPU threads.

    Raises:
        MissingExtraError: rapidocr is not installed.
    """

    name = "rapidocr"

    def __init__(self, *, threads: int = 1) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise MissingExtraError(
                "reading text on screen needs rapidocr", todo="pip install 'playhead[scout]'"
            ) from error
        self._ocr = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "critical",
                "Det.limit_type": "max",
                "Det.limit_side_len": _LONG_SIDE_PX,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)

    def read(self, pixels_HWC: Pixels) -> tuple[Line, ...]:
        """All lines in a picture."""
        out = self._run(pixels_HWC, detect=True)
        if out.txts is None or out.boxes is None:
            return ()
        tall, wide = pixels_HWC.shape[:2]
        return tuple(
            Line(text, float(score), _fractions(corners, wide, tall))
            for text, score, corners in zip(out.txts, out.scores, out.boxes, strict=True)
            if text.strip()
        )

    def reread(self, pixels_HWC: Pixels, box: Box) -> Line:
        """The one line in a box."""
        tall, wide = pixels_HWC.shape[:2]
        left, top = int(box[0] * wide), int(box[1] * tall)
        right, bottom = max(left + 4, round(box[2] * wide)), max(top + 4, round(box[3] * tall))
        out = self._run(pixels_HWC[top:bottom, left:right], detect=False)
        text, score = (out.txts[0], float(out.scores[0])) if out.txts else ("", 0.0)
        return Line(text, score, box)

    def _run(self, pixels_HWC: Pixels, *, detect: bool) -> Any:  # noqa: ANN401 - rapidocr's own record
        blue_first_HWC = np.ascontiguousarray(pixels_HWC[..., ::-1])
        return self._ocr(blue_first_HWC, use_det=detect, use_cls=False, use_rec=True)


def _fractions(corners: npt.NDArray[Any], wide: int, tall: int) -> Box:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    edges = np.clip([left / wide, top / tall, right / wide, bottom / tall], 0.0, 1.0)
    return (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]))


class OnScreen:
    """Reads text on screen from pictures about a second apart.

    Args:
        reader: What reads a picture.
        readings_per_min: Budget of whole-picture readings per minute of video; unused ones are saved up.
        burst: Readings that may be saved up, and that are there at the start.
    """

    def __init__(self, reader: TextReader, *, readings_per_min: float = 40.0, burst: float = 20.0) -> None:
        self._reader = reader
        self._rate_hz = readings_per_min / 60.0
        self._burst = burst
        self._purse = burst
        self._tracks = TextTracks()
        self._look_s: float | None = None
        self._read_luma_HW: Floats | None = None  # the picture that the known lines were read from
        self._pause_s = 0.0
        self._read_s = float("-inf")
        self._glances: list[Glance] = []
        self.looks = 0
        self.readings = 0
        self.unread = 0

    def look(self, time_s: float, pixels_HWC: Pixels, glances: Sequence[Glance] = ()) -> None:
        """Take the picture shown at a clip time; it is read when it must be and the budget allows.

        Args:
            time_s: Clip time.
            pixels_HWC: The picture.
            glances: Small pictures since the look before (see ``glance``), ascending: they date what came and went.
        """
        self.looks += 1
        self._glances = [*(item for item in self._glances if item[0] >= self._tracks.look_s), *glances][
            -_GLANCES:
        ]
        if self._look_s is not None:
            self._purse = min(self._burst, self._purse + (time_s - self._look_s) * self._rate_hz)
        self._look_s = time_s
        luma_HW = glance(pixels_HWC)
        self._glances.append((time_s, luma_HW))
        changed_HW = (
            np.ones(luma_HW.shape, np.bool_)
            if self._read_luma_HW is None
            else np.abs(luma_HW - self._read_luma_HW) > _CHANGED
        )
        if changed_HW.sum() < _FEW_CELLS and not self._touched(changed_HW):
            self._tracks.unchanged(time_s)
        elif not self._reread(time_s, pixels_HWC, luma_HW, changed_HW):
            self._read(time_s, pixels_HWC, luma_HW, changed_HW)

    def finish(self, end_s: float, cuts_s: Sequence[float] = ()) -> tuple[Mark, ...]:
        """Marks for all lines that could be believed, ascending; see ``TextTracks.finish``."""
        return self._tracks.finish(end_s, cuts_s)

    @property
    def note(self) -> str:
        """How much was read, in a sentence; empty when nothing was left out."""
        if not self.unread:
            return ""
        return (
            f"text on screen: {self.readings} of {self.looks} pictures were read whole; {self.unread} more changed and "
            f"{'was' if self.unread == 1 else 'were'} skipped, as time for reading was spent or those before had no text"
        )

    def _touched(self, changed_HW: npt.NDArray[np.bool_]) -> list[Line]:
        """Known lines in whose boxes something changed."""
        return [line for line in self._tracks.lines if changed_HW[_cells(line.box)].sum() >= 2]

    def _reread(
        self, time_s: float, pixels_HWC: Pixels, luma_HW: Floats, changed_HW: npt.NDArray[np.bool_]
    ) -> bool:
        """Read known boxes again when nothing changed outside them; False when that does not settle it."""
        lines = self._tracks.lines
        touched = self._touched(changed_HW)
        outside_HW = changed_HW.copy()
        for line in lines:
            outside_HW[_cells(line.box, margin=1)] = False
        if not touched or len(touched) > _MOST_REREADS or outside_HW.sum() >= _FEW_CELLS:
            return False
        again = [self._reader.reread(pixels_HWC, line.box) for line in touched]
        if any(line.score < _REREAD_SCORE or not line.text.strip() for line in again):
            return False
        self._tracks.read(time_s, [*again, *(line for line in lines if line not in touched)])
        self._read_luma_HW = luma_HW
        return True

    def _read(
        self, time_s: float, pixels_HWC: Pixels, luma_HW: Floats, changed_HW: npt.NDArray[np.bool_]
    ) -> None:
        """Read the whole picture, or leave it unread when the budget is spent or nothing was found lately."""
        new_scene = changed_HW.mean() >= _NEW_SCENE
        waited = time_s - self._read_s >= self._pause_s - 1e-6
        if self._purse < 1.0 or not (new_scene or waited):
            self.unread += 1
            self._tracks.unread(time_s, self._touched(changed_HW))
            return
        self._purse -= 1.0
        self.readings += 1
        lines = self._reader.read(pixels_HWC)
        self._tracks.read(time_s, lines, self._turn)
        self._read_luma_HW, self._read_s = luma_HW, time_s
        self._pause_s = 0.0 if lines else min(_LONGEST_PAUSE_S, self._pause_s + 1.0)

    def _turn(self, box: Box, from_s: float, to_s: float) -> float:
        """When, between two looks, the picture in a box became more like the later one than like the earlier one."""
        between = [
            (time_s, luma_HW[_cells(box)]) for time_s, luma_HW in self._glances if from_s <= time_s <= to_s
        ]
        if len(between) < 3 or between[0][0] > from_s + 1e-6:
            return to_s
        old, new = between[0][1], between[-1][1]
        turned_s = to_s
        for time_s, now in reversed(between[:-1]):
            if np.abs(now - new).mean() >= np.abs(now - old).mean():
                break
            turned_s = time_s
        return turned_s


def glance(pixels_HWC: Pixels) -> Floats:
    """A picture small enough to keep many of: brightness on a grid of 160 x 90."""
    return luma(shrink(pixels_HWC, *_GRID_PX))


def _cells(box: Box, margin: int = 0) -> tuple[slice, slice]:
    """The grid cells a box covers."""
    wide, tall = _GRID_PX
    return (
        slice(max(0, int(box[1] * tall) - margin), int(np.ceil(box[3] * tall)) + margin),
        slice(max(0, int(box[0] * wide) - margin), int(np.ceil(box[2] * wide)) + margin),
    )
