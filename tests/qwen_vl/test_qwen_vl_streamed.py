"""Pictures that are encoded as they are decoded: the features of those that are held, and never more than a part in memory."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import spoilt, write_media
from playhead.errors import MediaError
from playhead.media.clip import Video
from playhead.models.qwen_vl.held import Held, alike
from playhead.tasks.ask import Ask

NAMES = (
    "qwen2-vl-tiny",
    "qwen2.5-vl-tiny",
    "qwen3-vl-tiny",
    "qwen3.5-tiny",
    "qwen2.5-omni-tiny",
    "qwen3-omni-tiny",
)
PART = 700  # squares: two groups of the clip drawn here


@pytest.fixture
def small_parts(monkeypatch):
    for module in ("encode", "pictures"):
        monkeypatch.setattr(f"playhead.models.qwen_vl.{module}.ENCODE_ROWS", PART)


@pytest.fixture
def path(tmp_path):
    return str(write_media(tmp_path / "long.mp4", ticks=range(0, 200, 5), durations=5))


def engine_of(name: str, **options):
    return playhead.load(name, **{"device": "cpu", "cache": False, "max_new_tokens": 8, **options}).engine


def held_now() -> list[Held]:
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is Held]


def seen_of(look):
    return getattr(look.data, "seen", look.data)


def tensors_of(features):
    deep = getattr(features, "deepstack_features", None) or ()
    return [features.pooler_output[0], *(each for (each,) in deep)]


def assert_same(engine, video):
    held, streamed = engine.look(video), engine.look_now(video)
    one, two = seen_of(held), seen_of(streamed)
    assert one.features is None
    assert two.held is None
    expected, made = tensors_of(engine._encode(one, lambda *_: None)), tensors_of(two.features)
    assert len(expected) == len(made)
    assert all(torch.equal(*pair) for pair in zip(expected, made, strict=True))
    assert np.array_equal(one.grids_T2, two.grids_T2)
    assert held.times_s.tolist() == streamed.times_s.tolist()
    assert (held.labels, held.sampling) == (streamed.labels, streamed.sampling)
    return one


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_pictures_that_are_held(name, path, small_parts) -> None:
    seen = assert_same(engine_of(name), Video(path, start_s=0.3))
    assert len(seen.grids_T2) > 2  # several parts


def test_features_are_the_same_with_several_sizes_and_tokens_left_out(path, slides, small_parts) -> None:
    seen = assert_same(
        engine_of("qwen3-vl-tiny", frames="keye1.5:budget_tokens=1200,rate_hz=2"), Video(str(slides))
    )
    assert not alike(seen.grids_T2)
    seen = assert_same(engine_of("qwen3-vl-tiny", drop=2.0), Video(str(slides)))
    assert 0 < seen.kept_M.sum() < len(seen.kept_M)
    assert_same(engine_of("qwen3-vl-tiny", dtype="bfloat16"), Video(path))


@pytest.mark.parametrize("name", ["qwen3-vl-tiny", "qwen2.5-omni-tiny"])
def test_pictures_that_are_lost_are_told_and_have_no_features(name, path, tmp_path, small_parts) -> None:
    hurt = str(spoilt(Path(path), tmp_path / "hurt.mp4", 0.4, 0.6))
    engine = engine_of(name)
    whole, seen = engine.look_now(Video(path)), engine.look_now(Video(hurt))
    assert 0 < len(seen.times_s) < len(whole.times_s)
    assert set(seen.times_s) < set(whole.times_s)
    assert set(seen.sampling.notes) > set(whole.sampling.notes)
    assert_same(engine, Video(hurt))
    with pytest.raises(MediaError):
        engine.look_now(Video(str(spoilt(Path(path), tmp_path / "lost.mp4", 0.0, 1.0))))


@pytest.mark.parametrize("name", ["qwen3-vl-tiny", "qwen3-omni-tiny"])
def test_answering_holds_no_more_than_a_part_of_the_pictures(name, path, small_parts, monkeypatch) -> None:
    engine, most = engine_of(name), []
    whole = seen_of(engine.look(Video(path))).held.squares
    encode = engine.net.get_video_features
    others = (
        held_now()
    )  # of other tests; they are kept while this one runs, so that no new one has the place of one

    def noted(*arguments, **named):
        most.append(max(each.squares for each in held_now() if not any(each is other for other in others)))
        return encode(*arguments, **named)

    monkeypatch.setattr(engine.net, "get_video_features", noted)
    engine.answer(Video(path), Ask("What is shown?"))
    assert len(most) > 2
    assert max(most) <= PART < whole
    assert len(held_now()) <= len(others)


@pytest.mark.parametrize("name", ["qwen3-vl-tiny", "qwen3-omni-tiny"])
def test_another_look_between_two_questions_loses_nothing(name, path) -> None:
    engine = engine_of(name)
    first = engine.answer(Video(path), Ask("What is shown?"))
    other = engine.look(Video(path, start_s=2.0))
    engine.write(other, engine.request(Ask("What is shown?"), other))
    assert engine.answer(Video(path), Ask("What is shown?")) == first
    last = engine._last[1]
    inputs = engine.inputs(last, engine.layout(last, engine.request(Ask("What is shown?"), last).text))
    assert "pixel_values_videos" not in inputs
    with torch.inference_mode():
        made = engine.net(**inputs).logits
        again = engine.look(Video(path))
        inputs = engine.inputs(again, engine.layout(again, engine.request(Ask("What is shown?"), again).text))
        torch.testing.assert_close(made, engine.net(**inputs).logits, atol=1e-5, rtol=1e-5)


def test_rows_of_pictures_that_are_not_held_are_refused(path) -> None:
    look = engine_of("qwen3-vl-tiny").look_now(Video(path))
    with pytest.raises(ValueError, match="only features"):
        _ = look.data.rows_PD


@pytest.mark.parametrize("cache", [False, True])
def test_pictures_seen_ahead_are_let_go_once_they_are_encoded(path, cache, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    others, engine = held_now(), engine_of("qwen3-vl-tiny", cache=cache)
    engine.prepare(Video(path))
    assert len(held_now()) == len(others) + 1
    first = engine.answer(Video(path), Ask("What is shown?"))
    assert len(held_now()) <= len(others)
    assert engine_of("qwen3-vl-tiny").answer(Video(path), Ask("What is shown?")) == first
