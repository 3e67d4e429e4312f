"""Released files into one model: what is accepted, what is refused with a table, and at what cost.

Folders are written here as the released ones are: a Llama folder, ``mm_projector.bin``, PEFT adapters made by PEFT.
"""

from __future__ import annotations

import copy
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from playhead.errors import UnsupportedError, UsageError, WeightsError
from playhead.models.vtimellm import VTimeLLMForCausalLM
from playhead.models.vtimellm.config import VTimeLLMConfig, tiny_config
from playhead.models.vtimellm.files import TensorFiles, weight_files
from playhead.models.vtimellm.lora import TARGETS, leaf_names, read_adapter
from playhead.models.vtimellm.weights import (
    assemble,
    base_config,
    load,
    load_tower,
    projector_tensors,
    read_config,
    save,
)

LLAMA = LlamaConfig(
    vocab_size=60,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    rms_norm_eps=1e-5,
    pad_token_id=0,
)
Q0 = "model.layers.0.self_attn.q_proj"


def write_base(folder: Path, config: LlamaConfig = LLAMA, seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    return model


def write_projector(path: Path, name: str = "mm_projector", width: int = 768, prefix: str = "model.") -> Path:
    gen = torch.Generator().manual_seed(len(name))
    weights = {"weight": torch.randn(16, width, generator=gen), "bias": torch.randn(16, generator=gen)}
    torch.save({f"{prefix}{name}.{leaf}": value for leaf, value in weights.items()}, path)
    return path


def write_adapter(base: LlamaForCausalLM, folder: Path, seed: int, *, safe: bool = True) -> PeftModel:
    """An adapter as PEFT makes and saves it, with matrices that do something."""
    torch.manual_seed(seed)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=list(leaf_names(base)), lora_dropout=0.05, task_type="CAUSAL_LM"
    )
    wrapped = get_peft_model(copy.deepcopy(base), config)
    for name, each in wrapped.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(each, std=0.2)
    wrapped.save_pretrained(folder)
    if not safe:
        state = load_file(folder / "adapter_model.safetensors")
        (folder / "adapter_model.safetensors").unlink()
        torch.save(state, folder / "adapter_model.bin")
    return wrapped


class Released:
    """The released files of a toy VTimeLLM, and the language model they stand for (merged by PEFT)."""

    def __init__(self, folder: Path, *, safe: bool = True) -> None:
        self.base = folder / "vicuna"
        base = write_base(self.base)
        self.projector = write_projector(folder / "mm_projector.bin")
        self.adapters = [folder / "vtimellm-stage2", folder / "vtimellm-stage3"]
        second = write_adapter(base, self.adapters[0], 1, safe=safe).merge_and_unload()
        torch.save({}, self.adapters[0] / "non_lora_trainables.bin")  # empty, as released
        self.expected = write_adapter(second, self.adapters[1], 2, safe=safe).merge_and_unload()
        torch.save({}, self.adapters[1] / "non_lora_trainables.bin")

    def assemble(self, **changes: object) -> VTimeLLMForCausalLM:
        given = {"base": self.base, "projector": self.projector, "adapters": self.adapters, **changes}
        return assemble(**given)


@pytest.fixture(params=[True, False], ids=["safetensors", "bin"])
def released(request, tmp_path) -> Released:
    return Released(tmp_path, safe=request.param)


@pytest.fixture
def one(tmp_path) -> Released:
    return Released(tmp_path)


def test_assembled_is_what_peft_merges_stage_after_stage(released) -> None:
    model = released.assemble()
    state = model.model.language_model.state_dict()
    for name, value in released.expected.model.state_dict().items():
        assert torch.allclose(state[name], value, atol=1e-5), name
    assert torch.equal(model.lm_head.weight, released.expected.lm_head.weight)
    weights = torch.load(released.projector, weights_only=True)
    assert torch.equal(model.model.projectors["frame"].weight, weights["model.mm_projector.weight"])
    ids = torch.randint(3, 60, (1, 9))
    with torch.no_grad():
        assert torch.allclose(model(input_ids=ids).logits, released.expected(ids).logits, atol=1e-4)


