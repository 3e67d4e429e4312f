"""How long a video is, and how much of one an engine looks at with its full density."""

from __future__ import annotations

from functools import lru_cache

from playhead.media.clip import Video
from playhead.media.probe import probe
from playhead.media.window import resolve_window
from playhead.models.answers import file_state
from playhead.models.base import Engine
from playhead.timeline import Span


def full_s(engine: Engine) -> float | None:
    """The longest window in seconds whose pictures an engine takes as near to one another as its rule wants.

    None where it has no such limit, or does not tell: it cuts long videos itself, or takes a fixed number of pictures.
    """
    limit_s = getattr(engine, "full_s", None)
    return None if limit_s is None else float(limit_s)


def window_of(video: Video) -> Span:
    """The window a video names, in seconds on its clock; read once while the file stays as it is.

    Raises:
        MediaError: The file cannot be read.
        WindowError: The window lies outside it.
    """
    return _window(video, file_state(video))


@lru_cache(maxsize=64)
def _window(video: Video, state: object) -> Span:
    del state  # part of what is remembered: a file that was written anew is read anew
    info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
    return resolve_window(video, info)
