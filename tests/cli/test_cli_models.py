"""``playhead models``: engines and weights with size, licence and whether they are here, without a network."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from helpers.command import environ, playhead
from playhead import hub
from playhead.models.presets import PRESETS
from playhead.models.registry import ENGINES, WEIGHTS
from playhead.models.scout.config import ScoutConfig
from playhead.perceive.senses import Senses

PLUGIN = Path(__file__).parent / "plugin"


def pretend_fetched(cache: Path, name: str) -> None:
    """Files of the right names and sizes (holes on disk); ``models`` hashes nothing."""
    folder = cache / "weights" / name
    folder.mkdir(parents=True)
    for file in hub.WEIGHTS[name].files:
        with (folder / file.name).open("wb") as stream:
            stream.truncate(file.size_bytes)


def listed(cache: Path) -> dict:
    done = playhead("models", "--json", path=PLUGIN, PLAYHEAD_CACHE=str(cache), HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_weight_has_its_size_licence_and_place(tmp_path) -> None:
    pretend_fetched(tmp_path, "yamnet")
    rows = {row["name"]: row for row in listed(tmp_path)["weights"]}
    assert list(rows) == list(hub.WEIGHTS)
    for name, weight in hub.WEIGHTS.items():
        assert rows[name]["size_bytes"] == weight.size_bytes
        assert rows[name]["licence"] == weight.licence
        assert rows[name]["here"] is (name == "yamnet")
    assert rows["yamnet"]["place"] == str(tmp_path / "weights" / "yamnet")


def test_an_engine_is_here_when_all_its_weights_are(tmp_path) -> None:
    for name in WEIGHTS["scout"][:-1]:
        pretend_fetched(tmp_path, name)
    [scout] = [row for row in listed(tmp_path)["engines"] if row["name"] == "scout"]
    assert scout["size_bytes"] == sum(hub.WEIGHTS[name].size_bytes for name in WEIGHTS["scout"])
    assert scout["licences"] == ["Apache-2.0", "MIT"]
    assert scout["here"] is False
    pretend_fetched(tmp_path, WEIGHTS["scout"][-1])
    engines = {row["name"]: row for row in listed(tmp_path)["engines"]}
    assert engines["scout"]["here"] is True
    assert engines["scout-tiny"] == {
        "name": "scout-tiny",
        "weights": [],
        "size_bytes": 0,
        "licences": [],
        "here": True,
    }
    assert engines["lamp"]["weights"] is None  # an engine from outside does not tell


def test_a_person_gets_a_table(tmp_path) -> None:
    pretend_fetched(tmp_path, "yamnet")
    done = playhead("models", PLAYHEAD_CACHE=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["engine", "size", "licence", "here", "weights"]
    assert ["yamnet", "4", "MB", "Apache-2.0", "here"] in [line[:5] for line in lines]
    assert ["minilm", "91", "MB", "Apache-2.0", "-"] in [line[:5] for line in lines]


@pytest.mark.parametrize("columns", [80, 120])
def test_no_name_is_cut_in_a_narrow_terminal(columns, tmp_path) -> None:
    seen = in_a_terminal(columns, "models", PLAYHEAD_CACHE=str(tmp_path), HF_HUB_OFFLINE="1")
    lines = seen.splitlines()
    assert max(map(len, lines)) <= columns
    first = [line.split(" ")[0] for line in lines]
    assert [name for name in (*ENGINES, *PRESETS, *hub.WEIGHTS) if name not in first] == []
    [at] = [number for number, line in enumerate(lines) if line.startswith("hour-llava-3b ")]
    assert lines[at].split()[1:4] == ["3.70", "G", "-"]
    told = " ".join(" ".join(line.split()) for line in lines[at + 1 :])
    assert "from jylins/hourllava-qwen25-3b-s3" in told
    assert f"licence: {PRESETS['hour-llava-3b'].licence}" in told


def in_a_terminal(columns: int, *words: str, **environment: str) -> str:
    """What a verb prints to a terminal of this width."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen = b""
    argv = [sys.executable, "-m", "playhead", *words]
    environment = {key: value for key, value in environ(**environment).items() if key != "COLUMNS"}
    with subprocess.Popen(argv, stdout=follower, stderr=subprocess.STDOUT, env=environment) as process:
        os.close(follower)
        with contextlib.suppress(OSError):  # how a terminal tells that its other end is closed
            while block := os.read(leader, 65_536):
                seen += block
    os.close(leader)
    assert process.returncode == 0, seen
    return seen.decode().replace("\r", "")


def test_the_weights_of_scout_are_those_of_its_own_settings() -> None:
    config = ScoutConfig()
    assert set(WEIGHTS) == set(ENGINES)
    assert set(WEIGHTS["scout"]) == {*Senses.only(*config.senses).weights, "minilm", config.llm}
