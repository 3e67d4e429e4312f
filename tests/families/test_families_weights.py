"""Weights load strictly and survive a round trip; wrong folders are refused with what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from families_kit import call, change_config, change_weights, copy, load, with_another_tokenizer

import playhead
from playhead.errors import (
    PlayheadError,
    UnsupportedError,
    UsageError,
    WeightsError,
    WeightsUnavailableError,
)
from playhead.models import machine
from playhead.models.registry import FAMILIES, family_of


def reload(folder, **options):
    return load(str(folder), constrain=True, **options)


@pytest.mark.parametrize("task", ["watch", "ground"])
def test_a_saved_model_answers_as_before(tiny, engine, saved, drawn, task) -> None:
    """What it writes when nothing holds it to a form, which a random model's every weight has a part in."""
    path = drawn("constant").path
    settings = {"constrain": False, "max_new_tokens": 24}
    original, again = load(tiny, **settings), load(str(saved(engine)), **settings)
    assert again.engine.family == engine.family
    before, after = call(original, task, path), call(again, task, path)
    assert replace(after, model="") == replace(before, model="")
    assert before.failure is not None or before.text or before.events  # something was written


@pytest.mark.parametrize("kind", ["missing", "unexpected", "of another shape"])
def test_a_checkpoint_that_does_not_fit_is_refused_by_name(engine, saved, tmp_path, kind) -> None:
    folder = copy(saved(engine), tmp_path / "model")

    def change(held, name):
        if kind == "missing":
            del held[name]
        elif kind == "unexpected":
            held["a.tensor.nobody.knows"] = torch.zeros(3)
        else:
            held[name] = held[name][:-1]

    name = change_weights(folder, change)
    with pytest.raises(WeightsError) as raised:
        reload(folder)
    text = str(raised.value)
    assert kind in text
    if kind == "unexpected":
        assert "a.tensor.nobody.knows" in text
    else:
        assert name.split(".")[-2] in text  # under its own name, or under the released one


def test_a_partial_checkpoint_is_refused(engine, saved, tmp_path) -> None:
    folder = copy(saved(engine), tmp_path / "model")
    for path in folder.glob("*.safetensors"):
        path.unlink()
    with pytest.raises(WeightsError):
        reload(folder)


def test_an_unknown_key_of_the_config_is_refused(engine, saved, tmp_path) -> None:
    folder = copy(saved(engine), tmp_path / "model")
    change_config(folder, wizzdom=3)
    with pytest.raises(WeightsError, match="wizzdom"):
        reload(folder)


def test_another_models_tokenizer_is_refused(engine, saved, tmp_path) -> None:
    folder = copy(saved(engine), tmp_path / "model")
    with_another_tokenizer(folder)
    with pytest.raises(PlayheadError, match=r"(?i)token|vocab"):
        reload(folder)


def test_a_model_of_another_family_is_refused_with_the_nearest(engine, saved, tmp_path) -> None:
    folder = copy(saved(engine), tmp_path / "model")
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    change_config(folder, model_type=f"{model_type}x")
    with pytest.raises(UnsupportedError, match="did you mean") as raised:
        reload(folder)
    assert repr(model_type) in str(raised.value)


def test_a_folder_that_is_no_model_is_refused(tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"config\.json"):
        playhead.load(str(tmp_path))


@pytest.mark.parametrize("name", ["hour-lava-7b", "./no/such/folder", "arc"])
def test_an_unknown_name_is_refused_with_the_nearest(name) -> None:
    with pytest.raises(UsageError, match=r"did you mean|known: ") as raised:
        playhead.load(name)
    if name == "hour-lava-7b":
        assert "hour-llava-7b" in str(raised.value)


PUBLISHED = [name for name in FAMILIES if not name.endswith("-tiny")]


@pytest.fixture
def published(request):
    from families_kit import is_written

    if not is_written(request.param):
        pytest.skip("this family is not written yet")
    return family_of(request.param).presets[request.param]


@pytest.mark.parametrize("published", PUBLISHED, indirect=True)
def test_too_little_memory_is_said_with_the_numbers_before_anything_is_fetched(
    published, monkeypatch
) -> None:
    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(2_000_000_000, 1_500_000_000))
    with pytest.raises(UnsupportedError, match="too little memory") as raised:
        playhead.load(published.name, device="cpu")
    assert published.parameters is not None
    for said in ("1.5 GB", "2.0 GB", f"{published.parameters * 4 / 1e9:.1f} GB", "bfloat16"):
        assert said in str(raised.value)


def test_a_tiny_model_is_never_refused_for_memory(tiny, monkeypatch) -> None:
    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(2_000_000_000, 1_000))
    assert load(tiny).engine.name == tiny


@pytest.mark.parametrize("published", PUBLISHED, indirect=True)
def test_weights_that_are_not_here_are_asked_for_by_hand(published, monkeypatch) -> None:
    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(10**12, 10**12))
    with pytest.raises(WeightsUnavailableError, match=r"by hand|PLAYHEAD_WEIGHTS"):
        playhead.load(published.name, device="cpu")


@pytest.mark.parametrize("published", PUBLISHED, indirect=True)
def test_a_plan_needs_no_weights(published, drawn) -> None:
    plan = playhead.plan(str(drawn("constant").path), published.name, device="cpu", dtype="bfloat16")
    assert plan.engine == published.name
    assert plan.weights_bytes == pytest.approx(2 * published.parameters, rel=0.02)
    assert plan.frames >= 1
    assert plan.video_tokens >= plan.frames
    assert plan.peak_bytes > plan.weights_bytes
    assert plan.flops > 2 * plan.video_tokens * 1e9
    assert plan.seconds > 0
    assert published.licence
