"""How sound is cut before an encoder hears it: Whisper's 30 s chunks, and ARC-Hunyuan-Video's rules for its length.

Axes: N sample.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import AUDIO_RATE_HZ, Times, Waveform

WHISPER_CHUNK_S: Final = 30.0
ARC_LIMIT_S: Final = 300
ARC_SNIPPETS: Final = 150
ARC_SNIPPET_S: Final = 2
ARC_SHORTEST_S: Final = 1


def whisper_chunks(waveform: Waveform, chunk_s: float = WHISPER_CHUNK_S) -> tuple[Waveform, ...]:
    """Cut sound into consecutive chunks of 30 s, each knowing when it starts; the last one may be shorter.

    Whisper's feature extractor pads a short chunk with silence itself (arXiv 2212.04356, section 2.1).

    Raises:
        UsageError: If a chunk would hold no sample.
    """
    step = round(chunk_s * waveform.rate_hz)
    if step < 1:
        raise UsageError("cut sound into chunks", found=f"chunk_s={chunk_s}", allowed="above 0")
    samples_N, rate_hz = waveform.samples_N, waveform.rate_hz
    return tuple(
        Waveform(samples_N[at : at + step], rate_hz, waveform.start_s + at / rate_hz)
        for at in range(0, len(samples_N), step)
    )


def arc_sound(waveform: Waveform) -> tuple[Waveform, Times]:
    """Sound as ARC-Hunyuan-Video hears it: at most 300 s, at least 1 s.

    Above 300 s, 150 snippets of 2 s, each from the start of one of 150 equal parts (n // 150 samples), are joined; a
    shorter sound is kept whole, padded with silence to 1 s.

    Returns:
        The sound, and for each of its 2 s snippets the true second at which it is heard, shape (snippets,). The joined
        waveform keeps the start of the first; past that only these times are true.

    Source: the released inference and training code of ARC-Hunyuan-Video (arXiv 2507.20939 does not state it).
    """
    samples_N, rate_hz = waveform.samples_N, waveform.rate_hz
    if len(samples_N) > ARC_LIMIT_S * rate_hz:
        starts = len(samples_N) // ARC_SNIPPETS * np.arange(ARC_SNIPPETS)
        snippets = [samples_N[at : at + ARC_SNIPPET_S * rate_hz] for at in starts]
        joined = Waveform(np.concatenate(snippets), rate_hz, waveform.start_s)
        return joined, waveform.start_s + np.asarray(starts, np.float64) / rate_hz
    missing = ARC_SHORTEST_S * rate_hz - len(samples_N)
    if missing > 0:
        samples_N = np.concatenate([samples_N, np.zeros(missing, np.float32)])
    count = math.ceil(len(samples_N) / (ARC_SNIPPET_S * rate_hz))
    starts_s = waveform.start_s + ARC_SNIPPET_S * np.arange(count, dtype=np.float64)
    return Waveform(samples_N, rate_hz, waveform.start_s), starts_s


def arc_silence(duration_s: float, start_s: float = 0.0) -> Waveform:
    """What ARC's audio encoder is fed for a video without sound: silence of its length in whole seconds, 1 to 300.

    The caller says so in ``Sampling.notes``: nothing was heard.

    Source: the released inference code of ARC-Hunyuan-Video, which always feeds the audio encoder.
    """
    seconds = max(ARC_SHORTEST_S, min(math.ceil(duration_s), ARC_LIMIT_S))
    return Waveform(np.zeros(seconds * AUDIO_RATE_HZ, np.float32), AUDIO_RATE_HZ, start_s)
