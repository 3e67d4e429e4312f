"""Which everyday things are in the picture, and when: EfficientDet-Lite0, gated hard.

One detection proves nothing: a thing is said only when it is seen in at least two looked-at pictures of a shot, or once
with near certainty, and when the sightings at its place agree on what it is. Counting is smoothed, and a change of the number of things starts a new mark. Axes: H row, W column,
C channel, A anchor, K class.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.media.clip import Pixels
from playhead.perceive.litert import interpreter
from playhead.perceive.shrink import resize
from playhead.timeline import Mark, Span

Box = tuple[float, float, float, float]

_SIDE_PX: Final = 320
_SCORE: Final = 0.5
_SURE: Final = 0.8  # one picture is enough
_SAME_BOX: Final = 0.5
_FEW_SIGHTS: Final = 4  # two seconds; fewer sights need a higher mean score
_FEW_SCORE: Final = 0.6
_AGREEMENT: Final = 0.6  # share of the sightings at one place that must name the same thing
_MANY: Final = 6  # above this the number is not to be trusted
# EfficientDet (Tan et al. 2020, section 4; anchor settings of EfficientDet-Lite0).
_LEVELS: Final = range(3, 8)
_ANCHOR_SCALE: Final = 3.0
_OCTAVES: Final = 3
_ASPECTS: Final = ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))
_PLURALS: Final = {"person": "people", "bus": "buses", "knife": "knives", "sheep": "sheep", "wine glass": "wine glasses",
                   "mouse": "mice", "toothbrush": "toothbrushes", "bench": "benches", "couch": "couches",
                   "sandwich": "sandwiches", "skis": "skis", "scissors": "scissors"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in one picture: label, score 0 to 1, box as fractions (left, top, right, bottom)."""

    label: str
    score: float
    box: Box


