"""An engine that sees when a film is light, at the distance of its pictures, and a film that says when it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from playhead.media.clip import Video
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import opened
from playhead.media.sampling import sample_video
from playhead.media.sampling.uniform import uniform
from playhead.media.window import resolve_window
from playhead.models.answers import query_of
from playhead.progress import Progress, silent
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span

RATE_HZ = 10


def draw_lamp(path: Path, seconds: int, lit: Sequence[tuple[float, float]]) -> Path:
    """A dark film of 10 frames per second that is light inside some spans; a key frame every second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(
            "mpeg4", rate=RATE_HZ, width=64, height=48, pix_fmt="yuv420p", options={"g": "10"}
        )
        for number in range(seconds * RATE_HZ):
            light = any(start <= number / RATE_HZ < end for start, end in lit)
            frame = av.VideoFrame.from_ndarray(
                np.full((48, 64, 3), 220 if light else 30, np.uint8), format="rgb24"
            )
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


class LampEngine:
    """Looks at ``frames`` pictures of a window and says from when to when it is light: nothing else, but that truly.

    Args:
        frames: Pictures of a look.
        full_s: What it says it sees well, in seconds.
        seams: What it says it can.
        unreadable: Numbers of the looks, from 1, whose answers cannot be read.
    """

    name = "lamp"

    def __init__(
        self,
        frames: int = 13,
        *,
        full_s: float | None = None,
        seams: Sequence[str] = ("instants",),
        unreadable: Sequence[int] = (),
    ) -> None:
        self.frames, self.full_s, self.seams = frames, full_s, frozenset(seams)
        self.unreadable = unreadable
        self.looks: list[Video] = []

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        self.looks.append(video)
        with opened(video.source) as media:
            window = resolve_window(video, media.info)
            chosen = sample_video(
                video, uniform(self.frames), media.index.times_s, window.start_s, window.end_s
            )
            seen = [
                (frame.pts_s, frame.pixels_HWC.mean() > 128)
                for frame in read_rows(media, media.table, chosen.indices, None, Damage())
            ]
            duration_s = media.info.duration_s
        spans = []
        for number, (time_s, light) in enumerate(seen):
            end_s = seen[number + 1][0] if number + 1 < len(seen) else window.end_s
            if light:
                begins = max(time_s, window.start_s)
                if spans and spans[-1].end_s == begins:
                    begins = spans.pop().start_s
                spans.append(Span(begins, end_s))
        failed = len(self.looks) in self.unreadable
        return Answer(
            task=task.name,
            source=video.source,
            duration_s=duration_s,
            model=self.name,
            sampling=Sampling(chosen.policy, window, tuple(time_s for time_s, _ in seen)),
            query=query_of(task),
            text=f"light for {sum(span.duration_s for span in spans):.1f} s",
            events=()
            if failed or task.name in ("ask", "choose", "describe")
            else tuple(Event(span, "light") for span in spans),
            chapters=(Event(window, "a part", "part"),) if task.name in ("chapters", "watch") else (),
            choice=("A" if spans else "B") if isinstance(task, Choose) else None,
            failure=ParseFailure("?", "no time in it") if failed else None,
        )
