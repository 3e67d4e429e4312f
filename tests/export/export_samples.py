"""Answers to export in tests: a realistic one, an hour-long one, and a small video drawn to go with them."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from playhead.timeline import Answer, Event, Mark, Sampling, Segment, Span, Transcript, Word

SENTENCES = """Welcome to the harbour of Trieste, early on a Saturday morning.
The first boats come back with the night's catch.
Let's see what they bring.
Paolo has been fishing here for thirty-one years.
He says the sea was calm and the nets were heavy.
Mostly sardines, he tells us, and a few squid.
Prices are written on small slates, in chalk.
A kilo of sardines costs four euros fifty today.
By seven o'clock the stalls are full.
People come from all over the city, some by bicycle.
This is where the cooks of the old town shop.
Marta runs a kitchen with eight tables.
She never writes a menu before she has been here.
Today it will be sardines in saor.
First the fish is cleaned and salted.
Then it is dusted with flour, just a little.
The oil has to be hot, about one hundred and eighty degrees.
Two minutes on each side, not longer.
Listen to that sound: this is how it should be.
Meanwhile the onions are sliced, very thin.
They cook slowly in vinegar, with raisins and pine nuts.
It smells wonderful in here.
Layer by layer the fish and the onions go into a dish.
And now the hard part: it has to wait a whole day.
Luckily Marta made some yesterday.
She serves it cold, with white polenta.
The vinegar has turned soft and a little sweet.
It is a recipe of sailors, made to keep for weeks.
Every family has a version of its own.
Some add a bay leaf, some a piece of cinnamon.
In the evening the boats are washed down.
The nets are mended by hand, knot by knot.
Paolo's grandson is learning how to do it.
He is nine years old and very fast.
Tomorrow they will leave again at three.
The lighthouse has been lit since 1927.
From up here you can see the whole gulf.
On clear days even the Alps.
Thank you for coming along.
See you next week, at the salt pans of Piran.""".splitlines()

CHAPTERS = [
    (0.0, "The boats come in", "Fishing boats return to the harbour at dawn and unload sardines and squid."),
    (34.0, "At the market", "Prices go up on slates and the cooks of the old town choose their fish."),
    (64.0, "Sardines in saor", "Marta fries the fish and layers it with onions, raisins and pine nuts."),
    (118.0, "A dish of sailors", "The dish is served cold with polenta; families and their versions."),
    (146.0, "Evening at the harbour", "Nets are mended, the lighthouse is lit, and a goodbye."),
]
EVENTS = [
    (
        2.0,
        9.5,
        "Boats enter the harbour",
        "Three fishing boats come in past the lighthouse while gulls cry.",
        0.91,
    ),
    (
        11.0,
        24.0,
        "Paolo unloads crates",
        "A fisherman lifts crates of sardines onto the quay and talks to the camera.",
        0.86,
    ),
    (28.0, 37.5, "Prices on slates", "Prices are chalked on small slates; one reads 4,50 per kilo.", 0.93),
    (41.0, 55.0, "Shoppers at the stalls", "People look over the fish; a woman locks her bicycle.", 0.72),
    (56.0, 63.0, "Marta chooses her fish", "", 0.67),
    (66.0, 78.0, "Cleaning and salting", "Hands clean sardines over a steel sink and salt them.", 0.88),
    (80.0, 92.0, "Frying", "Floured sardines go into hot oil; loud sizzling.", 0.95),
    (93.5, 104.0, "Onions in vinegar", "Thin onions simmer with raisins and pine nuts.", 0.81),
    (106.0, 115.0, "Layering the dish", "Fish and onions are layered in a white dish.", 0.84),
    (
        121.0,
        131.0,
        "Served with polenta",
        "A plate of sardines in saor with white polenta is set on a table.",
        0.9,
    ),
    (149.0, 163.0, "Mending nets", "A boy knots a net beside an old man.", 0.78),
    (168.0, 180.0, "View over the gulf", "The camera pans from the lighthouse across the gulf.", None),
]
DURATION_S = 180.0


def realistic(source: str = "harbour.webm", scale: float = 1.0) -> Answer:
    """A three-minute documentary as a person would want to see it: every lane filled; times scale for short clips."""
    rng = random.Random(7)

    def span(start_s: float, end_s: float) -> Span:
        return Span(round(start_s * scale, 3), round(end_s * scale, 3))

    segments = []
    time_s = 0.8
    for text in SENTENCES:
        length_s = 0.9 + 0.055 * len(text)
        words = text.split()
        step_s = length_s / len(words)
        spans = [span(time_s + n * step_s, time_s + (n + 1) * step_s) for n in range(len(words))]
        segments.append(
            Segment(
                span(time_s, time_s + length_s),
                text,
                tuple(map(Word, spans, words)),
                round(rng.uniform(0.7, 0.99), 2),
            )
        )
        time_s += length_s + rng.choice([0.1, 0.3, 0.9, 1.1])
    cuts = [0, 10.4, 26.0, 39.2, 64.0, 92.8, 118.0, 146.0, DURATION_S]
    shots = tuple(
        Mark(span(a, b), "shots", "", round(rng.uniform(0.8, 1.0), 2)) for a, b in itertools.pairwise(cuts)
    )
    text = tuple(
        Mark(span(a, b), "text", words, sure, (0.1, 0.7, 0.6, 0.8))
        for a, b, words, sure in [
            (1.0, 6.0, "TRIESTE, 5:40", 0.99),
            (12.0, 17.0, "Paolo Furlan, fisherman", 0.97),
            (28.0, 37.0, "SARDONI 4,50 €/kg", 0.88),
            (29.0, 37.0, "CALAMARI 14,00 €/kg", 0.83),
            (57.0, 62.0, "Marta Cossutta, cook", 0.97),
            (80.0, 84.0, "180 °C", 0.92),
            (168.0, 174.0, "Faro della Vittoria 1927", 0.94),
            (176.0, 180.0, "Next week: the salt pans of Piran", 0.96),
        ]
    )
    sounds = tuple(
        Mark(span(a, b), "sounds", label, sure)
        for a, b, label, sure in [
            (0.0, 9.0, "gulls", 0.84),
            (2.5, 5.0, "boat horn", 0.71),
            (40.0, 58.0, "crowd", 0.76),
            (80.0, 92.0, "sizzling", 0.93),
            (150.0, 160.0, "water, lapping", 0.62),
        ]
    )
    objects = tuple(
        Mark(span(a, b), "objects", label, sure)
        for a, b, label, sure in [
            (1.0, 9.0, "boat", 0.9),
            (11.0, 24.0, "person", 0.88),
            (42.0, 52.0, "person", 0.92),
            (44.0, 49.0, "bicycle", 0.77),
            (107.0, 115.0, "bowl", 0.69),
            (121.0, 131.0, "dining table", 0.73),
            (149.0, 163.0, "person", 0.81),
        ]
    )
    lanes = {"shots": shots, "text": text, "sounds": sounds, "objects": objects}
    speech = tuple(Mark(item.span, "speech", item.text, item.confidence) for item in segments)

    def event(start_s: float, end_s: float, title: str, words: str, sure: float | None) -> Event:
        place = span(start_s, end_s)
        marks = [
            mark
            for lane in (speech, text, sounds, objects)
            for mark in lane
            if mark.span.overlap_s(place) > 0.5 * scale
        ]
        return Event(place, words, title, sure, tuple(sorted(marks, key=lambda mark: mark.span)))

    starts = [start_s for start_s, _, _ in CHAPTERS]
    chapters = tuple(
        Event(span(a, b), words, title, 0.8)
        for a, b, (_, title, words) in zip(starts, [*starts[1:], DURATION_S], CHAPTERS, strict=True)
    )
    return Answer(
        task="watch",
        source=source,
        duration_s=DURATION_S * scale,
        model="scout: whisper-base int8, PP-OCRv4, YAMNet, EfficientDet-Lite0, Qwen2.5-1.5B-Instruct Q4_K_M",
        sampling=Sampling(
            policy="shots, at least 1 picture per 2 s",
            window=Span(0, DURATION_S * scale),
            times_s=tuple(round(n * 2 * scale, 3) for n in range(90)),
            frame_size_px=(640, 360),
            audio_s=DURATION_S * scale,
            notes=(
                "The last 0.4 s of sound are missing in the file.",
                "One label was left out: its score was below 0.5.",
            ),
        ),
        title="Sardines in saor: a morning in Trieste",
        text="A short documentary follows the catch of a Trieste fisherman from the boat to the plate. After the market, "
        "the cook Marta Cossutta prepares sardines in saor, which she serves cold with polenta.\n\n"
        "It ends at the harbour in the evening, with nets being mended and the view from the lighthouse.",
        events=tuple(event(*row) for row in EVENTS),
        chapters=chapters,
        transcript=Transcript(tuple(segments), "en", 0.98),
        lanes=lanes,
    )


def hour_long(source: str = "lecture.mp4") -> Answer:
    """One hour with thousands of marks: what a timeline and its lists must stay usable with."""
    rng = random.Random(11)
    end_s = 3725.0
    segments, shots, text, objects = [], [], [], []
    time_s = 0.0
    while time_s < end_s - 8:
        time_s, length_s = round(time_s, 3), round(rng.uniform(1.5, 6.5), 3)
        segments.append(Segment(Span(time_s, round(time_s + length_s, 3)), rng.choice(SENTENCES), (), 0.9))
        time_s += length_s + rng.choice([0.0, 0.1, 0.4, 2.5])
    time_s = 0.0
    while time_s < end_s:
        stop_s = min(end_s, time_s + rng.expovariate(1 / 6) + 0.5)
        shots.append(Mark(Span(time_s, stop_s), "shots", "", 0.9))
        time_s = stop_s
    for _ in range(2200):
        at_s = rng.uniform(0, end_s - 3)
        objects.append(
            Mark(
                Span(at_s, at_s + rng.uniform(0.5, 3)),
                "objects",
                rng.choice(["person", "laptop", "chair"]),
                0.7,
            )
        )
    for number in range(700):
        at_s = number * 5.3
        text.append(
            Mark(Span(at_s, at_s + 5), "text", f"Slide {number // 8 + 1}: line {number % 8 + 1}", 0.95)
        )
    edges = [round(n * end_s / 14, 2) for n in range(15)]
    chapters = tuple(
        Event(Span(a, b), f"What part {n} is about, in a sentence.", f"Part {n}: {SENTENCES[n][:34]}")
        for n, (a, b) in enumerate(itertools.pairwise(edges), 1)
    )
    events = tuple(
        Event(
            Span(n * 24.0, n * 24.0 + rng.uniform(6, 30)), rng.choice(SENTENCES), f"Event {n + 1}", 0.8,
            (Mark(Span(n * 24.0, n * 24.0 + 3), "speech", "evidence", 0.9),),
        )
        for n in range(150)
    )  # fmt: skip
    return Answer(
        task="watch",
        source=source,
        duration_s=end_s,
        model="scout",
        sampling=Sampling(
            "1 per second", Span(0, end_s), tuple(float(n) for n in range(3725)), (448, 252), end_s
        ),
        title="An hour of lectures",
        text="A long recording.",
        events=events,
        chapters=chapters,
        transcript=Transcript(tuple(segments), "en", 0.99),
        lanes={
            "shots": tuple(shots),
            "text": tuple(text),
            "objects": tuple(sorted(objects, key=lambda m: m.span)),
        },
    )


def draw_webm(path: Path, duration_s: float = 12.0, rate_hz: int = 10) -> Path:
    """A small VP9 video whose picture tells its second: a bar that fills from left to right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libvpx-vp9", rate=rate_hz, options={"deadline": "realtime", "cpu-used": "8"}
        )
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        count = round(duration_s * rate_hz)
        for number in range(count):
            pixels = np.full((180, 320, 3), (24, 44, 66), np.uint8)
            pixels[60:120, 40:280] = (56, 84, 112)
            pixels[60:120, 40 : 40 + round(240 * number / count)] = (240, 180, 90)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