def test_in_the_base_there_is_no_adapter_left_out(one) -> None:
    merged, raw = one.assemble().state_dict(), one.assemble(adapters=[], stages=0).state_dict()
    changed = {name for name in raw if not torch.equal(merged[name], raw[name])}
    assert len(changed) == 2 * 7  # every linear layer of both layers
    assert all("_proj" in name for name in changed)


def test_one_folder_and_back(one, tmp_path) -> None:
    (one.base / "tokenizer.model").write_bytes(b"pieces")
    model = one.assemble(dtype=torch.bfloat16)
    save(model, tmp_path / "whole", tokenizer_from=one.base)
    again = load(tmp_path / "whole", dtype=torch.bfloat16)
    state = model.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in again.state_dict().items())
    for (name, a), (_, b) in zip(model.named_buffers(), again.named_buffers(), strict=True):
        assert torch.equal(a, b), name
    assert (tmp_path / "whole" / "tokenizer.model").read_bytes() == b"pieces"


def test_vicunas_sampling_settings_are_left_behind(one, tmp_path) -> None:
    path = one.base / "generation_config.json"
    path.write_text(json.dumps({"temperature": 0.9, "top_p": 0.6, "eos_token_id": 2, "do_sample": False}))
    save(one.assemble(), tmp_path / "whole")
    saved = json.loads((tmp_path / "whole" / "generation_config.json").read_text())
    assert {"temperature", "top_p"}.isdisjoint(saved)
    assert saved["eos_token_id"] == 2


def test_sharded_bases(one, tmp_path) -> None:
    expected = one.assemble().state_dict()
    base = LlamaForCausalLM.from_pretrained(one.base)
    base.save_pretrained(tmp_path / "shards", max_shard_size="4KB")
    assert len(weight_files(tmp_path / "shards")) > 2
    got = one.assemble(base=tmp_path / "shards").state_dict()
    assert all(torch.equal(value, got[name]) for name, value in expected.items())
    lost = weight_files(tmp_path / "shards")[1]
    lost.unlink()
    with pytest.raises(WeightsError, match=f"found no {lost.name}"):
        one.assemble(base=tmp_path / "shards")


