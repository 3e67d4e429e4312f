from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from refine_kit import draw_lamp

LIT = ((21.3, 25.7),)


@pytest.fixture(scope="session")
def minute(tmp_path_factory) -> Path:
    """A minute that is light from 21.3 to 25.7 s."""
    return draw_lamp(tmp_path_factory.mktemp("lamp") / "minute.mp4", 60, LIT)


@pytest.fixture(scope="session")
def twice(tmp_path_factory) -> Path:
    """A minute that is light twice."""
    return draw_lamp(tmp_path_factory.mktemp("lamp") / "twice.mp4", 60, ((8.2, 14.4), (40.6, 47.1)))


@pytest.fixture(scope="session")
def dark(tmp_path_factory) -> Path:
    """A minute without any light."""
    return draw_lamp(tmp_path_factory.mktemp("lamp") / "dark.mp4", 60, ())


@pytest.fixture(autouse=True)
def private_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLAYHEAD_WEIGHTS", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
