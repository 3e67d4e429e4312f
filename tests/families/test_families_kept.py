"""A second question decodes, encodes and reads nothing again: in the same session, and in the next one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("transformers")
import torch
from families_kit import replace_looks

import playhead
from playhead.errors import UsageError
from playhead.generate.decode import generate
from playhead.media.clip import Video
from playhead.models.keeping import Keeping
from playhead.models.presets import PRESETS
from playhead.tasks.ask import Ask
from playhead.tasks.ground import Ground

TINY = [
    "qwen2-vl-tiny",
    "qwen2.5-vl-tiny",
    "qwen3-vl-tiny",
    "qwen3-vl-moe-tiny",
    "qwen3.5-tiny",
    "qwen3.5-moe-tiny",
    "internvl-tiny",
    "internvl-flash-tiny",
    "videollama3-tiny",
    "llava-onevision-tiny",
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "looks"


@pytest.fixture
def counts(monkeypatch):
    """How often pictures were decoded and encoded, and how many tokens the model read at once."""
    made, forward = {"decoded": 0, "encoded": 0, "read": []}, playhead.models.end_to_end.read_prefix

    def reading(model, inputs, length):
        made["read"].append(length)
        return forward(model, inputs, length)

    monkeypatch.setattr("playhead.models.end_to_end.read_prefix", reading)
    return made


def counted(counts, name, work):
    def made(*arguments, **options):
        counts[name] += 1
        return work(*arguments, **options)

    return made


def engine_of(name: str, counts=None, **options):
    engine = playhead.load(name, device="cpu", max_new_tokens=60, **options).engine
    assert isinstance(engine, Keeping)
    if counts is not None:
        replace_looks(engine, lambda look: counted(counts, "decoded", look))
        owner, encode = (
            (engine, "_features") if hasattr(engine, "_features") else (engine.net, "get_video_features")
        )
        setattr(owner, encode, counted(counts, "encoded", getattr(owner, encode)))
    return engine


def test_every_family_that_keeps_what_single_pictures_are_is_here() -> None:
    keeping = [name for name, each in PRESETS.items() if each.tiny and {"features", "instants"} <= each.seams]
    assert sorted(keeping) == sorted(TINY)


@pytest.mark.parametrize("name", TINY)
def test_a_second_question_does_nothing_again(drawn, counts, name) -> None:
    engine, video = engine_of(name, counts), Video(str(drawn("variable").path))
    first = engine.answer(video, Ground("a square"))
    after = {**counts, "read": list(counts["read"])}
    second = engine.answer(video, Ground("a square"))
    engine.answer(video, Ask("What else is there?"))
    assert counts == after
    assert after["decoded"] == after["encoded"] == len(after["read"]) == 1
    assert (first.events, first.text) == (second.events, second.text)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("options", [{}, {"drop": 1.0}, {"flash": True}], ids=str)
def test_the_next_session_decodes_and_encodes_nothing_and_says_the_same(drawn, counts, name, options) -> None:
    if ("drop" in options and "drop" not in PRESETS[name].seams) or (
        "flash" in options and "rates" not in PRESETS[name].seams
    ):
        pytest.skip("no seam for it")
    video = Video(str(drawn("variable").path), start_s=0.2)
    first = engine_of(name, **options).answer(video, Ask("What is shown?"))
    second = engine_of(name, counts, **options).answer(video, Ask("What is shown?"))
    assert (counts["decoded"], counts["encoded"]) == (0, 0)
    assert second == first


@pytest.mark.parametrize("name", TINY)
def test_what_was_read_can_be_kept_too(drawn, counts, own_cache, name) -> None:
    video = Video(str(drawn("constant").path))
    first = engine_of(name, keep="prefix").answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2
    counts["read"].clear()
    assert engine_of(name, keep="prefix").answer(video, Ask("What is shown?")) == first
    assert counts["read"] == []
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
    layouts = [each.layout(seen, "What?") for each, seen in ((engine, kept), (fresh, look))]
    assert np.array_equal(layouts[0].input_ids_N, layouts[1].input_ids_N)
    with pytest.raises(ValueError, match="only features"):
        kept.data.pictures()
    text = engine.request(Ask("What is shown?"), kept).text
    with torch.inference_mode():
        made, wanted = (
            each.model(**each.inputs(seen, each.layout(seen, text))).logits
            for each, seen in ((engine, kept), (fresh, look))
        )
    assert torch.allclose(made, wanted, atol=1e-5)
