"""Weights: the released layout read strictly and written back bit for bit."""

from __future__ import annotations

import re

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

from helpers.arc_toy import GOLDEN, full_inputs, toy_config, toy_folder
from playhead.errors import WeightsError
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.weights import FUSED, RENAMED
from playhead.models.weights import load_pretrained

HEAD, TABLE = "language_model.lm_head.weight", "language_model.model.embed_tokens.weight"


def load(folder, **options):
    return load_pretrained(
        ArcHunyuanVideoForConditionalGeneration, folder, asked=f"load {folder.name}", **options
    )


def released():
    return load_file(GOLDEN / "weights.safetensors")


def folder_with(tmp_path, weights):
    folder = toy_folder(tmp_path)
    save_file(weights, folder / "model.safetensors")
    return folder


def saved(folder):
    return {name: each for file in folder.glob("*.safetensors") for name, each in load_file(file).items()}


def same(got, want):
    assert set(got) == set(want)
    assert [name for name in want if got[name].dtype != want[name].dtype] == []
    assert [name for name in want if not torch.equal(got[name], want[name])] == []


def test_round_trip_is_bit_exact(tmp_path):
    model = load(toy_folder(tmp_path))
    model.save_pretrained(tmp_path / "again")
    same(saved(tmp_path / "again"), released())
    model.save_pretrained(tmp_path / "shards", max_shard_size="300KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 3
    assert (tmp_path / "shards" / "model.safetensors.index.json").is_file()
    same(saved(tmp_path / "shards"), released())
    twice = load(tmp_path / "shards")
    for name, each in model.state_dict().items():
        assert torch.equal(twice.state_dict()[name], each), name


def test_round_trip_in_bfloat16(tmp_path):
    model = load(toy_folder(tmp_path), dtype=torch.bfloat16)
    assert {each.dtype for each in model.parameters()} == {torch.bfloat16}
    assert model.language_model.model.rotary.inv_freq_H.dtype == torch.float32
    model.save_pretrained(tmp_path / "again")
    want = {
        name: each.to(torch.bfloat16) if each.is_floating_point() else each
        for name, each in released().items()
    }
    same(saved(tmp_path / "again"), want)


def test_a_model_made_in_code_is_saved_in_the_released_layout(tmp_path):
    torch.manual_seed(3)
    model = ArcHunyuanVideoForConditionalGeneration(toy_config())
    model.save_pretrained(tmp_path)
    got = saved(tmp_path)
    assert {name: tuple(each.shape) for name, each in got.items()} == {
        name: tuple(each.shape) for name, each in released().items()
    }
    again = load(tmp_path)
    for name, each in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], each), name


def test_auto_class_and_device_map(tmp_path):
    model = AutoModelForImageTextToText.from_pretrained(toy_folder(tmp_path), device_map="cpu").eval()
    plain = load(tmp_path).eval()
    with torch.no_grad():
        assert torch.equal(model(**full_inputs()).logits, plain(**full_inputs()).logits)


@pytest.mark.parametrize(
    "on_disk",
    [
        ("language_model.model.layers.0",),
        ("vision_model.vit.embeddings",),
        ("vision_model.vit", "speech_encoder.layers"),
        ("vision_model.perceive", "speech_encoder.conv1", "speech_encoder.embed_positions", "mlp2"),
    ],
    ids=" ".join,
)
def test_offloading_to_disk_splits_and_computes_the_same(tmp_path, on_disk):
    folder = toy_folder(tmp_path)
    encoder = (
        f"speech_encoder.{each}" for each in ("conv1", "conv2", "embed_positions", "layers", "layer_norm")
    )
    decoder = (
        "lm_head",
        *(f"model.{each}" for each in ("embed_tokens", "layers.0", "layers.1", "norm", "rotary")),
    )
    tower = ("vit",) if "vision_model.vit" in on_disk else ("vit.embeddings", "vit.layers")
    parts = (
        *(f"vision_model.{each}" for each in (*tower, "perceive")),
        *encoder,
        "mlp2",
        *(f"language_model.{each}" for each in decoder),
    )
    split = {part: "disk" if part in on_disk else "cpu" for part in parts}
    assert set(on_disk) < set(parts)
    model = ArcHunyuanVideoForConditionalGeneration.from_pretrained(
        folder, device_map=split, offload_folder=str(tmp_path / "offload")
    ).eval()
    with torch.no_grad():
        got = model(**full_inputs(), logits_to_keep=1).logits
        want = load(folder).eval()(**full_inputs(), logits_to_keep=1).logits
    assert torch.allclose(got, want, atol=1e-6)


