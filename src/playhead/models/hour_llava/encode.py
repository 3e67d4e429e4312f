"""An hour of video to features on disk, a few pictures at a time, and from features to projected memory.

Pictures are decoded as they are needed, resized, encoded and pooled in chunks, and every chunk is written before the
next is decoded: no more than one chunk of pictures is ever in memory. What was written before an interruption is not
encoded again.

Axes: F picture in a chunk, T picture, P position of a picture, C feature width, D width of the language model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from playhead.errors import CorruptMediaError, EmptyMediaError, UnsupportedError
from playhead.media.clip import MediaInfo, StreamInfo, Times, Video
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.probe import Opened, opened
from playhead.media.sampling.base import Selection, sample
from playhead.media.sampling.hour_llava import hour_llava
from playhead.media.window import resolve_window
from playhead.models.hour_llava.features import read_features, resampled
from playhead.models.hour_llava.forget import FRAME_TOKENS
from playhead.models.hour_llava.rows import FORMAT, StoreDType, Writer
from playhead.models.hour_llava.store import Store, Stored, make_entry
from playhead.models.hour_llava.vision import preprocess
from playhead.progress import Progress
from playhead.timeline import Sampling, Span

PROJECTED_AT_ONCE: Final = 128
_SAME_S: Final = 1e-9

Vision = Callable[[torch.Tensor], torch.Tensor]
"""From pixels (F, 3, H, W) to pooled features (F, P, C)."""


@dataclass(frozen=True, slots=True)
class View:
    """What was seen of a video, with its features.

    Attributes:
        info: The container's facts.
        window: The part that was looked at, in seconds.
        times_s: True presentation times of the pictures, float64 of shape (T,).
        sampling: What was seen, as every answer reports it.
        features: The stored features, rows of shape (P, C).
    """

    info: MediaInfo
    window: Span
    times_s: Times
    sampling: Sampling
    features: Stored


def entry_key(**facts: object) -> str:
    """Name of an entry: a digest of everything its numbers depend on, and of the form of the facts kept with them."""
    form = [[each.name for each in fields(kind)] for kind in (MediaInfo, StreamInfo)]
    known = json.dumps({"format": FORMAT, "form": form, **facts}, sort_keys=True, default=str)
    return hashlib.sha256(known.encode()).hexdigest()


def encode(
    video: Video,
    vision: Vision,
    *,
    side_px: int,
    row_shape: tuple[int, int],
    store: Store,
    key: str,
    dtype: StoreDType,
    frames_at_once: int,
    progress: Progress,
) -> View:
    """Features of the pictures of a video, from the store or made now.

    Args:
        video: The file and the window; only pictures of the window are decoded and encoded.
        vision: The tower with its pooling.
        side_px: Height and width the tower wants.
        row_shape: Positions of a picture and width of a feature, (P, C).
        store: Where features are kept.
        key: Name of the entry there.
        dtype: What they are stored as.
        frames_at_once: Pictures in a chunk.
        progress: Called with ("looking", pictures encoded, pictures in all).

    Raises:
        MediaError: The file cannot give pictures.
        WindowError: The window lies outside the video.
    """

    def fill(writer: Writer) -> Mapping[str, Any]:
        with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
            window = resolve_window(video, media.info)
            selection = _select(media, window)
            damage = Damage()
            chosen = _Chosen(media, selection, damage, side_px, frames_at_once)
            lost = _encode_rest(chosen, vision, writer, progress)
            times_s = [time_s for chunk in writer.notes for time_s in chunk["times"]]
            notes = dict.fromkeys((*media.info.notes, *selection.notes, *lost))
            return {
                "info": asdict(media.info),
                "window": [window.start_s, window.end_s],
                "times_s": times_s,
                "policy": selection.policy,
                "size_px": [side_px, side_px],
                "notes": list(notes),
            }

    stored = make_entry(store, key, row_shape, dtype, fill)
    return _view(stored, video.source)


def published(video: Video, path: Path, channels: int) -> View:
    """The view of a video whose features the authors' extractor made: rows, times and window as its rule gives them.

    Args:
        video: The file the features were made of; its frame times are read, its pictures are not.
        path: The ``.pt`` file.
        channels: Width of a feature.

    Raises:
        WeightsError: The file holds something else.
        UnsupportedError: The extractor's rule takes another number of pictures of this video.
    """
    features_TPC, duration_s = read_features(path, channels)
    with opened(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream) as media:
        index = media.index
        if index is None:
            raise EmptyMediaError(f"look at {video.source!r}", found="no pictures", allowed="a video stream")
        window = resolve_window(video, media.info)
        taken = sample(hour_llava(form="features"), index.times_s, 0.0, media.info.duration_s)
        if len(taken) != features_TPC.shape[0]:
            raise UnsupportedError(
                f"use features {path} for {video.source!r}",
                found=f"{features_TPC.shape[0]} pictures in the file, {len(taken)} by the extractor's rule",
                todo="use the video the features were made of",
            )
        rows_T = resampled(features_TPC.shape[0], duration_s)
        times_s = taken.times_s[rows_T]
        inside = (times_s >= window.start_s) & (times_s < window.end_s)
        rows_T, times_s = rows_T[inside], times_s[inside]
        if not len(rows_T):
            raise EmptyMediaError(f"use features {path}", found="no picture within the window")
        notes = (*media.info.notes, f"features read from {path.name}, as their authors stored them")
        sampling = Sampling(taken.policy, window, tuple(times_s.tolist()), None, 0.0, notes)
        held = features_TPC[torch.from_numpy(rows_T)]
        return View(media.info, window, times_s, sampling, Stored(held, {}, held.nbytes, read_back=True))


def project(
    features_TPC: torch.Tensor,
    prepare: Vision,
    *,
    width: int,
    store: Store,
    key: str,
    dtype: StoreDType,
    progress: Progress,
) -> Stored:
    """Projected memory of a video, rows of shape (P + 1, D) with the newline last, from the store or made now.

    Args:
        features_TPC: The features, memory-mapped or not.
        prepare: From features (T, P, C) to projected tokens with newlines (T, P + 1, D).
        width: Width of the language model, D.
        store: Where it is kept.
        key: Name of the entry there.
        dtype: What it is stored as.
        progress: Called with ("projecting", pictures projected, pictures in all).
    """
    total = int(features_TPC.shape[0])

    def fill(writer: Writer) -> Mapping[str, Any]:
        for first in range(writer.done, total, PROJECTED_AT_ONCE):
            with torch.inference_mode():
                writer.add(prepare(features_TPC[first : first + PROJECTED_AT_ONCE]))
            progress("projecting", min(first + PROJECTED_AT_ONCE, total), total)
        return {}

    return make_entry(store, key, (FRAME_TOKENS, width), dtype, fill)


def _select(media: Opened, window: Span) -> Selection:
    if media.table is None or media.index is None:
        raise EmptyMediaError(
            f"look at {media.info.source!r}",
            found="no pictures",
            allowed="a video stream",
            todo="use an engine that listens, such as scout",
        )
    return sample(hour_llava(), media.index.times_s, window.start_s, window.end_s)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Pictures of an open file that are to be encoded."""

    media: Opened
    selection: Selection
    damage: Damage
    side_px: int
    frames_at_once: int

    def chunks(self, reached: int) -> Iterator[tuple[torch.Tensor, list[float], int]]:
        """Pixels of some pictures, their times, and how many of the selection have been seen by then."""
        table, times_s = self.media.table, self.selection.times_s
        if table is None or reached >= len(times_s):
            return
        pixels: list[torch.Tensor] = []
        shown_s: list[float] = []
        at = reached
        try:
            for frame in read_rows(self.media, table, self.selection.indices[reached:], None, self.damage):
                while times_s[at] < frame.pts_s - _SAME_S:  # pictures that could not be decoded
                    at += 1
                at += 1
                pixels.append(preprocess(frame.pixels_HWC[None], self.side_px))
                shown_s.append(frame.pts_s)
                if len(pixels) == self.frames_at_once:
                    yield torch.cat(pixels), shown_s, at
                    pixels, shown_s = [], []
        except CorruptMediaError:  # none of these decodes; those before an interruption did
            if not reached:
                raise
        if pixels:
            yield torch.cat(pixels), shown_s, len(times_s)


