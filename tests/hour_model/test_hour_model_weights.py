"""Configurations and folders of weights, as released and as saved: everything fits or is refused with a table."""

import json

import pytest
import torch
from hour_kit import VOCABULARY, sample, tiny
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from playhead.errors import UsageError, WeightsError
from playhead.models.hour_llava.config import (
    PINPOINTS,
    HourLlavaConfig,
    config_3b,
    config_7b,
    tiny_config,
)
from playhead.models.hour_llava.forget import FRAME_TOKENS
from playhead.models.hour_llava.model import HourLlavaForCausalLM, HourLlavaModel
from playhead.models.hour_llava.weights import check_config, load

# What the specification says a released config.json holds, with the language model's own keys beside it.
RELEASED = {
    "architectures": ["HourLlavaQwenForCausalLM"],
    "model_type": "hour_llava_qwen",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "rope_theta": 1000000.0,
    "rope_scaling": None,
    "rms_norm_eps": 1e-06,
    "max_position_embeddings": 32768,
    "max_window_layers": 28,
    "sliding_window": None,
    "use_sliding_window": False,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.46.3",
    "use_cache": True,
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "hidden_act": "silu",
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "mm_resampler_type": "memaug",
    "memaug_depth": 4,
    "spatial_sampling_type": "random",
    "mm_projector_type": "mlp2x_gelu",
    "mm_hidden_size": 1152,
    "mm_patch_merge_type": "spatial_unpad",
    "mm_newline_position": "grid",
    "mm_spatial_pool_mode": "bilinear",
    "mm_vision_select_layer": -2,
    "image_aspect_ratio": "anyres_max_9",
    "image_grid_pinpoints": [list(pair) for pair in PINPOINTS],
    "tokenizer_model_max_length": 32768,
    "mm_vision_tower": "google/siglip-so400m-patch14-384",
    "add_faster_video": False,
}


def on_meta(config):
    with torch.device("meta"):
        return HourLlavaForCausalLM(config)


def count(module):
    return sum(each.numel() for each in module.parameters())


def test_a_released_configuration_is_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(RELEASED))
    config = AutoConfig.from_pretrained(tmp_path)
    assert type(config) is HourLlavaConfig
    assert config.rotary_theta == 1e6
    assert (config.head_width, config.grid_side, config.image_side_px) == (128, 27, 384)
    assert config.tower.num_hidden_layers == 26
    assert len(config.image_grid_pinpoints) == 36
    same = config_7b().to_dict()
    assert {
        key: config.to_dict()[key]
        for key in ("hidden_size", "vocab_size", "vision_config", "rope_parameters")
    } == {key: same[key] for key in ("hidden_size", "vocab_size", "vision_config", "rope_parameters")}
    config.save_pretrained(tmp_path / "again")
    again = AutoConfig.from_pretrained(tmp_path / "again")
    assert {**again.to_dict(), "_name_or_path": ""} == {**config.to_dict(), "_name_or_path": ""}
    for folder in (tmp_path, tmp_path / "again"):
        check_config(folder, asked="read")


@pytest.mark.parametrize(("config", "memaug"), [(config_3b, 209.8), (config_7b, 646.1)])
def test_memaug_has_the_published_number_of_parameters(config, memaug):
    model = on_meta(config())
    assert round(count(model.model.vision_resampler) / 1e6, 1) == memaug
    shapes = {name: tuple(each.shape) for name, each in model.named_parameters()}
    at = "model.vision_resampler.layers.3."
    width = model.config.hidden_size
    fused = {3584: (4608, 1024), 2048: (2560, 512)}[width]
    assert shapes[f"{at}self_attn.Wqkv.weight"] == (fused[0], width)
    assert shapes[f"{at}cross_attn.Wkv.weight"] == (fused[1], width)
    assert shapes[f"{at}mlp.0.weight"] == (4 * width, width)
    assert shapes["model.mm_projector.0.weight"] == (width, 1152)
    tower = "model.vision_tower.vision_tower.vision_model."
    assert shapes[f"{tower}embeddings.position_embedding.weight"] == (729, 1152)
    assert f"{tower}encoder.layers.25.mlp.fc2.weight" in shapes
    assert f"{tower}post_layernorm.weight" in shapes
    assert not [name for name in shapes if ("layers.26." in name and "vision" in name) or ".head." in name]


def test_the_tiny_one_is_under_a_million_parameters():
    assert count(on_meta(tiny_config(4096))) < 1_000_000
    assert count(tiny()) < 1_000_000


WRONG = {
    "spatial_sampling_type": "grid",
    "mm_resampler_type": "perceiver",
    "mm_spatial_pool_mode": "average",
    "add_faster_video": True,
    "image_grid_pinpoints": "(1x1),...,(6x6)",
    "rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0},
}


@pytest.mark.parametrize("key", WRONG)
def test_a_configuration_of_another_computation_is_refused(key):
    with pytest.raises(UsageError, match=f"configuration: {key}; found"):
        tiny_config(VOCABULARY, **{key: WRONG[key]})


