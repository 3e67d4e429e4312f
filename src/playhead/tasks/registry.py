"""Every task by name."""

from __future__ import annotations

from typing import Final

from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch

TASKS: Final[dict[str, type[Task]]] = {
    "watch": Watch,
    "describe": Describe,
    "events": Events,
    "chapters": Chapters,
    "ground": Ground,
    "ask": Ask,
    "choose": Choose,
    "transcribe": Transcribe,
}
