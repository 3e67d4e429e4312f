"""How sure is sure? Raw and calibrated sureness of grounded spans against clips whose truth is known.

    python benchmarks/refine.py                                  # measure, and compare with the curve in the package
    python benchmarks/refine.py --votes 3 --write --markdown benchmarks/refine.md

The bundled clip with its own queries, and drawn clips of title cards asked for by their words, by their meaning, and for
what is on none of them. A span is right where its overlap with a true one is 0.5 or more. The curve is fitted on all
answers; the error after calibration is counted on clips that were left out of the fit, one after another.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import playhead
from facts import ABSENT, bundled
from machine import describe_run
from playhead.media.clip import Video
from playhead.refine import calibration
from playhead.refine.calibration import Calibration, expected_error, fit
from playhead.refine.settings import Refinement
from playhead.refine.votes import Votes
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Span

TABLE = Path(calibration.__file__).with_suffix(".json")
RATE_HZ, SIZE_PX = 12, (640, 360)
RIGHT_IOU = 0.5
# What stands on a card, and the same thing in other words.
CARDS = (
    ("Boats in the harbour", "ships lying at a quay"),
    ("How bread is baked", "making a loaf in an oven"),
    ("The oldest library", "a very old collection of books"),
    ("Snow in the mountains", "winter weather on high peaks"),
    ("Repairing a bicycle", "somebody mends a two-wheeler"),
    ("The price of coffee", "what a hot drink costs"),
    ("A walk in the forest", "going on foot among trees"),
    ("Learning the violin", "practising a string instrument"),
    ("Trains at night", "railway traffic after dark"),
    ("The garden in May", "flowers and plants in spring"),
    ("Mending old clocks", "a watchmaker's work"),
    ("Bees and honey", "insects that make something sweet"),
    ("A storm at sea", "rough waves and strong wind"),
    ("The first telephone", "an early device for talking over a wire"),
    ("Painting a portrait", "an artist draws a face"),
    ("Market day", "stalls where food is sold"),
)
CARDS_PER_CLIP = 4


@dataclass(frozen=True)
class Asked:
    """One query about one clip, and where it is true."""

    clip: str
    path: Path
    query: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Found:
    """One span that was found: how sure it was, raw, and whether it is right."""

    clip: str
    query: str
    raw: float
    right: bool


def draw(path: Path, titles: list[str], card_s: float, colours: np.random.Generator) -> None:
    """A clip of title cards, one after another, each so many seconds long."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE_HZ)
        number = 0
        for title in titles:
            picture = Image.new("RGB", SIZE_PX, tuple(int(each) for each in colours.integers(30, 110, 3)))
            ImageDraw.Draw(picture).text(
                (SIZE_PX[0] // 2, SIZE_PX[1] // 2), title, "white", ImageFont.load_default(44), anchor="mm"
            )
            frame = av.VideoFrame.from_image(picture)
            for _ in range(round(card_s * RATE_HZ)):
                frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
                number += 1
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def asked(folder: Path) -> Iterator[Asked]:
    """Every query: the bundled clip's, and those about drawn ones."""
    demo = bundled()
    for query, spans in (*demo.ground, *((each, ()) for each in ABSENT)):
        yield Asked(demo.name, demo.path, query, spans)
    random = np.random.default_rng(0)
    for first in range(0, len(CARDS), CARDS_PER_CLIP):
        cards = CARDS[first : first + CARDS_PER_CLIP]
        path, card_s = folder / f"cards{first // CARDS_PER_CLIP + 1}.mp4", 2.5 + first / 16
        draw(path, [title for title, _ in cards], card_s, random)
        for number, card in enumerate(cards):
            for query in card:
                yield Asked(path.name, path, query, (Span(number * card_s, (number + 1) * card_s),))
        for query in ABSENT:
            yield Asked(path.name, path, query, ())


def judged(question: Asked, answer: Answer) -> list[Found]:
    """Every span of an answer with its raw sureness, right or wrong."""
    return [
        Found(
            question.clip,
            question.query,
            event.confidence or 0.0,
            any(event.span.iou(true) >= RIGHT_IOU for true in question.spans),
        )
        for event in answer.events
    ]


def left_out(found: list[Found]) -> list[float]:
    """Sureness of every span by the curve of all other clips."""
    curves = {
        clip: fit(
            [each.raw for each in found if each.clip != clip],
            [each.right for each in found if each.clip != clip],
        )
        for clip in {each.clip for each in found}
    }
    return [curves[each.clip](each.raw) for each in found]


def table(found: list[Found], curve: Calibration, questions: int, seconds: float) -> str:
    """The results as Markdown."""
    right = [each.right for each in found]
    raw, after = [each.raw for each in found], left_out(found)
    rows = [
        "| | value |",
        "| --- | --: |",
        f"| queries | {questions} |",
        f"| spans found | {len(found)} |",
        f"| of them right (overlap of {RIGHT_IOU} or more) | {sum(right)} |",
        f"| expected calibration error before, 10 bins | {expected_error(raw, right):.3f} |",
        f"| after, on clips left out of the fit | {expected_error(after, right):.3f} |",
        f"| mean raw sureness of right spans | {np.mean([r for r, ok in zip(raw, right, strict=True) if ok] or [0]):.3f} |",
        f"| of wrong ones | {np.mean([r for r, ok in zip(raw, right, strict=True) if not ok] or [0]):.3f} |",
        f"| curve: slope, offset | {curve.slope:.3f}, {curve.offset:.3f} |",
        f"| time | {seconds:.0f} s |",
    ]
    return "\n".join(rows)


def read_log(path: Path | None) -> dict[tuple[str, str], list[Found]]:
    """What an earlier run found, by clip and query."""
    if path is None or not path.exists():
        return {}
    lines = [
        json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("[")
    ]
    return {(clip, query): [Found(**each) for each in found] for clip, query, found in lines}


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=3)
    parser.add_argument("--llm", default="qwen2.5-1.5b")
    parser.add_argument("--write", action="store_true", help="put the curve into the package")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument(
        "--log", type=Path, help="keep every query's result here, and go on from what is there"
    )
    parser.add_argument(
        "--clips", default="", help="only clips whose names begin with one of these, with commas between"
    )
    given = parser.parse_args()
    engine = playhead.load("scout", llm=given.llm).engine
    voting = Votes(engine, Refinement(votes=given.votes))
    kept = read_log(given.log)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for question in asked(Path(folder)):
            key = (question.clip, question.query)
            if key in kept or not question.clip.startswith(tuple(given.clips.split(","))):
                continue
            kept[key] = judged(question, voting.answer(Video(str(question.path)), Ground(question.query)))
            line = json.dumps([*key, [asdict(each) for each in kept[key]]])
            print(line, flush=True)
            if given.log:
                with given.log.open("a", encoding="utf-8") as log:
                    log.write(f"{line}\n")
    found = [each for several in kept.values() for each in several]
    questions = len(kept)
    curve = fit([each.raw for each in found], [each.right for each in found])
    told = table(found, curve, questions, time.perf_counter() - started)
    print(told)
    if given.write:
        held = json.loads(TABLE.read_text(encoding="utf-8"))
        held["command"] = f"python benchmarks/refine.py --votes {given.votes} --write"
        held["engines"]["scout"] = {
            "slope": round(curve.slope, 4),
            "offset": round(curve.offset, 4),
            "count": curve.count,
        }
        TABLE.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    if given.markdown:
        head = "# How sure is sure: calibration of scout's spans\n\n"
        given.markdown.write_text(f"{head}{describe_run()}\n\n{told}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