def test_pickles_from_before_torch_1_6_and_old_rotary_tensors(one, tmp_path) -> None:
    state = load_file(one.base / "model.safetensors")
    state["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)  # computed, not stored, today
    (tmp_path / "old").mkdir()
    torch.save(state, tmp_path / "old" / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    LLAMA.save_pretrained(tmp_path / "old")
    expected = one.assemble().state_dict()
    got = one.assemble(base=tmp_path / "old").state_dict()
    assert all(torch.equal(value, got[name]) for name, value in expected.items())


@pytest.mark.parametrize("prefix", ["", "model.", "transformer.", "base_model.model.model."])
def test_a_projector_may_have_any_prefix(tmp_path, prefix) -> None:
    found = projector_tensors(write_projector(tmp_path / "p.bin", prefix=prefix), "frame")
    assert set(found) == {"model.projectors.frame.weight", "model.projectors.frame.bias"}


def test_one_projector_does_not_swallow_the_other(tmp_path) -> None:
    frame = torch.load(write_projector(tmp_path / "a.bin"), weights_only=True)
    sound = torch.load(write_projector(tmp_path / "b.bin", "mm_projector_a", 512), weights_only=True)
    torch.save(frame | sound, tmp_path / "both.bin")
    assert projector_tensors(tmp_path / "both.bin", "frame")["model.projectors.frame.weight"].shape == (
        16,
        768,
    )
    assert projector_tensors(tmp_path / "both.bin", "sound")["model.projectors.sound.weight"].shape == (
        16,
        512,
    )
    with pytest.raises(
        WeightsError, match=r"found model\.mm_projector_a\.bias.*weight and bias of mm_projector;"
    ):
        projector_tensors(tmp_path / "b.bin", "frame")
    del frame["model.mm_projector.bias"]
    torch.save(frame, tmp_path / "half.bin")
    with pytest.raises(WeightsError, match=r"1 missing: model\.projectors\.frame\.bias"):
        projector_tensors(tmp_path / "half.bin", "frame")
    frame["model.mm_projector.bias"] = torch.ones(16)
    torch.save({**frame, "lm_head.weight": torch.ones(1)}, tmp_path / "more.bin")
    with pytest.raises(WeightsError, match=r"1 unexpected: lm_head\.weight"):
        projector_tensors(tmp_path / "more.bin", "frame")


def test_avicuna_takes_two_projector_files(one, tmp_path) -> None:
    sound = write_projector(tmp_path / "mm_projector_a.bin", "mm_projector_a", 512)
    model = one.assemble(variant="avicuna", sound_projector=sound)
    expected = torch.load(sound, weights_only=True)["model.mm_projector_a.weight"]
    assert torch.equal(model.model.projectors["sound"].weight, expected)
    assert (model.config.arrangement, model.config.frames, model.config.sounds) == ("interleaved", 75, 25)
    with pytest.raises(WeightsError, match=r"2 missing: model\.projectors\.sound\.bias"):
        one.assemble(variant="avicuna")


@pytest.mark.parametrize("prefix", ["base_model.model.model.", "base_model.model.", "model.", "model.model."])
def test_longvales_own_projectors_come_with_its_adapters(one, prefix) -> None:
    def trained(seed: int) -> dict[str, torch.Tensor]:
        gen = torch.Generator().manual_seed(seed)
        shapes = {"audio_mm_projector": 768, "asr_mm_projector": 1280}
        return {
            f"{prefix}{name}.{leaf}": torch.randn(shape, generator=gen)
            for name, width in shapes.items()
            for leaf, shape in (("weight", (16, width)), ("bias", (16,)))
        }

    with pytest.raises(WeightsError, match=r"4 missing: model\.projectors\.sound\.bias"):
        one.assemble(variant="longvale")
    for folder, seed in zip(one.adapters, (1, 2), strict=True):
        torch.save(trained(seed), folder / "non_lora_trainables.bin")
    model = one.assemble(variant="longvale")
    last = trained(2)  # what the later stage trained counts
    assert torch.equal(model.model.projectors["sound"].weight, last[f"{prefix}audio_mm_projector.weight"])
    assert torch.equal(model.model.projectors["speech"].bias, last[f"{prefix}asr_mm_projector.bias"])


def test_what_else_an_adapter_trained_must_be_known(one) -> None:
    torch.save(
        {"base_model.model.model.temporal.weight": torch.ones(2)}, one.adapters[1] / "non_lora_trainables.bin"
    )
    with pytest.raises(WeightsError, match=r"1 unexpected: model\.language_model\.temporal\.weight"):
        one.assemble()


def test_an_adapter_trained_on_our_own_model_merges_too(one, tmp_path) -> None:
    model = one.assemble()
    config = LoraConfig(r=4, lora_alpha=4, target_modules=TARGETS)
    wrapped = get_peft_model(copy.deepcopy(model), config)
    for name, each in wrapped.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(each, std=0.2)
    wrapped.save_pretrained(tmp_path / "mine")
    got = one.assemble(adapters=[*one.adapters, tmp_path / "mine"], stages=3).state_dict()
    for name, value in wrapped.merge_and_unload().state_dict().items():
        assert torch.allclose(got[name], value, atol=1e-5), name


# --- what is refused ---------------------------------------------------------------------------------------------


def test_a_missing_stage_is_refused(one) -> None:
    with pytest.raises(WeightsError, match="found 1; allowed: 2 adapters in order"):
        one.assemble(adapters=one.adapters[1:])
    with pytest.raises(WeightsError, match="found 0; allowed: 2 adapters"):
        one.assemble(adapters=[])


def test_stages_in_the_wrong_order_are_refused(one) -> None:
    with pytest.raises(WeightsError, match=r"stages \[3, 2\]"):
        one.assemble(adapters=one.adapters[::-1])
    with pytest.raises(WeightsError, match=r"stages \[2, 2\]"):
        one.assemble(adapters=one.adapters[:1] * 2)


def test_another_base_is_refused_before_anything_is_read(one, tmp_path) -> None:
    write_base(tmp_path / "wide", LlamaConfig(**{**LLAMA.to_dict(), "hidden_size": 32, "head_dim": 16}))
    with pytest.raises(WeightsError) as told:
        one.assemble(base=tmp_path / "wide")
    assert "of another shape" in str(told.value)
    assert "vtimellm-stage2" in str(told.value)


def test_a_deeper_adapter_is_refused(one, tmp_path) -> None:
    deep = LlamaConfig(**{**LLAMA.to_dict(), "num_hidden_layers": 3})
    write_adapter(LlamaForCausalLM(deep), tmp_path / "stage3", 3)
    with pytest.raises(WeightsError, match=r"7 unexpected: stage3: model\.layers\.2\.mlp"):
        one.assemble(adapters=[one.adapters[0], tmp_path / "stage3"])


def edit(folder: Path, change) -> None:
    state = load_file(folder / "adapter_model.safetensors")
    change(state)
    save_file(state, folder / "adapter_model.safetensors")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda s: s.update({"base_model.model.lm_head.weight": torch.ones(2)}),
            "1 unexpected: base_model.model.lm_h",
        ),
        (lambda s: s.pop(f"base_model.model.{Q0}.lora_B.weight"), rf"1 missing: {Q0}\.weight lora_B"),
        (
            lambda s: s.update({f"base_model.model.{Q0}.lora_A.weight": torch.ones(5, 16)}),
            r"1 of another shape: .*lora_A.weight \(5, 16\) for \(4, -1\)",
        ),
    ],
    ids=["unknown key", "half missing", "wrong rank"],
)
def test_a_damaged_adapter_is_refused_with_a_table(one, change, told) -> None:
    edit(one.adapters[0], change)
    with pytest.raises(WeightsError, match=told):
        one.assemble()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("use_dora", True, "use_dora True; allowed: use_dora False"),
        ("modules_to_save", ["lm_head"], "modules_to_save"),
        ("rank_pattern", {"q_proj": 8}, "rank_pattern"),
        ("bias", "all", "bias 'all'"),
        ("peft_type", "IA3", "peft_type 'IA3'"),
    ],
)
def test_adapters_of_another_kind_are_refused(one, name, value, told) -> None:
    path = one.adapters[0] / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(WeightsError, match=re.escape(told)):
        one.assemble()


