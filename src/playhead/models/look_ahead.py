"""The next video is prepared in another thread while the engine answers about this one; never more than one ahead."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from playhead.media.clip import Video
from playhead.models.base import Engine, Prepares
from playhead.progress import Progress, silent


class LookAhead:
    """Prepares videos in the order they will be asked about; engines that cannot are left alone.

    Args:
        engine: The engine.
        videos: Every video and window that will be asked about, in order, each once.
    """

    def __init__(self, engine: Engine, videos: Sequence[Video]) -> None:
        self._engine = engine if isinstance(engine, Prepares) else None
        self._videos = videos
        self._ready = {video: threading.Event() for video in videos}
        self._room = threading.Semaphore(1)  # one that is prepared and not yet asked about
        self._begun: set[Video] = set()
        self._ended = False
        self._listener: Progress = silent  # whoever waits is told how far it is
        self._thread = threading.Thread(target=self._work, name="prepare", daemon=True)
        if self._engine is not None:
            self._thread.start()

    def begin(self, video: Video, progress: Progress = silent) -> None:
        """Wait until a video is prepared, then let the next one be; call it before the video's first question.

        It has to be called for every video, in their order: nothing is prepared behind one that is not begun.

        Args:
            video: The video that will be asked about.
            progress: Told how far it is while it is waited for.
        """
        if self._engine is None or video in self._begun or video not in self._ready:
            return
        self._begun.add(video)
        self._listener = progress
        self._ready[video].wait()
        self._listener = silent
        self._room.release()

    def close(self) -> None:
        """Prepare nothing more; one that is in work is finished in the background."""
        self._ended = True
        self._room.release()

    def _tell(self, stage: str, done: float, total: float | None) -> None:
        self._listener(stage, done, total)

    def _work(self) -> None:
        assert self._engine is not None  # the thread is started only then
        for video in self._videos:
            self._room.acquire()
            if self._ended:
                return
            with contextlib.suppress(
                Exception
            ):  # asking about the video raises the same, where it is counted
                self._engine.prepare(video, progress=self._tell)
            self._ready[video].set()
