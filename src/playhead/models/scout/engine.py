"""Scout as an engine: gather evidence, then answer any task from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from playhead import hub
from playhead.errors import UnsupportedError
from playhead.language.base import LanguageModel
from playhead.media.clip import Video
from playhead.models.family import Plan
from playhead.models.scout import find, reply
from playhead.models.scout.compose import Composition, compose
from playhead.models.scout.config import ScoutConfig, config_from_options
from playhead.models.scout.memory import Memory
from playhead.models.scout.notes import OVERVIEW, Note, notes_of
from playhead.models.scout.plan import plan_scout
from playhead.models.scout.prompts import language_name
from playhead.models.scout.room import check_question
from playhead.models.scout.segment import Vectors
from playhead.models.scout.vectors import KeptVectors
from playhead.models.scout.write import Writer
from playhead.perceive.evidence import Evidence
from playhead.perceive.gather import Senses, gather
from playhead.progress import Progress, silent
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch
from playhead.timeline import Answer

CONTEXT_TOKENS = 4096
MAX_OVERVIEW = 24  # chapters told beside the retrieved notes


class Scout:
    """The default engine: small senses write timed evidence, a small language model composes from it.

    Its weights are fetched when the first video needs them. One instance may be used from several threads; they take
    turns.

    Args:
        config: Its settings.
    """

    name = "scout"

    def __init__(self, config: ScoutConfig) -> None:
        self.config = config
        self._lock = RLock()
        self._progress: Progress = silent
        self._memory = Memory()

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Answer a task about a video; times come from evidence, never from the language model.

        Raises:
            MediaError: The file cannot give what the task needs.
            WeightsError: Weights are not to be had.
            UnsupportedError: The task is not one of scout's.
            UsageError: The question is too long.
        """
        with self._lock:
            self._progress = progress
            if isinstance(task, Transcribe):
                return self._transcribe(video)
            if not isinstance(task, (Watch, Describe, Events, Chapters, Ground, Ask, Choose)):
                raise UnsupportedError(f"scout does not offer the task {task.name!r}")
            if isinstance(task, Ground):
                check_question("look for something", task.query)
            elif isinstance(task, Ask):
                check_question("ask", task.question)
            elif isinstance(task, Choose):
                check_question("choose", task.question, *task.options)
            self._fetch_words()
            evidence = self._gather(video)
            if isinstance(task, Ground):
                return self._ground(video, evidence, task)
            if isinstance(task, Ask):
                return self._ask(video, evidence, task)
            if isinstance(task, Choose):
                return self._choose(video, evidence, task)
            return self._compose(video, evidence, task)

    def prepare(self, video: Video, *, progress: Progress = silent) -> None:
        """Gather a video's evidence ahead, from another thread; nothing is done where evidence is not kept.

        Raises:
            MediaError: The file cannot give what evidence needs.
            WeightsError: Weights are not to be had.
        """
        if self.config.cache:
            senses = Senses.only(*self.config.senses, language=self.config.language)
            gather(video, senses=senses, progress=progress)

    def plan(self, video: Video) -> Plan:
        """What answering about a video would take.

        Raises:
            MediaError: The file cannot be read.
        """
        return plan_scout(self.name, video, asdict(self.config))

    # --- the tasks ------------------------------------------------------------------------------------------------

    def _compose(self, video: Video, evidence: Evidence, task: Task) -> Answer:
        made = self._composition(evidence)
        whole = isinstance(task, Watch)
        return self._make(
            video,
            evidence,
            task.name,
            notes=made.notes,
            title=made.title,
            text=made.summary,
            events=made.events if whole or isinstance(task, Events) else (),
            chapters=made.chapters if whole or isinstance(task, Chapters) else (),
            transcript=evidence.transcript if whole else None,
            lanes=evidence.lanes if whole else {},
            reason="" if made.summary else "nothing was seen or heard",
        )

    def _transcribe(self, video: Video) -> Answer:
        evidence = self._gather(video, "speech")
        reason = ""
        if evidence.transcript is None:
            reason = "the file has no sound"
        elif not evidence.transcript.segments:
            reason = "no speech was heard"
        text = evidence.transcript.text if evidence.transcript else ""
        return self._make(
            video, evidence, "transcribe", llm=False, text=text, transcript=evidence.transcript, reason=reason
        )

    def _ground(self, video: Video, evidence: Evidence, task: Ground) -> Answer:
        index = self._index(evidence)
        events = find.as_events(find.judge(index, task.query, self.language_model), task.query)
        return self._make(
            video,
            evidence,
            task.name,
            query=task.query,
            events=events,
            evidence=tuple(mark for event in events for mark in event.evidence),
            confidence=max((e.confidence or 0.0 for e in events), default=None),
            reason="" if events else "nothing said, shown or heard in the video supports the query",
        )

    def _ask(self, video: Video, evidence: Evidence, task: Ask) -> Answer:
        if find.is_about_the_whole(task.question):
            made = self._composition(evidence)
            first = dict.fromkeys(mark for chapter in made.chapters for mark in chapter.evidence[:1])
            return self._make(
                video, evidence, task.name, query=task.question, text=made.summary, evidence=tuple(first)
            )
        index, overview = self._index(evidence), self._overview(evidence)
        said = reply.ask(index, task.question, self.language_model, _language(evidence), overview)
        return self._reply(video, evidence, task.name, task.question, said)

    def _choose(self, video: Video, evidence: Evidence, task: Choose) -> Answer:
        options = dict(zip(task.labels, task.options, strict=True))
        said = reply.choose(
            self._index(evidence), task.question, options, self.language_model, self._overview(evidence)
        )
        return self._reply(video, evidence, task.name, task.question, said)

    # --- the parts ------------------------------------------------------------------------------------------------

    def _fetch_words(self) -> None:
        """Have the weights that put words to evidence before minutes go into gathering it."""
        words = {"speech", "text", "sounds", "objects"} & set(self.config.senses)
        for name in (self.config.llm, *(("minilm",) if words else ())):
            if name in hub.WEIGHTS:
                hub.fetch(name, progress=self._progress)

    @cached_property
    def language_model(self) -> LanguageModel | None:
        """The language model, fetched and loaded at first use; None for ``llm="none"``."""
        if self.config.llm == "none":
            return None
        from playhead.language.llama import LlamaModel

        if self.config.llm in hub.WEIGHTS:
            folder = hub.fetch(self.config.llm, progress=self._progress)
            path = folder / hub.WEIGHTS[self.config.llm].files[0].name
        else:
            path = Path(self.config.llm)
        return LlamaModel(path, name=path.stem, context_tokens=CONTEXT_TOKENS, threads=self.config.threads)

    @cached_property
    def _embedder(self) -> Callable[[Sequence[str]], Vectors]:
        from playhead.perceive.sentences import SentenceEmbedder

        embed = SentenceEmbedder(hub.fetch("minilm", progress=self._progress)).embed
        return KeptVectors(embed) if self.config.cache else embed

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedder(texts) if texts else np.zeros((0, 1), np.float32)

    def _gather(self, video: Video, *names: str) -> Evidence:
        senses = Senses.only(*(names or self.config.senses), language=self.config.language)
        return gather(video, senses=senses, progress=self._progress, cache=self.config.cache)

    def _index(self, evidence: Evidence) -> find.Index:
        return find.Index(notes_of(evidence), self._embed)

    def _composition(self, evidence: Evidence) -> Composition:
        key = self._memory.key(evidence, self.config)
        kept = self._memory.load(key) if self.config.cache else None
        if kept is not None:
            return kept
        writer = Writer(self.language_model, _language(evidence), self._wrote)
        made = compose(
            evidence, self._embed, writer, event_s=self.config.event_s, chapter_s=self.config.chapter_s
        )
        if self.config.cache:
            self._memory.save(key, made)
        return made

    def _wrote(self, done: int, total: int) -> None:
        self._progress("writing", done, total)

    def _overview(self, evidence: Evidence) -> tuple[Note, ...]:
        """Chapters of an earlier composition as notes, so that questions about the whole have something to go by."""
        made = self._memory.load(self._memory.key(evidence, self.config)) if self.config.cache else None
        told = [c for c in (made.chapters if made else ()) if "measured" not in c.flags]
        keep = min(len(told), MAX_OVERVIEW)
        chapters = [told[i * len(told) // keep] for i in range(keep)]  # of many, some from all over the video
        return tuple(
            Note(c.span, OVERVIEW, f"{c.title}: {c.text}" if c.title else c.text, c.evidence)
            for c in chapters
        )

    def _reply(self, video: Video, evidence: Evidence, task: str, query: str, said: reply.Reply) -> Answer:
        return self._make(
            video,
            evidence,
            task,
            query=query,
            text=said.text,
            choice=said.choice,
            evidence=tuple(mark for note in said.notes for mark in note.marks),
            confidence=said.confidence,
            reason=said.reason,
            failure=said.failure,
        )

    def _make(
        self,
        video: Video,
        seen: Evidence,
        task: str,
        *,
        llm: bool = True,
        notes: Sequence[str] = (),
        **fields: Any,  # noqa: ANN401 - fields of Answer, checked by its constructor
    ) -> Answer:
        wrote = [self.config.llm] if llm and self.config.llm != "none" else []
        return Answer(
            task=task,
            source=video.source,
            duration_s=seen.info.duration_s,
            model=f"scout ({', '.join([*seen.models, *wrote])})",
            sampling=replace(seen.sampling, notes=(*seen.sampling.notes, *notes)),
            **fields,
        )


def _language(evidence: Evidence) -> str:
    return language_name(evidence.transcript.language if evidence.transcript else None)


def scout(**options: object) -> Scout:
    """Make scout with the settings of :class:`ScoutConfig` given as keywords.

    Raises:
        UsageError: On an unknown setting or value.
    """
    return Scout(config_from_options(options))