def anchors() -> npt.NDArray[np.float32]:
    """Anchor boxes (centre row, centre column, height, width) in pixels of 320 x 320, shape (19206, 4)."""
    rows: list[npt.NDArray[np.float64]] = []
    for level in _LEVELS:
        stride = 2**level
        count = -(-_SIDE_PX // stride)
        step = _SIDE_PX / count if count * stride == _SIDE_PX else float(stride)
        centres = (np.arange(count) + 0.5) * step
        y, x = (grid[..., None] for grid in np.meshgrid(centres, centres, indexing="ij"))
        sizes = np.array(
            [
                (
                    _ANCHOR_SCALE * stride * 2 ** (octave / _OCTAVES) * tall,
                    _ANCHOR_SCALE * stride * 2 ** (octave / _OCTAVES) * wide,
                )
                for octave in range(_OCTAVES)
                for wide, tall in _ASPECTS
            ]
        )
        shape = (count, count, len(sizes))
        rows.append(
            np.stack(
                [
                    np.broadcast_to(y, shape),
                    np.broadcast_to(x, shape),
                    np.broadcast_to(sizes[:, 0], shape),
                    np.broadcast_to(sizes[:, 1], shape),
                ],
                axis=-1,
            ).reshape(-1, 4)
        )
    return np.concatenate(rows).astype(np.float32)


class ObjectDetector:
    """Finds the 80 kinds of COCO things in a picture.

    Args:
        folder: Folder of the weights ``efficientdet-lite0``.
        threads: CPU threads.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
    """

    name = "efficientdet-lite0"

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        file = folder / "efficientdet_lite0.tflite"
        self._net = interpreter(file, threads)
        self._input = self._net.get_input_details()[0]["index"]
        by_width = {int(detail["shape"][-1]): detail["index"] for detail in self._net.get_output_details()}
        self._offsets = by_width.pop(4)
        (self._scores,) = by_width.values()
        with zipfile.ZipFile(file) as carried:
            self._labels = carried.read("labels.txt").decode().splitlines()
        self._anchors_A4 = anchors()

    def detect(self, pixels_HWC: Pixels) -> tuple[Detection, ...]:
        """The things in a picture, surest first."""
        self._net.set_tensor(self._input, resize(pixels_HWC, _SIDE_PX, _SIDE_PX)[None])
        self._net.invoke()
        scores_AK = self._net.get_tensor(self._scores)[0]
        offsets_A4 = self._net.get_tensor(self._offsets)[0]
        best = np.flatnonzero(scores_AK.max(axis=1) >= _SCORE)
        boxes = decode_boxes(offsets_A4[best], self._anchors_A4[best])
        classes = scores_AK[best].argmax(axis=1)
        found = [
            Detection(
                self._labels[k], float(scores_AK[a, k]), (float(b[0]), float(b[1]), float(b[2]), float(b[3]))
            )
            for a, k, b in zip(best.tolist(), classes.tolist(), boxes, strict=True)
            if k < len(self._labels) and self._labels[k] != "???"
        ]
        return suppress(found)


def decode_boxes(offsets_A4: npt.NDArray[Any], anchors_A4: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Boxes as fractions (left, top, right, bottom) of the picture from the network's offsets."""
    y = offsets_A4[:, 0] * anchors_A4[:, 2] + anchors_A4[:, 0]
    x = offsets_A4[:, 1] * anchors_A4[:, 3] + anchors_A4[:, 1]
    tall = np.exp(np.clip(offsets_A4[:, 2], None, 6)) * anchors_A4[:, 2]
    wide = np.exp(np.clip(offsets_A4[:, 3], None, 6)) * anchors_A4[:, 3]
    corners = np.stack([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2], axis=1) / _SIDE_PX
    return np.clip(corners, 0.0, 1.0)


def suppress(found: Sequence[Detection]) -> tuple[Detection, ...]:
    """Keep the surest of overlapping detections of one label."""
    kept: list[Detection] = []
    for thing in sorted(found, key=lambda item: -item.score):
        if all(other.label != thing.label or box_iou(other.box, thing.box) < _SAME_BOX for other in kept):
            kept.append(thing)
    return tuple(kept)


def box_iou(one: Box, two: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[2], two[2]) - max(one[0], two[0])
    tall = min(one[3], two[3]) - max(one[1], two[1])
    inter = max(0.0, wide) * max(0.0, tall)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
    return inter / (area - inter) if area > inter else 0.0


class ObjectTracks:
    """Collects what was seen in each looked-at picture and says what agrees over time."""

    def __init__(self) -> None:
        self._looks_s: list[float] = []
        self._seen: list[tuple[Detection, ...]] = []

    def look(self, time_s: float, seen: tuple[Detection, ...]) -> None:
        """Take the detections of the picture shown at a clip time."""
        self._looks_s.append(time_s)
        self._seen.append(seen)

    def finish(self, end_s: float, cuts_s: Sequence[float] = ()) -> tuple[Mark, ...]:
        """Marks from first to last sight within each shot, ascending.

        Args:
            end_s: End of the window in seconds.
            cuts_s: Times at which a new shot begins.
        """
        marks: list[Mark] = []
        borders = sorted({float("-inf"), *cuts_s})
        for number, low in enumerate(borders):
            high = borders[number + 1] if number + 1 < len(borders) else float("inf")
            rows = [row for row, time_s in enumerate(self._looks_s) if low <= time_s < high]
            if rows:
                marks += self._in_shot(rows, min(high, end_s))
        return tuple(sorted(marks, key=lambda mark: (mark.span, mark.text)))

    def _in_shot(self, rows: Sequence[int], shot_end_s: float) -> list[Mark]:
        marks: list[Mark] = []
        seen = [thing for row in rows for thing in self._seen[row]]
        for label in sorted({thing.label for thing in seen}):
            if agreement(label, seen) < _AGREEMENT:
                continue
            counts = steady([sum(thing.label == label for thing in self._seen[row]) for row in rows])
            first = 0
            while first < len(rows):
                after = first + 1
                while after < len(rows) and counts[after] == counts[first]:
                    after += 1
                if counts[first]:
                    end_s = self._looks_s[rows[after]] if after < len(rows) else shot_end_s
                    marks += self._mark(label, counts[first], rows[first:after], end_s)
                first = after
        return marks

    def _mark(self, label: str, count: int, rows: Sequence[int], end_s: float) -> list[Mark]:
        things = [thing for row in rows for thing in self._seen[row] if thing.label == label]
        sights = sum(any(thing.label == label for thing in self._seen[row]) for row in rows)
        if not things or (sights < 2 and max(thing.score for thing in things) < _SURE):
            return []
        score = float(np.mean([thing.score for thing in things]))
        if sights < _FEW_SIGHTS and score < _FEW_SCORE:
            return []
        box = tuple(float(np.mean(edge)) for edge in zip(*(thing.box for thing in things), strict=True))
        span = Span(self._looks_s[rows[0]], max(end_s, self._looks_s[rows[0]]))
        corners = (box[0], box[1], box[2], box[3]) if count == 1 else None
        return [Mark(span, "objects", counted(label, count), score, corners)]


def agreement(label: str, seen: Sequence[Detection]) -> float:
    """How far the sightings of a shot agree on a label where it was seen, 0 to 1.

    A drawn rabbit is a cat in one picture, a horse and a bird in others: nobody should hear of any of them.
    """
    own = [thing for thing in seen if thing.label == label]
    rivals = sum(
        any(box_iou(thing.box, other.box) >= _SAME_BOX for other in own)
        for thing in seen
        if thing.label != label
    )
    return len(own) / (len(own) + rivals) if own else 0.0


def steady(counts: Sequence[int]) -> list[int]:
    """Counts over time without one-picture flickers: the median of three neighbours, ends kept when alone."""
    if len(counts) < 3:
        return list(counts)
    inner = [int(median(counts[i - 1 : i + 2])) for i in range(1, len(counts) - 1)]
    return [
        counts[0] if counts[0] == inner[0] else inner[0],
        *inner,
        counts[-1] if counts[-1] == inner[-1] else inner[-1],
    ]


def counted(label: str, count: int) -> str:
    """``person``, ``2 people``, ``many bottles``."""
    if count == 1:
        return label
    plural = _PLURALS.get(label, f"{label}s")
    return f"many {plural}" if count > _MANY else f"{count} {plural}"
