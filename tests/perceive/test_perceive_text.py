"""Text on screen: lines followed over time, and a budget that is kept; numbers are drawn and read by code."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.draw import draw_number, read_number
from playhead.perceive.onscreen import OnScreen, glance
from playhead.perceive.text_tracks import Line, TextTracks, overlap, same_line

LOW, HIGH = (0.1, 0.8, 0.6, 0.9), (0.1, 0.1, 0.6, 0.2)


def line(text, box=LOW, score=0.95):
    return Line(text, score, box)


def spans(marks):
    return [(mark.text, mark.span.start_s, mark.span.end_s) for mark in marks]


def test_a_line_seen_in_many_pictures_is_one_mark():
    tracks = TextTracks()
    for t in range(3, 9):
        tracks.read(float(t), [line("Breaking news")])
    tracks.read(9.0, [])
    assert spans(tracks.finish(20.0)) == [("Breaking news", 3.0, 9.0)]


def test_a_clock_gives_one_mark_per_reading():
    tracks = TextTracks()
    for t in range(4):
        tracks.read(float(t), [line(f"01:00:0{t}:00"), line("Studio 5", HIGH)])
    assert sorted(spans(tracks.finish(4.0))) == [
        *[(f"01:00:0{t}:00", float(t), t + 1.0) for t in range(4)],
        ("Studio 5", 0.0, 4.0),
    ]


def test_the_reading_most_agree_on_wins():
    tracks = TextTracks()
    for t, text in enumerate(["Goddard Space Cenfer", "Goddard Space Center", "Goddard Space Center"]):
        tracks.read(float(t), [line(text)])
    assert [mark.text for mark in tracks.finish(3.0)] == ["Goddard Space Center"]


def test_bounds_beside_a_cut_move_onto_it():
    tracks = TextTracks()
    for t, lines in enumerate([[], [line("Chapter one")], [line("Chapter one")], []]):
        tracks.read(float(t), lines)
    assert spans(tracks.finish(4.0, cuts_s=[0.9, 2.4])) == [("Chapter one", 0.9, 3.0)]


def test_text_that_comes_and_goes_between_looks_is_dated_by_glances():
    blank, card = np.full((180, 320, 3), 30, np.uint8), draw_number(7, 320, 180)
    screen = OnScreen(NumberReader())
    for t in range(8):
        times_s = [t - 1 + n / 10 for n in range(1, 10)] if t else []
        shown = {time_s: card if 2.35 <= time_s < 5.55 else blank for time_s in [*times_s, float(t)]}
        screen.look(float(t), shown[float(t)], [(time_s, glance(shown[time_s])) for time_s in times_s])
    ((text, start_s, end_s),) = spans(screen.finish(8.0))
    assert text == "number 7"
    assert (start_s, end_s) == (pytest.approx(2.4), pytest.approx(5.6))


def test_nothing_is_claimed_beyond_an_unread_change():
    tracks = TextTracks()
    tracks.read(0.0, [line("Title card")])
    tracks.unchanged(1.0)
    tracks.unread(2.0, tracks.lines)
    tracks.unread(3.0, tracks.lines)
    tracks.read(4.0, [])
    assert spans(tracks.finish(10.0)) == [("Title card", 0.0, 2.0)]


def test_an_untouched_line_is_still_there_when_the_rest_is_not_read():
    tracks = TextTracks()
    tracks.read(0.0, [line("Title card"), line("Ticker text", HIGH)])
    tracks.unread(1.0, [line("Ticker text", HIGH)])
    tracks.read(2.0, [])
    assert sorted(spans(tracks.finish(3.0))) == [("Ticker text", 0.0, 1.0), ("Title card", 0.0, 2.0)]


def test_a_line_seen_again_after_an_unread_change_was_there_all_along():
    tracks = TextTracks()
    tracks.read(0.0, [line("Title card")])
    tracks.unread(1.0, tracks.lines)
    tracks.read(2.0, [line("Title card")])
    assert spans(tracks.finish(3.0)) == [("Title card", 0.0, 3.0)]


@pytest.mark.parametrize(
    ("text", "score", "sights", "kept"),
    [
        ("と", 0.82, 3, False),
        ("E", 0.92, 3, False),
        ("电LE", 0.73, 3, False),
        ("...", 0.99, 3, False),
        ("Goal", 0.97, 1, True),
        ("Maybe text", 0.7, 1, False),
        ("Maybe text", 0.7, 2, True),
        ("Hardly text", 0.5, 5, False),
        ("F1", 0.99, 2, True),
    ],
)
def test_texture_misread_as_text_is_left_out(text, score, sights, kept):
    tracks = TextTracks()
    for t in range(sights):
        tracks.read(float(t), [line(text, score=score)])
    assert bool(tracks.finish(float(sights))) is kept


def test_same_line():
    assert same_line(line("Goddard Space Center"), line("Goddard Space Cenfer"))
    assert not same_line(line("00:00:01:00"), line("00:00:02:00"))
    assert not same_line(line("Left team"), line("Left team "[:4], HIGH))
    assert same_line(line("A long credit line"), line("A long credit line", HIGH))  # it scrolls
    assert overlap((0, 0, 1, 1), (0.25, 0.25, 0.5, 0.5)) == 1.0


class NumberReader:
    """Reads the number drawn into a picture: real reading, no network."""

    name = "drawn numbers"

    def __init__(self):
        self.whole = self.boxes = 0

    def read(self, pixels_HWC):
        self.whole += 1
        if pixels_HWC.max() < 50 or pixels_HWC.std() < 20:
            return ()
        return (Line(f"number {read_number(pixels_HWC)}", 0.99, (0.0, 0.0, 1.0, 1.0)),)

    def reread(self, pixels_HWC, box):
        self.boxes += 1
        if pixels_HWC.max() < 50:
            return Line("", 0.0, box)
        return Line(f"number {read_number(pixels_HWC)}", 0.99, box)


def test_a_still_picture_is_read_once():
    reader = NumberReader()
    screen = OnScreen(reader)
    for t in range(60):
        screen.look(float(t), draw_number(7, 320, 180))
    assert (reader.whole, reader.boxes) == (1, 0)
    assert spans(screen.finish(60.0)) == [("number 7", 0.0, 60.0)]


def test_a_line_that_changes_is_read_again_in_its_box_at_every_look():
    reader = NumberReader()
    screen = OnScreen(reader, readings_per_min=1, burst=1)
    for t in range(30):
        screen.look(float(t), draw_number(t + 1, 320, 180))
    assert reader.whole == 1
    assert spans(screen.finish(30.0)) == [(f"number {t + 1}", float(t), t + 1.0) for t in range(30)]
    assert screen.note == ""


def test_the_budget_is_kept_and_what_was_left_out_is_said():
    rng = np.random.default_rng(0)
    reader = NumberReader()
    screen = OnScreen(reader, readings_per_min=6, burst=2)
    for t in range(120):
        coarse = rng.integers(
            0, 49, (18, 32, 1), dtype=np.uint8
        )  # large patches: they change what is compared
        screen.look(float(t), coarse.repeat(10, 0).repeat(10, 1).repeat(3, 2))
    assert reader.whole <= 2 + 12
    assert screen.finish(120.0) == ()
    assert "were read whole" in screen.note
