"""The Python way in: what would be misread in silence is refused with a message that helps."""

from __future__ import annotations

import pickle
import threading
from multiprocessing import get_context
from pathlib import Path

import pytest

import playhead
from helpers.lights import draw_lights
from playhead.errors import PlayheadError, SourceError, UsageError
from playhead.timeline import Answer


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return draw_lights(tmp_path_factory.mktemp("api") / "film.mp4", 3)


def tiny() -> playhead.Session:
    """An engine that needs no weights."""
    return playhead.load("scout", llm="none", senses=(), cache=False)


def refused(call, *said: str) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    for words in said:
        assert words in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


@pytest.mark.parametrize("source", [3, None, b"film.mp4", ["film.mp4"]])
def test_what_is_no_path_is_refused(source) -> None:
    refused(lambda: tiny().watch(source), "a path or an address", type(source).__name__)


def test_an_unknown_keyword_is_not_ignored(film) -> None:
    refused(lambda: tiny().watch(film, start=1.0), "no option 'start'", "did you mean 'start_s'?")


@pytest.mark.parametrize("bound", ["1", "0:01", [1.0]])
def test_a_bound_that_is_no_number_is_refused(bound, film) -> None:
    refused(lambda: tiny().watch(film, start_s=bound), "start_s", "seconds as a number")


def test_words_that_are_none_are_refused(film) -> None:
    refused(lambda: tiny().ground(film, None), "None", "a str")
    refused(lambda: tiny().choose(film, "Which?", "AB"), "'AB'", "a list of str")
    refused(lambda: tiny().choose(film, "Which?", [1, 2]), "(1, 2)", "a list of str")
    refused(lambda: tiny().choose(film, "Which?", ["a"]), "1 options")


def test_an_answer_survives_pickling(film) -> None:
    answer = tiny().watch(film)
    assert pickle.loads(pickle.dumps(answer)) == answer


def test_sessions_work_in_threads_at_once(film) -> None:
    alone = tiny().watch(film)
    shared, answers = tiny(), {}

    def watch(number: int, session: playhead.Session) -> None:
        answers[number] = session.watch(film)

    threads = [
        threading.Thread(target=watch, args=(number, shared if number < 2 else tiny())) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[number] == alone for number in range(4)] == [True] * 4


def _watch(path: str) -> Answer:
    return tiny().watch(path)


def test_answers_and_errors_cross_a_process_pool(film) -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_watch, (str(film),)) == tiny().watch(film)
        with pytest.raises(SourceError, match="no such file") as caught:
            pool.apply(_watch, ("gone.mp4",))
    assert isinstance(caught.value, PlayheadError)
