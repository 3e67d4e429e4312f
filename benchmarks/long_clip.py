"""Draws a narrated clip of about three minutes: seven subjects, each a title card and a slow zoom, spoken by espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from playhead.demo import demo_path, demo_truth

RATE_HZ, WIDTH_PX, HEIGHT_PX = 25, 854, 480
CARD_S, PAUSE_S = 2.0, 0.7
FRAME_SAMPLES = 1024

SUBJECTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Coffee",
        "coffee",
        (
            "Coffee is made from the roasted seeds of a small evergreen tree.",
            "The tree grows best in the mountains of the tropics, where nights are cool.",
            "An espresso is brewed by pressing hot water through finely ground beans.",
            "The whole process takes less than half a minute.",
            "A layer of golden foam on top is the sign of a fresh cup.",
        ),
    ),
    (
        "Cats",
        "cat",
        (
            "A cat spends more than half of the day asleep.",
            "Its whiskers are as wide as its body and help it to judge a narrow gap.",
            "In the dark its eyes need only a sixth of the light that we need.",
            "Cats greet each other by touching noses.",
            "A contented cat purrs about twenty five times in a second.",
        ),
    ),
    (
        "Space Suits",
        "astronaut",
        (
            "An orange suit is worn during launch and landing.",
            "The bright colour helps rescue teams to find the crew in the ocean.",
            "The helmet locks onto a metal ring around the neck.",
            "Gloves are the most difficult part, because fingers must bend under pressure.",
            "Putting everything on takes the help of two technicians.",
        ),
    ),
    (
        "The Shuttle",
        "shuttle model",
        (
            "The space shuttle was the first spacecraft that could be used again.",
            "It took off like a rocket and landed like an airplane.",
            "Thousands of black tiles protected its belly from the heat.",
            "Its large cargo bay carried telescopes and parts of a space station.",
            "The last flight ended at night on a runway in Florida.",
        ),
    ),
    (
        "Rockets",
        "rocket",
        (
            "Most of a rocket is fuel, and only a small part is cargo.",
            "The first stage burns for two or three minutes and then falls away.",
            "Some boosters now fly back and land upright on a ship.",
            "Before the launch the engineers check the wind high above the pad.",
            "If anything looks wrong the countdown stops.",
        ),
    ),
    (
        "Galaxies",
        "galaxies",
        (
            "A galaxy is a city of stars, gas and dust held together by gravity.",
            "Our own galaxy has a bright bar in the middle and several spiral arms.",
            "The light of distant galaxies has travelled for billions of years.",
            "The redder a galaxy looks, the faster it moves away from us.",
            "A telescope in orbit sees them without the blur of the air.",
        ),
    ),
    (
        "Bread",
        "coffee",
        (
            "Bread needs only flour, water, salt and yeast.",
            "The baker folds the dough and leaves it to rest in a warm place.",
            "Tiny bubbles of gas make the loaf rise to double its size.",
            "A very hot oven gives it a dark and crisp crust.",
            "It should cool for an hour before it is cut.",
        ),
    ),
)

Sound = npt.NDArray[np.int16]


def narrator() -> str | None:
    """The espeak-ng program, or None where it is not installed."""
    return shutil.which("espeak-ng")


def _say(program: str, text: str, scratch: Path) -> tuple[Sound, int]:
    path = scratch / "sentence.wav"
    subprocess.run([program, "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def _stills() -> dict[str, Image.Image]:
    """The middle picture of every shot of the bundled clip."""
    shots = demo_truth()["shots"]
    wanted = {round((s["start"] + s["end"]) / 2 * RATE_HZ): s["name"] for s in shots}
    with av.open(str(demo_path())) as container:
        return {
            wanted[index]: frame.to_image()
            for index, frame in enumerate(container.decode(video=0))
            if index in wanted
        }


def _frames(stills: dict[str, Image.Image], lengths_s: list[float]) -> Iterator[Image.Image]:
    for (title, still, _), length_s in zip(SUBJECTS, lengths_s, strict=True):
        card = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (30, 40, 60))
        font = ImageFont.load_default(64)
        ImageDraw.Draw(card).text((WIDTH_PX / 2, HEIGHT_PX / 2), title, font=font, fill="white", anchor="mm")
        count, cards = round(length_s * RATE_HZ), round(CARD_S * RATE_HZ)
        for index in range(count):
            if index < cards:
                yield card
                continue
            cut = 0.12 * index / count
            box = (cut * WIDTH_PX, cut * HEIGHT_PX, (1 - cut) * WIDTH_PX, (1 - cut) * HEIGHT_PX)
            yield stills[still].resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BILINEAR, box=box)


def draw_long_clip(path: Path) -> float:
    """Write the clip and return its length in seconds.

    Raises:
        FileNotFoundError: When espeak-ng is not installed.
    """
    program = narrator()
    if program is None:
        raise FileNotFoundError("espeak-ng is not installed")
    parts: list[Sound] = []
    lengths_s: list[float] = []
    rate_hz = 0
    for _, _, sentences in SUBJECTS:
        spoken: list[Sound] = []
        for text in sentences:
            sound, rate_hz = _say(program, text, path.parent)
            spoken += [sound, np.zeros(round(PAUSE_S * rate_hz), np.int16)]
        silence = np.zeros(round(CARD_S * rate_hz), np.int16)
        samples = np.concatenate([silence, *spoken])
        frames = -(-len(samples) * RATE_HZ // rate_hz)
        lengths_s.append(frames / RATE_HZ)
        parts.append(np.pad(samples, (0, round(frames * rate_hz / RATE_HZ) - len(samples))))
    _write(path, np.concatenate(parts), rate_hz, _frames(_stills(), lengths_s))
    (path.parent / "sentence.wav").unlink()
    return sum(lengths_s)


def _write(path: Path, sound: Sound, rate_hz: int, frames: Iterator[Image.Image]) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE_HZ, options={"crf": "26", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio = container.add_stream("aac", rate=rate_hz, layout="mono")
        first = 0
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = index, Fraction(1, RATE_HZ)
            container.mux(video.encode(frame))
            while first < min(len(sound), (index + 1) * rate_hz // RATE_HZ):
                part = sound[None, first : first + FRAME_SAMPLES].astype(np.float32) / 32768
                heard = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = rate_hz, first, Fraction(1, rate_hz)
                container.mux(audio.encode(heard))
                first += FRAME_SAMPLES
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
