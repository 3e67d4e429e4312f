"""Scores per window into marks: the truth is which windows were loud."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.perceive.sounds import SoundFinder, plain_name
from playhead.timeline import Span

LABELS = ["Speech", "Music", "Silence", "Dog", "Telephone bell ringing"]
HOP_S = 0.48


def marks(windows, **scores):
    finder = SoundFinder(LABELS)
    for n in range(windows):
        row = np.zeros(len(LABELS), np.float32)
        for label, (first, after, score) in scores.items():
            row[LABELS.index(label)] = score if first <= n < after else 0.0
        finder.add(n * HOP_S, row)
    return finder.finish()


def test_a_sound_lasts_from_where_it_begins_to_where_it_ends():
    (music,) = marks(100, Music=(20, 60, 0.9))
    assert (music.lane, music.text) == ("sounds", "music")
    assert music.span.start_s == pytest.approx(20 * HOP_S + 0.25, abs=HOP_S)
    assert music.span.end_s == pytest.approx(60 * HOP_S + 0.25, abs=HOP_S)
    assert music.confidence == pytest.approx(0.9, abs=1e-6)


def test_speech_and_silence_are_no_sounds():
    assert marks(50, Speech=(0, 50, 0.99), Silence=(0, 50, 0.99)) == ()


def test_unsure_scores_say_nothing():
    assert marks(50, Music=(0, 50, 0.45)) == ()
    assert marks(50, Dog=(10, 11, 0.7)) == ()  # one unsure window


def test_a_bang_of_one_sure_window_is_heard():
    (dog,) = marks(50, Dog=(10, 11, 0.9))
    assert dog.span.contains(10 * HOP_S + 0.49)
    assert dog.span.duration_s < 1.0


def test_one_short_sound_has_one_name_and_long_ones_may_sound_together():
    (bell,) = marks(40, **{"Dog": (10, 13, 0.8), "Telephone bell ringing": (10, 14, 0.95)})
    assert bell.text == "telephone ringing"
    assert [mark.text for mark in marks(60, Music=(5, 50, 0.9), Dog=(20, 23, 0.9))] == ["music", "dog"]


def test_short_dips_do_not_break_a_sound():
    finder = SoundFinder(LABELS)
    for n in range(40):
        finder.add(n * HOP_S, np.array([0, 0.3 if n % 5 == 0 else 0.8, 0, 0, 0], np.float32))
    assert len(finder.finish()) == 1


def test_speech_scores_are_kept_for_the_recogniser():
    finder = SoundFinder(LABELS)
    for n in range(20):
        finder.add(n * HOP_S, np.array([0.8 if n >= 10 else 0.02, 0, 0, 0, 0], np.float32))
    assert finder.speech_score(Span(0.0, 3.0)) == pytest.approx(0.02)
    assert finder.speech_score(Span(3.0, 6.0)) == pytest.approx(0.8)
    assert finder.speech_score(Span(50.0, 60.0)) is None


def test_one_window_is_enough():
    (mark,) = marks(1, Music=(0, 1, 0.9))
    assert mark.span.start_s == 0.0


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Music", "music"),
        ("Bird vocalization, bird call, bird song", "bird vocalization"),
        ("Vehicle horn, car horn, honking", "car horn"),
        ("Motor vehicle (road)", "vehicle"),
    ],
)
def test_names_are_those_people_use(label, name):
    assert plain_name(label) == name
