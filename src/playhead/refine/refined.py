"""The mechanisms around an engine, in the order that makes sense; the whole is an engine again.

    sureness( snap( coarse to fine( zoom( votes( pictures by query( engine ))))))     for a query
    zoom( where: coarse to fine( votes( ... ))  answer: votes( ... ))                 for a question
    part by part( engine )                                                            for descriptions

So every round of a zoom is voted on, the close looks into a long video are zoomed, and boundaries are moved, and their
sureness told, at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playhead.errors import UnsupportedError
from playhead.media.clip import Video
from playhead.models.base import Engine
from playhead.progress import Progress, silent
from playhead.refine.choose import Chosen
from playhead.refine.chunks import Chunks
from playhead.refine.coarse import Coarse
from playhead.refine.mechanisms import TASKS, require
from playhead.refine.settings import Refinement
from playhead.refine.snap import Snap
from playhead.refine.sureness import Sureness
from playhead.refine.votes import Votes
from playhead.refine.zoom import Zoom
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer


@dataclass(slots=True)
class Refined:
    """An engine with mechanisms around it.

    Attributes:
        engine: The engine.
        settings: What is done around it.

    Raises:
        UnsupportedError: A mechanism the engine has no seam for.
    """

    engine: Engine
    settings: Refinement = field(default_factory=Refinement)
    _query: Engine = field(init=False)
    _question: Engine = field(init=False)
    _telling: Engine = field(init=False)

    def __post_init__(self) -> None:
        for name in wanted(self.settings):
            require(self.engine, name)
        looking: Engine = Chosen(self.engine, self.settings)
        voting = Votes(looking, self.settings)
        finding = Coarse(looking, self.settings, Zoom(voting, self.settings))
        self._query = Snap(Sureness(finding, self.settings), self.settings)
        self._question = Zoom(voting, self.settings, finder=Coarse(looking, self.settings, voting))
        self._telling = Chunks(self.engine, self.settings)

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """The engine's answer after all that was asked for; what was looked at is in its trace.

        Raises:
            UnsupportedError: A mechanism that does nothing for the task.
            MediaError: The file cannot give what the task needs.
        """
        self._require_use(task)
        if isinstance(task, Ground):
            answer = self._query.answer(video, task, progress=progress)
        elif isinstance(task, (Ask, Choose)):
            answer = self._question.answer(video, task, progress=progress)
        else:
            answer = self._telling.answer(video, task, progress=progress)
        return answer

    def _require_use(self, task: Task) -> None:
        """Refuse what was asked for and would be passed over in silence."""
        zooms = self.settings.zoom > 1
        for name in wanted(self.settings):
            allowed = TASKS[name] + (("ask", "choose") if name == "coarse to fine" and zooms else ())
            if task.name not in allowed:
                raise UnsupportedError(
                    f"{name} for the task {task.name}",
                    found="a mechanism that does nothing for it",
                    allowed=", ".join(allowed),
                    todo="leave it out",
                )


def wanted(settings: Refinement) -> tuple[str, ...]:
    """Names of the mechanisms that were asked for; those that come by themselves for long videos are not among them."""
    asked = {
        f"{settings.zoom_mode} zoom": settings.zoom > 1,
        "coarse to fine": settings.coarse is True,
        "part by part": settings.parts is True,
        "query-aware frames": settings.choose_frames is not None,
        "votes over shifts": settings.votes > 1,
        "snapping": settings.snap_s > 0,
        "nothing when unsure": settings.unsure > 0,
    }
    return tuple(name for name, is_asked in asked.items() if is_asked)
