"""Published sizes are put together from named parts; folders are opened; what is missing is said part by part."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

import playhead
from playhead.errors import UnsupportedError, UsageError, WeightsError, WeightsUnavailableError
from playhead.media.clip import Video
from playhead.models import machine
from playhead.models.family import EngineOptions
from playhead.models.vtimellm.family import FAMILY
from playhead.models.vtimellm.tokens import tiny_tokenizer
from playhead.tasks.ground import Ground

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
from transformers import (  # noqa: E402 - after the check that torch is there
    CLIPConfig,
    CLIPModel,
    LlamaConfig,
    LlamaForCausalLM,
)

WIDTH = 16


def adapter(base, folder: Path, seed: int):
    torch.manual_seed(seed)
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    settings = peft.LoraConfig(r=2, lora_alpha=4, target_modules=names, task_type="CAUSAL_LM")
    wrapped = peft.get_peft_model(copy.deepcopy(base), settings)
    for name, each in wrapped.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(each, std=0.2)
    wrapped.save_pretrained(folder)
    config = {
        **base.config.to_dict(),
        "model_type": "VTimeLLM",
    }  # as released: Llama's fields under another name
    (folder / "config.json").write_text(json.dumps(config, default=str))
    torch.save({}, folder / "non_lora_trainables.bin")
    return wrapped.merge_and_unload()


def projector(path: Path, name: str, width: int) -> Path:
    torch.manual_seed(width)
    tensors = {"weight": torch.randn(WIDTH, width), "bias": torch.randn(WIDTH)}
    torch.save({f"model.{name}.{leaf}": each for leaf, each in tensors.items()}, path)
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> dict[str, str]:
    """The released files at toy size: a Llama with its tokenizer, a projector, two adapters, CLIP."""
    folder = tmp_path_factory.mktemp("released")
    tokenizer = tiny_tokenizer()
    torch.manual_seed(0)
    shape = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "pad_token_id": 0}
    base = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=WIDTH, **shape))
    base.save_pretrained(folder / "vicuna")
    tokenizer.save_pretrained(folder / "vicuna")
    second = adapter(base, folder / "stage2", 1)
    adapter(second, folder / "stage3", 2)
    projector(folder / "mm_projector.bin", "mm_projector", 768)
    projector(folder / "mm_projector_a.bin", "mm_projector_a", 512)
    tower = {
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "hidden_act": "quick_gelu",
    }
    text = {"vocab_size": 8, "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2}
    text |= {"bos_token_id": 1, "eos_token_id": 2, "intermediate_size": 24}
    seeing = {"hidden_size": WIDTH, "image_size": 224, "patch_size": 112, "projection_dim": 768, **tower}
    CLIPModel(CLIPConfig(text_config=text, vision_config=seeing, projection_dim=768)).save_pretrained(
        folder / "clip"
    )
    names = {
        "base": "vicuna",
        "projector": "mm_projector.bin",
        "stage2": "stage2",
        "stage3": "stage3",
        "vision_tower": "clip",
    }
    return {option: str(folder / name) for option, name in names.items()}


def make(name, **family):
    return FAMILY.make(
        FAMILY.presets[name],
        None,
        EngineOptions(device="cpu", constrain=True, max_new_tokens=40, family=family),
    )


def put_together(*, stage3, **family):
    """An engine of the second adapter's folder and the other parts: toy sizes have no preset's name."""
    options = EngineOptions(device="cpu", constrain=True, max_new_tokens=40, family=family)
    return FAMILY.open(Path(stage3), options)


def test_released_parts_are_put_together_and_answer(parts, drawn):
    made = put_together(**parts)
    assert made.name == "stage3"
    assert made.answer(Video(str(drawn("constant").path)), Ground("a number")).events


def test_what_was_put_together_is_saved_and_opened_as_one_folder(parts, drawn, tmp_path):
    made = put_together(**parts)
    made.save(tmp_path / "whole")
    again = playhead.load(str(tmp_path / "whole"), device="cpu", constrain=True, max_new_tokens=40).engine
    question = (Video(str(drawn("constant").path)), Ground("a number"))
    assert again.answer(*question).events == made.answer(*question).events
    assert all(
        torch.equal(each, again.model.state_dict()[key]) for key, each in made.model.state_dict().items()
    )


def test_a_folder_of_the_presets_name_is_used(parts, tmp_path, monkeypatch):
    made = put_together(**parts)
    made.save(tmp_path / "vtimellm-7b")
    again = FAMILY.make(FAMILY.presets["vtimellm-7b"], tmp_path / "vtimellm-7b", EngineOptions(device="cpu"))
    assert again.model.config.text_config.hidden_size == WIDTH
    assert again.constrain is False  # published weights are left free


@pytest.mark.parametrize("which", ["stage2", "stage3"])
def test_a_released_adapter_folder_is_opened_with_the_other_parts_named(parts, which):
    others = {name: path for name, path in parts.items() if name != which}
    opened = FAMILY.open(Path(parts[which]), EngineOptions(device="cpu", family=others))
    whole = put_together(**parts)
    assert all(
        torch.equal(each, opened.model.state_dict()[key]) for key, each in whole.model.state_dict().items()
    )


def test_a_released_adapter_alone_names_every_other_part(parts):
    with pytest.raises(WeightsUnavailableError) as raised:
        playhead.load(parts["stage3"], device="cpu")
    for said in ("base=", "projector=", "stage2=", "vision_tower= (or features=)", "lmsys/vicuna-7b-v1.5"):
        assert said in str(raised.value)
    assert "stage3=" not in str(raised.value)


@pytest.mark.parametrize("name", [name for name, preset in FAMILY.presets.items() if not preset.tiny])
def test_a_published_size_without_parts_names_each_and_where_it_is(name):
    with pytest.raises(WeightsUnavailableError) as raised:
        make(name)
    bases = {"vtimellm-13b": "lmsys/vicuna-13b-v1.5", "vtimellm-chatglm3-6b": "THUDM/chatglm3-6b"}
    wanted = [
        "base=",
        "projector=",
        "stage2=",
        "stage3=",
        bases.get(name, "lmsys/vicuna-7b-v1.5"),
        "openai/clip-vit-large-patch14",
    ]
    wanted += {"longvale-llm-7b": ["speech_tower= (or speech_features=)", "ttgeng233/LongVALE"]}.get(name, [])
    wanted += {"avicuna-7b": ["audio_projector=", "sound_tower= (or sound_features=)", "yunlong10"]}.get(
        name, []
    )
    assert [said for said in wanted if said not in str(raised.value)] == []


@pytest.mark.parametrize("missing", ["projector", "stage2", "stage3", "base", "vision_tower"])
def test_one_missing_part_is_named_alone(parts, missing):
    with pytest.raises(WeightsUnavailableError, match=f"found no {missing};"):
        make("vtimellm-7b", **{name: path for name, path in parts.items() if name != missing})


def test_stored_features_stand_in_for_the_tower(parts, drawn, tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(100, 768)).astype(np.float16))
    others = {name: path for name, path in parts.items() if name != "vision_tower"}
    made = put_together(**others, features=str(tmp_path / "rows.npy"))
    assert made.answer(Video(str(drawn("constant").path)), Ground("a number")).events


def test_the_sound_projector_of_avicuna_is_its_own_file(parts, drawn, tmp_path):
    np.save(tmp_path / "rows.npy", np.ones((3, 512), np.float16))
    path = Path(parts["projector"]).with_name("mm_projector_a.bin")
    made = put_together(**parts, audio_projector=str(path), sound_features=str(tmp_path / "rows.npy"))
    weights = torch.load(path, weights_only=True)["model.mm_projector_a.weight"]
    assert torch.equal(made.model.model.projectors["sound"].weight, weights)
    assert made.answer(Video(str(drawn("constant").path)), Ground("a number")).events


def test_longvales_adapters_are_known_by_the_projectors_they_bring(parts, tmp_path):
    import shutil

    folder = Path(shutil.copytree(parts["stage3"], tmp_path / "stage3"))
    brought = {}
    for name, width in (("audio_mm_projector", 768), ("asr_mm_projector", 1280)):
        tensors = {"weight": torch.randn(WIDTH, width), "bias": torch.randn(WIDTH)}
        brought |= {f"base_model.model.model.{name}.{leaf}": each for leaf, each in tensors.items()}
    torch.save(brought, folder / "non_lora_trainables.bin")
    rows = tmp_path / "rows.npy"
    np.save(rows, np.ones((3, 1280), np.float16))
    others = {name: path for name, path in parts.items() if name != "stage3"}
    made = FAMILY.open(folder, EngineOptions(device="cpu", family={**others, "speech_features": str(rows)}))
    assert set(made.model.config.modalities) == {"frame", "sound", "speech"}
    speech = brought["base_model.model.model.asr_mm_projector.weight"]
    assert torch.equal(made.model.model.projectors["speech"].weight, speech)
    assert made.settings.dialect.events == "lines"


def test_adapters_in_the_wrong_order_are_refused(parts):
    with pytest.raises(WeightsError, match=r"stages \[3, 2\]"):
        put_together(**{**parts, "stage2": parts["stage3"], "stage3": parts["stage2"]})


def test_another_tokenizer_is_refused_with_both_sizes(parts, tmp_path):
    import shutil

    base = Path(shutil.copytree(parts["base"], tmp_path / "vicuna"))
    path = base / "tokenizer.json"
    data = json.loads(path.read_text())
    data["model"]["vocab"]["one more"] = len(data["model"]["vocab"])
    path.write_text(json.dumps(data))
    with pytest.raises(WeightsError, match=r"\d+ tokens for an embedding of \d+ rows"):
        put_together(**{**parts, "base": str(base)})


def test_parts_beside_a_whole_folder_are_refused(parts, tmp_path):
    put_together(**parts).save(tmp_path / "whole")
    with pytest.raises(UsageError, match="a folder that holds a whole model"):
        playhead.load(str(tmp_path / "whole"), device="cpu", stage2=parts["stage2"])


def test_a_base_of_another_size_than_the_name_says_is_refused(parts):
    with pytest.raises(
        WeightsError, match=r"a base 16 wide with 2 layers; allowed: 5120 wide with 40 layers"
    ):
        make("vtimellm-13b", **parts)


def test_memory_is_counted_from_the_parts_and_not_from_the_published_size(parts, monkeypatch):
    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(2 * 10**9, 10**9))
    with pytest.raises(WeightsError, match="16 wide"):  # not refused for the 28 GB of the published size
        playhead.load("vtimellm-7b", device="cpu", **parts)
    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(2 * 10**9, 1000))
    others = {name: path for name, path in parts.items() if name != "stage3"}
    options = EngineOptions(device="cpu", family=others)
    with pytest.raises(UnsupportedError, match=r"too little memory to put .*stage3 together"):
        FAMILY.open(Path(parts["stage3"]), options)


@pytest.mark.parametrize("option", ["base", "projector", "stage2", "vision_tower"])
def test_a_file_for_a_folder_and_a_folder_for_a_file_are_refused(parts, option):
    wrong = parts["base"] if option == "projector" else parts["projector"]
    with pytest.raises(
        UsageError, match=f"{option}=.*found a {'folder' if option == 'projector' else 'file'}"
    ):
        put_together(**{**parts, option: wrong})


def test_parts_of_another_system_are_refused_by_what_they_bring(parts, tmp_path):
    import shutil

    folder = Path(shutil.copytree(parts["stage2"], tmp_path / "stage2"))
    brought = {"weight": torch.randn(WIDTH, 768), "bias": torch.randn(WIDTH)}
    brought = {f"base_model.model.model.audio_mm_projector.{leaf}": each for leaf, each in brought.items()}
    torch.save(brought, folder / "non_lora_trainables.bin")
    with pytest.raises(WeightsError, match="projectors of sound in the parts; allowed: of frame only"):
        put_together(**{**parts, "stage2": str(folder)})


def test_the_sound_projector_given_for_the_frames_is_told(parts):
    path = str(Path(parts["projector"]).with_name("mm_projector_a.bin"))
    with pytest.raises(WeightsError, match=r"found .*mm_projector_a\.bias.*weight and bias of mm_projector;"):
        put_together(**{**parts, "projector": path})


def test_one_adapter_given_twice_is_refused(parts, tmp_path):
    import shutil

    copies = [shutil.copytree(parts["stage2"], tmp_path / name) for name in ("a", "b")]
    with pytest.raises(WeightsError, match="the same matrices in"):
        put_together(**{**parts, "stage2": str(copies[0]), "stage3": str(copies[1])})


def test_loading_is_quiet_about_what_is_left_out_on_purpose(parts, caplog):
    put_together(**parts)  # CLIP's folder holds a text half too
    assert [each.getMessage()[:80] for each in caplog.records if "UNEXPECTED" in each.getMessage()] == []
    assert [each.getMessage()[:80] for each in caplog.records if "sharded" in each.getMessage()] == []


def test_a_plan_counts_the_base_that_is_named(parts, drawn):
    path = str(drawn("constant").path)
    published = playhead.plan(path, "vtimellm-7b", device="cpu", dtype="bfloat16")
    named = playhead.plan(path, "vtimellm-7b", device="cpu", dtype="bfloat16", base=parts["base"])
    assert published.weights_bytes > 14e9
    assert named.weights_bytes < 1e9  # CLIP as published, and the toy base
    others = {name: place for name, place in parts.items() if name != "stage3"}
    folder = playhead.plan(path, parts["stage3"], device="cpu", dtype="bfloat16", **others)
    assert folder.weights_bytes < 1e9