def _encode_rest(chosen: _Chosen, vision: Vision, writer: Writer, progress: Progress) -> list[str]:
    """Encode what the writer does not hold yet, and say what could not be decoded, before an interruption and since.

    The note of a chunk says how far in the selection it reaches, and what was lost by then.
    """
    total = len(chosen.selection)
    before = writer.notes[-1]["lost"] if writer.notes else []
    reached = writer.notes[-1]["reached"] if writer.notes else 0
    progress("looking", reached, total)
    for pixels_FCHW, times_s, upto in chosen.chunks(reached):
        with torch.inference_mode():
            features_FPC = vision(pixels_FCHW)
        writer.add(
            features_FPC, {"reached": upto, "times": times_s, "lost": [*before, *chosen.damage.notes()]}
        )
        progress("looking", upto, total)
    if not writer.done:
        raise CorruptMediaError(
            f"pictures of {chosen.media.info.source!r}", found="damaged data: none of the wanted frames decodes",
            todo="copy it again or choose another window",
        )  # fmt: skip
    return [*before, *chosen.damage.notes()]


def _view(stored: Stored, source: str) -> View:
    """The view an entry's facts describe; the same content may have been stored under another name."""
    facts = stored.facts
    told = dict(facts["info"])
    told["source"], told["notes"] = source, tuple(told["notes"])
    told["streams"] = tuple(StreamInfo(**stream) for stream in told["streams"])
    for kind in ("video", "audio"):
        told[kind] = None if told[kind] is None else StreamInfo(**told[kind])
    window = Span(*facts["window"])
    width_px, height_px = facts["size_px"]
    sampling = Sampling(
        policy=facts["policy"],
        window=window,
        times_s=tuple(facts["times_s"]),
        frame_size_px=(width_px, height_px),
        notes=tuple(facts["notes"]),
    )
    return View(MediaInfo(**told), window, np.array(facts["times_s"], np.float64), sampling, stored)
