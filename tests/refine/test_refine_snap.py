"""Boundaries on cuts and edges of speech: the rule by hand, cuts of a drawn film, and the voice of the bundled clip."""

from __future__ import annotations

import sys

import pytest
from refine_kit import LampEngine

from playhead.api import Session
from playhead.demo import demo_path, demo_truth
from playhead.media.clip import Video
from playhead.refine.snap import Edge, edges_near, moved_to
from playhead.timeline import Span

WINDOW = Span(0, 60)


@pytest.mark.parametrize(
    ("edges", "moved"),
    [
        ([Edge(9.6, "a cut")], Span(9.6, 20)),
        ([Edge(9.4, "a cut")], Span(10, 20)),  # too far
        ([Edge(9.6, "a cut"), Edge(10.1, "a cut")], Span(10.1, 20)),  # the nearest
        ([Edge(10.2, "speech ends", "end")], Span(10, 20)),  # not the start's side
        ([Edge(10.2, "speech begins", "start"), Edge(20.3, "speech ends", "end")], Span(10.2, 20.3)),
        ([], Span(10, 20)),
    ],
)
def test_boundaries_move_to_the_nearest_edge_of_their_side(edges, moved) -> None:
    found, told = moved_to(Span(10, 20), edges, 0.5, WINDOW)
    assert found == moved
    assert bool(told) == (moved != Span(10, 20))


def test_a_span_is_never_turned_round_and_the_windows_ends_stay() -> None:
    both = [Edge(10.3, "a cut")]
    assert moved_to(Span(10, 10.5), both, 0.5, WINDOW) == (Span(10, 10.5), "")
    assert moved_to(Span(0, 60), [Edge(0.2, "a cut"), Edge(59.8, "a cut")], 0.5, WINDOW)[0] == Span(0, 60)


def test_a_film_is_snapped_onto_its_cuts(minute) -> None:
    engine = LampEngine(frames=50)
    plain = Session(engine).ground(minute, "light")
    answer = Session(engine).refined(snap=1.2).ground(minute, "light")
    [before], [after] = plain.spans, answer.spans
    assert abs(before.start_s - 21.3) > 0.2
    assert (after.start_s, after.end_s) == pytest.approx((21.3, 25.7), abs=0.051)
    assert answer.events[0].flags == ("snapped",)
    assert (
        f"{before.start_s:.1f}-{before.end_s:.1f} s start to" in answer.trace[-1].text
    )  # what it was is kept
    none = Session(engine).refined(snap=0.01).ground(minute, "light")
    assert none.spans == plain.spans
    assert none.trace[-1].text == "nothing to move to within 0.01 s"
    assert Session(engine).refined(snap=False).ground(minute, "light").trace == ()


def test_speech_is_heard_where_it_begins_and_ends() -> None:
    pytest.importorskip("faster_whisper")
    said = demo_truth()["sentences"][1]
    near = Span(said["start"] + 0.2, said["end"] + 0.3)
    edges, notes = edges_near(Video(str(demo_path())), [near], Span(0, 43.2), 0.5)
    assert notes == ()
    found, _ = moved_to(near, [each for each in edges if each.side], 0.5, Span(0, 43.2))
    assert (found.start_s, found.end_s) == pytest.approx((said["start"], said["end"]), abs=0.15)


def test_without_a_voice_detector_it_is_said(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    monkeypatch.setitem(sys.modules, "faster_whisper.utils", None)
    edges, notes = edges_near(Video(str(demo_path())), [Span(6, 10)], Span(0, 43.2), 0.5)
    assert "no edges of speech to move to" in notes[0]
    assert {edge.what for edge in edges} == {"a cut"}
    assert any(abs(edge.time_s - 5.8) < 0.05 for edge in edges)
