"""What is kept of a video on disk: by what it is named, when it goes, and by whom it is made."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("transformers")

import playhead
from playhead.errors import PlayheadWarning
from playhead.media.clip import Video
from playhead.models.qwen_vl import engine as module
from playhead.tasks.ask import Ask

TINY = ["qwen2-vl-tiny", "qwen2.5-vl-tiny", "qwen3-vl-tiny", "qwen3.5-tiny"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "looks"


@pytest.fixture
def counted(monkeypatch):
    """How often pictures were decoded and encoded, and how many tokens the model read at once."""
    counts = {"decoded": 0, "encoded": 0, "read": []}
    read, forward = module.read, playhead.models.end_to_end.read_prefix

    def counting(*arguments, **options):
        counts["decoded"] += 1
        return read(*arguments, **options)

    def reading(model, inputs, length):
        counts["read"].append(length)
        return forward(model, inputs, length)

    monkeypatch.setattr(module, "read", counting)
    monkeypatch.setattr("playhead.models.end_to_end.read_prefix", reading)
    return counts


def engine_of(name: str, counts=None, **options):
    engine = playhead.load(name, device="cpu", max_new_tokens=60, **options).engine
    if counts is not None:
        encode = engine.net.get_video_features

        def encoding(*arguments, **keywords):
            counts["encoded"] += 1
            return encode(*arguments, **keywords)

        engine.net.get_video_features = encoding
    return engine


def test_without_a_cache_nothing_is_kept(drawn, own_cache) -> None:
    engine_of("qwen3-vl-tiny", cache=False).answer(Video(str(drawn("constant").path)), Ask("What is shown?"))
    assert not list(own_cache.glob("*"))


def test_everything_that_changes_the_numbers_changes_the_entry(drawn, own_cache) -> None:
    path = str(drawn("variable").path)
    ways = [
        ("qwen3-vl-tiny", {}, {}),
        ("qwen3-vl-tiny", {}, {"start_s": 0.5}),
        ("qwen3-vl-tiny", {}, {"end_s": 1.5}),
        ("qwen3-vl-tiny", {}, {"instants_s": (0.1, 0.5)}),
        ("qwen3-vl-tiny", {"rate_hz": 1.0}, {}),
        ("qwen3-vl-tiny", {"max_frames": 2}, {}),
        ("qwen3-vl-tiny", {"sampling": "transformers"}, {}),
        ("qwen3-vl-tiny", {"frames": "uniform:n=2"}, {}),
        ("qwen3-vl-tiny", {"tell": "arc"}, {}),
        ("qwen3-vl-tiny", {"tell": "numpro"}, {}),
        ("qwen3-vl-tiny", {"drop": 0.1}, {}),
        ("qwen3-vl-tiny", {"drop": 0.5}, {}),
        ("qwen3-vl-tiny", {"dtype": "bfloat16"}, {}),
        ("qwen3-vl-moe-tiny", {}, {}),
        ("qwen2-vl-tiny", {}, {}),
        ("qwen2.5-vl-tiny", {}, {}),
    ]
    for number, (name, options, window) in enumerate(ways, start=1):
        engine_of(name, **options).answer(Video(path, **window), Ask("What is shown?"))
        assert len(list(own_cache.glob("*.safetensors"))) == number, (name, options, window)


def test_a_damaged_entry_is_made_again(drawn, own_cache, counted) -> None:
    video = Video(str(drawn("constant").path))
    first = engine_of("qwen3-vl-tiny").answer(video, Ask("What is shown?"))
    (entry,) = own_cache.glob("*.safetensors")
    entry.write_bytes(entry.read_bytes()[:100])
    counted["decoded"] = 0
    with pytest.warns(PlayheadWarning, match="made again"):
        second = engine_of("qwen3-vl-tiny").answer(video, Ask("What is shown?"))
    assert (counted["decoded"], second) == (1, first)


def test_the_folder_stays_within_its_bound(drawn, own_cache) -> None:
    engine = engine_of("qwen3-vl-tiny")
    path = str(drawn("constant").path)
    engine.answer(Video(path), Ask("What is shown?"))
    (only,) = own_cache.glob("*.safetensors")
    engine._looks.max_bytes = only.stat().st_size + 100
    engine.answer(Video(path, end_s=1.0), Ask("What is shown?"))
    left = list(own_cache.glob("*.safetensors"))
    assert len(left) == 1
    assert left[0] != only


def test_what_is_encoded_elsewhere_meanwhile_is_waited_for_and_taken(drawn, counted) -> None:
    video, begun, go_on = Video(str(drawn("constant").path)), threading.Event(), threading.Event()
    slow, other = engine_of("qwen3-vl-tiny"), engine_of("qwen3-vl-tiny", counted)
    encode, answers = slow.net.get_video_features, []

    def encoding(*arguments, **keywords):
        begun.set()
        assert go_on.wait(60)
        return encode(*arguments, **keywords)

    slow.net.get_video_features = encoding
    threads = [
        threading.Thread(target=lambda: answers.append(slow.answer(video, Ask("What is shown?")))),
        threading.Thread(target=lambda: answers.append(other.answer(video, Ask("What is shown?")))),
    ]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    threads[1].join(1.0)
    assert threads[1].is_alive()  # it waits
    go_on.set()
    for each in threads:
        each.join(60)
    assert answers[0] == answers[1]
    assert (counted["decoded"], counted["encoded"]) == (1, 0)


def test_a_look_of_the_callers_own_is_never_kept_under_another_name(drawn, own_cache) -> None:
    engine = engine_of("qwen3-vl-tiny")
    engine.answer(Video(str(drawn("constant").path)), Ask("What is shown?"))
    other = engine.look(Video(str(drawn("variable").path)))
    engine.write(other, engine.request(Ask("What is shown?"), other))
    assert len(list(own_cache.glob("*.safetensors"))) == 1
