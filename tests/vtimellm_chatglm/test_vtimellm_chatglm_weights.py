"""ChatGLM3's released layout into GLM: the same numbers as the published mathematics, adapters merged, strictly."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parent))

import chatglm_kit
import torch
from chatglm_kit import (
    FIELDS,
    HEAD,
    HEADS,
    LAYERS,
    WIDTH,
    logits,
    released,
    write_adapter,
    write_base,
    write_projector,
)
from transformers import GlmConfig

from playhead.errors import WeightsError
from playhead.models.vtimellm import VTimeLLMConfig, VTimeLLMForCausalLM
from playhead.models.vtimellm.chatglm import TARGETS, chatglm3_6b, places, released_shapes, text_config
from playhead.models.vtimellm.chatglm_engine import tiny_chatglm3
from playhead.models.vtimellm.config import variant_fields
from playhead.models.vtimellm.weights import assemble, base_config, load, save

IDS = torch.tensor([[5, 77, 300, 0, 0, 12, 9, 401, 33]])


@pytest.fixture
def parts(tmp_path):
    """A whole release at toy size: base, projector, two adapters; the merged released weights."""
    held = released()
    base = write_base(tmp_path / "chatglm3-6b", held)
    projector = write_projector(tmp_path / "mm_projector.bin")
    stage2 = write_adapter(tmp_path / "stage2", held, seed=2)
    stage3 = write_adapter(tmp_path / "stage3", held, seed=3, rank=2)
    merged = {name: each + stage2.get(name, 0) + stage3.get(name, 0) for name, each in held.items()}
    return tmp_path, base, projector, held, merged


def forward(model, frames_MF=None) -> torch.Tensor:
    kinds = (IDS == 0).long()
    with torch.inference_mode():
        if frames_MF is None:
            return model(input_ids=IDS).logits[0]
        return model(input_ids=IDS, slot_kinds=kinds, frame_features=frames_MF).logits[0]


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_glm_computes_what_chatglm3_is_published_to_compute(parts, attention) -> None:
    folder, base, _, held, _ = parts
    model = assemble(base, folder / "mm_projector.bin", stages=0)
    model.set_attn_implementation(attention)
    embeds_ND = held["transformer.embedding.word_embeddings.weight"][IDS[0]]
    torch.testing.assert_close(forward(model), logits(held, embeds_ND), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "change", ["gate and up", "keys and values", "nothing turned", "pairs half a head apart", "other groups"]
)
def test_every_rule_of_the_reference_matters(parts, monkeypatch, change) -> None:
    """With any rule another, the numbers are others: the test above cannot pass by accident."""
    folder, base, _, held, _ = parts
    ours = forward(assemble(base, folder / "mm_projector.bin", stages=0))
    embeds_ND = held["transformer.embedding.word_embeddings.weight"][IDS[0]]
    plain = chatglm_kit.turn
    other = dict(held)
    for name, each in held.items():
        if change == "gate and up" and "dense_h_to_4h" in name:
            other[name] = torch.cat(each.chunk(2)[::-1])
        if change == "keys and values" and "query_key_value" in name:
            queries, rest = each[: HEADS * HEAD], each[HEADS * HEAD :]
            other[name] = torch.cat([queries, *rest.chunk(2)[::-1]])
        if change == "other groups" and "query_key_value" in name:
            queries, rest = each[: HEADS * HEAD].unflatten(0, (HEADS, HEAD)), each[HEADS * HEAD :]
            other[name] = torch.cat([queries[[0, 2, 4, 1, 3, 5]].flatten(0, 1), rest])
    if change == "nothing turned":
        monkeypatch.setattr(chatglm_kit, "turn", lambda x: x)
    if change == "pairs half a head apart":
        apart = [0, 2, 1, 3, *range(4, HEAD)]
        monkeypatch.setattr(chatglm_kit, "turn", lambda x: plain(x[..., apart])[..., apart])
    assert (ours - logits(other, embeds_ND)).abs().max() > 0.01


def test_frames_and_both_adapters_reach_the_answer(parts) -> None:
    folder, base, projector, _, merged = parts
    model = assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])
    frames_MF = torch.randn(2, 768, generator=torch.Generator().manual_seed(1))
    embeds_ND = merged["transformer.embedding.word_embeddings.weight"][IDS[0]].clone()
    embeds_ND[IDS[0] == 0] = (
        frames_MF @ projector["transformer.mm_projector.weight"].T
        + projector["transformer.mm_projector.bias"]
    )
    torch.testing.assert_close(forward(model, frames_MF), logits(merged, embeds_ND), atol=5e-5, rtol=1e-5)


def test_merging_parts_is_merging_the_fused_matrix(parts) -> None:
    folder, base, _, held, merged = parts
    model = assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])
    state = {
        name.replace("model.language_model.", "model."): each for name, each in model.state_dict().items()
    }
    for ours, place in places(model.config.text_config).items():
        wanted = merged[place.name][place.start : place.stop]
        torch.testing.assert_close(state[ours], wanted, atol=1e-6, rtol=1e-6)
    fused = "transformer.encoder.layers.1.self_attention.query_key_value.weight"
    assert (merged[fused] - held[fused]).abs().max() > 0.1  # the adapters do something
    head = "transformer.output_layer.weight"
    assert (merged[head] - held[head]).abs().max() > 0.1  # the head too


def test_half_precision_is_rounded_after_each_stage(parts) -> None:
    folder, base, _, held, _ = parts
    model = assemble(
        base,
        folder / "mm_projector.bin",
        adapters=[folder / "stage2", folder / "stage3"],
        merge_dtype=torch.float16,
    )
    name = "transformer.encoder.layers.0.self_attention.query_key_value.weight"
    updates = [write_adapter(folder / "again", held, seed=seed, rank=rank) for seed, rank in ((2, 4), (3, 2))]
    wanted = held[name]
    for update in updates:
        wanted = (wanted + update[name]).half().float()
    rows = model.model.language_model.layers[0].self_attn
    ours = torch.cat([rows.q_proj.weight, rows.k_proj.weight, rows.v_proj.weight])
    torch.testing.assert_close(ours, wanted, atol=1e-3, rtol=1e-3)
    assert torch.equal(ours, ours.half().float())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("missing", "transformer.encoder.layers.1.mlp.dense_h_to_4h.weight"),
        ("missing", "transformer.output_layer.weight"),
        ("unexpected", "transformer.encoder.layers.9.input_layernorm.weight"),
        ("unexpected", "transformer.prefix_encoder.embedding.weight"),
        ("of another shape", "transformer.encoder.layers.0.self_attention.query_key_value.bias"),
    ],
)
def test_a_base_that_does_not_fit_is_refused_in_its_own_names(tmp_path, kind, name) -> None:
    held = released()
    if kind == "missing":
        del held[name]
    elif kind == "unexpected":
        held[name] = torch.zeros(3)
    else:
        held[name] = held[name][:-1]
    base = write_base(tmp_path / "base", held)
    write_projector(tmp_path / "mm_projector.bin")
    with pytest.raises(WeightsError, match=kind) as raised:
        assemble(base, tmp_path / "mm_projector.bin", stages=0)
    assert f"1 {kind}: {name}" in str(raised.value)


def test_an_adapter_of_another_model_is_refused(parts) -> None:
    folder, base, _, held, _ = parts
    wide = {**held, "transformer.output_layer.weight": torch.zeros(WIDTH, WIDTH)}
    write_adapter(folder / "stage3", wide, seed=3)
    with pytest.raises(WeightsError, match=r"of another shape: transformer\.output_layer\.weight"):
        assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])
    write_adapter(folder / "stage3", held, seed=3)
    tensors = torch.load(folder / "stage3" / "adapter_model.bin")
    torch.save(
        {name.replace("dense_h_to_4h", "gate_proj"): each for name, each in tensors.items()},
        folder / "stage3" / "adapter_model.bin",
    )
    with pytest.raises(WeightsError, match=f"{LAYERS} unexpected: .*gate_proj"):
        assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])


def test_a_stage_that_is_missing_is_refused(parts) -> None:
    folder, base, *_ = parts
    with pytest.raises(WeightsError, match="2 adapters in order"):
        assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage3"])


def test_it_is_saved_and_loaded_as_one_folder(parts, tmp_path) -> None:
    folder, base, *_ = parts
    model = assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])
    save(model, tmp_path / "whole", tokenizer_from=base)
    again = load(tmp_path / "whole")
    assert isinstance(again.config.text_config, GlmConfig)
    for name, each in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], each), name
    assert torch.equal(forward(again), forward(model))


def test_a_folder_merged_upstream_is_loaded(parts, tmp_path) -> None:
    """``VTimeLLM_ChatGLM`` with everything in it, the projector under its released name."""
    _, _, projector, _, merged = parts
    whole = write_base(tmp_path / "whole", {**merged, **projector}, model_type="VTimeLLM_ChatGLM")
    model = load(whole)
    embeds_ND = merged["transformer.embedding.word_embeddings.weight"][IDS[0]]
    torch.testing.assert_close(forward(model), logits(merged, embeds_ND), atol=5e-5, rtol=1e-5)
    assert torch.equal(model.model.projectors["frame"].weight, projector["transformer.mm_projector.weight"])


def test_a_projector_that_was_trained_again_replaces_the_first(parts) -> None:
    folder, base, *_ = parts
    again = {"base_model.model.transformer.mm_projector.bias": torch.full((WIDTH,), 7.0)}
    torch.save(again, folder / "stage3" / "non_lora_trainables.bin")
    model = assemble(base, folder / "mm_projector.bin", adapters=[folder / "stage2", folder / "stage3"])
    assert torch.equal(model.model.projectors["frame"].bias, torch.full((WIDTH,), 7.0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("add_bias_linear", True),
        ("rmsnorm", False),
        ("apply_residual_connection_post_layernorm", True),
        ("quantization_bit", 4),
        ("pre_seq_len", 128),
        ("rope_ratio", 50),
        ("multi_query_attention", False),
        ("post_layer_norm", False),
    ],
)
def test_what_glm_does_not_compute_is_refused(name, value) -> None:
    with pytest.raises(WeightsError, match=name):
        text_config({**FIELDS, name: value}, "a test")


def test_a_config_without_a_size_is_refused(tmp_path) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "ffn_hidden_size"}
    (tmp_path / "config.json").write_text(json.dumps(fields))
    with pytest.raises(WeightsError, match="ffn_hidden_size"):
        base_config(tmp_path)


def test_the_published_shape_has_the_published_count_of_weights() -> None:
    shapes = released_shapes(chatglm3_6b())
    assert sum(math.prod(shape) for shape in shapes.values()) == 6_243_584_000
    at = "transformer.encoder.layers.27."
    assert shapes[f"{at}self_attention.query_key_value.weight"] == (4608, 4096)
    assert shapes[f"{at}mlp.dense_h_to_4h.weight"] == (27_392, 4096)
    config = VTimeLLMConfig(text_config=chatglm3_6b(), **variant_fields("vtimellm"))
    with torch.device("meta"):
        model = VTimeLLMForCausalLM(config)
    assert sum(each.numel() for each in model.parameters()) == 6_243_584_000 + 4096 * 769
    ours = {name.replace("model.language_model.", "model.") for name in model.state_dict()}
    assert {name for name in ours if "projectors" not in name} == set(places(chatglm3_6b()))


def test_an_adapter_is_put_where_the_published_ones_were() -> None:
    """On every matrix of a layer and on the head, never on the tower or the projector; the rest stays as it is."""
    peft = pytest.importorskip("peft")
    model = VTimeLLMForCausalLM(tiny_chatglm3())
    wrapped = peft.get_peft_model(model, peft.LoraConfig(r=2, lora_alpha=4, target_modules=TARGETS))
    trained = {name for name, each in wrapped.named_parameters() if each.requires_grad}
    text = model.config.text_config
    released = {place.name for place in places(text).values()}
    fused = {
        name for name in released if len(released_shapes(text)[name]) == 2 and "word_embeddings" not in name
    }
    assert len(fused) == 4 * text.num_hidden_layers + 1
    # Queries, keys and values are three here and one there.
    assert len(trained) == 2 * (len(fused) + 2 * text.num_hidden_layers)
    assert all(("language_model.layers" in name) ^ ("lm_head" in name) for name in trained)
