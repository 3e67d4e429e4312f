"""A tiny film with the truth inside: dark for a second, light for a second, dark for a second, and so on."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE_HZ = 10


def draw_lights(
    path: Path, seconds: int = 3, *, times_ms: list[int] | None = None, beep: bool = False
) -> Path:
    """Write the film: 64x48 MPEG-4 at 10 frames per second, or with frames at the given times (milliseconds).

    Args:
        path: Where; its ending chooses the container.
        seconds: Length.
        times_ms: True presentation times of the frames, for a film of variable rate.
        beep: Whether it has sound: a 440 Hz tone.
    """
    frame_ms = times_ms if times_ms is not None else [n * 1000 // RATE_HZ for n in range(seconds * RATE_HZ)]
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=1000, width=64, height=48, pix_fmt="yuv420p")
        sound = container.add_stream("aac", rate=16_000, layout="mono") if beep else None
        for time_ms in frame_ms:
            level = 220 if time_ms // 1000 % 2 else 30
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
            frame.pts = time_ms
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            for start in range(0, seconds * 16_000, 1024):
                tone = (
                    np.sin(2 * np.pi * 440 * np.arange(start, start + 1024) / 16_000).astype(np.float32) * 0.3
                )
                part = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
                part.rate, part.pts = 16_000, start
                container.mux(sound.encode(part))
            container.mux(sound.encode(None))
    return path


def draw_sound(path: Path, seconds: float = 1.0) -> Path:
    """Write a WAV file: sound without pictures."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        tone = (np.sin(2 * np.pi * 440 * np.arange(int(16_000 * seconds)) / 16_000) * 9000).astype(np.int16)
        part = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        part.rate, part.pts = 16_000, 0
        container.mux(sound.encode(part))
        container.mux(sound.encode(None))
    return path
