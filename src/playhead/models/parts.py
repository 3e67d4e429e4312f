"""Videos longer than the model was made for: cut into parts, each answered on its own, put together in time.

ARC-Hunyuan-Video sees at most 150 pictures and hears 300 s, so its makers' advice for videos above five minutes is to
answer about parts of five minutes and to merge the answers with a language model; any other model whose pictures would
lie too far apart is helped the same way (:mod:`playhead.refine`). Every time stays one that a part's answer named, on
the whole video's clock; a language model only writes words and says which neighbours belong together. A part that
cannot be read costs only itself.

Source: the README of ARC-Hunyuan-Video (five-minute parts, merged by a language model); how to merge is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from playhead.media.clip import Video
from playhead.media.overlay import hms
from playhead.models.merge import Merger, Note, one_text
from playhead.models.merge_words import fields, filled, merge_words
from playhead.progress import Progress
from playhead.tasks.base import Language, Task
from playhead.tasks.choose import Choose
from playhead.tasks.timecode import find_times
from playhead.timeline import Answer, Event, Sampling, Span

SEGMENT_S: Final = 300.0
"""Length of a part in seconds."""
SHORTEST_S: Final = 10.0
"""A last part shorter than this, in seconds, belongs to the one before it."""
JOINED: Final = "joined"
"""The event goes on over the edge of two parts; the language model said that it is one."""

_SEAM_S: Final = 2.0
Ask = Callable[[Video, Task, Progress], Answer]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a video and where it lies on the whole video's clock."""

    video: Video
    span: Span


