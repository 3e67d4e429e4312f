"""Any OpenAI-compatible chat endpoint as an engine: look once, send what was seen with each question, read the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from typing import Any

from playhead.errors import UnsupportedError
from playhead.media.clip import Video
from playhead.models.ahead import Ahead
from playhead.models.answers import TASKS, WATCH_PARTS, file_state, query_of, read_answer, watched
from playhead.models.base import Exchange
from playhead.models.mechanisms import require
from playhead.models.openai.config import OpenAIConfig, config_from_options
from playhead.models.openai.endpoint import Endpoint
from playhead.models.openai.look import Look, look_at
from playhead.progress import Progress, silent
from playhead.tasks.base import Clock, PromptStyle, Task
from playhead.tasks.watch import Watch
from playhead.timeline import Answer, ParseFailure

_KEY = "answer"


class OpenAIEngine:
    """A model behind an endpoint; threads take turns.

    What was seen of the last video is kept, so that a second question decodes nothing; it is sent again.

    Args:
        config: Its settings.
    """

    def __init__(self, config: OpenAIConfig) -> None:
        self.config, self.endpoint = config, Endpoint(config)
        self.name = f"openai:{config.model}"
        self._lock = RLock()
        self._last: tuple[tuple[Video, object], Look] | None = None
        self._ahead: Ahead[Look] = Ahead()
        self.on_exchange: Callable[[Exchange], None] | None = None

    @property
    def seams(self) -> frozenset[str]:
        """What it can do for mechanisms (:data:`playhead.models.mechanisms.SEAMS`); a file sent whole is out of reach."""
        return frozenset({"instants"} if self.config.send == "frames" else ())

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video, with times in seconds on the video's own clock.

        Raises:
            MediaError: The file cannot give what the task needs.
            UnsupportedError: The engine does not offer the task, or the endpoint refuses the request.
            WeightsUnavailableError: The endpoint cannot be reached or stays busy.
            UsageError: It refuses the key, or does not know the model.
            ParseError: What it says is no chat completion.
        """
        if not isinstance(task, TASKS):
            raise UnsupportedError(
                f"{self.name} does not offer the task {task.name!r}",
                allowed=", ".join(each.name for each in TASKS),
                todo="use the engine scout",
            )
        if video.instants_s is not None:
            require("frames", self.seams, self.name)
        with self._lock:
            look = self._seen(video, progress)
            if isinstance(task, Watch):
                return watched([self._ask(video, look, part, progress) for part in WATCH_PARTS])
            return self._ask(video, look, task, progress)

    def prepare(self, video: Video, *, progress: Progress = silent) -> None:
        """Look at a video ahead, from another thread, while the endpoint answers about another.

        Raises:
            MediaError: The file cannot give pictures.
        """
        key = (video, file_state(video))
        if key not in self._ahead:
            self._ahead.put(key, look_at(video, self.config, progress))

    def _seen(self, video: Video, progress: Progress) -> Look:
        key = (video, file_state(video))
        if self._last is None or self._last[0] != key:
            self._last = None  # let go of the old one first
            look = self._ahead.take(key)
            self._last = (key, look_at(video, self.config, progress) if look is None else look)
        return self._last[1]

    def _ask(self, video: Video, look: Look, task: Task, progress: Progress) -> Answer:
        prompt = task.render(PromptStyle(times=self.config.times))
        form = _form(task.name, prompt.json_schema) if self.config.constrain else None
        progress("asking", 0, None)
        written = self.endpoint.write([*look.content, {"type": "text", "text": prompt.text}], form)
        base = Answer(
            task=task.name,
            source=video.source,
            duration_s=look.info.duration_s,
            model=self.name,
            sampling=look.sampling,
            query=query_of(task),
        )
        if self.on_exchange is not None:
            self.on_exchange(Exchange(prompt.text, written.text, written.finished))
        text = written.text if form is None else _taken_out(written.text)
        if not text.strip():
            why = f"the model refused: {written.refusal}" if written.refusal else "the model wrote nothing"
            return replace(
                read_answer(base, ParseFailure(text, why), finished=written.finished),
                thinking=written.thinking,
            )
        clock = Clock(look.window.duration_s, look.window.start_s)
        made = read_answer(base, task.read(text, clock), finished=written.finished)
        return replace(made, thinking=made.thinking or written.thinking)


def openai(**options: Any) -> OpenAIEngine:  # noqa: ANN401 - checked one by one
    """The engine from options; see :class:`playhead.models.openai.config.OpenAIConfig`.

    Raises:
        UsageError: An unknown option, a value that is not allowed, or no address or model.
    """
    return OpenAIEngine(config_from_options(options))


def _form(task: str, schema: dict[str, object] | None) -> dict[str, Any] | None:
    """The form of an answer as the protocol wants it: an object at the top, so lists are put into one."""
    if schema is None:
        return None
    held = {
        "type": "object",
        "properties": {_KEY: schema},
        "required": [_KEY],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": task, "strict": True, "schema": held}}


def _taken_out(text: str) -> str:
    """The answer out of the object it was put into; a text of another form stays as it is, for the task to read."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(held, dict) or held.keys() != {_KEY}:
        return text
    value = held[_KEY]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
