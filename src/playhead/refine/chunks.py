"""Long videos described part by part: dense captions of each part, on the whole video's clock, put together in time.

A model that looks at an hour at once is given pictures seconds apart, and invents what lies between. Parts that it sees
with its full density are answered on their own and merged as ARC-Hunyuan-Video's makers advise for theirs
(:mod:`playhead.models.parts`, which that family uses itself).

Source: arXiv 2507.20939 and its README (five-minute parts, merged).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Final

from playhead.errors import UsageError
from playhead.media.clip import Video
from playhead.models.merge import Merger, make_merger
from playhead.models.parts import SEGMENT_S, answer_in_parts, as_watch, parts_of
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.length import full_s, window_of
from playhead.refine.steps import look
from playhead.tasks.base import Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.watch import Watch
from playhead.timeline import Answer, Step

_WATCHED: Final[tuple[Task, ...]] = (Describe(), Events(), Chapters())


@dataclass(slots=True)
class Chunks(Around):
    """An engine that describes long videos part by part."""

    _merger: Merger | None = field(default=None, init=False)

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """A description, events or chapters, part by part where the video is long; other tasks go to the engine.

        Raises:
            MediaError: The file cannot give what the task needs.
        """
        if not isinstance(task, (Describe, Events, Chapters, Watch)) or self.settings.parts is False:
            return self.engine.answer(video, task, progress=progress)
        limit_s = full_s(self.engine)
        if self.settings.parts is None and limit_s is None:
            return self.engine.answer(video, task, progress=progress)
        part_s = self.settings.part_s or limit_s or SEGMENT_S
        window = window_of(video)
        if self.settings.parts is None and window.duration_s <= (limit_s or math.inf):
            return self.engine.answer(video, task, progress=progress)
        parts = parts_of(video, window, part_s)
        if len(parts) < 2:
            return self.engine.answer(video, task, progress=progress)
        names = {part.video: f"part {number} of {len(parts)}" for number, part in enumerate(parts, 1)}
        trace: list[Step] = []

        def ask(part: Video, question: Task, told: Progress) -> Answer:
            made = look(self.engine, part, question, told, name=f"{names[part]}: {question.name}")
            trace.extend(made.trace)
            return made

        tasks = _WATCHED if isinstance(task, Watch) else (task,)
        merged = answer_in_parts(parts, tasks, ask, self._merge(progress), progress=progress)
        whole = as_watch(merged) if isinstance(task, Watch) else merged[0]
        return replace(whole, trace=tuple(trace))

    def _merge(self, progress: Progress) -> Merger | None:
        if self._merger is None:
            self._merger = make_merger(self.settings.merge, _Nobody(), progress)
        return self._merger


class _Nobody:
    """Stands where ARC's own decoder would: other engines are asked about videos only (``merge='own'`` is refused)."""

    name = "nobody"

    def __getattr__(self, asked: str) -> Any:  # noqa: ANN401 - never called
        raise UsageError("merge='own'", found="an engine that writes about videos only")
