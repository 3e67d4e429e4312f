"""Two rates: the router of InternVL3.5-Flash against its formula in 64 bits, the rule, and the same rule elsewhere."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import draw_slides
from playhead.errors import UsageError, WeightsError
from playhead.media.clip import Video
from playhead.models.interleaved.family import tiny_model
from playhead.models.interleaved.rates import halved, pooled, share_kept, small
from playhead.tasks.ask import Ask

GOLDEN = 1e-5
_MADE = {}


@pytest.fixture
def of():
    def get(name: str, **options):
        key = (name, tuple(sorted(options.items())))
        if key not in _MADE:
            _MADE[key] = playhead.load(name, device="cpu", **options).engine
        return _MADE[key]

    return get


@pytest.fixture(scope="module")
def flash():
    return tiny_model("internvl_flash").train(False)


def prompt(engine, look):
    return engine.layout(look, engine.request(Ask("What is shown?"), look).text)


# --- the formula, in float64 -----------------------------------------------------------------------------------------


def weights(module) -> dict[str, np.ndarray]:
    return {name: value.detach().double().numpy() for name, value in module.state_dict().items()}


def linear(held, name, x):
    return x @ held[f"{name}.weight"].T + held[f"{name}.bias"]


def norm(held, name, x):
    centred = x - x.mean(-1, keepdims=True)
    return (
        centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * held[f"{name}.weight"]
        + held[f"{name}.bias"]
    )


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def softmax(x):
    raised = np.exp(x - x.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def fitness_64(model, squares_FSC):
    """One query, four passes of which the last three have the second's weights; four residual blocks; a softmax over two."""
    pooling, gating = weights(model.model.pooling_before_gating), weights(model.model.gating)
    tiles, _, width = squares_FSC.shape
    query = np.repeat(pooling["query_token"][None], tiles, axis=0)
    for number in (1, 2, 2, 2):
        q, k, v = (
            linear(pooling, f"attn{number}.{part}_proj", x)
            .reshape(tiles, -1, 16, width // 16)
            .transpose(0, 2, 1, 3)
            for part, x in (("q", query), ("k", squares_FSC), ("v", squares_FSC))
        )
        taken = softmax(q @ k.transpose(0, 1, 3, 2) / math.sqrt(width // 16)) @ v
        joined = taken.transpose(0, 2, 1, 3).reshape(tiles, 1, width)
        query = norm(pooling, f"norm{number}", linear(pooling, f"attn{number}.out_proj", joined))
    x = query[:, 0]
    for number in range(1, 5):
        block = f"block{number}"
        x = x + norm(
            gating, f"{block}.5", linear(gating, f"{block}.3", gelu(linear(gating, f"{block}.0", x)))
        )
    return softmax(linear(gating, "gate.1", norm(gating, "gate.0", x)))[:, 0]


def shuffled_64(squares_FSC, scale):
    """The published reshaping: columns together, then rows, and the axes swapped back."""
    tiles, squares, width = squares_FSC.shape
    edge = math.isqrt(squares)
    x = squares_FSC.reshape(tiles, edge, int(edge * scale), int(width / scale)).transpose(0, 2, 1, 3)
    x = x.reshape(tiles, int(edge * scale), int(edge * scale), int(width / scale**2)).transpose(0, 2, 1, 3)
    return x.reshape(tiles, -1, x.shape[-1])


def little_64(model, squares_FSC):
    held = weights(model.model.mlp2)
    x = norm(held, "0", shuffled_64(squares_FSC, 0.25))
    return linear(held, "7", gelu(linear(held, "4", gelu(linear(held, "1", x)))))


def large_64(model, squares_FSC):
    held = weights(model.model.multi_modal_projector)
    x = norm(held, "layer_norm", shuffled_64(squares_FSC, 0.5))
    return linear(held, "linear_2", gelu(linear(held, "linear_1", x)))


@pytest.fixture(scope="module")
def squares(flash):
    chance = torch.Generator().manual_seed(5)
    tiles = torch.randn(6, 3, 112, 112, generator=chance)
    with torch.inference_mode():
        return tiles, flash.model.squares(tiles)


def test_the_router_is_the_published_formula(flash, squares) -> None:
    with torch.inference_mode():
        made = flash.model.fitness(squares[1]).numpy()
    expected = fitness_64(flash, squares[1].double().numpy())
    np.testing.assert_allclose(made, expected, atol=GOLDEN)
    assert np.ptp(expected) > 100 * GOLDEN


def test_passes_three_and_four_have_the_weights_of_the_second(flash, squares) -> None:
    """Those released under their own numbers change nothing."""
    with torch.inference_mode():
        before = flash.model.fitness(squares[1])
        for name, each in flash.model.pooling_before_gating.named_parameters():
            if name.startswith(("attn3", "attn4", "norm3", "norm4")):
                each.add_(1.0)
        assert torch.equal(flash.model.fitness(squares[1]), before)
        flash.model.pooling_before_gating.norm2.bias.add_(0.5)
        assert not torch.equal(flash.model.fitness(squares[1]), before)
        flash.model.pooling_before_gating.norm2.bias.sub_(0.5)


def test_tiles_of_both_rates_are_the_published_formulas(flash, squares) -> None:
    chosen = torch.tensor([False, True, True, False, True, False])
    with torch.inference_mode():
        made = flash.model.get_image_features(squares[0], chosen).pooler_output
    held = squares[1].double().numpy()
    little, large = little_64(flash, held), large_64(flash, held)
    expected = np.concatenate([little[n] if chosen[n] else large[n] for n in range(6)])
    assert made.shape == (3 * 4 + 3 * 16, 32)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-4, rtol=1e-4)


# --- the rule --------------------------------------------------------------------------------------------------------


def test_the_rule_is_the_quantile_and_the_least_fitness() -> None:
    fitness = np.array([0.9, 0.2, 0.6, 0.7, 0.4])
    assert small(fitness, 0.5, 0.0).tolist() == [True, False, False, True, False]  # above the median, 0.6
    assert small(fitness, 0.0, 0.5).tolist() == [True, False, True, True, False]
    assert small(fitness, 0.0, 0.0).tolist() == [
        True,
        False,
        True,
        True,
        True,
    ]  # the least fit is not above itself
    assert small(fitness, 0.1, 0.95).tolist() == [False] * 5
    assert small(fitness, 1.0, 0.0).tolist() == [False] * 5
    assert small(np.array([0.8]), 0.1, 0.5).tolist() == [False]
    quantile = torch.quantile(torch.from_numpy(fitness), 0.37).item()
    assert small(fitness, 0.37, 0.0).tolist() == (fitness > quantile).tolist()
    with pytest.raises(UsageError, match="fitness"):
        small(np.array([np.nan]), 0.5, 0.5)


@pytest.mark.parametrize("large", [0, 1, 3, 5])
def test_the_share_of_tokens_that_is_kept(large) -> None:
    grids = np.full((5, 2), 16)
    chosen = np.arange(5) >= large
    assert (
        halved(grids, chosen).prod(axis=1).sum() / (5 * 256)
        == share_kept(large, 5)
        == 0.25 + 0.75 * large / 5
    )
    assert halved(np.array([[7, 5]]), np.array([True])).tolist() == [[4, 3]]


def test_averaging_two_by_two() -> None:
    features = torch.arange(4 * 4, dtype=torch.float32).reshape(16, 1)
    made = pooled(torch.cat([features, features]), np.full((2, 2), 4), np.array([True, False]))
    assert made[:4, 0].tolist() == [2.5, 4.5, 10.5, 12.5]
    assert torch.equal(made[4:], features)
    odd = pooled(torch.arange(9.0).reshape(9, 1), np.array([[3, 3]]), np.array([True]))
    assert odd[:, 0].tolist() == [2.0, 3.5, 6.5, 8.0]


# --- on whole engines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["internvl-flash-tiny", "internvl-tiny", "llava-onevision-tiny"])
def test_pictures_have_two_rates_and_the_prompt_has_their_places(of, drawn, name) -> None:
    options = {} if "flash" in name else {"flash": True, "flash_absolute": 0.0}
    engine, video = of(name, max_frames=6, **options), Video(str(drawn("variable").path))
    look = engine.look(video)
    layout, chosen = prompt(engine, look), look.data.small_F
    assert 0 < chosen.sum() < 6
    lengths = [slot.length for slot in layout.slots]
    assert lengths == [4 if each else 16 for each in chosen]
    assert sum(lengths) / (6 * 16) == share_kept(6 - int(chosen.sum()), 6)
    assert engine._encode(look.data, lambda *_: None).shape[0] == sum(lengths)
    answer = engine.answer(video, Ask("What is shown?"))
    assert any(
        f"{chosen.sum()} of 6 pictures are given as a quarter" in note for note in answer.sampling.notes
    )
    with torch.inference_mode():
        given = engine.model(**engine.inputs(look, layout)).logits
        kept = engine.model(**engine._with_features(look, layout, lambda *_: None)).logits
    torch.testing.assert_close(given, kept, atol=1e-5, rtol=1e-5)


def test_the_router_decides_as_its_model_does_alone(of, drawn) -> None:
    engine = of("internvl-flash-tiny", max_frames=6)
    look = engine.look(Video(str(drawn("variable").path)))
    with torch.inference_mode():
        alone = engine.net.get_image_features(look.data.prepared).pooler_output
        told = engine.net.model.get_image_features(
            look.data.prepared, torch.from_numpy(look.data.small_F)
        ).pooler_output
    assert torch.equal(alone, told)
    assert look.data.alike_F is None


def test_without_a_router_pictures_like_the_one_before_are_given_small(of, tmp_path) -> None:
    path = draw_slides(tmp_path / "slides.mp4", 40)
    for name in ("internvl-tiny", "llava-onevision-tiny"):
        engine = of(name, max_frames=8, flash=True, flash_relative=0.0)
        data = engine.look(Video(str(path))).data
        change = next(number for number, time_s in enumerate(data.times_s) if time_s >= 2.0)
        assert not data.small_F[0]
        assert not data.small_F[change]
        assert data.small_F.sum() >= 4


def test_flash_can_be_turned_off_for_a_model_with_a_router(of, drawn) -> None:
    engine = of("internvl-flash-tiny", max_frames=4, flash=False)
    look = engine.look(Video(str(drawn("constant").path)))
    assert look.data.small_F is None
    assert {slot.length for slot in prompt(engine, look).slots} == {16}


# --- the released folder ---------------------------------------------------------------------------------------------


def released(folder):
    """A tiny model's folder as InternVL3.5-Flash is released: the makers' configuration, names and fused matrices."""
    engine = playhead.load("internvl-flash-tiny", device="cpu").engine
    engine.save(folder)
    config = engine.net.config
    text = json.loads(config.text_config.to_json_string(use_diff=False))
    vision = config.vision_config
    text["architectures"] = ["Qwen3ForCausalLM"]
    held = {
        "architectures": ["InternVLChatModel"],
        "auto_map": {"AutoConfig": "configuration_internvl_chat.InternVLChatConfig"},
        "downsample_ratio": 0.5,
        "dynamic_image_size": True,
        "flash_mode": True,
        "flash_relative_threshold": 0.5,
        "flash_absolute_threshold": 0.0,
        "force_image_size": 112,
        "llm_config": text,
        "max_dynamic_patch": 12,
        "min_dynamic_patch": 1,
        "model_type": "internvl_chat",
        "pad2square": False,
        "ps_version": "v2",
        "select_layer": -1,
        "system_message": None,
        "template": "internvl2_5",
        "use_thumbnail": True,
        "vision_config": {
            "architectures": ["InternVisionModel"],
            "attention_dropout": 0.0,
            "drop_path_rate": 0.1,
            "dropout": 0.0,
            "hidden_act": "gelu",
            "hidden_size": vision.hidden_size,
            "image_size": 448,
            "initializer_factor": 0.1,
            "intermediate_size": vision.intermediate_size,
            "layer_norm_eps": 1e-6,
            "model_type": "intern_vit_6b",
            "norm_type": "layer_norm",
            "num_attention_heads": vision.num_attention_heads,
            "num_channels": 3,
            "num_hidden_layers": vision.num_hidden_layers,
            "patch_size": 14,
            "qk_normalization": False,
            "qkv_bias": True,
            "use_flash_attn": False,
        },
        "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(held))
    return engine, held


def test_weights_are_saved_with_the_released_names_and_fused(tmp_path) -> None:
    from safetensors.torch import load_file

    engine, _ = released(tmp_path / "released")
    held = load_file(tmp_path / "released" / "model.safetensors")
    layer, pooling = "vision_model.encoder.layers.1.", "pooling_before_gating."
    shapes = {
        "vision_model.embeddings.class_embedding": (1, 1, 32),
        "vision_model.embeddings.position_embedding": (1, 65, 32),
        "vision_model.embeddings.patch_embedding.weight": (32, 3, 14, 14),
        f"{layer}attn.qkv.weight": (96, 32),
        f"{layer}attn.qkv.bias": (96,),
        f"{layer}attn.proj.weight": (32, 32),
        f"{layer}norm1.weight": (32,),
        f"{layer}ls2": (32,),
        f"{layer}mlp.fc1.weight": (64, 32),
        f"{pooling}query_token": (1, 32),
        f"{pooling}attn4.in_proj_weight": (96, 32),
        f"{pooling}attn4.in_proj_bias": (96,),
        f"{pooling}attn2.out_proj.weight": (32, 32),
        f"{pooling}norm3.bias": (32,),
        "gating.block4.3.weight": (32, 128),
        "gating.block1.5.bias": (32,),
        "gating.gate.1.weight": (2, 32),
        "mlp1.0.weight": (128,),
        "mlp1.3.weight": (32, 32),
        "mlp2.0.weight": (512,),
        "mlp2.1.weight": (64, 512),
        "mlp2.7.weight": (32, 64),
        "language_model.model.layers.0.self_attn.q_proj.weight": (32, 32),
        "language_model.model.embed_tokens.weight": (266, 32),
    }
    assert {name: tuple(held[name].shape) for name in shapes} == shapes
    assert {name.split(".")[0] for name in held} == {
        "vision_model", "mlp1", "mlp2", "pooling_before_gating", "gating", "language_model",
    }  # fmt: skip
    q, k, v = held[f"{pooling}attn1.in_proj_weight"].chunk(3)
    own = engine.net.model.pooling_before_gating.attn1
    assert all(torch.equal(a, b.weight) for a, b in ((q, own.q_proj), (k, own.k_proj), (v, own.v_proj)))


def test_a_released_folder_is_opened_strictly_and_answers_the_same(tmp_path, drawn) -> None:
    engine, held = released(tmp_path / "released")
    again = playhead.load(str(tmp_path / "released"), device="cpu", constrain=True).engine
    mine, theirs = engine.net.state_dict(), again.net.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    video = Video(str(drawn("variable").path))
    before, after = (each.answer(video, Ask("What is shown?")) for each in (engine, again))
    assert (before.text, before.sampling) == (after.text, after.sampling)
    for change, said in (
        ({"wizzdom": 3}, "wizzdom"),
        ({"flash_mode": False}, "ends in -HF"),
        ({"ps_version": "v1"}, "ps_version"),
        ({"flash_relative_threshold": None, "flash_absolute_threshold": None}, "threshold"),
    ):
        made = {name: value for name, value in {**held, **change}.items() if value is not None}
        (tmp_path / "released" / "config.json").write_text(json.dumps(made))
        with pytest.raises(WeightsError, match=said):
            playhead.load(str(tmp_path / "released"), device="cpu")
