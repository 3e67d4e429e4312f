"""Query-aware frame choice: pictures are taken more densely where they fit what is asked for.

Pictures of the window, one per second (64 at least, 1,024 at most), are scored against the query by a model of pictures and text;
as many as the engine would have taken are then drawn at even quantiles of the scores (BOLT's inverse transform sampling,
:mod:`playhead.media.sampling.query`), so that a stretch that fits gets most of them and none is left without any.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from playhead.media.clip import Times, Video
from playhead.media.probe import no_pictures, opened
from playhead.media.sampling import sample
from playhead.media.sampling.query import inverse_transform
from playhead.media.sampling.uniform import per_second
from playhead.media.window import resolve_window
from playhead.models.answers import file_state, query_of
from playhead.progress import Progress, silent
from playhead.refine.around import Around
from playhead.refine.mechanisms import require
from playhead.refine.scorer import AUTO, Scorer, make_scorer, name_of, scores_of
from playhead.tasks.ask import Ask
from playhead.tasks.base import Task
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Span

CANDIDATES_HZ: Final = 1.0
LEAST_CANDIDATES: Final = 64
MOST_CANDIDATES: Final = 1024


@dataclass(slots=True)
class Chosen(Around):
    """An engine that looks at the pictures that fit the query."""

    _scorer: Scorer | None = field(default=None, init=False)
    _last: tuple[object, tuple[Times, Times, Span]] | None = field(default=None, init=False)

    def answer(self, video: Video, task: Task, *, progress: Progress = silent) -> Answer:
        """An answer from pictures that fit the query; what names its own instants, and tasks without a query, pass.

        Raises:
            UnsupportedError: The engine cannot be told where to look.
            WeightsError: The scorer's weights are not to be had.
        """
        scorer = self.settings.choose_frames
        if scorer is None or video.instants_s is not None or not isinstance(task, (Ground, Ask, Choose)):
            return self.engine.answer(video, task, progress=progress)
        require(self.engine, "query-aware frames")
        if self._scorer is None:
            self._scorer = make_scorer(scorer, progress)
        if self._scorer is None:
            plain = self.engine.answer(video, task, progress=progress)
            note = f"pictures chosen without the query: {AUTO} found no CLIP or SigLIP folder in PLAYHEAD_WEIGHTS"
            return replace(plain, sampling=replace(plain.sampling, notes=(*plain.sampling.notes, note)))
        times_s, scores_N, window = self._scored(video, query_of(task), self._scorer, progress)
        wanted = self._count(video, task, progress)
        rows = inverse_transform(scores_N, wanted, alpha=self.settings.alpha)
        instants = tuple(dict.fromkeys(float(max(window.start_s, each)) for each in times_s[rows]))
        made = self.engine.answer(replace(video, instants_s=instants), task, progress=progress)
        note = (
            f"{len(instants)} pictures chosen out of {len(times_s)} by how well they fit the query "
            f"({name_of(self._scorer)}, alpha {self.settings.alpha:g})"
        )
        return replace(made, sampling=replace(made.sampling, notes=(*made.sampling.notes, note)))

    def _scored(
        self, video: Video, query: str, scorer: Scorer, progress: Progress
    ) -> tuple[Times, Times, Span]:
        """Times and scores of the candidates, and the window they come from; those of the last question are kept."""
        key = (video, file_state(video), query)
        if self._last is None or self._last[0] != key:
            times_s, window = candidates(video)
            scores_N = scores_of(video, times_s, query, scorer, progress)
            self._last = (key, (times_s, scores_N, window))
        return self._last[1]

    def _count(self, video: Video, task: Task, progress: Progress) -> int:
        """How many pictures the engine would take by itself: as its plan says, else as it did when asked."""
        plan = getattr(self.engine, "plan", None)
        if plan is not None:
            return max(1, int(plan(video).frames))
        return max(1, len(self.engine.answer(video, task, progress=progress).sampling.times_s))


def candidates(video: Video) -> tuple[Times, Span]:
    """Presentation times of the pictures that are scored, and the window they lie in.

    Raises:
        MediaError: The file has no pictures.
    """
    policy = per_second(rate_hz=CANDIDATES_HZ, min_frames=LEAST_CANDIDATES, max_frames=MOST_CANDIDATES)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        if media.index is None:
            raise no_pictures(media.info)
        window = resolve_window(video, media.info)
        return sample(policy, media.index.times_s, window.start_s, window.end_s).times_s, window
