"""Boundaries moved onto what can be measured: cuts between shots, and where speech begins and ends.

A model names seconds it has counted; what it means often begins with a cut or a sentence. A boundary moves to the nearest
cut, or a start to the nearest beginning of speech and an end to the nearest end of it, if one lies within the tolerance.
Only the surroundings of each boundary are decoded. What a span was before stays in the trace.

Source: TimeLens2 refines its labels within 3 s by cuts (arXiv 2607.17423, in users' notes); the rule here is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from playhead.errors import MediaError, MissingExtraError
from playhead.media.audio import stream_audio
from playhead.media.clip import MediaInfo, Video
from playhead.media.decode import stream_frames
from playhead.media.probe import probe
from playhead.media.shots import HEIGHT_PX, WIDTH_PX, ShotDetector
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.steps import seconds
from playhead.tasks.base import Task
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, Span, Step, merge_spans

Side = Literal["start", "end"]
SNAPPED: Final = "snapped"
"""The event's span was moved onto cuts or edges of speech; the trace has what it was before."""
_AROUND_S: Final = (
    1.5  # decoded on either side beyond the tolerance: what cuts are judged by, and what speech is
)
_OWN_S: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Edge:
    """Something measured that a boundary may move to.

    Attributes:
        time_s: When, in seconds.
        what: ``a cut``, ``speech begins`` or ``speech ends``.
        side: Which boundary may move there; None for both.
    """

    time_s: float
    what: str
    side: Side | None = None


@dataclass(slots=True)
class Snap(Around):
    """An engine whose spans end where something is to be seen or heard."""

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """The engine's spans with their boundaries moved; other tasks as they are.

        Raises:
            MediaError: The file cannot give what the task needs.
        """
        answer = self.engine.answer(video, task, progress=progress)
        within_s = self.settings.snap_s
        if not isinstance(task, Ground) or not within_s or not answer.events:
            return answer
        window = answer.sampling.window
        edges, notes = edges_near(video, [event.span for event in answer.events], window, within_s, progress)
        moved = [moved_to(event.span, edges, within_s, window) for event in answer.events]
        events = tuple(_placed(event, span) for event, (span, _) in zip(answer.events, moved, strict=True))
        told = [
            f"{seconds(event.span)} {why}"
            for event, (_, why) in zip(answer.events, moved, strict=True)
            if why
        ]
        text = "; ".join(told) or f"nothing to move to within {within_s:g} s"
        step = Step("snap", window, spans=tuple(event.span for event in events), text=text)
        sampling = replace(answer.sampling, notes=tuple(dict.fromkeys((*answer.sampling.notes, *notes))))
        return replace(answer, events=events, sampling=sampling, trace=(*answer.trace, step))


def edges_near(
    video: Video, spans: Sequence[Span], window: Span, within_s: float, progress: Progress = silent
) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """Cuts and edges of speech near the ends of some spans, and sentences on what could not be measured.

    Args:
        video: The file and its streams.
        spans: Whose ends are looked at.
        window: What may be decoded, in seconds.
        within_s: How far from an end, in seconds.
        progress: Told how many stretches are done.

    Raises:
        MediaError: The file cannot be read.
    """
    info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
    reach_s = within_s + _AROUND_S
    ends_s = [end_s for span in spans for end_s in (span.start_s, span.end_s)]
    near = merge_spans(
        Span(max(window.start_s, end_s - reach_s), min(window.end_s, end_s + reach_s))
        for end_s in ends_s
        if window.start_s - reach_s < end_s < window.end_s + reach_s
    )
    edges: list[Edge] = []
    notes: dict[str, None] = {}
    for number, stretch in enumerate(each for each in near if each.duration_s > 0):
        progress("snapping", number, len(near))
        part = replace(video, start_s=stretch.start_s, end_s=stretch.end_s, instants_s=None)
        edges += _cuts(part, info, notes)
        edges += _speech(part, info, stretch, notes)
    return tuple(edges), tuple(notes)


def moved_to(span: Span, edges: Sequence[Edge], within_s: float, window: Span) -> tuple[Span, str]:
    """A span with its ends on the nearest edges, and what was done in words; as it was where it would turn round.

    The window's own ends count as edges already: a boundary that lies on one stays.
    """
    start = (
        None if span.start_s - window.start_s <= _OWN_S else _nearest(span.start_s, edges, "start", within_s)
    )
    end = None if window.end_s - span.end_s <= _OWN_S else _nearest(span.end_s, edges, "end", within_s)
    start_s = span.start_s if start is None else start.time_s
    end_s = span.end_s if end is None else end.time_s
    if end_s <= start_s:
        return span, ""
    told = [
        f"{name} to {edge.time_s:.3f} s ({edge.what})"
        for name, edge, was_s in (("start", start, span.start_s), ("end", end, span.end_s))
        if edge and abs(edge.time_s - was_s) > _OWN_S
    ]
    return (Span(start_s, end_s), " and ".join(told)) if told else (span, "")


def _nearest(time_s: float, edges: Sequence[Edge], side: Side, within_s: float) -> Edge | None:
    near = [each for each in edges if each.side in (None, side) and abs(each.time_s - time_s) <= within_s]
    return min(near, key=lambda each: abs(each.time_s - time_s), default=None)


def _cuts(part: Video, info: MediaInfo, notes: dict[str, None]) -> list[Edge]:
    """Where a shot gives way to the next inside a stretch."""
    if info.video is None:
        return []
    detector = ShotDetector()
    try:
        for frame in stream_frames(part, size=(WIDTH_PX, HEIGHT_PX), info=info):
            detector.push(frame)
    except MediaError as error:
        notes[f"no cuts to move to: {error}"] = None
        return []
    detector.finish(float(part.end_s or 0.0))
    return [Edge(each.time_s, f"a {each.kind}") for each in detector.boundaries]


def _speech(part: Video, info: MediaInfo, stretch: Span, notes: dict[str, None]) -> list[Edge]:
    """Where speech begins and ends inside a stretch; what runs on past it has no end here."""
    if info.audio is None:
        return []
    from playhead.perceive.voice import SileroScorer, VoiceFinder

    try:
        finder = VoiceFinder(SileroScorer())
        heard = [found for block in stream_audio(part, info=info) for found in finder.push(block)]
        heard += finder.finish()
    except (MissingExtraError, MediaError) as error:
        notes[f"no edges of speech to move to: {error}"] = None
        return []
    begins = [Edge(each.voiced.start_s, "speech begins", "start") for each in heard]
    ends = [Edge(each.voiced.end_s, "speech ends", "end") for each in heard]
    own = 0.1  # an edge that lies on the stretch's own is where listening began or ended
    return [each for each in (*begins, *ends) if stretch.start_s + own < each.time_s < stretch.end_s - own]


def _placed(event: Event, span: Span) -> Event:
    return event if span == event.span else replace(event, span=span, flags=(*event.flags, SNAPPED))
