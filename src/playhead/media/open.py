"""A window of a video in memory: chosen pictures and all its sound, with their times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from playhead.errors import EmptyMediaError, UsageError
from playhead.media.audio import read_sound
from playhead.media.clip import AUDIO_RATE_HZ, Clip, Frames, Pixels, Times, Video, Waveform
from playhead.media.damage import Damage
from playhead.media.decode import read_rows
from playhead.media.pixels import Size
from playhead.media.probe import Opened, opened
from playhead.media.sampling import Policy, Selection, policy, sample
from playhead.media.source import Source, source_name
from playhead.media.window import pictures_end_s, resolve_window
from playhead.timeline import Sampling, Span

_BLOCK_S: Final = 30.0
_CLOCK_DIGITS: Final = 9  # shifting a stretch to the window's clock may not move it off a half second

Until = Literal["window", "pictures"]
Keep = Callable[[Pixels, int, Times], Pixels]
"""What is kept of a picture, given it at its own size, its number among the chosen ones, and the stretches all of these
stand for in seconds from the window's start (shape (frames, 2))."""


def open_clip(
    source: Source,
    *,
    sampling: Policy | str = "per-second",
    start_s: float | None = None,
    end_s: float | None = None,
    size: Size = None,
    keep: Keep | None = None,
    until: Until = "window",
    audio: bool = True,
    video_stream: int | None = None,
    audio_stream: int | str | None = None,
) -> Clip:
    """Read chosen pictures and the sound of a video, or of a window of it, into memory.

    Args:
        source: Path, open binary file, http(s) or fsspec address.
        sampling: Which frames: a policy, or its name with parameters, as in ``uniform:n=16``.
        start_s: Start of the window in seconds, or None for the beginning.
        end_s: End of the window, or None for the end; an end past the video's is cut to it.
        size: Size of the pictures: None keeps it, a number is the shorter side, ``(width, height)`` is exact, a
            function maps one to the other. None also lets the policy decide where it has a size of its own.
        keep: Makes what is kept of each picture as it is decoded (a label drawn at full size, then a smaller picture),
            so that full-size pictures are never held together; for policies whose frames stand for stretches.
        until: Where the time ends that frames are chosen over: with the window, or with its last picture where sound
            goes on after that (:func:`playhead.media.window.pictures_end_s`), as rules that count frames have it.
        audio: Whether the sound is read; the clock is the same without it.
        video_stream: Index of the video stream, or None for the default one.
        audio_stream: Index or language (``eng``) of the audio stream, or None for the default one.

    Returns:
        Pictures (None for a file without) and sound (None for a file without, or unasked); what was lost on the way
        is said in ``sampling.notes``.

    Raises:
        MediaError: Of the kind that fits; see :mod:`playhead.errors`.
        WindowError: The window lies outside the video or ends before it starts.
        UsageError: An unknown policy, stream or size; ``keep`` with a policy without stretches.
    """
    choose = policy(sampling) if isinstance(sampling, str) else sampling
    name = source_name(source)
    asked = Video(name, start_s, end_s, video_stream, audio_stream)
    damage = Damage()
    with opened(source, video_stream=video_stream, audio_stream=audio_stream) as media:
        window = resolve_window(asked, media.info)
        frames, selection, rows = _pictures(
            media, choose, window, size=size, keep=keep, until=until, damage=damage
        )
        waveform = _sound(media, window, damage) if audio and media.info.audio is not None else None
    if frames is None and waveform is None:
        raise EmptyMediaError(f"open {name!r} without sound", found="audio only", allowed="audio=True")
    report = Sampling(
        policy="none" if selection is None else selection.policy,
        window=window,
        times_s=() if frames is None else tuple(frames.pts_s.tolist()),
        frame_size_px=None if frames is None else (frames.pixels_FHWC.shape[2], frames.pixels_FHWC.shape[1]),
        audio_s=0.0 if waveform is None else waveform.duration_s,
        notes=tuple(
            dict.fromkeys(
                (*media.info.notes, *(() if selection is None else selection.notes), *damage.notes())
            )
        ),
    )
    whole = None if selection is None else selection.intervals_S2
    return Clip(media.info, window, frames, waveform, report, None if whole is None else whole[rows])


def _pictures(
    media: Opened,
    choose: Policy,
    window: Span,
    *,
    size: Size,
    keep: Keep | None,
    until: Until,
    damage: Damage,
) -> tuple[Frames | None, Selection | None, list[int]]:
    """The chosen pictures that could be decoded, what was chosen, and which of it they are."""
    index = media.index
    if media.table is None or index is None:
        return None, None, []
    end_s = window.end_s if until == "window" else pictures_end_s(index, window)
    selection = sample(choose, index.times_s, window.start_s, end_s)
    stretches_S2 = _from_window(selection, window) if keep is not None else None
    wanted = len(selection)
    held: Pixels | None = None
    times_s: Times = np.zeros(wanted, np.float64)
    rows: list[int] = []
    made = selection.frame_size_px if size is None else size
    for frame in read_rows(media, media.table, selection.indices, made, damage):
        row = rows[-1] + 1 if rows else 0
        while selection.times_s[row] != frame.pts_s:  # those between could not be decoded
            row += 1
        pixels_HWC = frame.pixels_HWC
        if keep is not None and stretches_S2 is not None:
            pixels_HWC = keep(pixels_HWC, row, stretches_S2)
        if held is None:
            held = np.empty((wanted, *pixels_HWC.shape), np.uint8)
        held[len(rows)] = pixels_HWC
        times_s[len(rows)] = frame.pts_s
        rows.append(row)
    if held is None:
        return None, selection, rows
    return Frames(held[: len(rows)], times_s[: len(rows)]), selection, rows


def _from_window(selection: Selection, window: Span) -> Times:
    if selection.intervals_S2 is None:
        raise UsageError(
            f"keep something else of each picture with the policy {selection.policy!r}",
            found="a policy whose frames stand for no stretches",
            allowed="one whose frames do, like arc",
        )
    return np.round(selection.intervals_S2 - window.start_s, _CLOCK_DIGITS)


def _sound(media: Opened, window: Span, damage: Damage) -> Waveform:
    samples_N = np.zeros(round(window.duration_s * AUDIO_RATE_HZ), np.float32)
    at = 0
    for block in read_sound(media, window, AUDIO_RATE_HZ, _BLOCK_S, damage):
        samples_N[at : at + len(block.samples_N)] = block.samples_N
        at += len(block.samples_N)
    return Waveform(samples_N, AUDIO_RATE_HZ, window.start_s)
