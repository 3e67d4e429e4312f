"""Clips for benchmarks/prepare.py: H.264 whose every picture carries its own number, and one that is shown at a variable rate.

A picture pans slowly over a coarse pattern with grain (so that it costs what real video costs to decode), with a strip of
black and white cells on top. The hour is the ten minutes six times over, packet by packet; its numbers start anew every
ten minutes.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

RATE_HZ = 30
CELLS = 20
STRIP_PX = 48
LOOP = 18_000  # pictures after which numbers start anew
KEY_EVERY = 250
_LONG = "720p 10 min"
_TICK_HZ = 90_000


def draw_strip(number: int, width_px: int) -> np.ndarray:
    """The number in black and white cells: white, black, then 18 bits."""
    bits = np.array([1, 0, *((number >> bit) & 1 for bit in range(CELLS - 2))], np.uint8) * 200 + 25
    return np.repeat(bits[np.arange(width_px) * CELLS // width_px][None], STRIP_PX, 0)


def read_strip(picture_HWC: np.ndarray, height_px: int) -> int:
    """The number a picture of any size says, -1 where it says none; ``height_px`` is the height it was drawn at."""
    height, width = picture_HWC.shape[:2]
    row = STRIP_PX / 2 * height / height_px
    first, last = int(row * 0.6), max(int(row * 0.6) + 1, int(row * 1.2))
    centres = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    cells = [int(picture_HWC[first:last, at - 1 : at + 2].mean() > 128) for at in centres]
    if cells[:2] != [1, 0]:
        return -1
    return sum(bit << place for place, bit in enumerate(cells[2:]))


def draw(path: Path, count: int, width_px: int, height_px: int) -> None:
    """So many pictures at 30 a second."""
    import av

    random = np.random.default_rng(0)
    coarse = random.integers(40, 220, (5, height_px // 16, width_px // 16), np.uint8)
    scenes = [np.repeat(np.repeat(scene, 32, 0), 32, 1) for scene in coarse]
    scenes = [np.clip(scene + random.normal(0, 5, scene.shape), 0, 255).astype(np.uint8) for scene in scenes]
    grey = np.full((height_px // 2, width_px), 128, np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast", "crf": "27"})
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.codec_context.gop_size = KEY_EVERY
        stream.codec_context.thread_type = (
            "FRAME"  # one slice a picture, as x264 does when it is not told otherwise
        )
        for number in range(count):
            scene = scenes[number // 240 % len(scenes)]
            top, left = number % 240 * 2, number % 240 * 4
            luma = scene[top : top + height_px, left : left + width_px].copy()
            luma[:STRIP_PX] = draw_strip(number % LOOP, width_px)
            frame = av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), format="yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def repeat(source: Path, path: Path, times: int) -> None:
    """The same coded pictures, so many times over."""
    _remux(source, path, times, lambda number: Fraction(number, RATE_HZ))


def vary(source: Path, path: Path) -> None:
    """The same coded pictures with other times: in turn 20 s at 30, at 60 and at 15 a second."""
    _remux(source, path, 1, variable_time)


def variable_time(number: int) -> Fraction:
    """When a picture of the variable clip is shown, in seconds."""
    part, left = divmod(number, 600)
    steps = (Fraction(1, 30), Fraction(1, 60), Fraction(1, 15))
    return sum((steps[each % 3] * 600 for each in range(part)), Fraction(0)) + left * steps[part % 3]


def _remux(source: Path, path: Path, times: int, time: object) -> None:
    import av

    with av.open(str(path), "w") as out:
        new = None
        for turn in range(times):
            with av.open(str(source)) as given:
                old = given.streams.video[0]
                if new is None:
                    new = out.add_stream_from_template(old)
                    new.time_base = Fraction(1, _TICK_HZ)
                for packet in given.demux(old):
                    if packet.pts is None or packet.dts is None:
                        continue
                    shown, order = (round(at * old.time_base * RATE_HZ) for at in (packet.pts, packet.dts))
                    shown, order = shown + turn * LOOP, order + turn * LOOP
                    packet.stream, packet.time_base = new, Fraction(1, _TICK_HZ)
                    packet.pts = round(time(shown) * _TICK_HZ)
                    packet.dts = round(time(max(0, order)) * _TICK_HZ) + min(0, order) * 3000 - 12_000
                    packet.duration = round(time(shown + 1) * _TICK_HZ) - packet.pts
                    out.mux(packet)


def clips(folder: Path, names: list[str]) -> dict[str, tuple[Path, int, int]]:
    """Clips with their number of pictures and height, drawn where they are not there yet; no names are all of them."""
    wanted = {
        "720p 30 s": ("720p-30s.mp4", 900, 720),
        _LONG: ("720p-10min.mp4", LOOP, 720),
        "720p 10 min, variable": ("720p-10min-variable.mp4", LOOP, 720),
        "720p 1 h": ("720p-1h.mp4", 6 * LOOP, 720),
        "1080p 2 min": ("1080p-2min.mp4", 3600, 1080),
    }
    remade = [name for name in names or wanted if "1 h" in name or "variable" in name]
    for name, (file, count, height_px) in wanted.items():
        path = folder / file
        part = path.with_suffix(".part.mp4")
        needed = not names or name in names or (remade and name == _LONG)
        if path.exists() or not needed:
            continue
        if "1 h" in name:
            repeat(folder / wanted[_LONG][0], part, 6)
        elif "variable" in name:
            vary(folder / wanted[_LONG][0], part)
        else:
            draw(part, count, height_px * 16 // 9, height_px)
        part.rename(path)
    return {
        name: (folder / file, count, height_px)
        for name, (file, count, height_px) in wanted.items()
        if not names or name in names
    }


if __name__ == "__main__":
    clips(Path(sys.argv[1]), sys.argv[2:])
