"""Iterative perception: answer, look closer around what was found, answer again.

A soft zoom looks at the whole window again with about as many pictures, but 1.5 times denser inside the spans found
(VideoChat-R1.5, arXiv 2509.21100, and its released code). A hard zoom looks at a window around each span; what it finds
is on the whole video's clock like everything else. As published, no round is told what an earlier one said, and the
last round has the last word. A question is first grounded; the last round answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playhead.media.clip import Video
from playhead.media.probe import opened
from playhead.media.sampling import sample
from playhead.media.sampling.focus import densify
from playhead.models.answers import query_of
from playhead.models.base import Engine
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.mechanisms import require
from playhead.refine.steps import joined, look, pooled, seconds, spans_text, step_s, surest
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Span, Step, merge_spans

SHORTEST_S = 1.0
"""A window of a hard zoom is at least this long, in seconds, where there is as much."""
_WHOLE = 0.95  # windows that cover more of the window than this are no closer look


@dataclass(slots=True)
class Zoom(Around):
    """An engine that looks again around what it found.

    Attributes:
        finder: Who grounds a question in the first round; the engine itself where it is None.
    """

    finder: Engine | None = None

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """An answer after several rounds; tasks that point at no moment are answered by the engine alone.

        Raises:
            UnsupportedError: A soft zoom around an engine that cannot be told where to look.
            MediaError: The file cannot give what the task needs.
        """
        rounds = self.settings.zoom
        if rounds < 2 or not isinstance(task, (Ground, Ask, Choose)):
            return self.engine.answer(video, task, progress=progress)
        if self.settings.zoom_mode == "soft":
            require(self.engine, "soft zoom")
        finding = task if isinstance(task, Ground) else Ground(query_of(task))
        first = look(
            self.engine if isinstance(task, Ground) else self.finder or self.engine,
            video,
            finding,
            progress,
            name=f"round 1 of {rounds}",
            text="the whole window" if isinstance(task, Ground) else "where the question is about",
        )
        answers, why = [first], ""
        for number in range(2, rounds + 1):
            last = number == rounds
            progress("rounds", number - 1, rounds)
            spans, seen = answers[-1].spans, first.sampling
            windows = _windows(
                spans, seen.window, self.settings.margin, max(step_s(answers[-1].sampling), 0.0)
            )
            why = _no_zoom(answers[-1], windows, seen.window, soft=self.settings.zoom_mode == "soft")
            name = f"round {number} of {rounds}"
            if why:
                break
            asked = task if last else finding
            if self.settings.zoom_mode == "soft":
                answers.append(self._soft(video, asked, answers, progress, name))
            elif isinstance(asked, Ground):
                answers.append(self._hard(video, asked, windows, progress, name))
            else:
                hull = Span(windows[0].start_s, windows[-1].end_s)
                answers.append(_look_at(self.engine, video, asked, hull, progress, name=f"{name} (hard)"))
        if why and not isinstance(task, Ground):
            whole = look(self.engine, video, task, progress, name="answer", text=f"the whole window: {why}")
            return _finished([*answers, whole], seen=first, why="")
        return _finished(answers, seen=first, why=why)

    def _soft(
        self, video: Video, task: Task, answers: Sequence[Answer], progress: Progress, name: str
    ) -> Answer:
        """The whole window with as many pictures as at first, denser inside what was found last."""
        first, spans = answers[0].sampling, answers[-1].spans
        window = first.window
        told = [(each.start_s - window.start_s, each.end_s - window.start_s) for each in spans]
        budget = answers[0].trace[0].frames  # of one look: several may have voted
        policy = densify(told, n=max(1, budget), ratio=self.settings.ratio)
        with opened(video.source, video_stream=video.video_stream, audio=False) as media:
            if media.index is None:
                return answers[-1]
            chosen = sample(policy, media.index.times_s, window.start_s, window.end_s)
        instants = tuple(dict.fromkeys(max(window.start_s, float(each)) for each in chosen.times_s))
        inside = sum(any(span.contains(each) for span in spans) for each in instants)
        return look(
            self.engine,
            replace(video, instants_s=instants),
            task,
            progress,
            name=f"{name} (soft)",
            text=f"{inside} of {len(instants)} pictures inside {spans_text(spans)}",
        )

    def _hard(
        self, video: Video, task: Task, windows: Sequence[Span], progress: Progress, name: str
    ) -> Answer:
        """A window around each span, and all that is found in them."""
        found = [
            _look_at(self.engine, video, task, each, progress, name=f"{name} (hard)") for each in windows
        ]
        return together(found, Span(windows[0].start_s, windows[-1].end_s))


def together(answers: Sequence[Answer], window: Span) -> Answer:
    """The answers about several windows as one; one that cannot be read costs only itself."""
    read = [each for each in answers if each.failure is None]
    trace = tuple(step for each in answers for step in each.trace)
    base = (read or answers)[0]
    events = joined([event for each in read for event in each.events])
    reasons = dict.fromkeys(each.reason for each in answers if each.reason)
    return replace(
        base,
        sampling=pooled(answers, window),
        events=events,
        evidence=tuple(dict.fromkeys(mark for each in read for mark in each.evidence)),
        confidence=surest(events),
        reason="; ".join(reasons),
        trace=trace,
    )


def _look_at(
    engine: Engine, video: Video, task: Task, window: Span, progress: Progress, *, name: str
) -> Answer:
    part = replace(video, start_s=window.start_s, end_s=window.end_s)
    return look(engine, part, task, progress, name=name, text=f"closer at {seconds(window)}")


def _windows(spans: Sequence[Span], window: Span, margin: float, least_s: float) -> tuple[Span, ...]:
    """The stretches to look at closer: each span with a margin, at least a second in all, joined where they meet."""
    grown = []
    for span in spans:
        side_s = max(margin * span.duration_s, least_s, (SHORTEST_S - span.duration_s) / 2)
        start_s, end_s = max(window.start_s, span.start_s - side_s), min(window.end_s, span.end_s + side_s)
        if end_s > start_s:
            grown.append(Span(start_s, end_s))
    return merge_spans(grown)


def _no_zoom(answer: Answer, windows: Sequence[Span], window: Span, *, soft: bool) -> str:
    """Why there is nothing to look closer at, or nothing."""
    if answer.failure is not None:
        return "no closer look: the answer could not be read"
    if not answer.spans or not windows:
        return "no closer look: nothing was found"
    covered_s = sum(each.duration_s for each in windows)
    if not soft and covered_s > _WHOLE * window.duration_s:
        return "no closer look: what was found, with its margin, fills the window"
    return ""


def _finished(answers: Sequence[Answer], seen: Answer, why: str) -> Answer:
    """The last answer that could be read, with the trace of all rounds."""
    read = [each for each in answers if each.failure is None]
    last = read[-1] if read and read[-1].task == answers[-1].task else answers[-1]
    window = seen.sampling.window
    trace = [step for each in answers for step in each.trace]
    if why:
        trace.append(Step("end", window, text=why))
    elif last is not answers[-1]:
        trace.append(Step("end", window, text="the last round could not be read; the one before it counts"))
    return replace(last, sampling=pooled(answers, window), trace=tuple(trace))