def test_the_scale_is_alpha_over_rank_or_its_root(one) -> None:
    assert read_adapter(one.adapters[0]).scale == 2.0
    path = one.adapters[0] / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "use_rslora": True}))
    assert read_adapter(one.adapters[0]).scale == 4.0


def test_a_missing_projector_is_refused(one) -> None:
    with pytest.raises(WeightsError, match=r"2 missing: model\.projectors\.frame\.bias"):
        one.assemble(projector=None)


def test_a_projector_of_another_width_is_refused(one, tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"projectors\.frame\.weight \(16, 1024\) for \(16, 768\)"):
        one.assemble(projector=write_projector(tmp_path / "wide.bin", width=1024))


def test_an_incomplete_base_is_refused(one) -> None:
    state = load_file(one.base / "model.safetensors")
    del state["model.norm.weight"]
    state["model.extra"] = torch.ones(1)
    save_file(state, one.base / "model.safetensors")
    with pytest.raises(WeightsError) as told:
        one.assemble()
    assert "1 missing: model.language_model.norm.weight" in str(told.value)
    assert "1 unexpected: model.language_model.extra" in str(told.value)


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_that_would_run_something_is_not_run(tmp_path) -> None:
    torch.save({"mm_projector.weight": Bomb(tmp_path / "exploded")}, tmp_path / "mm_projector.bin")
    with pytest.raises(WeightsError, match="holds tensors only"):
        TensorFiles(tmp_path / "mm_projector.bin")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}])
def test_a_pickle_that_is_no_table_of_tensors_is_refused(tmp_path, content) -> None:
    torch.save(content, tmp_path / "mm_projector.bin")
    with pytest.raises(WeightsError, match="allowed: a dictionary of tensors"):
        TensorFiles(tmp_path / "mm_projector.bin")


@pytest.mark.parametrize("name", ["x.bin", "x.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights", pickle.dumps({"a": 1})])
def test_files_that_hold_no_weights_are_refused(tmp_path, name, content) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match="read weights from"):
        TensorFiles(tmp_path / name)


