"""Playhead's engines as a model of lmms-eval: ``lmms-eval --model playhead --model_args engine=scout --tasks ...``.

lmms-eval (0.7) finds models through the entry-point group ``lmms_eval.models``; ours names :func:`manifest`. It hands over a prompt in
words, where an engine is asked a task: a prompt that lists options by letter is asked as ``choose`` and answered with the letter; in
a task about moments the sentence of the document is asked as ``ground`` and answered with the first span; anything else is asked
as it stands. So scores are those of playhead's own prompts and frames, with the kit's parsers and metrics. Log-likelihoods and several
rounds are not offered.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from playhead.errors import MissingExtraError, UnsupportedError, UsageError
from playhead.media.clip import Video
from playhead.metrics.logs import options_in
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer

NAME: Final = "playhead"
_MOMENTS: Final = re.compile(r"grounding|timelens|extremewhen|charades_sta")
_QUERY_FIELDS: Final = ("query", "caption", "sentence")
_FIRST_OPTION: Final = re.compile(r"^[ \t]*\(?A[.):]", re.MULTILINE)


def manifest() -> Any:  # noqa: ANN401 - a type of lmms-eval
    """What lmms-eval registers."""
    from lmms_eval.models.registry_v2 import ModelManifest

    return ModelManifest(model_id=NAME, simple_class_path=f"{__name__}.Playhead")


def task_of(prompt: str, document: Mapping[str, Any], name: str) -> Task:
    """What an engine is asked for a prompt of lmms-eval.

    Args:
        prompt: The prompt in words.
        document: The benchmark's row that the prompt was made from.
        name: Name of the kit's task.
    """
    if _MOMENTS.search(name):
        query = next((document[field] for field in _QUERY_FIELDS if isinstance(document.get(field), str)), "")
        if query.strip():
            return Ground(query.strip())
    options = options_in(prompt)
    if len(options) > 1:
        *_, last = _FIRST_OPTION.finditer(prompt)
        question = prompt[: last.start()].strip()
        if question and all(option.strip() for option in options):
            return Choose(question, tuple(options), repeats=True)
    return Ask(prompt)


def words_of(answer: Answer) -> str:
    """An answer as lmms-eval's parsers read it; empty where there is none."""
    if answer.task == "choose":
        return answer.choice or (answer.failure.text if answer.failure else "")
    if answer.task == "ground":
        if not answer.events:
            return answer.failure.text if answer.failure else "It does not happen in the video."
        span = answer.events[0].span
        return f"The event happens in {span.start_s:.2f} - {span.end_s:.2f} seconds."
    return answer.text or (answer.failure.text if answer.failure else "")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the class is made when lmms-eval asks for it
    if name == "Playhead":
        return _model_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Answering:
    """An engine of playhead behind lmms-eval's calls.

    Args:
        engine: Which engine: a name, a folder, or a repository.
        batch_size: Only 1: engines are asked one question at a time.
        device: Where to compute, for engines that can be told.
        options: The engine's own settings.

    Raises:
        UsageError: If the batch is larger, or the engine or a setting unknown.
    """

    is_simple = True
    task_dict: Mapping[str, Mapping[str, Any]]  # set by lmms-eval

    def __init__(
        self,
        engine: str = "scout",
        batch_size: int | str = 1,
        device: str | None = None,
        **options: Any,  # noqa: ANN401 - each engine declares its own options
    ) -> None:
        super().__init__()
        if str(batch_size) != "1":
            raise UsageError("batch_size of playhead in lmms-eval", found=str(batch_size), allowed="1")
        options.pop("max_batch_size", None)
        from playhead.api import load

        if device:
            options["device"] = device
        self.session = load(engine, **options)

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """Answer every request, in order."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> str:  # noqa: ANN401 - an Instance of lmms-eval
        prompt, _, to_visual, number, task, split = request.args
        document = self.task_dict[task][split][number]
        asked = task_of(prompt, document, task)
        return words_of(self.session.engine.answer(Video(_source(to_visual(document), task)), asked))

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        """Not offered."""
        raise UnsupportedError(
            f"{len(requests)} log-likelihoods of playhead in lmms-eval", allowed="generate_until"
        )

    def generate_until_multi_round(self, requests: Sequence[Any]) -> list[str]:
        """Not offered."""
        raise UnsupportedError(f"{len(requests)} rounds of playhead in lmms-eval", allowed="generate_until")


def _model_class() -> type:
    """The model class, a child of lmms-eval's own."""
    try:
        from lmms_eval.api.model import lmms
    except ImportError as error:
        raise MissingExtraError(
            "cannot run in lmms-eval", found=str(error), todo="pip install lmms-eval beside playhead"
        ) from error

    class Playhead(Answering, lmms):  # type: ignore[misc]  # lmms-eval has no types
        """An engine of playhead as a model of lmms-eval."""

    return Playhead


def _source(visuals: object, task: str) -> str:
    """The one video of a request."""
    found = visuals if isinstance(visuals, (list, tuple)) else [visuals]
    if len(found) != 1 or not isinstance(found[0], (str, os.PathLike)):
        kinds = ", ".join(type(each).__name__ for each in found[:3]) or "nothing"
        raise UnsupportedError(
            f"{task} in lmms-eval with playhead", found=kinds, allowed="the path of one video"
        )
    return os.fspath(found[0])
