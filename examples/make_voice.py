"""Has the sentences of the synthetic benchmark read, and keeps them as one sound file with a table beside it.

    pip install kokoro-onnx av
    python examples/make_voice.py --out src/playhead/evaluate/synthetic

Kokoro-82M (Apache-2.0) reads them, as it reads the bundled clip. The sound is kept without loss at 16 kHz, so that every
machine mixes the same samples; the table says which samples are which sentence, silence at both ends cut off.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import av
import numpy as np

from demo_clip.sound import Sound, resample
from demo_clip.voice import VOICE_RATE_HZ, Narrator

RATE_HZ = 16_000
PEAK = 0.7
# What is said, and what it is about, in other words.
SENTENCES = {
    "The bakery opens at six in the morning.": "when a shop that sells bread opens",
    "All fishermen stayed at home because of the storm.": "why nobody went out to sea",
    "My grandmother keeps bees behind the old barn.": "a relative who keeps bees",
    "The train to the coast is an hour late.": "a delayed train",
    "Please close the windows when it starts to rain.": "shutting the windows in wet weather",
    "The library has moved to the second floor.": "where to find the library now",
    "Snow is expected in the mountains tonight.": "a weather forecast with snow",
    "He plays the violin in a small orchestra.": "a musician and his instrument",
    "Wash the apples before you cut them.": "preparing fruit",
    "The museum is free on the first Sunday of the month.": "free entry to a museum",
    "Her bicycle has a flat tire again.": "a bike that needs repair",
    "We planted forty trees along the river.": "planting trees",
    "The last bus leaves at half past eleven.": "when the last bus goes",
    "A fox crossed the road in front of our car.": "an animal on the road",
    "They are painting the kitchen this weekend.": "decorating a room of the house",
    "The doctor will see you in ten minutes.": "waiting for a medical appointment",
    "Three astronauts returned to Earth on Tuesday.": "people coming back from space",
    "The soup needs a little more salt.": "seasoning a dish",
}


def write_sound(path: Path, sound: Sound) -> None:
    """Write 16-bit mono FLAC."""
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as out:
        track = out.add_stream("flac", rate=RATE_HZ, layout="mono", options={"compression_level": "12"})
        track.codec_context.format = "s16"
        step = track.codec_context.frame_size or 4096
        for at in range(0, len(sound), step):
            part = np.round(sound[None, at : at + step] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, at
            out.mux(track.encode(frame))
        out.mux(track.encode(None))


def main() -> None:
    """Read every sentence, write sound and table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for voice.flac and voice.json")
    parser.add_argument(
        "--voice-dir", type=Path, default=Path(".cache/kokoro"), help="where the voice's two files lie"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    narrator = Narrator(options.voice_dir)
    sounds, table, first = [], [], 0
    for text, about in SENTENCES.items():
        sound = resample(narrator.say(text), VOICE_RATE_HZ, RATE_HZ)
        sound = sound * (PEAK / np.abs(sound).max())
        sounds.append(sound)
        table.append({"text": text, "about": about, "first": first, "end": first + len(sound)})
        first += len(sound)
    write_sound(options.out / "voice.flac", np.concatenate(sounds))
    text = json.dumps({"rate_hz": RATE_HZ, "sentences": table}, indent=1)
    (options.out / "voice.json").write_text(text + "\n", encoding="utf-8")
    print(
        f"{len(table)} sentences, {first / RATE_HZ:.1f} s, {(options.out / 'voice.flac').stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
