"""The one way in, below the families: settings, folders, this machine's memory and speed, names of hub repositories."""

from __future__ import annotations

import json

import pytest
import torch

import playhead
from playhead.errors import UnsupportedError, UsageError, WeightsError, WeightsUnavailableError
from playhead.models import machine
from playhead.models.family import EngineOptions, Family, Plan, Preset
from playhead.models.folder import (
    count_weights,
    family_of_folder,
    read_config,
    refuse_unknown_keys,
    repository_of,
)
from playhead.models.options import engine_options, resolve_device, resolve_dtype
from playhead.models.plan import like, with_seconds
from playhead.models.registry import find_model
from playhead.timeline import Span

CPU = torch.device("cpu")


def family(name: str = "lamp", model_type: str = "lamp_vl", **presets: int) -> Family:
    made = {
        key: Preset(name=key, repositories=(f"acme/{key}",), parameters=count)
        for key, count in presets.items()
    }
    made["tiny"] = Preset(name="tiny", tiny=True)
    return Family(
        name=name, title=name.title(), presets=made, model_types=(model_type,), options={"labels": "How times are told."},
        make=None, open=None, plan=None, show=None,
    )  # fmt: skip


def test_settings_are_split_into_common_ones_and_the_familys() -> None:
    made = engine_options({"dtype": "bfloat16", "labels": 3, "cache": False, "constrain": None}, family())
    assert made == EngineOptions(dtype="bfloat16", cache=False, family={"labels": 3})
    with pytest.raises(UsageError, match="Lamp has no option 'lables'; did you mean 'labels'"):
        engine_options({"lables": 3}, family())


def test_devices_and_precisions() -> None:
    assert resolve_device("cpu") == CPU
    assert resolve_dtype("auto", CPU) is torch.float32
    assert resolve_dtype("auto", torch.device("cuda")) is torch.bfloat16
    assert resolve_dtype("float16", CPU) is torch.float16
    with pytest.raises(UnsupportedError, match="cannot compute on cuda:99"):
        resolve_device("cuda:99")
    for wrong in ("gpu", "cuda:x", "", "meta"):
        with pytest.raises(UsageError, match="device"):
            resolve_device(wrong)


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}.json").write_text(json.dumps(data) if not isinstance(data, str) else data)
    return folder


def test_a_folder_belongs_to_the_family_of_its_type(tmp_path) -> None:
    ours = [family(), family("sun", "sun_llm")]
    assert family_of_folder(write(tmp_path / "a", config={"model_type": "sun_llm"}), ours).name == "sun"
    assert family_of_folder(write(tmp_path / "b", config={"model_type": "Lamp_VL"}), ours).name == "lamp"
    with pytest.raises(UnsupportedError, match="did you mean 'lamp_vl'"):
        family_of_folder(write(tmp_path / "c", config={"model_type": "lamp_v"}), ours)
    with pytest.raises(UnsupportedError, match="without model_type"):
        family_of_folder(write(tmp_path / "d", config={}), ours)
    for text in ("{", "[1]"):
        with pytest.raises(WeightsError, match=r"config\.json"):
            family_of_folder(write(tmp_path / "e", config=text), ours)


def test_an_adapter_belongs_to_the_family_of_its_base(tmp_path) -> None:
    ours = [family(big=7), family("sun", "sun_llm")]
    for base in ("acme/big", "big"):
        folder = write(tmp_path / "adapter", adapter_config={"base_model_name_or_path": base})
        assert family_of_folder(folder, ours).name == "lamp"
    write(tmp_path / "adapter" / "base", config={"model_type": "sun_llm"})
    folder = write(tmp_path / "adapter", adapter_config={"base_model_name_or_path": "base"})
    assert family_of_folder(folder, ours).name == "sun"
    with pytest.raises(UnsupportedError, match="'nobody/knows'"):
        family_of_folder(
            write(tmp_path / "f", adapter_config={"base_model_name_or_path": "nobody/knows"}), ours
        )


