"""What comes into a still view is found with its time and place; a moving view has nothing usual to differ from."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.perceive.visits import Visits
from playhead.timeline import Mark, Span

STEP_S = 0.5
RNG = np.random.default_rng(5)
SCENE = RNG.uniform(40, 200, (36, 64)).astype(np.float32)


def watch(pictures, *, cuts_s=(), texts=()):
    visits = Visits()
    for number, picture in enumerate(pictures):
        noisy = picture + RNG.normal(0, 2, picture.shape)
        visits.look(number * STEP_S, np.clip(noisy, 0, 255).astype(np.float32))
    return visits.finish(len(pictures) * STEP_S, cuts_s, texts)


def with_guest(columns):
    picture = SCENE.copy()
    picture[8:28, columns] = 255 - picture[8:28, columns]
    picture[8:28, columns] = np.where(
        np.abs(picture[8:28, columns] - SCENE[8:28, columns]) < 60, 255, picture[8:28, columns]
    )
    return picture


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        (slice(2, 16), "on the left"),
        (slice(26, 40), "in the middle"),
        (slice(48, 62), "on the right"),
        (slice(4, 60), "across the picture"),
    ],
)
def test_a_guest_is_found_with_time_and_place(columns, place):
    pictures = [SCENE] * 20 + [with_guest(columns)] * 8 + [SCENE] * 20
    (mark,) = watch(pictures)
    assert mark.span == Span(9.75, 13.75)
    assert mark.text == f"something moves {place}"
    assert mark.lane == "motion"
    left, top, right, bottom = mark.box
    assert left == pytest.approx(columns.start / 64, abs=0.04)
    assert right == pytest.approx(columns.stop / 64, abs=0.04)
    assert (top, bottom) == pytest.approx((8 / 36, 28 / 36), abs=0.06)


def test_a_guest_who_stays_until_the_end_is_there_until_the_end():
    (mark,) = watch([SCENE] * 40 + [with_guest(slice(2, 16))] * 8)
    assert mark.span == Span(19.75, 24.0)


def test_a_still_view_has_no_visits():
    assert watch([SCENE] * 60) == ()


def test_a_moving_camera_has_no_usual_picture():
    assert watch([np.roll(SCENE, 2 * n, axis=1) for n in range(60)]) == ()


def test_slow_change_of_the_whole_view_is_no_visit():
    later = np.roll(SCENE, 20, axis=0)
    assert watch([SCENE + (later - SCENE) * n / 59 for n in range(60)]) == ()


def test_each_shot_has_its_own_usual_picture():
    other = np.roll(SCENE, 30, axis=1)
    pictures = [SCENE] * 20 + [other] * 20
    assert watch(pictures, cuts_s=[10.0]) == ()


def test_a_caption_is_no_visit():
    pictures = [SCENE] * 20 + [with_guest(slice(2, 16))] * 8 + [SCENE] * 20
    caption = Mark(Span(10.0, 14.0), "text", "HELLO")
    assert watch(pictures, texts=[caption]) == ()


def test_a_single_picture_or_a_short_clip_says_nothing():
    assert watch([SCENE]) == ()
    assert watch([SCENE] * 5 + [with_guest(slice(2, 16))] * 3) == ()


def test_long_takes_are_judged_by_two_minutes_at_a_time():
    pictures = [SCENE] * 600 + [with_guest(slice(2, 16))] * 8 + [SCENE] * 42
    (mark,) = watch(pictures)
    assert mark.span == Span(299.75, 303.75)
