"""Small pictures, their likeness, and motion measured from them."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.perceive.motion import Motion
from playhead.perceive.pictures import PlainPictures
from playhead.perceive.shrink import luma, shrink


def scene(seed, shift=0):
    """A landscape of smooth colours; the seed chooses it, the shift moves the camera by pixels."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 255, (7, 12, 3)).astype(np.uint8)
    picture = cells.repeat(40, 0).repeat(40, 1)
    return np.roll(picture, shift, axis=1)[:, :320]


def test_shrinking_keeps_the_mean_of_every_cell():
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:45, 80:] = (200, 100, 50)
    small = shrink(picture, 16, 9)
    assert small.shape == (9, 16, 3)
    assert small[0, 15].tolist() == [200, 100, 50]
    assert small[8, 0].tolist() == [0, 0, 0]
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    assert abs(float(shrink(noise, 8, 8).mean()) - float(noise.mean())) < 4


@pytest.mark.parametrize("size", [(1, 1), (36, 64), (37, 61), (5, 2000)])
def test_any_size_can_be_shrunk(size):
    assert shrink(np.full((*size, 3), 77, np.uint8), 64, 36).tolist() == np.full((36, 64, 3), 77).tolist()


def test_views_with_odd_strides_are_read_right():
    wide = np.random.default_rng(0).integers(0, 255, (72, 256, 3), dtype=np.uint8)
    assert np.array_equal(shrink(wide[:, ::2], 16, 9), shrink(wide[:, ::2].copy(), 16, 9))


def test_luma_is_brightness_as_seen():
    assert luma(np.full((1, 1, 3), 255, np.uint8))[0, 0] == pytest.approx(255.0)
    green, blue = (luma(np.array([[c]], np.uint8))[0, 0] for c in ((0, 255, 0), (0, 0, 255)))
    assert green > 4 * blue


def test_the_same_view_is_liker_than_another_one():
    vectors = PlainPictures().encode(np.stack([scene(1), scene(1, shift=6), scene(2), scene(3)]))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.7
    assert likeness[0, 1] > max(likeness[0, 2], likeness[0, 3], likeness[2, 3]) + 0.3


def test_flat_pictures_have_vectors_too():
    assert np.isfinite(PlainPictures().encode(np.zeros((2, 10, 10, 3), np.uint8))).all()


def motion(pictures, end_s, cuts_s=()):
    sense = Motion()
    for n, picture in enumerate(pictures):
        sense.look(n * 0.5, np.asarray(picture, np.float32))
    return [(m.text, m.span.start_s, m.span.end_s) for m in sense.finish(end_s, cuts_s)]


def test_still_and_moving_stretches():
    still, rng = np.full((36, 64), 90.0), np.random.default_rng(0)
    moving = [rng.integers(0, 255, (36, 64)) for _ in range(8)]
    assert motion([still] * 10 + moving + [still] * 10, 14.0) == [
        ("still picture", 0.0, 4.5),
        ("strong motion", 4.5, 9.0),
        ("still picture", 9.0, 14.0),
    ]


def test_a_cut_is_no_motion():
    dark, light = np.full((36, 64), 20.0), np.full((36, 64), 220.0)
    looks = [dark] * 6 + [light] * 6
    assert motion(looks, 6.0, cuts_s=[3.0]) == [("still picture", 0.0, 2.5), ("still picture", 3.0, 6.0)]


def test_a_small_thing_that_moves_is_not_still():
    pictures = [np.full((36, 64), 90.0) for _ in range(8)]
    for n, picture in enumerate(pictures):
        picture[10:12, n : n + 2] = 200.0
    assert motion(pictures, 4.0) == []


def test_one_picture_shown_for_long_is_still():
    assert motion([np.zeros((36, 64))], 10.0) == [("still picture", 0.0, 10.0)]
    assert motion([], 10.0) == []