def test_a_tower_of_another_width_is_refused():
    with pytest.raises(UsageError, match="mm_hidden_size 1152 for a tower of 32"):
        tiny_config(VOCABULARY, mm_hidden_size=1152)


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    tiny().save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def change(folder, edit):
    """Edit the saved tensors in place."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


def change_config(folder, **keys):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


@pytest.mark.parametrize("tied", [True, False])
def test_what_is_saved_is_loaded_again_to_the_bit(tmp_path, tied):
    model = tiny(tie_word_embeddings=tied)
    model.save_pretrained(tmp_path)
    again, auto = load(tmp_path), AutoModelForCausalLM.from_pretrained(tmp_path)
    for other in (again, auto):
        assert type(other) is HourLlavaForCausalLM
        for name, each in model.state_dict().items():
            assert torch.equal(other.state_dict()[name], each), name
    again.save_pretrained(tmp_path / "again")
    first, second = (load_file(path / "model.safetensors") for path in (tmp_path, tmp_path / "again"))
    assert first.keys() == second.keys()
    with torch.no_grad():
        assert torch.equal(again.train(False)(**sample()).logits, model(**sample()).logits)


def test_the_model_without_its_head_loads_from_the_same_folder(folder):
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert type(model) is HourLlavaModel
    assert not any(info[each] for each in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert torch.equal(model.image_newline, load(folder).model.image_newline)


def test_names_on_disk_are_the_released_ones(folder):
    names = set(load_file(folder / "model.safetensors"))
    assert "lm_head.weight" not in names  # tied
    parts = {".".join(name.split(".")[:3]) for name in names}
    assert parts == {
        "model.embed_tokens.weight",
        "model.norm.weight",
        "model.image_newline",
        "model.layers.0",
        "model.layers.1",
        "model.mm_projector.0",
        "model.mm_projector.2",
        "model.vision_tower.vision_tower",
        "model.vision_resampler.layers",
    }
    block = {
        name.removeprefix("model.vision_resampler.layers.0.")
        for name in names
        if ".layers.0." in name and "resampler" in name
    }
    linears = {
        "self_attn.Wqkv",
        "self_attn.Wo",
        "cross_attn.Wq",
        "cross_attn.Wkv",
        "cross_attn.Wo",
        "mlp.0",
        "mlp.2",
    }
    assert block == {
        f"{each}.{kind}" for each in linears | {"norm1", "norm2", "norm3"} for kind in ("weight", "bias")
    }


def test_a_tied_checkpoint_may_hold_its_head_too(folder):
    change(
        folder,
        lambda tensors: tensors.update({"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}),
    )
    model = load(folder)
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_old_style_weight_files_are_read(folder):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    assert torch.equal(load(folder).model.image_newline, tensors["model.image_newline"])


def test_an_untied_checkpoint_without_a_head_is_refused(folder):
    change_config(folder, tie_word_embeddings=False)
    with pytest.raises(WeightsError, match=r"1 missing: lm_head\.weight"):
        load(folder)


BROKEN = {
    "missing": (
        lambda tensors: tensors.pop("model.image_newline"),
        r"1 missing: model\.image_newline",
    ),
    "missing norm that is not used": (
        lambda tensors: tensors.pop("model.vision_tower.vision_tower.vision_model.post_layernorm.weight"),
        r"1 missing: .*post_layernorm\.weight",
    ),
    "a layer too many": (
        lambda tensors: tensors.update(
            {
                "model.vision_tower.vision_tower.vision_model.encoder.layers.2.layer_norm1.bias": torch.zeros(
                    32
                )
            }
        ),
        r"1 unexpected: .*layers\.2\.layer_norm1\.bias",
    ),
    "another shape": (
        lambda tensors: tensors.update(
            {"model.vision_resampler.layers.1.cross_attn.Wkv.weight": torch.zeros(128, 64)}
        ),
        r"1 of another shape: model\.vision_resampler\.layers\.1\.cross_attn\.Wkv\.weight \(128, 64\) for \(64, 64\)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_checkpoint_that_does_not_fit_is_refused_with_a_table(folder, case):
    edit, told = BROKEN[case]
    change(folder, edit)
    with pytest.raises(WeightsError, match=told):
        load(folder)


def test_unknown_keys_are_refused_with_the_nearest_known_one(folder):
    change_config(folder, memaug_dept=4)
    with pytest.raises(WeightsError, match=r"memaug_dept.*did you mean 'memaug_depth'"):
        load(folder)
    assert load(folder, allow_keys=["memaug_dept"]).config.memaug_depth == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"model_type": "llava"}', "model_type 'llava'; allowed: hour_llava_qwen"),
        ("{", "no JSON"),
        ("[]", "a JSON object"),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, text, told):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(WeightsError, match=told):
        load(tmp_path)


def test_an_empty_folder_and_one_without_weights_are_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"config\.json"):
        load(tmp_path)
    tiny().config.save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="check the folder's files"):
        load(tmp_path)


def test_loading_in_16_bits_keeps_rotary_and_positions_whole(folder):
    model = load(folder, dtype=torch.bfloat16).train(False)
    assert {each.dtype for each in model.parameters()} == {torch.bfloat16}
    assert model.model.rotary_emb.inv_freq.dtype == torch.float32
    tower = model.model.vision_tower.vision_tower.vision_model
    assert tower.embeddings.position_ids.tolist() == [list(range(100))]
    with torch.no_grad():
        found, wanted = model(**sample()).logits.float(), load(folder).train(False)(**sample()).logits
    assert (found - wanted).abs().max() < 0.05 * wanted.abs().max()


def test_an_hour_of_tokens_fits_the_table():
    assert 3600 * FRAME_TOKENS == 234_000