def test_missing_files_and_folders_are_named(one, tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*config\.json"):
        one.assemble(base=tmp_path / "nowhere")
    (one.adapters[0] / "adapter_config.json").unlink()
    with pytest.raises(WeightsError, match=r"no adapter_config\.json"):
        one.assemble()
    with pytest.raises(WeightsError, match=r"model\.safetensors, model\.bin"):
        weight_files(tmp_path)
    with pytest.raises(WeightsError, match="no such folder"):
        weight_files(tmp_path / "nowhere")


def test_a_name_in_two_files_is_refused(tmp_path) -> None:
    for name in ("a", "b"):
        save_file({"x": torch.ones(1)}, tmp_path / f"{name}.safetensors")
    with pytest.raises(WeightsError, match="x twice"):
        TensorFiles(tmp_path / "a.safetensors", tmp_path / "b.safetensors")


# --- folders that hold a whole model -----------------------------------------------------------------------------


def write_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("projectors", "kinds"),
    [
        ({"mm_projector": 768}, ["frame"]),
        ({"mm_projector": 768, "mm_projector_a": 512}, ["frame", "sound"]),
        (
            {"mm_projector": 768, "audio_mm_projector": 768, "asr_mm_projector": 1280},
            ["frame", "sound", "speech"],
        ),
    ],
)
def test_a_released_folder_merged_before_is_recognised(one, tmp_path, projectors, kinds) -> None:
    state = {name: value.clone() for name, value in one.expected.state_dict().items()}
    for name, width in projectors.items():
        state |= torch.load(write_projector(tmp_path / "p.bin", name, width), weights_only=True)
    save_file(state, one.base / "model.safetensors")
    write_config(
        one.base, model_type="VTimeLLM", architectures=["VTimeLLMLlamaForCausalLM"], mm_hidden_size=768
    )
    model = load(one.base)
    assert list(model.model.projectors) == kinds
    ids = torch.randint(3, 60, (1, 9))
    with torch.no_grad():
        assert torch.allclose(model(input_ids=ids).logits, one.expected(ids).logits, atol=1e-5)
    with pytest.raises(UnsupportedError, match="device_map; allowed: dtype"):
        load(one.base, device_map="auto")


def test_a_released_configuration_is_read_as_llama(one) -> None:
    write_config(one.base, model_type="VTimeLLM", rope_theta=12345.0, mm_hidden_size=768)
    path = one.base / "config.json"  # as in 4.31: no rope_parameters
    path.write_text(
        json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "rope_parameters"})
    )
    config = base_config(one.base)
    assert type(config) is LlamaConfig
    assert config.hidden_size == 16
    assert config.num_key_value_heads == 1
    assert config.rope_parameters["rope_theta"] == 12345.0


def test_a_base_that_is_no_language_model_is_refused(one) -> None:
    write_config(one.base, model_type="clip_vision_model")
    with pytest.raises(WeightsError, match="model_type 'clip_vision_model'; allowed: VTimeLLM"):
        one.assemble()


@pytest.fixture
def whole(tmp_path) -> Path:
    torch.manual_seed(0)
    VTimeLLMForCausalLM(tiny_config("vtimellm", 60)).save_pretrained(tmp_path / "whole")
    return tmp_path / "whole"


def test_unknown_keys_of_a_configuration_are_refused_with_the_nearest(whole) -> None:
    read_config(whole)
    write_config(whole, antialais=True)
    with pytest.raises(WeightsError, match=r"unknown keys antialais;.*did you mean 'antialias'"):
        load(whole)


@pytest.mark.parametrize("part", ["text_config", "vision_config"])
def test_unknown_keys_of_a_part_are_refused_too(whole, part) -> None:
    fields = json.loads((whole / "config.json").read_text())[part]
    write_config(whole, **{part: {**fields, "hiden_size": 8}})
    with pytest.raises(
        WeightsError, match=rf"{part} in .*unknown keys hiden_size;.*did you mean 'hidden_size'"
    ):
        load(whole)


