"""The config: published values as defaults, every released field read, what is not computed refused."""

from __future__ import annotations

import json

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from helpers.arc_toy import FACTS, toy_config
from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video import (
    ArcHunyuanVideoConfig,
    ArcHunyuanVideoForConditionalGeneration,
    tiny_config,
)


def count(module):
    return sum(each.numel() for each in module.parameters())


def test_the_published_model_has_8_635_g_parameters_in_its_published_parts():
    with torch.device("meta"):
        model = ArcHunyuanVideoForConditionalGeneration(ArcHunyuanVideoConfig())
    table = model.language_model.model.embed_tokens.weight
    assert model.language_model.lm_head.weight is table
    parts = {
        "whole": count(model),
        "decoder without embedding": count(model.language_model) - table.numel(),
        "embedding": table.numel(),
        "vision tower": count(model.vision_model.vit),
        "merger": count(model.vision_model.perceive),
        "speech encoder": count(model.speech_encoder),
        "mlp2": count(model.mlp2),
    }
    assert {name: round(each / 1e9, 3) for name, each in parts.items()} == {
        "whole": 8.635,
        "decoder without embedding": 6.980,
        "embedding": 0.525,
        "vision tower": 0.431,
        "merger": 0.040,
        "speech encoder": 0.637,
        "mlp2": 0.022,
    }
    assert round(2 * parts["whole"] / 1e9, 2) == 17.27  # GB in bfloat16, the size of the published download


def test_published_shapes_of_the_released_key_names():
    with torch.device("meta"):
        model = ArcHunyuanVideoForConditionalGeneration(ArcHunyuanVideoConfig())
    shapes = {name: tuple(each.shape) for name, each in model.state_dict().items()}
    assert shapes["vision_model.vit.embeddings.position_embedding.weight"] == (16385, 1152)
    assert shapes["vision_model.vit.embeddings.position_ids"] == (1, 16385)
    assert shapes["vision_model.perceive.proj.0.weight"] == (2304, 1152, 2, 2)
    assert shapes["vision_model.perceive.mlp.weight"] == (4096, 4608)
    assert shapes["speech_encoder.conv1.weight"] == (1280, 128, 3)
    assert shapes["mlp2.1.weight"] == (4096, 1280)
    assert shapes["language_model.model.layers.31.self_attn.k_proj.weight"] == (1024, 4096)


def test_the_rotary_frequencies_of_the_published_model():
    text = ArcHunyuanVideoConfig().text
    assert text.axis_sizes == (16, 16, 16, 16)
    assert text.rope_base * text.rope_alpha ** (128 / 126) == pytest.approx(11158839.925, rel=1e-8)
    with torch.device("meta"):
        model = ArcHunyuanVideoForConditionalGeneration(ArcHunyuanVideoConfig())
    frequencies = model.language_model.model.rotary.inv_freq_H
    assert frequencies.device.type == "cpu"  # a model made on the meta device has them all the same
    assert frequencies[[0, 1, 15, 16, 63]].tolist() == pytest.approx(
        [1.0, 0.7760, 2.2295e-2, 1.7302e-2, 1.1548e-7], rel=1e-4
    )


def test_released_fields_are_read_and_survive_saving(tmp_path):
    toy = json.loads(json.dumps(FACTS["toy_config"]))
    released = {
        "model_type": "arc_hunyuan_video",
        "architectures": ["ArcHunyuanVideoForConditionalGeneration"],
        "torch_dtype": "bfloat16",
        "max_num_frame": 150,
        "text_config": {"model_type": "arc_hunyuan_video_text", "torch_dtype": "bfloat16", **toy["text"]},
        "vision_config": {
            "model_type": "arc_hunyuan_video_vision",
            "torch_dtype": "bfloat16",
            **toy["vision"],
        },
        "audio_config": {"model_type": "arc_hunyuan_video_audio", **toy["audio"]},
    }
    (tmp_path / "config.json").write_text(json.dumps(released))
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, ArcHunyuanVideoConfig)
    assert config.vision.dtype == torch.bfloat16
    assert (config.text.head_dim, config.text.attention_head_dim) == (16, 16)
    assert (config.text.rope_base, config.text.rope_alpha) == (100.0, 8.0)
    config.save_pretrained(tmp_path / "again")
    again = AutoConfig.from_pretrained(tmp_path / "again")
    one, two = (each.to_dict() | {"_name_or_path": ""} for each in (config, again))
    assert one == two
    assert again.text.axis_sizes == (2, 2, 2, 2)


