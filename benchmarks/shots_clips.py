"""Drawn clips with known shot boundaries: photographs under a moving camera, joined by cuts, dissolves and fades.

Every clip is made at 64x36, the size the detector is fed, from freely licensed photographs (scikit-image's), as
``(pts_s, pixels_HWC)`` pairs with the truth beside them. Nothing here is random but by the clip's own seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

SIZE_PX = (64, 36)
RATE_HZ = 25.0


@dataclass
class DrawnClip:
    """A clip and its truth: cut times, and middles of gradual transitions, in seconds."""

    name: str
    frames: list[np.ndarray]
    cuts_s: list[float] = field(default_factory=list)
    gradual_s: list[float] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[float, np.ndarray]]:
        """Every frame with its time in seconds."""
        for i, pixels in enumerate(self.frames):
            yield i / RATE_HZ, pixels


def photographs(folder: Path) -> list[Image.Image]:
    """The folder's colour and grey photographs, in the order of their names."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix in (".png", ".jpg") and not path.stem.startswith(
            ("chessboard", "phantom", "logo", "horse", "text")
        ):
            image = Image.open(path).convert("RGB")
            if min(image.size) >= 250:
                found.append(image)
    return found


def shoot(photo: Image.Image, count: int, rng: np.random.Generator, move: str) -> list[np.ndarray]:
    """``count`` frames of one take over a photograph: static, pan, zoom, shake, whip (fast pan) or object."""
    width, height = photo.size
    zoom = rng.uniform(0.45, 0.8)
    crop_w = min(width, height * 16 / 9) * zoom
    crop_h = crop_w * 9 / 16
    x, y = rng.uniform(0, width - crop_w), rng.uniform(0, height - crop_h)
    to_x, to_y = rng.uniform(0, width - crop_w), rng.uniform(0, height - crop_h)
    grow = rng.uniform(0.6, 1.0) if move == "zoom" else 1.0
    frames = []
    for i in range(count):
        part = i / max(count - 1, 1)
        if move == "whip":
            part = float(np.clip((i - count * 0.4) / 7, 0, 1))
        moving = move in ("pan", "whip")
        at_x, at_y = (x + (to_x - x) * part, y + (to_y - y) * part) if moving else (x, y)
        if move == "shake":
            at_x = float(np.clip(at_x + rng.normal(0, crop_w * 0.03), 0, width - crop_w))
            at_y = float(np.clip(at_y + rng.normal(0, crop_h * 0.03), 0, height - crop_h))
        scale = 1 + (grow - 1) * part
        w, h = crop_w * scale, crop_h * scale
        box = (at_x, at_y, at_x + w, at_y + h)
        frame = np.asarray(photo.resize(SIZE_PX, Image.Resampling.BOX, box=box), dtype=np.float32)
        if move == "object":
            frame = _pass_by(frame, part)
        frames.append(frame)
    return frames


def _pass_by(frame: np.ndarray, part: float) -> np.ndarray:
    """A dark body a third of the picture wide crosses it during the middle of the take."""
    centre = (part - 0.3) / 0.4 * (SIZE_PX[0] + 24) - 12
    columns = np.abs(np.arange(SIZE_PX[0]) - centre) < 11
    out = frame.copy()
    out[6:, columns] = (40, 30, 25)
    return out


def finish(frames: list[np.ndarray], rng: np.random.Generator, noise: float, gain: float) -> list[np.ndarray]:
    """Contrast, sensor noise and 8-bit rounding."""
    out = []
    for frame in frames:
        grainy = (frame - 128) * gain + 128 + rng.normal(0, noise, frame.shape)
        out.append(np.clip(np.round(grainy), 0, 255).astype(np.uint8))
    return out


def join(
    takes: list[list[np.ndarray]], how: list[tuple[str, int]]
) -> tuple[list[np.ndarray], list[float], list[float]]:
    """Join takes by cuts, dissolves or fades over so many frames; return frames, cut times, middles of transitions."""
    frames, cuts, gradual = list(takes[0]), [], []
    for take, (kind, length) in zip(takes[1:], how, strict=True):
        if kind == "cut":
            cuts.append(len(frames) / RATE_HZ)
            frames += take
            continue
        start = len(frames) - length
        for i in range(length):
            part = (i + 1) / (length + 1)
            if kind == "dissolve":
                frames[start + i] = frames[start + i] * (1 - part) + take[i] * part
            else:  # fade through black
                frames[start + i] = frames[start + i] * max(0, 1 - 2 * part) + take[i] * max(0, 2 * part - 1)
        gradual.append((start + length / 2) / RATE_HZ)
        frames += take[length:]
    return frames, cuts, gradual


MOVES = ("static", "pan", "zoom", "shake", "object", "whip")


def clips(folder: Path, first_seed: int = 0, per_kind: int = 4) -> list[DrawnClip]:
    """The benchmark's clips: kinds of joins, each with its own seeds."""
    photos = photographs(folder)
    made = []
    for k in range(per_kind):
        for kind in (
            "cuts",
            "similar",
            "low contrast",
            "noise",
            "quick cuts",
            "dissolves",
            "fades",
            "flashes",
            "single take",
        ):
            seed = first_seed + 1000 * k + sum(map(ord, kind))
            made.append(_clip(kind, k, photos, np.random.default_rng(seed)))
    return made


def _clip(kind: str, k: int, photos: list[Image.Image], rng: np.random.Generator) -> DrawnClip:
    shots = 1 if kind in ("single take", "flashes") else 8
    order = rng.permutation(len(photos))
    chosen = [photos[order[i % len(order)]] for i in range(shots)]
    if kind == "similar":  # the camera jumps within one picture
        chosen = [photos[order[0]]] * shots
    lengths = rng.integers(12, 25, shots) if kind == "quick cuts" else rng.integers(40, 110, shots)
    if shots == 1:
        lengths = np.array([300])
    moves = [MOVES[(k + i) % len(MOVES)] for i in range(shots)]
    takes = [shoot(p, int(n), rng, m) for p, n, m in zip(chosen, lengths, moves, strict=True)]
    how = [("cut", 0)] * (shots - 1)
    if kind == "dissolves":
        how = [("dissolve", int(rng.integers(8, 32))) for _ in how]
    if kind == "fades":
        how = [("fade", int(rng.integers(12, 36))) for _ in how]
    frames, cuts, gradual = join(takes, how)
    if kind == "flashes":
        for at in range(40, 280, 30):
            for j in range(1 + (at // 30) % 3):
                frames[at + j] = frames[at + j] * 0.15 + 215
    noise = 12.0 if kind == "noise" else rng.uniform(0.5, 3)
    gain = 0.25 if kind == "low contrast" else 1.0
    return DrawnClip(f"{kind} {k}", finish(frames, rng, noise, gain), cuts, gradual)
