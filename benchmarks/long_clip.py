"""Draws narrated clips with their truth: subjects, each a title card and a slow zoom, spoken by espeak-ng.

    python benchmarks/long_clip.py three_minutes.mp4
    python benchmarks/long_clip.py hour.mp4 --minutes 60

Without ``--minutes``, seven subjects in about three minutes; with it, twenty subjects in about that length, small and at
ten frames per second. The truth (when each subject is told, and in which words) goes to ``NAME.truth.json`` beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from long_subjects import Subject, talks
from playhead.demo import demo_path, demo_truth

CARD_S, PAUSE_S = 2.0, 0.7
FRAME_SAMPLES = 1024
SENTENCE_S = 5.0  # about what a sentence and the pause after it take
HOUR_SUBJECTS = 20
DEMO_HZ = 25


@dataclass(frozen=True, slots=True)
class Look:
    """How a clip is drawn: frames per second, size, and how hard the encoder tries."""

    rate_hz: int = 25
    width_px: int = 854
    height_px: int = 480
    preset: str = "veryfast"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told from when to when, in seconds: a chapter of the truth."""

    start_s: float
    end_s: float
    title: str
    text: str


SMALL = Look(10, 640, 360, "ultrafast")

SUBJECTS: tuple[Subject, ...] = (
    Subject(
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
    Subject(
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
    Subject(
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
    Subject(
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
    Subject(
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
    Subject(
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
    Subject(
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
    wanted = {round((s["start"] + s["end"]) / 2 * DEMO_HZ): s["name"] for s in shots}
    with av.open(str(demo_path())) as container:
        return {
            wanted[index]: frame.to_image()
            for index, frame in enumerate(container.decode(video=0))
            if index in wanted
        }


def _frames(subjects: Sequence[Subject], lengths_s: Sequence[float], look: Look) -> Iterator[Image.Image]:
    stills = _stills()
    size_px = (look.width_px, look.height_px)
    font = ImageFont.load_default(round(look.height_px / 7.5))
    for number, (subject, length_s) in enumerate(zip(subjects, lengths_s, strict=True)):
        card = Image.new("RGB", size_px, (30, 40, 60))
        middle = (look.width_px / 2, look.height_px / 2)
        ImageDraw.Draw(card).text(middle, subject.title, font=font, fill="white", anchor="mm")
        still = stills[subject.still] if subject.still else _plain(number, size_px)
        count, cards = round(length_s * look.rate_hz), round(CARD_S * look.rate_hz)
        for index in range(count):
            if index < cards:
                yield card
                continue
            cut = 0.12 * index / count
            box = (cut * still.width, cut * still.height, (1 - cut) * still.width, (1 - cut) * still.height)
            yield still.resize(size_px, Image.Resampling.BILINEAR, box=box)


def _plain(number: int, size_px: tuple[int, int]) -> Image.Image:
    """A flat colour of its own for each subject, with a little noise."""
    width_px, height_px = size_px
    random = np.random.default_rng(number)
    colour = np.asarray([60 + 53 * number % 160, 60 + 97 * number % 160, 60 + 31 * number % 160])
    noise = random.integers(-12, 13, (height_px, width_px, 1))
    return Image.fromarray(np.clip(colour + noise, 0, 255).astype(np.uint8))


def draw_long_clip(
    path: Path, subjects: Sequence[Subject] = SUBJECTS, look: Look | None = None
) -> tuple[Told, ...]:
    """Write a clip and return what is told when.

    Args:
        path: Where to write it.
        subjects: What to tell; the seven of the three-minute clip if not given.
        look: How to draw it.

    Raises:
        FileNotFoundError: When espeak-ng is not installed.
    """
    look = look or Look()
    program = narrator()
    if program is None:
        raise FileNotFoundError("espeak-ng is not installed")
    parts: list[Sound] = []
    told: list[Told] = []
    now_s, rate_hz = 0.0, 0
    for subject in subjects:
        spoken: list[Sound] = []
        for text in subject.sentences:
            sound, rate_hz = _say(program, text, path.parent)
            spoken += [sound, np.zeros(round(PAUSE_S * rate_hz), np.int16)]
        silence = np.zeros(round(CARD_S * rate_hz), np.int16)
        samples = np.concatenate([silence, *spoken])
        frames = -(-len(samples) * look.rate_hz // rate_hz)
        length_s = frames / look.rate_hz
        told.append(Told(now_s, now_s + length_s, subject.title, " ".join(subject.sentences)))
        now_s += length_s
        parts.append(np.pad(samples, (0, round(length_s * rate_hz) - len(samples))))
    lengths_s = [one.end_s - one.start_s for one in told]
    _write(path, np.concatenate(parts), rate_hz, _frames(subjects, lengths_s, look), look)
    (path.parent / "sentence.wav").unlink()
    return tuple(told)


def draw_hour(path: Path, minutes: float = 60.0) -> tuple[Told, ...]:
    """Write a clip of twenty subjects of about the length given, and return what is told when."""
    sentences = max(1, round(minutes * 60 / HOUR_SUBJECTS / SENTENCE_S))
    return draw_long_clip(path, talks(HOUR_SUBJECTS, sentences), SMALL)


def _write(path: Path, sound: Sound, rate_hz: int, frames: Iterator[Image.Image], look: Look) -> None:
    with av.open(str(path), "w") as container:
        options = {"crf": "26", "preset": look.preset}
        video = container.add_stream("libx264", rate=look.rate_hz, options=options)
        video.width, video.height, video.pix_fmt = look.width_px, look.height_px, "yuv420p"
        audio = container.add_stream("aac", rate=rate_hz, layout="mono")
        first = 0
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = index, Fraction(1, look.rate_hz)
            container.mux(video.encode(frame))
            while first < min(len(sound), (index + 1) * rate_hz // look.rate_hz):
                part = sound[None, first : first + FRAME_SAMPLES].astype(np.float32) / 32768
                heard = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = rate_hz, first, Fraction(1, rate_hz)
                container.mux(audio.encode(heard))
                first += FRAME_SAMPLES
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def main() -> None:
    """Draw a clip and write its truth beside it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--minutes", type=float, help="length of a clip of twenty subjects")
    options = parser.parse_args()
    told = draw_hour(options.path, options.minutes) if options.minutes else draw_long_clip(options.path)
    truth = [{"start_s": t.start_s, "end_s": t.end_s, "title": t.title, "text": t.text} for t in told]
    options.path.with_suffix(".truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
