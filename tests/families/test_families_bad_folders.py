"""A folder in which one thing is wrong: one line that says what, exit code 4 (2 for another family), no half a model."""

from __future__ import annotations

import json
import os

import pytest
from families_kit import change_config, change_weights, copy, load
from safetensors.torch import load_file, save_file

from playhead.cli.main import main
from playhead.errors import PlayheadError


def weights(folder):
    [path] = folder.glob("*.safetensors")
    return path


def cut_off(folder):
    data = weights(folder).read_bytes()
    weights(folder).write_bytes(data[: len(data) // 2])


def of_no_bytes(folder):
    weights(folder).write_bytes(b"")


def of_noise(folder):
    weights(folder).write_bytes(os.urandom(5000))


def gone(folder):
    weights(folder).unlink()


def in_two(folder):
    """The weights in two files with an index, as large models are published."""
    path = weights(folder)
    held = load_file(path)
    names = sorted(held)
    parts = {f"model-0000{n + 1}-of-00002.safetensors": names[n::2] for n in range(2)}
    for name, some in parts.items():
        save_file({each: held[each] for each in some}, folder / name, metadata={"format": "pt"})
    table = {each: name for name, some in parts.items() for each in some}
    index = {"metadata": {"total_size": path.stat().st_size}, "weight_map": table}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    path.unlink()


def without_a_shard(folder):
    in_two(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()


def with_a_shard_cut_off(folder):
    in_two(folder)
    path = folder / "model-00002-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def with_an_index_that_is_no_json(folder):
    in_two(folder)
    (folder / "model.safetensors.index.json").write_text("{")


def without_a_tensor(folder):
    change_weights(folder, lambda held, name: held.pop(name))


def config(text):
    def write(folder):
        (folder / "config.json").write_text(text)

    return write


def text_config(**values):
    """The language model's own part of the config with other values; a function is given the old value."""

    def write(folder):
        made = json.loads((folder / "config.json").read_text())
        part = made["text_config"] if isinstance(made.get("text_config"), dict) else made
        for name, value in values.items():
            part[name] = value(part[name]) if callable(value) else value
        change_config(folder, **made)

    return write


def part_of_a_wrong_kind(folder):
    made = json.loads((folder / "config.json").read_text())
    change_config(folder, **{next(name for name in made if name.endswith("_config")): "a word"})


def unknown_key_of_a_part(folder):
    made = json.loads((folder / "config.json").read_text())
    for name in [name for name in made if name.endswith("_config") and isinstance(made[name], dict)]:
        made[name]["wizzdom"] = 3
    change_config(folder, **made)


def tokenizer_that_is_no_json(folder):
    (folder / "tokenizer.json").write_text("{")


def tokenizer_gone(folder):
    for path in (folder / "tokenizer.json", folder / "tokenizer_config.json"):
        path.unlink()


BAD = {
    "weights cut off": (cut_off, "model.safetensors of"),
    "weights of no bytes": (of_no_bytes, "model.safetensors of 0 bytes"),
    "weights of noise": (of_noise, "model.safetensors of 5000 bytes"),
    "weights gone": (gone, "model.safetensors"),
    "a shard gone": (without_a_shard, "model-00002-of-00002.safetensors"),
    "a shard cut off": (with_a_shard_cut_off, "model-00002-of-00002.safetensors of"),
    "an index that is no JSON": (with_an_index_that_is_no_json, "Expecting"),
    "a tensor gone": (without_a_tensor, "1 missing: |2 missing: .*lm_head"),  # two where one stands for both
    "a config that is no JSON": (config("{not json"), "config.json; found no JSON"),
    "a config of no bytes": (config(""), "config.json; found no JSON"),
    "a config that is a list": (config("[1]"), "config.json; found list"),
    "a size that is twice as large": (text_config(hidden_size=lambda old: old * 2), "of another shape|mm_hidden"),
    "a size that is a word": (text_config(hidden_size="big"), "values that make no model"),
    "a size that is nothing": (text_config(hidden_size=None), "values that make no model"),
    "a size below zero": (text_config(hidden_size=-4), "values that make no model"),
    "a layer too many": (text_config(num_hidden_layers=lambda old: old + 1), "missing|values that make no"),
    "a layer too few": (text_config(num_hidden_layers=lambda old: old - 1), "unexpected|values that make"),
    "another vocabulary": (text_config(vocab_size=lambda old: old + 8), "of another shape"),
    "a part that is a word": (part_of_a_wrong_kind, "values that make no model|text_config|vision_config"),
    "an unknown key of a part": (unknown_key_of_a_part, "wizzdom"),
    "a tokenizer that is no JSON": (tokenizer_that_is_no_json, "tokenizer"),
    "no tokenizer": (tokenizer_gone, "tokenizer"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_folder_with_one_thing_wrong_is_refused(engine, saved, tmp_path, what) -> None:
    spoil, said = BAD[what]
    folder = copy(saved(engine), tmp_path / "model")
    spoil(folder)
    with pytest.raises(PlayheadError, match=said) as raised:
        load(str(folder))
    assert raised.value.exit_code == 4
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_in_two_files_is_read_as_one(engine, saved, tmp_path) -> None:
    folder = copy(saved(engine), tmp_path / "model")
    in_two(folder)
    told = []
    again = load(str(folder), progress=lambda *stage: told.append(stage)).engine
    assert again.parameters == engine.parameters
    assert told == [("loading weights", 0, None), ("loading weights", 1, 1)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_on_the_command_line_it_is_one_line_and_nothing_is_written(
    engine, saved, drawn, here, capsys
) -> None:
    folder = copy(saved(engine), here / "model")
    cut_off(folder)
    words = [
        "ask",
        str(drawn("constant").path),
        "What is shown?",
        "--engine",
        str(folder),
        "--out",
        "results",
    ]
    assert main(words) == 4
    out, err = capsys.readouterr()
    [line] = [line for line in err.splitlines() if line.startswith("playhead: error: ")]
    assert "model.safetensors of" in line
    assert (out, list((here / "results").rglob("*.json"))) == ("", [])
    assert "Traceback" not in err


def test_a_quiet_run_says_nothing_but_the_answer(engine, saved, drawn, here, capfd) -> None:
    """Not even the libraries beneath have a word."""
    words = ["describe", str(drawn("constant").path), "--engine", str(saved(engine)), "--json", "--quiet"]
    capfd.readouterr()  # what saving the folder said
    assert main([*words, "--set", "max_new_tokens=4"]) in (
        0,
        5,
    )  # random weights: what they write may not be readable
    out, err = capfd.readouterr()
    assert json.loads(out)["task"] == "describe"
    assert all(line.startswith("playhead: ") for line in err.splitlines()), err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model.safetensors", (2, "found a file")),
        ("nobody/has-this-model", (4, "nobody/has-this-model")),
        ("empty", (4, "config.json")),
    ],
)
def test_what_is_no_folder_of_a_model(name, told, drawn, here, capsys) -> None:
    (here / "model.safetensors").write_bytes(b"x")
    (here / "empty").mkdir()
    code, said = told
    assert main(["ask", str(drawn("constant").path), "What is shown?", "--engine", name]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err.splitlines()[-1]
