"""Shot boundaries on drawn takes: cuts found at their frame, and everything that only looks like one left alone."""

import itertools
import time

import numpy as np
import pytest
from PIL import Image

from playhead.errors import UsageError
from playhead.media.clip import Frame
from playhead.media.shots import ShotDetector, ShotSettings, detect_shots, small

RATE_HZ = 25.0
SHOTS = 9


def scene(seed, tint=None):
    """A large picture with structure at all scales: colour fields, patches and grain."""
    rng = np.random.default_rng(seed)
    base = rng.integers(30, 226, (4, 6, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(base).resize((480, 300), Image.Resampling.BICUBIC)).astype(
        np.float32
    )
    for _ in range(40):
        x, y, w, h = rng.integers(0, 440), rng.integers(0, 270), rng.integers(15, 110), rng.integers(15, 80)
        picture[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    if tint is not None:
        picture = picture * 0.2 + np.array(tint) * 0.8
    return picture


def look(picture, x, y, zoom=1.0):
    """64x36 pixels of a scene, seen from a place."""
    width, height = int(256 * zoom), int(144 * zoom)
    x, y = int(np.clip(x, 0, 480 - width)), int(np.clip(y, 0, 300 - height))
    crop = Image.fromarray(picture[y : y + height, x : x + width].astype(np.uint8))
    return np.asarray(crop.resize((64, 36), Image.Resampling.BOX)).astype(np.float32)


def take(seed, count, move="static", tint=None):
    rng = np.random.default_rng(seed + 77)
    picture = scene(seed, tint)
    frames = []
    for i in range(count):
        part = i / count
        x, y, zoom = 60.0, 60.0, 1.0
        if move == "pan":
            x = 200 * part
        if move == "whip":
            x = 224 * float(np.clip((i - 20) / 6, 0, 1))
        if move == "shake":
            x, y = 100 + rng.normal(0, 8), 70 + rng.normal(0, 8)
        if move == "zoom":
            zoom = 1 - 0.4 * part
        frames.append(look(picture, x, y, zoom))
        if move == "passer-by":
            left = int(part * 110) - 30
            frames[-1][8:, max(left, 0) : max(left + 20, 0)] = 30
    return frames


def film(takes, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    return [
        np.clip(np.round(f + rng.normal(0, noise, f.shape)), 0, 255).astype(np.uint8)
        for t in takes
        for f in t
    ]


def run(pictures, times_s=None, settings=None):
    times_s = np.arange(len(pictures)) / RATE_HZ if times_s is None else times_s
    detector = ShotDetector(settings)
    for at_s, pixels in zip(times_s, pictures, strict=True):
        detector.push(Frame(float(at_s), pixels))
    shots = detector.finish(float(times_s[-1]) + 1 / RATE_HZ)
    return detector.boundaries, shots


@pytest.mark.parametrize("noise", [0.0, 1.5, 8.0])
@pytest.mark.parametrize("move", ["static", "pan", "shake", "zoom", "whip", "passer-by"])
def test_cuts_are_found_at_their_frame_and_nothing_else_is(move, noise):
    takes = [take(100 + 10 * i, 45, move) for i in range(SHOTS)]
    boundaries, shots = run(film(takes, noise))
    assert [b.time_s for b in boundaries] == [45 * i / RATE_HZ for i in range(1, SHOTS)]
    assert {b.kind for b in boundaries} == {"cut"}
    assert all(0.5 < b.confidence <= 1 for b in boundaries)
    assert [s.text for s in shots] == [f"shot {i}" for i in range(1, SHOTS + 1)]
    assert shots[0].span.start_s == 0
    assert shots[-1].span.end_s == pytest.approx(45 * SHOTS / RATE_HZ)
    assert all(a.span.end_s == b.span.start_s for a, b in itertools.pairwise(shots))
    assert {s.lane for s in shots} == {"shots"}


@pytest.mark.parametrize("move", ["static", "pan", "shake", "zoom", "whip", "passer-by"])
@pytest.mark.parametrize("seed", range(5))
def test_a_single_take_has_no_boundary(move, seed):
    assert run(film([take(seed, 160, move)]))[0] == ()


def test_low_contrast_cuts_are_found():
    takes = [take(500 + i, 50, "pan", tint=(70, 70, 75)) for i in range(6)]
    boundaries, _ = run(film(takes, noise=1.0))
    assert [b.time_s for b in boundaries] == [2.0, 4.0, 6.0, 8.0, 10.0]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length):
    frames = take(3, 120, "pan")
    for start in (30, 60, 90):
        for i in range(start, start + length):
            frames[i] = frames[i] * 0.2 + 200
    assert run(film([frames]))[0] == ()


def test_a_flash_on_a_cut_is_one_cut():
    first, second = take(4, 50), take(5, 50)
    for i in (0, 1):
        second[i] = second[i] * 0 + 250
    boundaries, _ = run(film([first, second]))
    assert len(boundaries) == 1
    assert abs(boundaries[0].time_s - 2.0) <= 0.1


def test_a_lamp_switched_on_is_no_cut():
    frames = take(6, 100)
    for i in range(50, 100):
        frames[i] = frames[i] * 0.6 + 70
    assert run(film([frames]))[0] == ()


@pytest.mark.parametrize("length", [10, 16, 25])
def test_a_dissolve_is_marked_at_its_middle(length):
    found = []
    for seed in range(6):
        a, b = take(600 + seed, 60 + length, "zoom"), take(700 + seed, 60 + length)
        mixed = [
            a[60 + i] * (1 - (i + 1) / (length + 1)) + b[i] * (i + 1) / (length + 1) for i in range(length)
        ]
        boundaries, _ = run(film([a[:60], mixed, b[length:]]))
        middle_s = (60 + length / 2) / RATE_HZ
        found += [b for b in boundaries if abs(b.time_s - middle_s) <= 0.2]
        assert len(boundaries) <= 1
    assert len(found) >= 5
    assert {b.kind for b in found} == {"dissolve"}
    assert all(b.span.start_s < b.time_s < b.span.end_s for b in found)


@pytest.mark.parametrize("length", [12, 20, 30])
def test_a_fade_through_black_is_marked_once(length):
    hits = 0
    for seed in range(6):
        a, b = take(800 + seed, 60 + length), take(900 + seed, 60 + length)
        for i in range(length):
            a[60 + i] = a[60 + i] * (1 - (i + 1) / length)
            b[i] = b[i] * (i / length)
        boundaries, _ = run(film([a, b]))
        hits += len(boundaries) == 1 and boundaries[0].kind == "fade"
        assert all(abs(x.time_s - (60 + length) / RATE_HZ) <= 0.4 for x in boundaries)
    assert hits >= 5


def test_gradual_transitions_can_be_left_out():
    a, b = take(600, 80), take(700, 80)
    mixed = [a[60 + i] * (1 - (i + 1) / 21) + b[i] * (i + 1) / 21 for i in range(20)]
    assert run(film([a[:60], mixed, b[20:]]), settings=ShotSettings(gradual=False))[0] == ()


def test_true_times_are_kept_on_a_variable_rate():
    rng = np.random.default_rng(8)
    times_s = 3.7 + np.cumsum(rng.uniform(0.01, 0.12, 45 * 5))
    takes = [take(40 + i, 45, "pan") for i in range(5)]
    boundaries, shots = run(film(takes), times_s)
    assert [b.time_s for b in boundaries] == [times_s[45 * i] for i in range(1, 5)]
    assert shots[0].span.start_s == times_s[0]


def test_quick_cuts():
    takes = [take(200 + i, 10) for i in range(12)]
    boundaries, _ = run(film(takes))
    assert [b.time_s for b in boundaries] == [10 * i / RATE_HZ for i in range(1, 12)]


def test_larger_pictures_give_the_same_cuts():
    pictures = film([take(50 + i, 40) for i in range(4)])
    large = [np.asarray(Image.fromarray(p).resize((320, 180), Image.Resampling.NEAREST)) for p in pictures]
    assert small(large[0]).shape == (36, 64, 3)
    assert [b.time_s for b in run(large)[0]] == [b.time_s for b in run(pictures)[0]] == [1.6, 3.2, 4.8]


def test_the_stream_and_the_whole_agree():
    pictures = film([take(60 + i, 40, "pan") for i in range(4)])
    frames = [Frame(i / RATE_HZ, p) for i, p in enumerate(pictures)]
    assert detect_shots(iter(frames)) == run(pictures)[1]


def test_nothing_one_and_two_frames():
    assert detect_shots([]) == ()
    one = detect_shots([Frame(0.0, np.zeros((36, 64, 3), dtype=np.uint8))], end_s=5.0)
    assert [(s.span.start_s, s.span.end_s) for s in one] == [(0.0, 5.0)]
    black, other = np.zeros((36, 64, 3), dtype=np.uint8), film([take(1, 1)])[0]
    slides = detect_shots([Frame(0.0, black), Frame(9.0, other)], end_s=20.0)
    assert slides[-1].span.end_s == 20.0


def test_times_must_ascend():
    detector = ShotDetector()
    detector.push(Frame(1.0, np.zeros((36, 64, 3), dtype=np.uint8)))
    with pytest.raises(UsageError, match=r"a frame at 1\.0 s after one at 1\.0 s"):
        detector.push(Frame(1.0, np.zeros((36, 64, 3), dtype=np.uint8)))


def test_memory_is_bounded_and_it_is_fast_enough_to_stream():
    pictures = film([take(90 + i, 50, "pan") for i in range(6)])
    detector, pushed = ShotDetector(), 0
    began = time.process_time()
    for lap in range(4):
        for i, pixels in enumerate(pictures):
            detector.push(Frame(lap * 100 + i / RATE_HZ, pixels))
            pushed += 1
    elapsed = time.process_time() - began
    assert len(detector._seen) <= 240
    assert pushed / elapsed > 1500
