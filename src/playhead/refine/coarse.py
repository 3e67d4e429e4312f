"""Coarse-to-fine grounding of long videos: a thin look at the whole picks segments, a close look grounds inside them.

A video longer than an engine's budget is seen with pictures far apart: what it says of seconds is rough, and what lies
between two pictures is not seen. So the window is cut into segments; those that the thin look's spans touch win, with the
distance of two pictures on either side; each run of them is extended at its end by one more segment, clipped to the
window, and looked at with the full density. The segments are a 24th of the budget, 32 of 768 pictures.

Source: UniTime (arXiv 2506.18883): segments of 32 frames, the winning window's end extended to the next time stamp and
clipped to the duration. There the model answers with the segments' time stamps; here it names spans, as any engine can,
which may begin up to a picture too late: hence the distance on either side, which is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from playhead.media.clip import Video
from playhead.models.base import Engine
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.length import full_s, window_of
from playhead.refine.steps import look, pooled, seconds, spans_text, step_s
from playhead.refine.zoom import together
from playhead.tasks.base import Task
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Span, Step, merge_spans

SEGMENTS: Final = 24
"""Segments in as much as the engine looks at with its full density: 32 frames of 768 in each."""


@dataclass(slots=True)
class Coarse(Around):
    """An engine that grounds in long videos in two passes: it looks thinly at the whole, another closely.

    Attributes:
        fine: Who looks closely, and at shorter videos in the first place.
    """

    fine: Engine

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """Where something happens, from two passes where the video is long; other tasks go to the close look alone.

        Raises:
            MediaError: The file cannot give what the task needs.
        """
        limit_s = full_s(self.engine)
        wanted = self.settings.coarse
        if not isinstance(task, Ground) or wanted is False or (wanted is None and limit_s is None):
            return self.fine.answer(video, task, progress=progress)
        window = window_of(video)
        if wanted is None and window.duration_s <= (limit_s or math.inf):
            return self.fine.answer(video, task, progress=progress)
        segments = segments_of(
            window, self.settings.segment_s or min(limit_s or math.inf, window.duration_s) / SEGMENTS
        )
        if len(segments) < 2:
            return self.fine.answer(video, task, progress=progress)
        thin = look(self.engine, video, task, progress, name="coarse", text=self._why(window, len(segments)))
        if thin.failure is not None:
            return thin
        between_s = step_s(thin.sampling)
        if not thin.spans:
            why = f"nothing was seen in pictures about {between_s:.3g} s apart"
            return replace(thin, reason="; ".join(each for each in (thin.reason, why) if each))
        runs = winning(segments, [_grown(span, between_s, window) for span in thin.spans])
        pieces = [piece for run in runs for piece in pieces_of(run, limit_s)]
        picked = Step(
            "segments",
            window,
            spans=runs,
            text=f"{len(segments)} segments of {segments[0].duration_s:.3g} s; {spans_text(runs)} won",
        )
        closer = [
            self._closely(video, task, piece, progress, number=number, count=len(pieces))
            for number, piece in enumerate(pieces, 1)
        ]
        found = together(closer, window)
        reason = found.reason
        if not found.events and found.failure is None:
            reason = f"seen in the coarse look at {spans_text(thin.spans)}, but in no closer one"
        return replace(
            found,
            sampling=pooled([thin, *closer], window),
            reason=reason,
            trace=(*thin.trace, picked, *found.trace),
        )

    def _why(self, window: Span, count: int) -> str:
        limit_s = full_s(self.engine)
        known = "" if limit_s is None else f", seen with full density up to {limit_s:g} s"
        return f"{window.duration_s:.1f} s{known}: {count} segments"

    def _closely(
        self, video: Video, task: Task, piece: Span, progress: Progress, *, number: int, count: int
    ) -> Answer:
        progress("segments", number - 1, count)
        part = replace(video, start_s=piece.start_s, end_s=piece.end_s, instants_s=None)
        return look(
            self.fine,
            part,
            task,
            progress,
            name=f"fine {number} of {count}",
            text=f"closer at {seconds(piece)}",
        )


def _grown(span: Span, by_s: float, window: Span) -> Span:
    """A span with what lies between its ends and the next pictures, which the coarse look cannot have told apart."""
    return Span(
        max(window.start_s, span.start_s - by_s), min(max(window.end_s, span.end_s), span.end_s + by_s)
    )


def segments_of(window: Span, segment_s: float) -> tuple[Span, ...]:
    """A window in equal segments of about this length, one at least."""
    count = max(1, round(window.duration_s / segment_s))
    edges = [window.start_s + window.duration_s * number / count for number in range(count)]
    return tuple(Span(a, b) for a, b in zip(edges, [*edges[1:], window.end_s], strict=True))


def winning(segments: Sequence[Span], spans: Sequence[Span]) -> tuple[Span, ...]:
    """Runs of the segments that a span touches, each longer by the segment that follows it."""
    won = [
        Span(segment.start_s, segments[min(number + 1, len(segments) - 1)].end_s)
        for number, segment in enumerate(segments)
        if any(segment.overlap_s(span) > 0 or segment.contains(span.start_s) for span in spans)
        or (number == len(segments) - 1 and any(span.start_s >= segment.end_s for span in spans))
    ]
    return merge_spans(won)


def pieces_of(run: Span, limit_s: float | None) -> tuple[Span, ...]:
    """A run in equal pieces, each short enough to be seen with the full density."""
    count = 1 if limit_s is None else math.ceil(run.duration_s / limit_s - 1e-9)
    return segments_of(run, run.duration_s / max(1, count)) if run.duration_s > 0 else (run,)
