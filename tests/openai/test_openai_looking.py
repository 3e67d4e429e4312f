"""Looking again with a model behind an endpoint: which pictures each look sends, and what becomes of its answers."""

from __future__ import annotations

import pytest

import playhead
from helpers.lights import draw_lights
from playhead.timeline import Span


@pytest.fixture
def session(chat):
    return playhead.load("openai", base_url=chat.base_url, model="seen-vl", sampling="uniform:n=10")


@pytest.fixture
def film(tmp_path):
    return draw_lights(tmp_path / "film.mp4", 20)


def test_a_hard_zoom_sends_a_window_and_answers_on_the_whole_clock(chat, session, film) -> None:
    chat.replies = ["[[8.0, 10.0]]", "[[1.5, 2.5]]"]  # the second counts from the window's start
    answer = session.refined(zoom=2).ground(film, "light")
    window = answer.trace[1].window
    assert answer.spans == (Span(window.start_s + 1.5, window.start_s + 2.5),)
    assert [step.frames for step in answer.trace] == [10, 10]
    assert len(chat.requests) == 2


def test_a_soft_zoom_sends_pictures_closer_to_one_another(chat, session, film) -> None:
    chat.replies = ["[[8.0, 10.0]]", "[[8.5, 9.5]]"]
    answer = session.refined(zoom=2, zoom_mode="soft", ratio=6.0).ground(film, "light")
    assert answer.spans == (Span(8.5, 9.5),)
    assert "pictures inside 8.0-10.0 s" in answer.trace[1].text
    inside = [
        sum(8 <= time_s <= 10 for time_s in look.sampling.times_s)
        for look in (session.ground(film, "x"), answer)
    ]
    assert inside[1] > inside[0]


def test_looks_vote_and_are_nothing_when_unsure(chat, session, film) -> None:
    chat.replies = ["[[8.0, 10.0]]", "[[8.2, 10.2]]", "[[8.1, 10.4]]"]
    answer = session.refined(votes=3).ground(film, "light")
    assert answer.spans == (Span(8.1, 10.2),)
    assert 0.8 < answer.confidence < 1
    chat.replies = ["[[1.0, 2.0]]", "[[8.2, 10.2]]", "[[14.0, 15.0]]"]
    lost = session.refined(votes=3, unsure=0.5).ground(film, "a boat")
    assert lost.events == ()
    assert lost.reason == "unsure: 3 looks agree on no moment"