def test_a_folder_of_another_family_is_refused(whole) -> None:
    write_config(whole, model_type="llava")
    with pytest.raises(WeightsError, match="model_type 'llava'; allowed: 'vtimellm'"):
        load(whole)


def test_a_partial_folder_is_refused_with_a_table(whole) -> None:
    state = load_file(whole / "model.safetensors")
    del state["model.projectors.frame.bias"]
    state["model.projectors.sound.bias"] = torch.ones(3)
    state["lm_head.weight"] = torch.ones(7, 32)
    save_file(state, whole / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError) as told:
        load(whole)
    for part in (
        "1 missing: model.projectors.frame.bias",
        "1 unexpected: model.projectors.sound.bias",
        "1 of another shape: lm_head.weight (7, 32) for (60, 32)",
    ):
        assert part in str(told.value)


def test_damaged_files_are_refused(whole, tmp_path) -> None:
    tower = VTimeLLMForCausalLM(tiny_config("vtimellm", 60)).model.vision_tower
    tower.save_pretrained(tmp_path / "clip")
    for folder, read in ((whole, load), (tmp_path / "clip", load_tower)):
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-100])  # a download that broke off
        with pytest.raises(WeightsError, match=f"from {folder}"):
            read(folder)


def test_all_encoders_in_one_folder(one, tmp_path) -> None:
    tiny = VTimeLLMForCausalLM(tiny_config("vtimellm", 60))
    tiny.model.vision_tower.save_pretrained(tmp_path / "clip")
    with pytest.raises(UsageError, match="features 32 wide; allowed: 768 wide"):
        one.assemble(tower=tmp_path / "clip")
    from transformers import CLIPVisionModelWithProjection

    config = tiny.config.vision_config
    config.projection_dim = 768
    tower = CLIPVisionModelWithProjection(config).eval()
    tower.save_pretrained(tmp_path / "clip768")
    save(one.assemble(tower=tmp_path / "clip768"), tmp_path / "whole")
    again = load(tmp_path / "whole")
    pixels = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        expected = tower(pixel_values=pixels).image_embeds
        assert torch.allclose(again.model.vision_tower(pixel_values=pixels).image_embeds, expected, atol=1e-6)
    assert isinstance(again.config, VTimeLLMConfig)


# --- cost --------------------------------------------------------------------------------------------------------


MEASURE = """
import re, sys
from pathlib import Path
import torch
from playhead.models.vtimellm.weights import assemble

def own_bytes():  # memory of this process that is no mapped file
    return int(re.search(r"RssAnon:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) << 10

def watch(stage, done, total):
    global most
    most = max(most, own_bytes())

folder = Path(sys.argv[1])
most = before = own_bytes()
adapters = [folder / "stage2", folder / "stage3"]
model = assemble(folder / "base", folder / "p.bin", adapters=adapters, dtype=torch.bfloat16, progress=watch)
print(sum(each.numel() * each.element_size() for each in model.parameters()), max(most, own_bytes()) - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs Linux to tell memory from mapped files"
)
@pytest.mark.parametrize(
    "safe", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["safetensors", "bin"]
)
def test_merging_needs_the_model_and_one_matrix(tmp_path, safe) -> None:
    big = LlamaConfig(
        vocab_size=1000,
        hidden_size=512,
        intermediate_size=2048,
        num_hidden_layers=6,
        num_attention_heads=8,
        pad_token_id=0,
    )
    base = write_base(tmp_path / "base", big)
    for stage in ("stage2", "stage3"):
        write_adapter(base, tmp_path / stage, int(stage[-1]), safe=safe)
    if not safe:
        torch.save(base.state_dict(), tmp_path / "base" / "pytorch_model.bin")
        (tmp_path / "base" / "model.safetensors").unlink()
    weights = torch.nn.Linear(768, 512)
    torch.save(
        {f"mm_projector.{name}": value.data for name, value in weights.named_parameters()}, tmp_path / "p.bin"
    )
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    size, grown = map(int, told.stdout.split())
    matrix = 2048 * 512 * 4
    assert size > 12 * matrix
    assert (
        size * 0.9 < grown < size + 6 * matrix
    )  # in float32 it would be twice the size; some blocks are kept freed