def test_more_fields_of_public_hunyuan_configs_do_no_harm():
    rope = {"type": "dynamic", "alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "factor": 1.0}
    config = ArcHunyuanVideoConfig(
        text_config={"rope_scaling": rope, "rope_theta": 10000.0, "cla_share_factor": 2}
    )
    assert config.text.rope_alpha == 1000.0
    assert config.text.cla_share_factor == 2
    assert rope["factor"] == 1.0
    assert "rope_type" not in rope  # the caller's dict is left alone


def test_sections_may_be_counts():
    assert tiny_config(64, **IDS, xdrope_section=[5, 1, 1, 1]).text.axis_sizes == (5, 1, 1, 1)
    with pytest.raises(UsageError, match=r"found 7 frequencies; allowed: 8"):
        _ = tiny_config(64, **IDS, xdrope_section=[4, 1, 1, 1]).text.axis_sizes


IDS = {"pad_token_id": 0, "image_token_id": 1}


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("text", "use_qk_norm", False),
        ("text", "position_embedding_xdrope", False),
        ("text", "norm_type", "torch_nn"),
        ("vision", "use_rotary_pos_emb", True),
        ("vision", "is_causal", True),
        ("vision", "norm_type", "hf_rms"),
        ("vision", "anyres_pooling_size", 4),
    ],
)
def test_settings_that_would_need_other_code_are_refused(part, field, value):
    with pytest.raises(UsageError, match=rf"use {field} .*allowed: "):
        ArcHunyuanVideoConfig(**{f"{part}_config": {field: value}})


@pytest.mark.parametrize("rope", [{"type": "yarn", "factor": 4.0}, {"type": "dynamic", "factor": 1.0}])
def test_other_rotary_scalings_are_refused(rope):
    with pytest.raises((UsageError, KeyError), match=r"rope"):
        ArcHunyuanVideoConfig(text_config={"rope_scaling": rope})


@pytest.mark.parametrize(("side", "slots"), [(64, 4), (128, 8), (448, 58), (640, 112), (1024, 274)])
def test_slots_of_a_frame(side, slots):
    assert ArcHunyuanVideoConfig().vision.frame_slots(side) == slots


@pytest.mark.parametrize("side", [0, 32, 100, 641])
def test_sides_that_do_not_divide_are_refused(side):
    with pytest.raises(UsageError, match=r"multiples of 64 px"):
        ArcHunyuanVideoConfig().vision.frame_slots(side)


def test_tiny_is_tiny_and_auto_classes_make_it():
    model = AutoModelForImageTextToText.from_config(tiny_config(1000, **IDS))
    assert isinstance(model, ArcHunyuanVideoForConditionalGeneration)
    assert count(model) < 1_000_000
    assert model.config.vision.frame_slots(model.config.vision.force_image_size) == 112


def test_the_toy_of_the_recorded_numbers_is_the_tiny_preset():
    assert tiny_config(512).vision.to_diff_dict() == toy_config().vision.to_diff_dict()
    assert tiny_config(512).text.axis_sizes == toy_config().text.axis_sizes


def test_the_published_widths_fit_together():
    """On the meta device: no memory, every shape as published."""
    with torch.device("meta"):
        model = ArcHunyuanVideoForConditionalGeneration(ArcHunyuanVideoConfig()).eval()
        assert model.vision_model(torch.empty(3, 3, 640, 640)).shape == (3, 112, 4096)
        assert model.forward_sound(torch.empty(2, 128, 3000)).shape == (3000, 4096)
        positions = torch.zeros(1, 4, 300, dtype=torch.int64)
        out = model.language_model(
            inputs_embeds=torch.empty(1, 300, 4096), position_ids=positions, logits_to_keep=1
        )
    assert out.logits.shape == (1, 1, 128256)
