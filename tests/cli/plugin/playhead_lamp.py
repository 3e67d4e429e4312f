"""An engine from outside: tells when the picture is light and when it is dark. It joins by its entry point.

It really decodes the video, needs no weights, and can be told to take long, so that the command line's own behaviour can be
tested: ``LAMP_LOG`` names a file that gets a line for each answer, ``LAMP_WAIT_S`` waits, ``LAMP_STUCK`` computes in
native code that no signal interrupts, ``LAMP_SWALLOWS`` takes Ctrl-C for a missing extra, as native modules do while they
are imported, ``LAMP_FAULT`` breaks.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from playhead.errors import MissingExtraError
from playhead.media import open_clip
from playhead.media.clip import Video
from playhead.progress import Progress, silent
from playhead.tasks.base import Task
from playhead.timeline import Answer, Event, Mark, ParseFailure, Span, Transcript

# Ends a hair below half a millisecond, finer than JSON holds: what is shown must not depend on where it was read from.
HUM = Mark(Span(0.0, 0.0015 - 1e-8), "sounds", "hum")


class Lamp:
    name = "lamp"

    def __init__(self, *, llm: str = "none", device: str = "cpu", cache: bool = True) -> None:
        self.options = f"llm={llm} device={device} cache={cache}"

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        _trouble(progress)
        clip = open_clip(
            video.source,
            sampling="uniform:n=40",
            start_s=video.start_s,
            end_s=video.end_s,
            video_stream=video.video_stream,
            audio_stream=video.audio_stream,
        )
        if log := os.environ.get("LAMP_LOG"):
            with Path(log).open("a") as file:
                file.write(f"{Path(video.source).name} {task.name} {self.options}\n")
        events = _stretches(clip)
        query = getattr(task, "query", "") or getattr(task, "question", "")
        found = tuple(each for each in events if task.name != "ground" or each.text == query)
        return Answer(
            task=task.name,
            source=video.source,
            duration_s=clip.info.duration_s,
            model="lamp",
            sampling=clip.sampling,
            query=query,
            text=" then ".join(each.text for each in events),
            events=found,
            chapters=events,
            choice="A" if task.name == "choose" else None,
            transcript=Transcript() if clip.waveform is not None else None,
            lanes={"sounds": (HUM,)},
            evidence=tuple(mark for each in found for mark in each.evidence),
            reason="" if found else f"no stretch is {query}",
            failure=ParseFailure("mumble", "no words in it") if query == "unreadable" else None,
        )


def _stretches(clip) -> tuple[Event, ...]:
    """Stretches of light and dark, cut where the first frame of the other kind is shown."""
    if clip.frames is None:
        return ()
    light = [bool(each) for each in clip.frames.pixels_FHWC.mean(axis=(1, 2, 3)) > 127]
    cuts = [n for n in range(len(light)) if n == 0 or light[n] != light[n - 1]]
    ends = [float(clip.frames.pts_s[n]) for n in cuts[1:]] + [clip.window.end_s]
    events = []
    for n, end_s in zip(cuts, ends, strict=True):
        span, text = Span(float(clip.frames.pts_s[n]), end_s), "light" if light[n] else "dark"
        events.append(Event(span, text, evidence=(Mark(span, "lamp", text),)))
    return tuple(events)


def _trouble(progress: Progress) -> None:
    if os.environ.get("LAMP_SWALLOWS"):
        progress("looking", 0, 1)
        try:
            time.sleep(60)
        except KeyboardInterrupt as error:
            raise MissingExtraError("light needs a bulb") from error
    wait_s = float(os.environ.get("LAMP_WAIT_S", "0"))
    for step in range(int(wait_s * 20)):
        progress("looking", step, wait_s * 20)
        time.sleep(0.05)
    progress("looking", 1, 1)
    if os.environ.get("LAMP_STUCK"):
        hashlib.pbkdf2_hmac("sha256", b"", b"", 200_000_000)
    if os.environ.get("LAMP_FAULT"):
        raise RuntimeError("the bulb\nhas burst")
