"""Endpoints that decode by themselves are told apart by their answers; what our engine sends is read from its request."""

from __future__ import annotations

import json

import pytest

from helpers.command import playhead
from helpers.seeing import Seeing
from playhead.clockcheck.asked import check_endpoint, draw_colours, judge_answers, read_answer_s
from playhead.clockcheck.check import check_clock
from playhead.errors import MissingExtraError, UnsupportedError, UsageError, WeightsUnavailableError
from playhead.models.openai import whole


@pytest.fixture
def endpoint(monkeypatch):
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    opened = []

    def make(*how):
        opened.append(Seeing(*how))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def found(verdicts):
    return {verdict.clip: verdict for verdict in verdicts}


def test_an_endpoint_with_true_times_passes(endpoint):
    verdicts = check_endpoint(endpoint("true").address, model="m")
    assert [verdict.clip for verdict in verdicts] == ["constant", "variable", "late"]
    assert all(verdict.passed for verdict in verdicts), verdicts
    assert {verdict.telling for verdict in verdicts} == {"answers"}
    assert all(verdict.pictures is None and verdict.ids_right is None for verdict in verdicts)


def test_an_endpoint_that_counts_by_an_average_rate_is_wrong_where_rates_vary_or_pictures_come_late(endpoint):
    by_clip = found(check_endpoint(endpoint("average").address, model="m"))
    assert by_clip["constant"].passed
    assert not by_clip["variable"].passed
    assert by_clip["variable"].told_off_s > 3
    assert by_clip["late"].told_off_s == pytest.approx(3.0, abs=0.5)
    assert any("begins at" in fault for fault in by_clip["late"].faults)


@pytest.mark.parametrize("send", ["video", "frames"])
def test_what_we_send_makes_the_same_endpoint_right(endpoint, send):
    wrong = endpoint("average")
    verdicts = check_endpoint(wrong.address, model="m", send=send, sampling="uniform:n=64")
    assert all(verdict.passed for verdict in verdicts), verdicts
    assert found(verdicts)["window"].passed
    kinds = {part["type"] for body in wrong.requests for part in body["messages"][0]["content"]}
    assert kinds == ({"video_url", "text"} if send == "video" else {"image_url", "text"})


def test_an_endpoint_that_tells_no_time_fails_with_its_words(endpoint):
    verdicts = check_endpoint(endpoint("true", lambda _: "in the middle").address, model="m")
    assert not any(verdict.passed for verdict in verdicts)
    assert "'in the middle'" in verdicts[0].faults[0]
    assert verdicts[0].told_off_s is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12.5", 12.5), ("It turns red at 7 s.", 7.0), ("00:01:05.5", 65.5), ("01:05", 65.0), ("never", None)],
)
def test_a_time_is_read_from_an_answer(text, seconds):
    assert read_answer_s(text) == seconds


def test_answers_are_judged_by_the_worst(tmp_path):
    clip = draw_colours(tmp_path, window=False)[2]
    right = {name: f"{at:.1f}" for name, at in clip.begins_s.items()}
    assert judge_answers("it", clip, right, 1.0).passed
    late = judge_answers("it", clip, {**right, "blue": "10.5"}, 1.0)
    assert not late.passed
    assert late.told_off_s == pytest.approx(1.5)


def test_the_command_tells_endpoints_apart(endpoint):
    right = playhead("clockcheck", endpoint("true").address, "--set", "model=m", "--json")
    assert right.returncode == 0, right.stderr
    assert json.loads(right.stdout)["clips"][0]["telling"] == "answers"
    wrong = playhead("clockcheck", endpoint("average").address, "--set", "model=m")
    assert wrong.returncode == 1
    assert "late" in wrong.stdout
    assert "FAIL" in wrong.stdout


def test_settings_of_an_endpoint_are_checked():
    with pytest.raises(UsageError, match="no model"):
        check_clock("http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="below the 3"):
        check_clock("http://127.0.0.1:9/v1", model="m", allowed_s=5)
    with pytest.raises(WeightsUnavailableError, match="start the server"):
        check_clock("http://127.0.0.1:9/v1", model="m")


# --- what our engine sends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"times": "clock"}, {"sampling": "per-second:rate_hz=3"}, {"frame_px": 96}]
)
def test_what_is_sent_is_right_on_every_clip(options):
    verdicts = check_clock("openai", **options)
    assert [verdict.clip for verdict in verdicts if not verdict.passed] == []
    assert len(verdicts) == 5


def test_a_body_that_tells_other_times_is_caught(monkeypatch):
    from playhead.models.openai import look

    right = look.time_text
    monkeypatch.setattr(look, "time_text", lambda time_s, times: right(time_s * 1.1, times))
    assert not any(verdict.passed for verdict in check_clock("openai"))


def test_files_are_asked_about_at_the_address():
    with pytest.raises(UnsupportedError, match="endpoint's address"):
        check_clock("openai", send="video")
    assert whole.MOST_FILE_BYTES > 0


def test_loaders_that_are_not_installed_are_said_to_be_missing():
    for name in ("qwen-vl-utils", "vllm"):
        module = name.replace("-", "_")
        if _is_there(module):
            pytest.skip(f"{name} is installed")
        with pytest.raises(MissingExtraError, match=f"install {name}"):
            check_clock(name)


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
