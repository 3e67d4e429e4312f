"""Without the libraries models run on: everything that needs none of them works, the rest says what to install."""

from __future__ import annotations

import json

import pytest

from helpers.command import playhead
from helpers.lights import draw_lights
from playhead.models.presets import PRESETS

LIBRARIES = ("torch", "transformers", "safetensors", "tokenizers")


def bare(*words: str, cwd=None, **environment: str):
    """The command in a Python where those libraries cannot be imported."""
    code = f"import sys; sys.modules.update(dict.fromkeys({LIBRARIES!r})); "
    code += f"from playhead.cli.main import main; sys.exit(main({list(words)!r}))"
    return playhead("-c", code, module=None, cwd=cwd, HF_HUB_OFFLINE="1", **environment)


def test_models_are_listed_with_all_that_is_known_of_them(tmp_path) -> None:
    done = bare("models", "--json", PLAYHEAD_CACHE=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = {row["name"]: row for row in json.loads(done.stdout)["models"]}
    assert list(rows) == list(PRESETS)
    for name, preset in PRESETS.items():
        assert rows[name]["parameters"] == preset.parameters
        assert rows[name]["licence"] == preset.licence
        assert rows[name]["here"] is preset.tiny
    assert "8.64 G" in bare("models", PLAYHEAD_CACHE=str(tmp_path)).stdout


def test_the_default_engine_is_planned(tmp_path) -> None:
    film = draw_lights(tmp_path / "film.mp4", 1)
    done = bare("plan", str(film), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engine"] == "scout"


@pytest.mark.parametrize("name", [*PRESETS, "owner/name", "jylins/hourllava-qwen2-7b-s3"])
@pytest.mark.parametrize("verb", ["ground", "plan"])
def test_an_engine_that_needs_them_says_what_to_install(name, verb, tmp_path) -> None:
    if verb == "plan" and name == "owner/name":
        pytest.skip("there is nothing to plan with: its config is not here")
    film = draw_lights(tmp_path / "film.mp4", 1)
    words = [verb, str(film), *(["a light"] if verb == "ground" else []), "--engine", name]
    done = bare(*words, cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    assert "pip install 'playhead[models]'" in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