def test_unknown_keys_are_refused_and_standard_ones_are_not(tmp_path) -> None:
    known = {"hidden_size", "memory_depth"}
    config = {"model_type": "x", "torch_dtype": "float32", "id2label": {}, "hidden_size": 3, "top_k": 50}
    assert read_config(write(tmp_path, config=config), known) == config
    with pytest.raises(WeightsError, match="hiden_size: did you mean 'hidden_size'"):
        read_config(write(tmp_path, config={**config, "hiden_size": 3}), known)
    with pytest.raises(WeightsError, match="a part"):
        refuse_unknown_keys("a part", {"zzz": 1}, known)


def test_the_count_of_weights_follows_their_precision(tmp_path) -> None:
    write(tmp_path, config={"model_type": "x", "torch_dtype": "float32"})
    (tmp_path / "a.safetensors").write_bytes(bytes(4000))
    (tmp_path / "pytorch_model.bin").write_bytes(bytes(9000))
    assert count_weights(tmp_path) == 1000
    write(tmp_path, config={"model_type": "x", "dtype": "bfloat16"})
    assert count_weights(tmp_path) == 2000


def test_names_of_repositories() -> None:
    assert repository_of("acme/model@v2 the adapter") == "acme/model"
    assert find_model("acme/whatever") == ("", None)
    assert find_model("jylins/hourllava-qwen2-7b-s3") == ("hour-llava-7b", None)
    with pytest.raises(WeightsUnavailableError, match="acme/whatever"):
        playhead.load("acme/whatever")


def test_memory_is_what_the_machine_or_its_container_has(tmp_path, monkeypatch) -> None:
    there = machine.memory(CPU)
    assert 0 < there.free_bytes <= there.total_bytes
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine.memory(CPU).total_bytes > 10**9  # no container: the machine's own
    for name, text in {
        "memory.max": "1000000000",
        "memory.current": "600000000",
        "memory.stat": "anon 1\ninactive_file 200000000\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert machine.memory(CPU) == machine.Memory(10**9, 600_000_000)
    (tmp_path / "memory.max").write_text("max")
    assert machine.memory(CPU).total_bytes > 10**9
    with pytest.raises(UnsupportedError, match="smaller tiny"):
        machine.require_memory("load it", device=CPU, weights_bytes=10**15, smaller="tiny")
    machine.require_memory("load it", device=CPU, weights_bytes=1000)


def test_speed_is_measured_once() -> None:
    fast = machine.speed(CPU, torch.float32)
    assert 1e8 < fast.flops_per_s < 1e15
    assert 1e8 < fast.bytes_per_s < 1e14
    assert machine.speed(CPU, torch.float32) is fast


def test_seconds_count_the_prompt_and_every_token_of_the_answer() -> None:
    fast = machine.speed(CPU, torch.float32)
    plan = Plan(
        engine="x", source="y", window=Span(0, 1), frames=1, audio_s=0.0, video_tokens=1, weights_bytes=10**9,
        peak_bytes=2 * 10**9, flops=1e12, answer_flops_per_token=1.0,
    )  # fmt: skip
    made = with_seconds(plan, EngineOptions(device="cpu", max_new_tokens=10))
    assert made.answer_tokens == 10
    assert made.seconds == pytest.approx(1e12 / fast.flops_per_s + 10 * 10**9 / fast.bytes_per_s)
    slow = Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, "answer_flops_per_token": 1e15})
    assert with_seconds(slow, EngineOptions(device="cpu")).seconds > 256 * 1e15 / fast.flops_per_s * 0.99


def test_a_folder_is_planned_like_the_preset_of_its_size() -> None:
    ours = family(small=3_000_000_000, big=8_000_000_000)
    assert [like(ours, count).name for count in (300_000, 2_500_000_000, 9_000_000_000)] == [
        "tiny",
        "small",
        "big",
    ]
