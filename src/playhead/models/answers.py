"""From what was read of a model's text to the answer a caller gets: the same for every model that writes. Light on import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from playhead.media.clip import Video
from playhead.tasks.ask import Ask
from playhead.tasks.base import Reading, Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.watch import Watch
from playhead.timeline import Answer, ParseFailure

TASKS: Final = (Watch, Describe, Events, Chapters, Ground, Ask, Choose)
"""What a model that writes is asked."""

WATCH_PARTS: Final[tuple[Task, ...]] = (Describe(), Events(), Chapters())
"""The questions that ``watch`` is put together from."""


def query_of(task: Task) -> str:
    """The user's own words in a task."""
    if isinstance(task, Ground):
        return task.query
    return task.question if isinstance(task, (Ask, Choose)) else ""


def read_answer(base: Answer, reading: Reading | ParseFailure, *, finished: bool) -> Answer:
    """The answer with what was read of the model's text.

    Args:
        base: What is known without the text.
        reading: What the task read.
        finished: Whether the model ended by itself, rather than at its longest allowed length.
    """
    if isinstance(reading, ParseFailure):
        reason = "" if finished else "the answer was cut off at its longest allowed length"
        return replace(base, failure=reading, reason=reason)
    flags = list(reading.flags)
    if not finished:
        flags.append("cut off")
    reason = f"the answer is {', '.join(dict.fromkeys(flags))}" if flags else ""
    return replace(
        base,
        title=reading.title,
        text=reading.text,
        thinking=reading.thinking,
        events=reading.events,
        chapters=reading.chapters,
        choice=reading.choice,
        transcript=reading.transcript,
        reason=reason,
    )


def watched(parts: Sequence[Answer]) -> Answer:
    """One answer from those to :data:`WATCH_PARTS`; a part that cannot be read costs only itself."""
    told, events, chapters = parts
    failed = [part for part in parts if part.failure is not None]
    if len(failed) == len(parts):
        return replace(told, task="watch")
    missing = ", ".join(part.task for part in failed)
    return replace(
        told,
        task="watch",
        events=events.events,
        chapters=chapters.chapters,
        thinking="\n\n".join(part.thinking for part in parts if part.thinking),
        failure=None,
        reason=f"not readable in what the model wrote: {missing}" if missing else "",
    )


def file_state(video: Video) -> object:
    """What changes when a file is written anew; nothing is known of an address."""
    try:
        found = Path(video.source).stat()
    except (OSError, ValueError):  # an address, or no file: opening it says what is wrong
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