def parts_of(video: Video, window: Span, segment_s: float = SEGMENT_S) -> tuple[Part, ...]:
    """Cut a window into half-open parts that follow one another and leave nothing out.

    Args:
        video: The video, as it was asked about.
        window: The window it names, in seconds on the video's clock.
        segment_s: Length of a part in seconds; 0 for no cut at all.
    """
    if segment_s <= 0 or window.duration_s <= segment_s:
        return (Part(video, window),)
    count = int(window.duration_s // segment_s)
    if window.duration_s - count * segment_s >= SHORTEST_S:
        count += 1
    edges = [window.start_s + i * segment_s for i in range(count)]
    parts = []
    for i, start_s in enumerate(edges):
        last = i == count - 1
        end_s = window.end_s if last else edges[i + 1]
        asked = replace(video, start_s=start_s if i else video.start_s, end_s=video.end_s if last else end_s)
        parts.append(Part(asked, Span(start_s, end_s)))
    return tuple(parts)


def answer_in_parts(
    parts: Sequence[Part],
    tasks: Sequence[Task],
    ask: Ask,
    merger: Merger | None,
    *,
    language: Language = "en",
    progress: Progress,
) -> list[Answer]:
    """One answer about the whole for each task; every part is looked at once.

    Args:
        parts: At least one, in the order of time.
        tasks: Any but ``watch``.
        ask: Answers a task about a part, with times on the whole video's clock.
        merger: The language model that merges, or None: texts are put one after the other.
        language: Language of what the merger is asked in.
        progress: Called with ("parts", parts done, their number), and passed on to ``ask``.
    """
    by_task: list[list[Answer]] = [[] for _ in tasks]
    for done, part in enumerate(parts):
        progress("parts", done, len(parts))
        for answers, task in zip(by_task, tasks, strict=True):
            answers.append(ask(part.video, task, progress))
    progress("parts", len(parts), len(parts))
    spans = [part.span for part in parts]
    whole = _Whole(spans, merger, language)
    return [whole.merge(task, answers) for task, answers in zip(tasks, by_task, strict=True)]


def as_watch(answers: Sequence[Answer]) -> Answer:
    """The answer to ``watch`` from those to ``describe``, ``events`` and ``chapters``; one that failed costs only itself."""
    told, events, chapters = answers
    failed = [each.task for each in answers if each.failure is not None]
    if len(failed) == len(answers):
        return replace(told, task="watch")
    reasons = [f"{each.task}: {each.reason}" for each in answers if each.reason]
    reasons += [f"not readable in what the model wrote: {', '.join(failed)}"] if failed else []
    return replace(
        told,
        task="watch",
        events=events.events,
        chapters=chapters.chapters,
        thinking="\n\n".join(each.thinking for each in answers if each.thinking),
        failure=None,
        reason="; ".join(reasons),
    )


class _Whole:
    """Puts the parts' answers to one task together."""

    def __init__(self, spans: Sequence[Span], merger: Merger | None, language: Language) -> None:
        self._spans, self._merger, self._words = spans, merger, merge_words()[language]

    def merge(self, task: Task, answers: Sequence[Answer]) -> Answer:
        """One answer from those of all parts."""
        read = [(span, each) for span, each in zip(self._spans, answers, strict=True) if each.failure is None]
        reasons = [
            f"{_when(span)} could not be read ({each.failure.reason})"
            if each.failure is not None
            else f"{_when(span)}: {each.reason}"
            for span, each in zip(self._spans, answers, strict=True)
            if each.failure is not None or each.reason
        ]
        base = replace(answers[0], sampling=self._sampling(answers), reason="; ".join(reasons))
        if not read:
            return base
        base = replace(
            base,
            failure=None,
            title=next((each.title for _, each in read if each.title), ""),
            thinking="\n\n".join(f"[{_when(span)}] {each.thinking}" for span, each in read if each.thinking),
        )
        if isinstance(task, Choose):
            return self._voted(base, task, read)
        texts = [Note(span, each.text) for span, each in read if each.text]
        text, why = self._text(task, texts)
        return replace(
            base,
            text=text,
            events=self._in_time([(span, each.events) for span, each in read], join=task.name == "events"),
            chapters=self._in_time([(span, each.chapters) for span, each in read], join=True),
            reason="; ".join(each for each in (base.reason, why) if each),
        )

    def _text(self, task: Task, notes: Sequence[Note]) -> tuple[str, str]:
        """One text from the parts' texts, and what was not right with it."""
        if len(notes) < 2:
            return "".join(note.text for note in notes), ""
        joined = "\n".join(f"{_when(note.span)}: {note.text}" for note in notes)
        template = self._words.get(task.name)
        if self._merger is None or template is None:
            return joined, ""

        def prompt(some: Sequence[Note]) -> str:
            told = "\n".join(
                f"{number}. {note.text}" for number, note in enumerate(some, 1)
            )  # a clock would be copied
            return filled(template, notes=told, **fields(task))

        text = one_text(notes, prompt, self._merger)
        if not text:
            return joined, f"{self._merger.name} could not merge the parts' texts, so they follow one another"
        if _times(text) - _times("\n".join(note.text for note in notes)):
            return (
                joined,
                f"{self._merger.name} named times no part had, so the parts' texts follow one another",
            )
        return text, ""

    def _voted(self, base: Answer, task: Choose, read: Sequence[tuple[Span, Answer]]) -> Answer:
        """The option of most parts, unless the language model says which of those chosen is right for the whole."""
        votes = Counter(each.choice for _, each in read if each.choice is not None)
        ranked = votes.most_common()
        choice, why = ranked[0][0], ""
        if len(ranked) > 1:
            letters = sorted(votes)
            notes = "\n".join(
                f"{_when(span)}: {each.choice}. {task.options[task.labels.index(str(each.choice))]}"
                for span, each in read
            )
            prompt = filled(self._words["choose"], notes=notes, **fields(task))
            said = None if self._merger is None else self._merger.choose(prompt, letters)
            tied = ranked[1][1] == ranked[0][1]
            choice = said or choice
            count = ", ".join(f"{letter} in {votes[letter]}" for letter in letters)
            by = (
                self._merger.name
                if said and self._merger is not None
                else "the first of equals"
                if tied
                else "most"
            )
            why = f"the parts differ ({count}); decided by {by}"
        events = self._in_time([(span, each.events) for span, each in read], join=False)
        return replace(
            base, choice=choice, events=events, reason="; ".join(each for each in (base.reason, why) if each)
        )

    def _in_time(self, lists: Sequence[tuple[Span, tuple[Event, ...]]], *, join: bool) -> tuple[Event, ...]:
        """All parts' events in the order of time; those that meet at an edge are one where the model says so."""
        out: list[Event] = []
        for index, (span, events) in enumerate(lists):
            here = sorted(events, key=lambda event: event.span)
            touching = index and lists[index - 1][0].end_s == span.start_s
            if join and out and here and touching and self._continues(out[-1], here[0], span.start_s):
                out[-1] = _as_one(out[-1], here.pop(0))
            out += here
        return tuple(out)

    def _continues(self, first: Event, second: Event, edge_s: float) -> bool:
        near = first.span.end_s >= edge_s - _SEAM_S and second.span.start_s <= edge_s + _SEAM_S
        if self._merger is None or not near:
            return False
        prompt = filled(self._words["join"], first=_told(first), second=_told(second))
        return self._merger.choose(prompt, ("A", "B")) == "A"

    def _sampling(self, answers: Sequence[Answer]) -> Sampling:
        seen = [each.sampling for each in answers]
        by = "put one after the other" if self._merger is None else f"merged by {self._merger.name}"
        notes = dict.fromkeys(note for each in seen for note in each.notes)
        edges = ", ".join(_when(span) for span in self._spans)
        return replace(
            seen[0],
            window=seen[0].window.hull(seen[-1].window),
            times_s=tuple(time_s for each in seen for time_s in each.times_s),
            audio_s=sum(each.audio_s for each in seen),
            notes=(*notes, f"answered in {len(seen)} parts ({edges}), {by}"),
        )


def _as_one(first: Event, second: Event) -> Event:
    text = " ".join(each for each in (first.text, second.text) if each)
    flags = dict.fromkeys((*first.flags, *second.flags, JOINED))
    return replace(
        first,
        span=first.span.hull(second.span),
        text=text,
        title=first.title or second.title,
        flags=tuple(flags),
    )


def _told(event: Event) -> str:
    return ": ".join(each for each in (event.title, event.text) if each)


def _when(span: Span) -> str:
    return f"{hms(span.start_s)} - {hms(span.end_s)}"


def _times(text: str) -> set[float]:
    """Every second a text names."""
    found = find_times(text)
    return {time.value for each in found for time in (each.start, each.end) if time is not None}
