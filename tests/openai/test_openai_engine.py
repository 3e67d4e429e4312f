"""What an endpoint is sent of a video, and what becomes of its answers: frames and times against the drawn truth."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import sys
from fractions import Fraction

import av
import jsonschema
import numpy as np
import pytest
from PIL import Image

import playhead
from helpers.draw import read_number, write_media
from playhead.errors import EmptyMediaError, UnsupportedError, UsageError

KEY = "sk-a-key-that-nobody-may-see"


def load(chat, **options):
    return playhead.load("openai", base_url=chat.base_url, model="seen-vl", **options)


def content_of(request):
    [turn] = request["messages"]
    assert turn["role"] == "user"
    return turn["content"]


def seen(request):
    """Numbers and told seconds of the pictures of a request, in order."""
    parts = content_of(request)
    numbers, told_s = [], []
    for before, part in itertools.pairwise(parts):
        if part["type"] == "image_url":
            head, _, data = part["image_url"]["url"].partition(",")
            assert head == "data:image/jpeg;base64"
            numbers.append(read_number(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))))
            told_s.append(seconds(before["text"]))
    return numbers, told_s


def seconds(text):
    if match := re.fullmatch(r"\[([0-9.]+) second\]", text):
        return float(match[1])
    hours, minutes, rest = re.fullmatch(r"\[(\d\d):(\d\d):(\d\d\.\d{3})\]", text).groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@pytest.mark.parametrize("scene", ["constant", "variable", "late_video"])
@pytest.mark.parametrize("times", ["seconds", "clock"])
@pytest.mark.parametrize("sampling", ["uniform:n=9", "per-second:rate_hz=4"])
def test_every_picture_comes_after_its_own_true_time(chat, drawn, *, scene, times, sampling):
    clip = drawn(scene)
    answer = load(chat, sampling=sampling, times=times).describe(clip.path)
    numbers, told_s = seen(chat.requests[0])
    truth = dict(zip(clip.numbers, clip.times_s, strict=True))
    assert len(numbers) >= 5
    assert told_s == pytest.approx([truth[number] for number in numbers], abs=1e-3)
    assert answer.sampling.times_s == pytest.approx([truth[number] for number in numbers], abs=1e-3)
    assert answer.sampling.policy.startswith(sampling)
    assert content_of(chat.requests[0])[-1]["text"].startswith("Describe")


def test_a_window_counts_from_its_start_and_answers_on_the_whole_clock(chat, drawn):
    clip = drawn("variable")
    chat.replies = ["[[0.25, 0.5]]"]
    answer = load(chat, sampling="uniform:n=6").ground(clip.path, "a number", start_s=0.5, end_s=1.5)
    numbers, told_s = seen(chat.requests[0])
    truth = dict(zip(clip.numbers, clip.times_s, strict=True))
    assert told_s == pytest.approx([truth[number] - 0.5 for number in numbers], abs=1e-3)
    assert all(0.5 <= truth[number] < 1.5 for number in numbers)
    [span] = answer.spans
    assert (span.start_s, span.end_s) == pytest.approx((0.75, 1.0))
    assert answer.query == "a number"
    assert answer.model == "openai:seen-vl"
    assert "[1 second]" in content_of(chat.requests[0])[0]["text"]


@pytest.mark.parametrize(("frame_px", "wanted"), [(48, (48, 32)), (512, (96, 64))])
def test_pictures_are_made_smaller_and_never_larger(chat, drawn, frame_px, wanted):
    answer = load(chat, frame_px=frame_px).describe(drawn("constant").path)
    url = content_of(chat.requests[0])[2]["image_url"]["url"]
    assert Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size == wanted
    assert answer.sampling.frame_size_px == wanted


def test_the_request_is_that_of_the_protocol(chat, drawn):
    load(chat, max_tokens=77, api_key=KEY).ask(drawn("constant").path, "what is it?")
    [request] = chat.requests
    assert chat.paths == ["/v1/chat/completions"]
    assert chat.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert chat.headers[0]["Content-Type"] == "application/json"
    assert {name: request[name] for name in ("model", "max_tokens", "temperature")} == {
        "model": "seen-vl",
        "max_tokens": 77,
        "temperature": 0,
    }
    assert "response_format" not in request


def test_the_key_is_taken_from_the_environment_and_sent_only_where_there_is_one(chat, drawn, monkeypatch):
    load(chat).describe(drawn("constant").path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    session = load(chat)
    session.describe(drawn("constant").path)
    assert "Authorization" not in chat.headers[0]
    assert chat.headers[1]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(session.engine.config)


# --- tasks ---------------------------------------------------------------------------------------------------------


def test_every_task_is_asked_and_read(chat, drawn):
    session, path = load(chat), drawn("constant").path
    chat.replies = ['[{"start": 0.5, "end": 1.0, "text": "a beep"}]']
    [event] = session.events(path).events
    assert (event.span.start_s, event.span.end_s, event.text) == (0.5, 1.0, "a beep")
    chat.replies = ['[{"start": 0, "end": 2, "title": "Counting", "text": "numbers"}]']
    assert session.chapters(path).chapters[0].title == "Counting"
    chat.replies = ["The answer is B."]
    assert session.choose(path, "which?", ["red", "grey"]).choice == "B"
    chat.replies = ["Numbers are counted."]
    assert session.describe(path).text == "Numbers are counted."
    chat.replies = ["[]"]
    nothing = session.ground(path, "a giraffe")
    assert nothing.spans == ()
    assert nothing.failure is None
    with pytest.raises(UnsupportedError, match="transcribe"):
        session.transcribe(path)


def test_watch_asks_three_questions_about_one_look(chat, drawn):
    chat.replies = [
        "Numbers are counted.",
        '[{"start": 0.5, "end": 1.0, "text": "a beep"}]',
        "I would rather not.",
    ]
    answer = load(chat).watch(drawn("constant").path)
    assert answer.text == "Numbers are counted."
    assert [event.text for event in answer.events] == ["a beep"]
    assert "chapters" in answer.reason
    assert len(chat.requests) == 3
    assert seen(chat.requests[0]) == seen(chat.requests[1]) == seen(chat.requests[2])


@pytest.mark.parametrize("times", ["seconds", "clock"])
def test_lists_are_held_to_their_schema_when_wished(chat, drawn, times):
    pair = [0.5, 1.0] if times == "seconds" else ["00:00:00.500", "00:00:01.000"]
    chat.replies = [json.dumps({"answer": [pair]})]
    session = load(chat, constrain=True, times=times)
    [span] = session.ground(drawn("constant").path, "a beep").spans
    assert (span.start_s, span.end_s) == (0.5, 1.0)
    form = chat.requests[0]["response_format"]
    assert form["type"] == "json_schema"
    schema = form["json_schema"]["schema"]
    assert schema["type"] == "object"  # the protocol takes no list at the top
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"answer": [[0.5, 1] if times == "seconds" else ["00:00:01", "00:00:02"]]}, schema)
    chat.replies = ['{"answer": "B"}']
    assert session.choose(drawn("constant").path, "which?", ["red", "grey"]).choice == "B"
    session.describe(drawn("constant").path)
    assert "response_format" not in chat.requests[-1]


def test_an_answer_that_cannot_be_read_is_a_failure_and_no_empty_list(chat, drawn):
    for constrain in (False, True):
        chat.replies = ["Somewhere near the middle, perhaps."]
        answer = load(chat, constrain=constrain).ground(drawn("constant").path, "a beep")
        assert answer.failure is not None
        assert answer.failure.text == "Somewhere near the middle, perhaps."


def test_an_answer_that_was_cut_off_says_so(chat, drawn):
    chat.finish_reason = "length"
    chat.replies = ['[{"start": 0.5, "end": 1.0, "text": "a beep"}, {"start": 1.2, "en']
    answer = load(chat).events(drawn("constant").path)
    assert [event.text for event in answer.events] == ["a beep"]
    assert "cut off" in answer.reason


def test_reasoning_and_refusals_are_kept_apart(chat, drawn):
    chat.message = {"reasoning_content": "Let me look."}
    answer = load(chat).describe(drawn("constant").path)
    assert (answer.text, answer.thinking) == ("Nothing happens.", "Let me look.")
    chat.message = {"content": None, "refusal": "I cannot look at this."}
    refused = load(chat).describe(drawn("constant").path)
    assert "I cannot look at this." in refused.failure.reason


# --- the file itself ----------------------------------------------------------------------------------------------


def test_a_whole_file_is_sent_and_the_report_claims_no_times(chat, drawn):
    path = drawn("constant").path
    answer = load(chat, send="video_url").describe(path)
    part, question = content_of(chat.requests[0])
    head, _, data = part["video_url"]["url"].partition(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(data) == path.read_bytes()
    assert question["type"] == "text"
    assert answer.sampling.policy == "video_url"
    assert answer.sampling.times_s == ()
    assert any("not known" in note for note in answer.sampling.notes)


def test_a_window_of_a_file_as_it_is_is_refused(chat, drawn):
    with pytest.raises(UnsupportedError, match="send='video'"):
        load(chat, send="video_url").describe(drawn("constant").path, start_s=1.0)
    assert chat.requests == []


def numbers_sent(request):
    """Numbers of the pictures of the file of a request, and when a player shows them."""
    part, question = content_of(request)
    assert question["type"] == "text"
    head, _, data = part["video_url"]["url"].partition(",")
    assert head == "data:video/mp4;base64"
    with av.open(io.BytesIO(base64.b64decode(data))) as container:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
        rate_hz = float(container.streams.video[0].average_rate)
    assert [time_s for time_s, _ in frames] == pytest.approx(np.arange(len(frames)) / rate_hz, abs=1e-3)
    return [(time_s, None if pixels.max() < 30 else read_number(pixels)) for time_s, pixels in frames]


@pytest.mark.parametrize("scene", ["constant", "variable", "late_video"])
@pytest.mark.parametrize("window", [{}, {"start_s": 0.5, "end_s": 1.7}])
def test_what_is_encoded_anew_shows_at_every_step_what_is_on_the_screen(chat, drawn, *, scene, window):
    clip = drawn(scene)
    chat.replies = ["[[0.25, 0.5]]"]
    answer = load(chat, send="video", rate_hz=10).ground(clip.path, "a number", **window)
    start_s = window.get("start_s", 0.0)
    seen = numbers_sent(chat.requests[0])
    assert len(seen) >= 10
    for time_s, number in seen:
        at_s = start_s + time_s
        shown = np.searchsorted(clip.times_s, at_s + 1e-6, side="right") - 1
        edge_s = np.abs(np.asarray(clip.times_s) - at_s).min()
        if edge_s > clip.rounding_s:
            assert number == (clip.numbers[shown] if shown >= 0 else None)
    truth = {round(time_s, 3) for time_s in clip.times_s}
    assert {round(time_s, 3) for time_s in answer.sampling.times_s} <= truth
    assert answer.sampling.policy == "video:rate_hz=10"
    assert any("the endpoint chose among" in note for note in answer.sampling.notes)
    assert (answer.spans[0].start_s, answer.spans[0].end_s) == pytest.approx((start_s + 0.25, start_s + 0.5))


def test_a_picture_that_stays_is_sent_at_every_step(chat, tmp_path):
    path = write_media(
        tmp_path / "slides.mp4", ticks=[0, 50, 150], durations=[50, 100, 100], tick_s=Fraction(1, 25)
    )
    load(chat, send="video", rate_hz=2).describe(path)
    numbers = [number for _, number in numbers_sent(chat.requests[0])]
    assert numbers == [0] * 4 + [1] * 8 + [2] * 8


def test_a_file_that_grows_too_large_is_refused_while_it_is_made(chat, drawn, monkeypatch):
    from playhead.models.openai import whole

    monkeypatch.setattr(whole, "MOST_FILE_BYTES", 100)
    with pytest.raises(UsageError, match="shorter window"):
        load(chat, send="video", rate_hz=20).describe(drawn("constant").path)
    assert chat.requests == []


@pytest.mark.parametrize("send", ["video", "video_url"])
@pytest.mark.parametrize("dialect", ["vllm", "ark", "dashscope"])
def test_an_endpoint_is_told_how_to_sample_in_its_own_words(chat, drawn, *, send, dialect):
    load(chat, send=send, dialect=dialect, sample_hz=2).describe(drawn("constant").path)
    [request] = chat.requests
    part = content_of(request)[0]
    told = {
        "vllm": request.get("media_io_kwargs") == {"video": {"fps": 2.0, "num_frames": -1}}
        and request.get("mm_processor_kwargs") == {"fps": 2.0},
        "ark": part["video_url"].get("fps") == 2.0,
        "dashscope": part.get("fps") == 2.0,
    }
    assert [name for name, is_told in told.items() if is_told] == [dialect]


def test_fields_an_endpoint_wants_are_added_and_ours_taken_out(chat, drawn):
    extra = {"temperature": None, "chat_template_kwargs": {"enable_thinking": False}}
    load(chat, extra=json.dumps(extra)).describe(drawn("constant").path)
    load(chat, extra=extra).describe(drawn("constant").path)
    for request in chat.requests:
        assert request["chat_template_kwargs"] == {"enable_thinking": False}
        assert "temperature" not in request
        assert request["model"] == "seen-vl"


def test_a_file_without_pictures_is_refused_before_anything_is_sent(chat, drawn):
    for send in ("frames", "video", "video_url"):
        with pytest.raises(EmptyMediaError):
            load(chat, send=send).describe(drawn("audio_only_m4a").path)
    assert chat.requests == []


# --- settings and the command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": None}, "no model"),
        ({"base_url": None}, "no base_url"),
        ({"base_url": "localhost:8000"}, "http://localhost:8000/v1"),
        ({"base_url": "http://["}, "http://localhost:8000/v1"),
        ({"base_url": "http://host:99999/v1"}, "http://localhost:8000/v1"),
        ({"base_url": "http://host/ü"}, "http://localhost:8000/v1"),
        ({"base_url": "http://a b/v1"}, "http://localhost:8000/v1"),
        ({"base_url": 3}, "http://localhost:8000/v1"),
        ({"base_url": "http://user:secret@host/v1"}, "api_key"),
        ({"frame_pixels": 3}, "did you mean 'frame_px'"),
        ({"frame_px": 3}, "from 16"),
        ({"sampling": "uniforms:n=3"}, "uniform"),
        ({"sampling": "uniform:n=0"}, "at least 1"),
        ({"send": "frame"}, "did you mean 'frames'"),
        ({"timeout_s": 0}, "above 0"),
        ({"extra": "{no json"}, "a JSON object"),
        ({"extra": {"model": "other"}}, "not the engine's own"),
        ({"sample_hz": 2}, "send='video'"),
        ({"rate_hz": 0}, "above 0"),
        ({"dialect": "arc"}, "did you mean 'ark'"),
        ({"constrain": "yes"}, "True or False"),
        ({"api_key": "sk-two words"}, "blanks"),
    ],
)
def test_wrong_settings_are_refused_and_no_secret_repeated(options, words):
    with pytest.raises(UsageError) as caught:
        playhead.load("openai", **{"base_url": "http://127.0.0.1:9/v1", "model": "m", **options})
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "two words" not in str(caught.value)


def test_the_command_takes_its_settings(chat, drawn):
    from helpers.command import playhead as run

    chat.replies = ["[[0.5, 1.0]]"]
    path = str(drawn("constant").path)
    where = ("--set", f"base_url={chat.base_url}", "--set", "model=seen-vl", "--set", "sampling=uniform:n=4")
    done = run("ground", path, "a beep", "--engine", "openai", *where, "--json")
    assert done.returncode == 0, done.stderr
    assert '"start": 0.5' in done.stdout
    assert len(seen(chat.requests[0])[0]) == 4
    refused = run("plan", path, "--engine", "openai", *where)
    assert refused.returncode == 2
    assert "makes no plans" in refused.stderr


def test_the_engine_needs_no_model_library(chat, drawn):
    import subprocess

    code = (
        "import sys, playhead; s = playhead.load('openai', base_url=sys.argv[1], model='m');"
        "s.describe(sys.argv[2]); print({'torch', 'transformers', 'httpx'} & set(sys.modules))"
    )
    argv = [sys.executable, "-c", code, chat.base_url, str(drawn("constant").path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_next_videos_are_looked_at_ahead_and_exchanges_are_told(chat, drawn, monkeypatch):
    from playhead.media.clip import Video
    from playhead.models.openai import engine as module

    looks, look_at = [], module.look_at
    monkeypatch.setattr(
        module, "look_at", lambda video, *more: looks.append(video.source) or look_at(video, *more)
    )
    session, told = load(chat), []
    session.engine.on_exchange = told.append
    paths = [str(drawn(scene).path) for scene in ("constant", "variable")]
    for path in paths:
        session.engine.prepare(Video(path))
    answers = [session.describe(path) for path in paths]
    assert looks == paths
    assert [answer.sampling.times_s for answer in answers] == [
        load(chat).describe(path).sampling.times_s for path in paths
    ]
    assert [each.written for each in told] == ["Nothing happens."] * 2
