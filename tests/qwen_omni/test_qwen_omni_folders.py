"""Folders as released, talker and all: the thinker is loaded strictly, the rest knowingly passed over."""

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
from playhead.models.qwen_omni.config import config_of
from playhead.models.qwen_omni.family import FAMILY
from playhead.models.qwen_omni.kinds import KINDS
from playhead.models.registry import find_model
from playhead.tasks.ask import Ask

TINY = ["qwen2.5-omni-tiny", "qwen3-omni-tiny"]
FREE = {"device": "cpu", "constrain": False, "max_new_tokens": 8}
WHOLE = {
    "qwen2.5-omni-tiny": ("qwen2_5_omni", {"talker_config": {}, "token2wav_config": {}}),
    "qwen3-omni-tiny": ("qwen3_omni_moe", {"talker_config": {}, "code2wav_config": {}}),
}
LEFT_OUT = ("talker.model.layers.0.mlp.up_proj.weight", "token2wav.a.weight", "code2wav.a.weight")


def released(name: str, folder, **change):
    """A tiny thinker's folder with its config and its tensors as the released ones are."""
    engine = playhead.load(name, **FREE).engine
    engine.save(folder)
    [path] = folder.glob("*.safetensors")
    held = {f"thinker.{key}": value for key, value in load_file(path).items()}
    held |= {key: torch.zeros(2, 2) for key in LEFT_OUT if key.split(".")[0] in engine.omni.left_out}
    held |= change.get("tensors", {})
    for key in change.get("without", ()):
        del held[key]
    save_file(held, path, metadata={"format": "pt"})
    model_type, others = WHOLE[name]
    thinker = json.loads((folder / "config.json").read_text())
    thinker.pop("architectures")
    rope = thinker["text_config"].pop("rope_parameters")
    thinker["text_config"] |= {
        "rope_theta": rope.pop("rope_theta"),
        "rope_scaling": {"type": "default", **rope},
    }
    thinker |= {"ignore_index": -100} if name.startswith("qwen2.5") else {"seconds_per_chunk": 2}
    thinker["vision_config"] |= {"tokens_per_second": 2, "in_chans": 3, "spatial_patch_size": 14}
    thinker["audio_config"] |= {"init_std": 0.02, "encoder_layerdrop": 0.0}
    thinker |= change.get("thinker", {})
    config = {"model_type": model_type, "thinker_config": thinker, "enable_audio_output": True, **others}
    config |= {"transformers_version": "4.50.0.dev0", "torch_dtype": "float32", **change.get("top", {})}
    (folder / "config.json").write_text(json.dumps(config))
    return engine


@pytest.mark.parametrize("name", TINY)
def test_the_thinker_of_a_released_folder_is_opened_and_answers_the_same(name, tmp_path, drawn) -> None:
    engine = released(name, tmp_path / "released")
    again = playhead.load(str(tmp_path / "released"), **FREE).engine
    mine, theirs = engine.net.state_dict(), again.net.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert again.net.config.position_id_per_seconds == engine.net.config.position_id_per_seconds
    video = Video(str(drawn("constant").path))
    ids = []
    for each in (engine, again):
        look = each.look(video)
        ids.append(each.write(look, each.request(Ask("What is heard?"), look)).ids)
    assert ids[0] == ids[1]


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": ["thinker.lm_head.weight"]}, "1 missing: lm_head"),
        ({"without": ["thinker.audio_tower.ln_post.weight"]}, "1 missing: .*ln_post"),
        ({"tensors": {"thinker.model.extra.weight": torch.zeros(2)}}, "1 unexpected: .*extra"),
        ({"thinker": {"position_ids_per_second": 25}}, "position_ids_per_second"),
        ({"top": {"thinker_confg": {}}}, "thinker_confg"),
        ({"thinker": {"video_token_index": 5, "video_token_id": 5}}, "token 5"),
        ({"top": {"thinker_config": {"model_type": "qwen2"}}}, "thinker_config|values that make no model"),
    ],
)
def test_a_folder_with_one_thing_wrong_is_refused(name, change, said, tmp_path) -> None:
    if "video_token_index" in change.get("thinker", {}):
        own = "video_token_index" if name.startswith("qwen2.5") else "video_token_id"
        change = {"thinker": {own: 5}}
    released(name, tmp_path / "released", **change)
    with pytest.raises(WeightsError, match=said):
        playhead.load(str(tmp_path / "released"), device="cpu")


PUBLISHED = {  # all of the released files, as the hub counts them
    "qwen2.5-omni-3b": 5_537_120_672,
    "qwen2.5-omni-7b": 10_732_225_440,
}
SPOKEN = {  # the talker, and what makes its tokens sound with the 32 numbers of a buffer
    "qwen2.5-omni-3b": 384_604_928 + 449_051_264 + 32,
    "qwen2.5-omni-7b": 1_351_360_256 + 449_051_264 + 32,
}


@pytest.mark.parametrize(
    "preset", [each for each in FAMILY.presets.values() if not each.tiny], ids=lambda each: each.name
)
def test_published_thinkers_have_the_published_number_of_weights(preset) -> None:
    """Qwen3-Omni's is what the hub counts for the Thinking and Captioner releases, which hold a thinker alone."""
    config = config_of(preset)
    assert parameters(KINDS[config.model_type].kind.model_class, config) == preset.parameters
    if preset.name in PUBLISHED:
        assert preset.parameters + SPOKEN[preset.name] == PUBLISHED[preset.name]
    assert find_model(preset.repositories[0]) == (preset.name, None)