def test_the_table_of_names_tells_every_difference(tmp_path):
    model = load(toy_folder(tmp_path))
    pairs = {released: (ours,) for released, ours in RENAMED.items()} | dict(FUSED)
    told = set()
    for name in released():
        for old, new in pairs.items():
            pattern = re.escape(old).replace(r"\*", r"(\d+)") + r"(\.weight|\.bias)?$"
            found = re.fullmatch(pattern, name)
            if found:
                told |= {each.replace("*", found[1]) + (found[2] or "") for each in new}
                break
        else:
            told.add(name)
    assert told == set(model.state_dict()) - {HEAD}


def test_a_stored_head_must_equal_the_embeddings(tmp_path):
    weights = released()
    folder = folder_with(tmp_path, {**weights, HEAD: weights[TABLE].clone()})
    model = load(folder)
    assert model.language_model.lm_head.weight is model.language_model.model.embed_tokens.weight
    model.save_pretrained(tmp_path / "again")
    same(saved(tmp_path / "again"), weights)  # tied, so written once
    save_file({**weights, HEAD: weights[TABLE] + 1}, folder / "model.safetensors")
    with pytest.raises(WeightsError, match=r"a head of other values"):
        load(folder)


def test_a_head_alone_serves_as_embeddings(tmp_path):
    weights = released()
    weights[HEAD] = weights.pop(TABLE)
    model = load(folder_with(tmp_path, weights))
    assert torch.equal(model.language_model.model.embed_tokens.weight, weights[HEAD])


@pytest.mark.parametrize(
    "name",
    [
        "vision_model.vit.embeddings.position_ids",
        "vision_model.perceive.image_sep",
        "vision_model.vit.layers.1.self_attn.qkv_proj.bias",
        "language_model.model.layers.0.self_attn.qkv_proj.weight",
        "language_model.model.layers.0.mlp.gate_and_up_proj.weight",
        "speech_encoder.layer_norm.weight",
        "mlp2.3.bias",
        TABLE,
    ],
)
def test_a_missing_tensor_is_named(tmp_path, name):
    weights = released()
    del weights[name]
    with pytest.raises(WeightsError, match=r"missing: .*" + name.split(".")[0]):
        load(folder_with(tmp_path, weights))


def test_an_unexpected_tensor_is_named(tmp_path):
    weights = {**released(), "vision_model.vit.layers.2.mlp.dense_h_to_4h.bias": torch.zeros(96)}
    with pytest.raises(WeightsError, match=r"1 unexpected: vision_model.vit.layers.2.mlp.fc1.bias"):
        load(folder_with(tmp_path, weights))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mlp2.1.weight", (64, 31)),
        ("language_model.model.layers.0.self_attn.qkv_proj.weight", (192, 64)),
        ("vision_model.vit.embeddings.position_embedding.weight", (1025, 48)),
    ],
)
def test_a_tensor_of_another_shape_is_named_with_both_shapes(tmp_path, name, shape):
    weights = {**released(), name: torch.zeros(shape)}
    with pytest.raises(WeightsError, match=r"of another shape: .*\(.*\) for \(.*\)"):
        load(folder_with(tmp_path, weights))


def test_fused_rows_that_do_not_divide_are_refused(tmp_path):
    weights = {**released(), "language_model.model.layers.0.self_attn.qkv_proj.weight": torch.zeros(129, 64)}
    with pytest.raises(WeightsError, match=r"k_proj.weight \(129, 64\) for \(32, 64\)"):
        load(folder_with(tmp_path, weights))
