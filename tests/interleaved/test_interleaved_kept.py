"""A second question decodes, encodes and reads nothing again: in the same session, and in the next one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("transformers")
import torch

import playhead
from playhead.errors import UsageError
from playhead.generate.decode import generate
from playhead.media.clip import Video
from playhead.models.interleaved import engine as module
from playhead.tasks.ask import Ask
from playhead.tasks.ground import Ground

TINY = ["internvl-tiny", "internvl-flash-tiny", "videollama3-tiny", "llava-onevision-tiny"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "looks"


@pytest.fixture
def counted(monkeypatch):
    """How often pictures were decoded and encoded, and how many tokens the model read at once."""
    counts = {"decoded": 0, "encoded": 0, "read": []}
    read, forward, encode = module.read, playhead.models.end_to_end.read_prefix, module.Interleaved._features

    def counting(*arguments, **options):
        counts["decoded"] += 1
        return read(*arguments, **options)

    def encoding(*arguments):
        counts["encoded"] += 1
        return encode(*arguments)

    def reading(model, inputs, length):
        counts["read"].append(length)
        return forward(model, inputs, length)

    monkeypatch.setattr(module, "read", counting)
    monkeypatch.setattr(module.Interleaved, "_features", encoding)
    monkeypatch.setattr("playhead.models.end_to_end.read_prefix", reading)
    return counts


def engine_of(name: str, **options):
    return playhead.load(name, device="cpu", max_new_tokens=60, **options).engine


@pytest.mark.parametrize("name", TINY)
def test_a_second_question_does_nothing_again(drawn, counted, name) -> None:
    engine, video = engine_of(name), Video(str(drawn("variable").path))
    first = engine.answer(video, Ground("a square"))
    after = {**counted, "read": list(counted["read"])}
    second = engine.answer(video, Ground("a square"))
    engine.answer(video, Ask("What else is there?"))
    assert counted == after
    assert after["decoded"] == after["encoded"] == len(after["read"]) == 1
    assert (first.events, first.text) == (second.events, second.text)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("options", [{}, {"drop": 1.0}, {"flash": True}], ids=str)
def test_the_next_session_decodes_and_encodes_nothing_and_says_the_same(
    drawn, counted, name, options
) -> None:
    if ("drop" in options and "flash" in name) or ("flash" in options and "videollama3" in name):
        pytest.skip("no seam for it")
    video = Video(str(drawn("variable").path), start_s=0.2)
    first = engine_of(name, **options).answer(video, Ask("What is shown?"))
    counted.update(decoded=0, encoded=0)
    second = engine_of(name, **options).answer(video, Ask("What is shown?"))
    assert (counted["decoded"], counted["encoded"]) == (0, 0)
    assert second == first


@pytest.mark.parametrize("name", TINY)
def test_what_was_read_can_be_kept_too(drawn, counted, own_cache, name) -> None:
    video = Video(str(drawn("constant").path))
    first = engine_of(name, keep="prefix").answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2
    counted["read"].clear()
    assert engine_of(name, keep="prefix").answer(video, Ask("What is shown?")) == first
    assert counted["read"] == []
    with pytest.raises(UsageError, match="features, prefix"):
        engine_of(name, keep="all")


@pytest.mark.parametrize("name", TINY)
def test_an_answer_after_a_kept_beginning_is_that_of_the_whole_prompt(drawn, name) -> None:
    engine = engine_of(name, cache=False)
    look = engine.look(Video(str(drawn("variable").path)))
    request = engine.request(Ask("What is shown?"), look)
    engine.write(look, engine.request(Ask("Something else, at length, for the cache?"), look))
    after = engine.write(look, request)
    whole = generate(
        engine.model,
        engine.words,
        engine.inputs(look, engine.layout(look, request.text)),
        end_ids=engine.end_ids,
        max_new_tokens=60,
        grammar=request.grammar,
    )
    assert after.ids == whole.ids


@pytest.mark.parametrize("name", TINY)
def test_a_kept_look_still_lays_out_and_computes(drawn, name) -> None:
    video = Video(str(drawn("variable").path))
    fresh = engine_of(name)
    look = fresh.look(video)
    fresh.answer(video, Ask("What is shown?"))
    engine = engine_of(name)
    kept = engine.recall(video)
    assert kept.sampling == look.sampling
    assert kept.times_s.tolist() == look.times_s.tolist()
    assert np.array_equal(kept.data.given, look.data.given)
    with pytest.raises(ValueError, match="only features"):
        kept.data.pictures()
    text = engine.request(Ask("What is shown?"), kept).text
    with torch.inference_mode():
        made, wanted = (
            each.model(**each.inputs(seen, each.layout(seen, text))).logits
            for each, seen in ((engine, kept), (fresh, look))
        )
    assert torch.allclose(made, wanted, atol=1e-5)


def test_everything_that_changes_the_numbers_changes_the_entry(drawn, own_cache) -> None:
    path = str(drawn("variable").path)
    ways = [
        ("internvl-tiny", {}, {}),
        ("internvl-tiny", {}, {"start_s": 0.5}),
        ("internvl-tiny", {}, {"instants_s": (0.1, 0.5)}),
        ("internvl-tiny", {"max_frames": 2}, {}),
        ("internvl-tiny", {"frames": "uniform:n=2"}, {}),
        ("internvl-tiny", {"tell": "arc"}, {}),
        ("internvl-tiny", {"drop": 0.1}, {}),
        ("internvl-tiny", {"flash": True}, {}),
        ("internvl-tiny", {"flash": True, "flash_absolute": 0.25}, {}),
        ("internvl-tiny", {"dtype": "bfloat16"}, {}),
        ("internvl-flash-tiny", {}, {}),
        ("internvl-flash-tiny", {"flash_relative": 0.25}, {}),
        ("videollama3-tiny", {}, {}),
        ("videollama3-tiny", {"rate_hz": 2.0}, {}),
        ("videollama3-tiny", {"video_tokens": 64}, {}),
        ("llava-onevision-tiny", {}, {}),
    ]
    for number, (name, options, window) in enumerate(ways, start=1):
        engine_of(name, **options).answer(Video(path, **window), Ask("What is shown?"))
        assert len(list(own_cache.glob("*.safetensors"))) == number, (name, options, window)
    engine_of("internvl-tiny", cache=False).answer(Video(path, end_s=1.0), Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == len(ways)


@pytest.mark.parametrize("name", TINY)
def test_weights_that_see_otherwise_are_another_entry_and_those_that_write_are_not(
    drawn, own_cache, name
) -> None:
    video = Video(str(drawn("constant").path))
    plain, other, words = engine_of(name), engine_of(name), engine_of(name)
    with torch.no_grad():
        next(each for part, each in other.net.model.named_parameters() if "language" not in part).add_(1.0)
        next(words.net.model.language_model.parameters()).add_(1.0)
    plain.answer(video, Ask("What is shown?"))
    words.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 1
    other.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2


def test_what_the_configuration_says_of_seeing_is_part_of_the_name_and_what_it_says_of_words_is_not(
    drawn, own_cache
) -> None:
    video = Video(str(drawn("constant").path))
    plain, layer, words = (engine_of("llava-onevision-tiny") for _ in range(3))
    layer.net.config.vision_feature_layer -= 1
    words.net.config.text_config.rms_norm_eps *= 2
    plain.answer(video, Ask("What is shown?"))
    words.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 1
    layer.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2
