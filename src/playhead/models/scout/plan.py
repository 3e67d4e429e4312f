"""What scout would take for a video: which senses would run over which part of it, and which weights they need."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from playhead import hub
from playhead.media import index_frames, probe
from playhead.media.clip import Video
from playhead.media.window import frames_in, resolve_window
from playhead.models.family import Plan
from playhead.models.scout.config import ScoutConfig, config_from_options
from playhead.perceive.senses import WEIGHTS

_HEARING: Final = ("speech", "sounds")
_WORDS: Final = frozenset({"speech", "text", "sounds", "objects"})


def plan_scout(name: str, video: Video, options: dict[str, Any]) -> Plan:
    """What scout would take; it reads times from the file and no weights.

    The operations of its senses are not counted, so there is no estimate of seconds; ``benchmarks/watch.md`` has
    measured ones.

    Raises:
        UsageError: An option scout does not take.
        MediaError: The file cannot be read.
    """
    tiny: dict[str, Any] = {"llm": "none", "senses": ("pictures",)} if name == "scout-tiny" else {}
    config = config_from_options({**tiny, **options})
    info = probe(video.source, video_stream=video.video_stream, audio_stream=video.audio_stream)
    window = resolve_window(video, info)
    hears = info.audio is not None and any(sense in _HEARING for sense in config.senses)
    sees = info.video is not None and any(sense not in _HEARING for sense in config.senses)
    frames = np.size(frames_in(index_frames(video.source, info), window)) if sees else 0
    running = [
        sense
        for sense in config.senses
        if (info.audio is not None if sense in _HEARING else info.video is not None)
    ]
    weights = _weights(config, running)
    size_bytes = sum(hub.WEIGHTS[each].size_bytes for each in weights)
    missing = [each for each in weights if not hub.is_here(each)]
    return Plan(
        engine=name,
        source=video.source,
        window=window,
        frames=frames,
        audio_s=window.duration_s if hears else 0.0,
        video_tokens=0,
        weights_bytes=size_bytes,
        peak_bytes=size_bytes,
        flops=None,
        answer_flops_per_token=None,
        notes=_notes(config, running, missing),
    )


def _weights(config: ScoutConfig, running: list[str]) -> list[str]:
    needed = [WEIGHTS[sense] for sense in running if sense in WEIGHTS]
    if _WORDS & set(running):
        needed.append("minilm")
    return [*needed, *([config.llm] if config.llm in hub.WEIGHTS else [])]


def _notes(config: ScoutConfig, running: list[str], missing: list[str]) -> tuple[str, ...]:
    left_out = [sense for sense in config.senses if sense not in running]
    notes = [f"senses: {', '.join(running) or 'none'}; every picture is looked at for shots"]
    if left_out:
        notes.append(f"nothing for these senses in the file: {', '.join(left_out)}")
    notes.append(
        "no language model: the evidence is quoted"
        if config.llm == "none"
        else f"{config.llm} composes from the evidence"
    )
    if missing:
        size_mb = sum(hub.WEIGHTS[each].size_bytes for each in missing) / 1e6
        notes.append(f"to be fetched first: {', '.join(missing)} ({size_mb:.0f} MB)")
    notes.append(
        "the peak counts weights only; seconds are not estimated, see benchmarks/watch.md for measured ones"
    )
    return tuple(notes)
