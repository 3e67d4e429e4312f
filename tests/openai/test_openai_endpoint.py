"""Refusals of an endpoint: tried again by one rule, told plainly, and never with the key in them."""

from __future__ import annotations

import json
import logging
import socket
import time
from email.utils import formatdate

import pytest

from playhead.errors import ParseError, UnsupportedError, UsageError, WeightsUnavailableError
from playhead.models.openai.config import config_from_options
from playhead.models.openai.endpoint import Endpoint

KEY = "sk-a-key-that-nobody-may-see"
QUESTION = [{"type": "text", "text": "what is it?"}]


def endpoint(chat, **options):
    waits = []
    config = config_from_options({"base_url": chat.base_url, "model": "m", "api_key": KEY, **options})
    return Endpoint(config, waits.append), waits


def says(status, message, **headers):
    return status, headers, json.dumps({"error": {"message": message}}).encode()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_endpoint_is_asked_again(chat, status):
    chat.replies = [says(status, "busy"), says(status, "busy"), "done"]
    asked, waits = endpoint(chat)
    assert asked.write(QUESTION).text == "done"
    assert waits == [1.0, 2.0]
    assert chat.requests[0] == chat.requests[1] == chat.requests[2]


def test_it_is_asked_again_when_it_says(chat):
    later = formatdate(time.time() + 30, usegmt=True)
    chat.replies = [says(429, "", **{"Retry-After": "7"}), says(503, "", **{"Retry-After": later}), "done"]
    asked, waits = endpoint(chat)
    assert asked.write(QUESTION).text == "done"
    assert waits[0] == 7.0
    assert 20 < waits[1] <= 30


def test_a_wait_that_is_too_long_is_an_error_at_once(chat):
    chat.replies = [says(429, "come back tomorrow", **{"Retry-After": "80000"})]
    asked, waits = endpoint(chat, timeout_s=5)
    with pytest.raises(WeightsUnavailableError, match="429: come back tomorrow"):
        asked.write(QUESTION)
    assert waits == []


def test_an_endpoint_that_stays_busy_is_left_alone(chat):
    chat.replies = [says(503, "loading")]
    asked, waits = endpoint(chat, retries=1)
    with pytest.raises(WeightsUnavailableError, match="503: loading"):
        asked.write(QUESTION)
    assert len(waits) == 1
    assert len(chat.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (says(401, f"Incorrect API key provided: {KEY}"), UsageError, "OPENAI_API_KEY"),
        (says(403, f"{KEY} may not"), UsageError, "OPENAI_API_KEY"),
        (says(404, "The model `m` does not exist"), UsageError, "The model `m` does not exist"),
        (says(400, f"at most 5 pictures ({KEY})"), UnsupportedError, "at most 5 pictures"),
        ((422, {}, b'{"detail": "no pictures"}'), UnsupportedError, "no pictures"),
        ((413, {}, b"<html>too large</html>"), UnsupportedError, "fewer pictures"),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), UsageError, "redirect"),
        ((200, {}, f"<html>{KEY}</html>".encode()), ParseError, "base_url"),
        ((200, {}, b""), ParseError, "nothing"),
        ((200, {}, b'{"choices": []}'), ParseError, "chat completion"),
        ((200, {}, b'{"choices": [{"message": 3}]}'), ParseError, "chat completion"),
        ((200, {}, b"[" * 100_000), ParseError, "chat completion"),
    ],
)
def test_what_it_refuses_is_said_once_and_without_the_key(chat, caplog, reply, kind, words):
    chat.replies = [reply]
    asked, waits = endpoint(chat)
    with caplog.at_level(logging.DEBUG), pytest.raises(kind) as caught:
        asked.write(QUESTION)
    assert words in str(caught.value)
    assert KEY not in str(caught.value)
    assert KEY not in caplog.text
    assert waits == []
    assert len(chat.requests) == 1


def test_a_redirect_is_not_followed_with_the_key(chat):
    chat.replies = [(302, {"Location": f"{chat.base_url}/elsewhere"}, b"")]
    asked, _ = endpoint(chat)
    with pytest.raises(UsageError):
        asked.write(QUESTION)
    assert chat.paths == ["/v1/chat/completions"]


def test_nobody_there(chat):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        asked, waits = endpoint(chat, base_url=f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        with pytest.raises(WeightsUnavailableError, match="start the server"):
            asked.write(QUESTION)
    assert waits == []


def test_somebody_there_who_says_nothing(chat):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        asked, _ = endpoint(chat, base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout_s=0.2)
        with pytest.raises(WeightsUnavailableError, match=r"no answer in 0\.2 s"):
            asked.write(QUESTION)


def test_an_answer_that_repeats_the_key_does_not_show_it(chat):
    chat.replies = [f"the key is {KEY}"]
    asked, _ = endpoint(chat)
    assert asked.write(QUESTION).text == "the key is [key]"


def test_a_word_that_stands_for_no_key_stays_in_an_answer(chat):
    chat.replies = ["the box is EMPTY"]
    asked, _ = endpoint(chat, api_key="EMPTY")
    assert asked.write(QUESTION).text == "the box is EMPTY"
