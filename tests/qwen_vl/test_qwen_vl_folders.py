"""Folders as released: flat configs of older releases, names of tensors, tokenizers; what is wrong with others is said."""

from __future__ import annotations

import json

import pytest
import torch

pytest.importorskip("transformers")
from safetensors.torch import load_file, save_file

import playhead
from playhead.errors import WeightsError
from playhead.media.clip import Video
from playhead.models.pictures.cost import parameters
from playhead.models.qwen_vl.config import config_of
from playhead.models.qwen_vl.family import FAMILY
from playhead.models.qwen_vl.kinds import kind_of
from playhead.models.registry import find_model
from playhead.tasks.ask import Ask

TINY = [
    "qwen2-vl-tiny",
    "qwen2.5-vl-tiny",
    "qwen3-vl-tiny",
    "qwen3-vl-moe-tiny",
    "qwen3.5-tiny",
    "qwen3.5-moe-tiny",
]


# Weights of the released files of Qwen3.5, as the hub counts them: one more layer, which is not loaded.
WITH_GUESSING_LAYER = {
    "qwen3.5-0.8b": 873_438_784,
    "qwen3.5-2b": 2_274_069_824,
    "qwen3.5-4b": 4_659_865_088,
    "qwen3.5-9b": 9_653_104_368,
    "qwen3.5-27b": 27_781_427_952,
    "qwen3.5-35b-a3b": 35_951_822_704,
}


def guessing_layer(text) -> int:
    """Weights of a layer of attention, its norms, and the matrix that joins what it reads."""
    width, head = text.hidden_size, text.head_dim
    attention = width * head * (3 * text.num_attention_heads + 2 * text.num_key_value_heads)
    if hasattr(text, "num_experts"):
        experts = (text.num_experts * text.moe_intermediate_size + text.shared_expert_intermediate_size) * 3
        ffn = width * (experts + text.num_experts + 1)
    else:
        ffn = 3 * width * text.intermediate_size
    norms = 2 * width + 2 * head + 3 * width
    return attention + ffn + norms + 2 * width * width


FREE = {"device": "cpu", "constrain": False, "max_new_tokens": 8}


def written(engine, video):
    look = engine.look(video)
    return engine.write(look, engine.request(Ask("What is shown?"), look))


def released(name: str, folder):
    """A tiny model's folder with its config written as the released ones are."""
    engine = playhead.load(name, **FREE).engine
    engine.save(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    text, vision = config["text_config"], config["vision_config"]
    if name.startswith("qwen3.5"):
        text |= {"full_attention_interval": 2, "attn_output_gate": True, "mamba_ssm_dtype": "float32"}
        text |= {"mlp_only_layers": [], "mtp_num_hidden_layers": 1, "mtp_use_dedicated_embeddings": False}
        vision.pop("rope_parameters", None)
        vision |= {"model_type": config["model_type"], "deepstack_visual_indexes": []}
        config["transformers_version"] = "4.57.0.dev0"
        _add_guessing_layer(folder)
        path.write_text(json.dumps(config))
        return engine, config
    rope = text.pop("rope_parameters")
    text["rope_theta"] = rope.pop("rope_theta")
    for part in (text, vision):
        part.pop("rope_parameters", None)
        part.pop("layer_types", None)
    if name.startswith("qwen3"):
        text["rope_scaling"] = {**rope, "rope_type": "default"}
        vision["model_type"] = "qwen3_vl"
    else:
        config.pop("text_config")
        text.pop("model_type")
        config |= text
        config |= {
            "rope_scaling": {"type": "mrope", "mrope_section": rope["mrope_section"]},
            "vision_token_id": 261,
        }
        vision.pop("model_type")
        vision |= {"in_chans": vision.pop("in_channels"), "spatial_patch_size": vision["patch_size"]}
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.41.2"
    path.write_text(json.dumps(config))
    return engine, config


def _add_guessing_layer(folder) -> None:
    """The layer that guesses a second token ahead, which the released files of Qwen3.5 hold beside the model."""
    [path] = folder.glob("*.safetensors")
    held = load_file(path)
    held |= {"mtp.fc.weight": torch.zeros(32, 64), "mtp.layers.0.mlp.up_proj.weight": torch.zeros(64, 32)}
    save_file(held, path, metadata={"format": "pt"})


@pytest.mark.parametrize("name", TINY)
def test_a_released_folder_is_opened_and_answers_the_same(name, tmp_path, drawn) -> None:
    engine, _ = released(name, tmp_path / "released")
    again = playhead.load(str(tmp_path / "released"), **FREE).engine
    mine, theirs = engine.net.state_dict(), again.net.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    config, wanted = again.net.config, engine.net.config
    assert (
        config.text_config.rope_parameters["mrope_section"]
        == wanted.text_config.rope_parameters["mrope_section"]
    )
    assert config.text_config.rope_parameters["rope_theta"] == 1_000_000.0
    made = config.vision_config.to_dict()
    assert {key: made[key] for key in made if key in wanted.vision_config.to_dict() and key != "dtype"} == {
        key: value for key, value in wanted.vision_config.to_dict().items() if key != "dtype"
    }
    video = Video(str(drawn("constant").path))
    before, after = (written(each, video) for each in (engine, again))
    assert before.ids == after.ids


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("where", ["top", "vision_config"])
def test_an_unknown_key_is_refused_wherever_it_stands(name, where, tmp_path) -> None:
    _, config = released(name, tmp_path / "released")
    (config if where == "top" else config["vision_config"])["patch_sise"] = 3
    (tmp_path / "released" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="patch_sise"):
        playhead.load(str(tmp_path / "released"), device="cpu")


@pytest.mark.parametrize("name", TINY)
def test_marks_that_are_not_the_models_are_refused(name, tmp_path) -> None:
    _, config = released(name, tmp_path / "released")
    config["video_token_id"] = 5
    (tmp_path / "released" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=r"video_pad.*token 5"):
        playhead.load(str(tmp_path / "released"), device="cpu")


@pytest.mark.parametrize(
    "preset", [each for each in FAMILY.presets.values() if not each.tiny], ids=lambda each: each.name
)
def test_published_sizes_have_the_published_number_of_weights(preset) -> None:
    """The numbers are those the hub gives for the released files; the configurations here must make exactly as many."""
    config = config_of(preset)
    assert parameters(kind_of(config).model_class, config) == preset.parameters
    if preset.name in WITH_GUESSING_LAYER:
        assert (
            parameters(kind_of(config).model_class, config) + guessing_layer(config.text_config)
            == WITH_GUESSING_LAYER[preset.name]
        )
    assert find_model(preset.repositories[0]) == (preset.name, None)
