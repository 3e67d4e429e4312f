"""``playhead plan``, and engines named on the command line: settings, folders, and results that are not mixed up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from helpers.command import environ, playhead
from playhead import api
from playhead.cli.main import main
from playhead.cli.options import read_settings
from playhead.errors import MediaError, UnsupportedError, UsageError, WindowError
from playhead.media.clip import Video
from playhead.models.registry import FAMILIES

KEYS = {
    "engine", "source", "window", "frames", "audio_s", "video_tokens", "memory_tokens", "weights_bytes", "peak_bytes",
    "flops", "answer_flops_per_token", "seconds", "answer_tokens", "notes",
}  # fmt: skip
OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture
def clip(drawn):
    return drawn("constant").path


def planned(clip, *words, **environment):
    done = playhead("plan", clip, "--json", *words, **{**OFFLINE, **environment})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("engine", ["scout", "scout-tiny", "hour-llava-tiny", "hour-llava-7b"])
def test_a_plan_is_made_without_weights(clip, tmp_path, engine) -> None:
    made = planned(clip, "--engine", engine, PLAYHEAD_CACHE=str(tmp_path))
    assert set(made) == KEYS
    assert made["engine"] == engine
    assert made["frames"] > 0
    assert made["window"]["end_s"] == pytest.approx(2.4, abs=0.05)
    assert not list(tmp_path.rglob("*.safetensors"))
    if engine.startswith("hour"):
        assert made["video_tokens"] > 0
        assert made["seconds"] > 0
        assert made["peak_bytes"] > made["weights_bytes"]
    else:
        assert made["seconds"] is None
        assert any("senses: " in note for note in made["notes"])


def test_a_plan_reads_well(clip) -> None:
    done = playhead("plan", clip, "--engine", "hour-llava-7b", "--device", "cpu", **OFFLINE)
    assert done.returncode == 0, done.stderr
    for said in ("pictures", "tokens", "GB at the peak", "to the first word", "on this machine"):
        assert said in " ".join(done.stdout.split())


def test_a_window_and_several_videos(clip, drawn) -> None:
    made = planned(clip, "--engine", "scout-tiny", "--start", "0.5", "--end", "1.5")
    assert (made["window"]["start_s"], made["window"]["end_s"], made["frames"]) == (0.5, 1.5, 25)
    done = playhead("plan", clip, drawn("variable").path, "--engine", "scout-tiny", "--json", **OFFLINE)
    assert [json.loads(line)["frames"] for line in done.stdout.splitlines()] == [60, 60]
    done = playhead("plan", clip, "gone.mp4", "--engine", "scout-tiny", **OFFLINE)
    assert done.returncode == 3
    assert "1 of 2 files failed" in done.stderr


def test_nothing_is_refused_that_does_not_fit_or_has_no_such_device(clip, monkeypatch) -> None:
    from playhead.models import machine

    monkeypatch.setattr(machine, "_host_memory", lambda: machine.Memory(4 * 10**9, 10**9))
    made = api.plan(clip, "hour-llava-7b", device="cpu")
    assert any(note.startswith("does not fit") for note in made.notes)
    made = api.plan(clip, "hour-llava-7b", device="cuda:77")
    assert made.seconds is None
    assert any("no estimate of seconds" in note for note in made.notes)
    assert made.weights_bytes < 20e9  # as on an accelerator, two bytes each


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--engine", "hour-lava-7b"], 2, "did you mean 'hour-llava-7b'?"),
        (["--engine", "hour-llava-7b", "--set", "max_new_token=3"], 2, "did you mean 'max_new_tokens'?"),
        (["--engine", "scout", "--set", "lm=none"], 2, "did you mean 'llm'?"),
        (["--engine", "scout", "--set", "llm"], 2, "NAME=VALUE"),
        (["--start", "9", "--end", "8"], 2, "not after the start"),
        (["--engine", "acme/never-fetched"], 2, "load it once"),
    ],
)
def test_wrong_words_are_refused(clip, words, code, said) -> None:
    done = playhead("plan", clip, *words, **OFFLINE)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_settings_are_read_as_what_they_look_like() -> None:
    words = ["a=3", "b=0.5", "c=true", "d=False", "e=some words", "f-g=", "h=a=b"]
    assert read_settings(words) == {
        "a": 3,
        "b": 0.5,
        "c": True,
        "d": False,
        "e": "some words",
        "f_g": "",
        "h": "a=b",
    }
    assert read_settings(None) == {}
    for wrong in (["x"], ["=3"], ["a b=3"], ["a=1", "a=2"]):
        with pytest.raises(UsageError, match="--set"):
            read_settings(wrong)


def test_an_engine_that_makes_no_plans_says_so() -> None:
    class Plain:
        name = "plain"

        def answer(self, video: Video, task, *, progress=None):
            raise NotImplementedError

    with pytest.raises(UnsupportedError, match="makes no plans"):
        api.Session(Plain()).plan("x.mp4")


@pytest.mark.parametrize("name", ["arc-hunyuan-video-tiny", "vtimellm-tiny", "hour-llava-tiny"])
def test_a_tiny_model_of_every_family_answers_on_the_command_line(clip, tmp_path, name) -> None:
    out = tmp_path / "out"
    settings = ("--engine", name, "--out", out, "--json", "--quiet")
    done = playhead("ground", clip, "a number", *settings, PLAYHEAD_CACHE=str(tmp_path / "cache"), **OFFLINE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["model"] == name
    assert found["events"]


@pytest.fixture
def describe(clip, tmp_path, capsys, monkeypatch):
    """``describe`` of one clip with some words more; whether its result was there already."""
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def run(*words) -> bool:
        words = ["describe", str(clip), "--out", str(tmp_path / "out"), "--json", *map(str, words)]
        assert main(words) == 0, capsys.readouterr().err
        return "finished before" in capsys.readouterr().err

    return run


def test_results_of_other_settings_are_made_anew(describe, tmp_path) -> None:
    name = "vtimellm-tiny"
    assert not describe("--engine", name)
    assert describe("--engine", name)
    others = [
        ("--device", "cpu"),
        ("--set", "max_new_tokens=1000"),
        ("--set", "constrain=true"),
        ("--set", "dtype=bfloat16"),
        ("--start", "0.5"),
    ]
    for words in others:
        assert not describe("--engine", name, *words), words
        assert describe("--engine", name, *words), words
    assert not describe("--engine", "longvale-llm-tiny")
    assert not describe("--engine", name)  # the last result replaced it


def test_results_of_changed_weights_are_made_anew(describe, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "kept" / "vtimellm-7b"
    api.load("vtimellm-tiny").engine.save(folder)
    words = ("--set", "constrain=true")
    assert not describe("--engine", folder, *words)
    assert describe("--engine", folder, *words)
    (folder / "model.safetensors").touch()
    assert not describe("--engine", folder, *words)
    monkeypatch.setenv("PLAYHEAD_WEIGHTS", str(folder.parent))
    small = (*words, "--set", "dtype=float16")  # any precision is loaded: the folder is what is tested
    monkeypatch.setattr("playhead.models.machine.require_memory", lambda *_, **__: None)
    assert not describe("--engine", "vtimellm-7b", *small)
    assert describe("--engine", "vtimellm-7b", *small)
    (folder / "model.safetensors").touch()
    assert not describe("--engine", "vtimellm-7b", *small)


@pytest.mark.parametrize("name", ["arc-hunyuan-video-tiny", "vtimellm-tiny", "hour-llava-tiny"])
def test_ctrl_c_while_a_model_writes_ends_soon_and_leaves_nothing_half_written(name, clip, tmp_path) -> None:
    words = ["ask", clip, "What?", "--engine", name, "--out", tmp_path / "out"]
    words += ["--set", "constrain=false", "--set", "max_new_tokens=100000"]  # it would write for minutes
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead", *map(str, words)], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environ(PLAYHEAD_CACHE=str(tmp_path / "cache"), **OFFLINE),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    for line in process.stderr:
        if "answering" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not list((tmp_path / "cache").rglob("*.part"))


@pytest.mark.parametrize("name", ["arc-hunyuan-video-tiny", "vtimellm-tiny", "hour-llava-tiny"])
def test_a_plan_refuses_what_cannot_be_looked_at(name, drawn, tmp_path) -> None:
    gone = str(tmp_path / "gone.mp4")
    letter = tmp_path / "letter.mp4"
    letter.write_text("no video" * 100)
    loaded = api.load(name)
    for source in (gone, str(letter), str(drawn("audio_only_wav").path)):
        for plan in (loaded.plan, lambda source: api.plan(source, name)):
            with pytest.raises(MediaError):
                plan(source)
    with pytest.raises(WindowError):
        loaded.plan(str(drawn("constant").path), start_s=50)
    part = loaded.plan(str(drawn("constant").path), start_s=0.5, end_s=1.5)
    assert (part.window.start_s, part.window.end_s) == (0.5, 1.5)
    assert part == replace(
        api.plan(str(drawn("constant").path), name, window=api.Window(start_s=0.5, end_s=1.5)),
        seconds=part.seconds,
    )


def test_models_lists_every_preset_with_its_licence_and_origin() -> None:
    done = playhead("models", "--json", **OFFLINE)
    assert done.returncode == 0, done.stderr
    models = {each["name"]: each for each in json.loads(done.stdout)["models"]}
    assert set(models) == set(FAMILIES)
    for name, each in models.items():
        assert each["tiny"] == name.endswith("-tiny")
        if not each["tiny"]:
            assert each["parameters"] > 5e8
            assert each["licence"]
        else:
            assert each["here"] is True
    table = playhead("models", **OFFLINE).stdout
    assert all(name in table for name in FAMILIES)
