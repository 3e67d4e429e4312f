"""Folders as released: flat configs of older releases, names of tensors, tokenizers; what is wrong with others is said."""

from __future__ import annotations

import json

import pytest
import torch

pytest.importorskip("transformers")
import playhead
from playhead.errors import WeightsError
from playhead.media.clip import Video
from playhead.models.qwen_vl.config import config_of
from playhead.models.qwen_vl.family import FAMILY
from playhead.models.qwen_vl.plan import parameters
from playhead.models.registry import find_model
from playhead.tasks.ask import Ask

TINY = ["qwen2-vl-tiny", "qwen2.5-vl-tiny", "qwen3-vl-tiny", "qwen3-vl-moe-tiny"]


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
    assert parameters(config_of(preset)) == preset.parameters
    assert find_model(preset.repositories[0]) == (preset.name, None)
