"""From a video to evidence: one pass over the pictures and one over the sound, side by side, in bounded memory.

senses.py     which senses are used
looking.py    frames -> shots, motion, text, objects, vectors
listening.py  sound -> speech, sounds
crew.py       the threads
cache.py      what was gathered once is kept
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from playhead import hub
from playhead.errors import EmptyMediaError
from playhead.media import probe
from playhead.media.clip import MediaInfo, Video
from playhead.media.window import resolve_window
from playhead.perceive.cache import EvidenceCache
from playhead.perceive.crew import Crew
from playhead.perceive.evidence import Evidence
from playhead.perceive.listening import Ears, Listening
from playhead.perceive.looking import Eyes, Looking
from playhead.perceive.objects import ObjectDetector
from playhead.perceive.onscreen import OnScreen, RapidReader
from playhead.perceive.pictures import ClipPictures, PictureEncoder, PlainPictures
from playhead.perceive.senses import Senses
from playhead.perceive.sounds import Sounds
from playhead.perceive.speech import Speech
from playhead.progress import Progress, silent
from playhead.timeline import Mark, Sampling, Span

__all__ = ["Senses", "gather"]

Fetch = Callable[[str], Path]


def gather(
    video: Video,
    *,
    senses: Senses | None = None,
    progress: Progress = silent,
    cache: bool | EvidenceCache = True,
    fetch: Fetch | None = None,
) -> Evidence:
    """Look at and listen to a video once and write down what was measured, with times.

    Args:
        video: The file, the window and the streams.
        senses: Which senses to use; all of them when None.
        progress: Told ``looking`` and ``listening`` in seconds of video done and in all, and the hub's downloads.
        cache: Whether evidence is kept on disk and reused, or the cache to use.
        fetch: Gives the folder of a named weight; the hub when None.

    Raises:
        MediaError: The file cannot give what was asked.
        WindowError: The window lies outside the video.
        WeightsError: Weights of a sense are not to be had; the message names them. Switch the sense off to go on.
        MissingExtraError: A sense's package is not installed.
    """
    senses = senses or Senses()
    store = cache if isinstance(cache, EvidenceCache) else EvidenceCache() if cache else None
    key = store.key(video, senses) if store else None
    if store and key and (kept := store.load(key, video.source)) is not None:
        return kept
    info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
    if info.video is None and info.audio is None:
        raise EmptyMediaError(f"gather evidence from {info.source!r}", found="no pictures and no sound")
    evidence = _gather(video, info, senses, progress=progress, fetch=fetch)
    if store and key:
        store.save(key, evidence)
    return evidence


def _gather(
    video: Video, info: MediaInfo, senses: Senses, *, progress: Progress, fetch: Fetch | None
) -> Evidence:
    window = resolve_window(video, info)
    looks = senses.looks and info.video is not None
    listens = senses.listens and info.audio is not None
    get = fetch or (lambda name: hub.fetch(name, progress=progress))
    threads = max(1, (os.cpu_count() or 1) // (2 if looks and listens else 1))
    looking = listening = None
    if looks:
        looking = Looking(video, info, window, _eyes(senses, get), progress)
    if listens:
        listening = Listening(video, info, window, _ears(senses, get, threads), progress)
    crew = Crew()
    for stage in (listening, looking):
        if stage is not None:
            stage.start(crew)
    crew.wait()
    return _written(info, window, senses, looking, listening)


def _eyes(senses: Senses, get: Fetch) -> Eyes:
    encoder: PictureEncoder | None = None
    if senses.pictures:
        encoder = ClipPictures(get(ClipPictures.name)) if senses.encoder == "clip" else PlainPictures()
    return Eyes(
        text=OnScreen(RapidReader(), readings_per_min=senses.readings_per_min) if senses.text else None,
        detector=ObjectDetector(get(ObjectDetector.name)) if senses.objects else None,
        encoder=encoder,
    )


def _ears(senses: Senses, get: Fetch, threads: int) -> Ears:
    sounds = Sounds(get(Sounds.name)) if senses.sounds else None
    speech = None
    if senses.speech:
        speech = Speech(
            get(Speech.name),
            threads=threads,
            language=senses.language,
            speech_score=sounds.speech_score if sounds else None,
        )
    return Ears(speech=speech, sounds=sounds)


def _written(
    info: MediaInfo, window: Span, senses: Senses, looking: Looking | None, listening: Listening | None
) -> Evidence:
    lanes: dict[str, tuple[Mark, ...]] = {}
    for stage in (looking, listening):
        if stage is not None:
            lanes |= stage.lanes()
    times_s, vectors_PD = looking.vectors() if looking else (np.zeros(0), np.zeros((0, 0), np.float32))
    sampling = Sampling(
        policy="senses: every picture for shots, 2 per second for motion and objects, 1 per second for text",
        window=window,
        times_s=tuple(looking.times_s) if looking else (),
        frame_size_px=looking.size_px if looking else None,
        audio_s=listening.heard_s if listening else 0.0,
        notes=_notes(info, senses, looking, listening),
    )
    return Evidence(
        info=info,
        window=window,
        sampling=sampling,
        transcript=listening.transcript if listening else None,
        lanes=lanes,
        picture_times_s=times_s,
        picture_vectors_PD=vectors_PD,
        models=_models(senses, looking, listening),
    )


def _models(senses: Senses, looking: Looking | None, listening: Listening | None) -> tuple[str, ...]:
    names: list[str] = []
    if listening:
        names += [name for name, on in ((Speech.name, senses.speech), (Sounds.name, senses.sounds)) if on]
    if looking:
        encoder: Any = ClipPictures if senses.encoder == "clip" else PlainPictures
        names += [
            name
            for name, on in (
                (RapidReader.name, senses.text),
                (ObjectDetector.name, senses.objects),
                (encoder.name, senses.pictures),
            )
            if on
        ]
    return tuple(names)


def _notes(
    info: MediaInfo, senses: Senses, looking: Looking | None, listening: Listening | None
) -> tuple[str, ...]:
    notes = list(info.notes)
    if senses.off:
        notes.append(f"senses switched off: {', '.join(senses.off)}")
    if info.video is None and senses.looks:
        notes.append("the file has no pictures")
    if info.audio is None and senses.listens:
        notes.append("the file has no sound")
    for stage in (looking, listening):
        if stage is not None:
            notes += [note for note in stage.damage.notes() if note not in notes]
    left_out = (looking.text_note if looking else "", listening.speech_note if listening else "")
    notes += [note for note in left_out if note]
    return tuple(notes)
