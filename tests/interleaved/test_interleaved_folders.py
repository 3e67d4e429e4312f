"""Folders as released: chat templates, colours, tokenizers; what is wrong with others is said."""

from __future__ import annotations

import json
import re

import pytest
import torch

pytest.importorskip("transformers")
import playhead
from playhead.errors import WeightsError
from playhead.media.clip import Video
from playhead.models.interleaved.config import config_of, model_type_of
from playhead.models.interleaved.families import KINDS
from playhead.models.pictures.cost import parameters
from playhead.models.presets import INTERLEAVED
from playhead.models.registry import find_model
from playhead.tasks.ask import Ask

TINY = ["internvl-tiny", "videollama3-tiny", "llava-onevision-tiny"]
FREE = {"device": "cpu", "constrain": False, "max_new_tokens": 6, "max_frames": 3}


def written(engine, video):
    look = engine.look(video)
    return engine.write(look, engine.request(Ask("What is shown?"), look))


def released(name, folder):
    """A tiny model's folder as other releases of transformers wrote it: other names of tensors, older keys."""
    from safetensors.torch import load_file, save_file

    engine = playhead.load(name, **FREE).engine
    engine.save(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    text = config["text_config"]
    text["rope_theta"] = text.pop("rope_parameters")["rope_theta"]
    text.pop("layer_types", None)
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.52.0"
    path.write_text(json.dumps(config))
    if name != "videollama3-tiny":  # saved with the names of older releases: these are the newer ones
        held = load_file(folder / "model.safetensors")
        newer = {
            re.sub(r"^language_model\.model\.", "model.language_model.", key)
            if key.startswith("language_model.model.")
            else f"model.{key}"
            if key.startswith(("vision_tower", "multi_modal", "image_newline"))
            else key: value
            for key, value in held.items()
        }
        assert newer.keys() != held.keys()
        save_file(newer, folder / "model.safetensors", metadata={"format": "pt"})
    return engine, config


@pytest.mark.parametrize("name", TINY)
def test_a_released_folder_is_opened_and_answers_the_same(name, tmp_path, drawn) -> None:
    engine, _ = released(name, tmp_path / "released")
    again = playhead.load(str(tmp_path / "released"), **FREE).engine
    mine, theirs = engine.net.state_dict(), again.net.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    video = Video(str(drawn("constant").path))
    assert written(engine, video).ids == written(again, video).ids


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("where", ["top", "vision_config", "text_config"])
def test_an_unknown_key_is_refused_wherever_it_stands(name, where, tmp_path) -> None:
    _, config = released(name, tmp_path / "released")
    (config if where == "top" else config[where])["patch_sise"] = 3
    (tmp_path / "released" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="patch_sise"):
        playhead.load(str(tmp_path / "released"), device="cpu")


@pytest.mark.parametrize("name", TINY)
def test_marks_that_are_not_the_models_are_refused(name, tmp_path) -> None:
    _, config = released(name, tmp_path / "released")
    key = {"internvl-tiny": "image_token_id", "videollama3-tiny": "video_token_id"}.get(
        name, "video_token_index"
    )
    config[key] = 5
    (tmp_path / "released" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="the token 5"):
        playhead.load(str(tmp_path / "released"), device="cpu")


def test_the_chat_template_and_the_colours_of_a_folder_are_its_own(tmp_path, drawn) -> None:
    engine, _ = released("internvl-tiny", tmp_path / "released")
    template = "Hello.{% for m in messages %}{% for c in m['content'] %}{{ '<video>' if c['type'] == 'video' else c['text'] }}{% endfor %}{% endfor %}<|im_start|>"
    (tmp_path / "released" / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    colours = {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "size": {"height": 448}}
    (tmp_path / "released" / "preprocessor_config.json").write_text(json.dumps(colours))
    again = playhead.load(str(tmp_path / "released"), **FREE).engine
    assert again.colours == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    video = Video(str(drawn("constant").path))
    look = again.look(video)
    words = again.words.decode(again.layout(look, "What?").input_ids_N.tolist())
    assert words.startswith("Hello.Frame1: <img>")
    assert words.endswith("What?<|im_start|>")
    assert not torch.equal(look.data.prepared, engine.look(video).data.prepared)


@pytest.mark.parametrize(
    "template", ["{{ messages[0]['content'][1]['text'] }}", "<video>{% if %}", "<video><video>"]
)
def test_a_chat_template_without_a_place_for_the_video_is_refused(template, tmp_path) -> None:
    released("internvl-tiny", tmp_path / "released")
    (tmp_path / "released" / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    with pytest.raises(WeightsError, match="chat template"):
        playhead.load(str(tmp_path / "released"), device="cpu")


@pytest.mark.parametrize(
    "preset", [each for each in INTERLEAVED if not each.tiny], ids=lambda each: each.name
)
def test_published_sizes_have_the_published_number_of_weights(preset) -> None:
    assert parameters(KINDS[model_type_of(preset)].model_class, config_of(preset)) == preset.parameters
    assert find_model(preset.repositories[0]) == (preset.name, None)
