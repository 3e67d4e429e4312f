from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parent))

from families_kit import TINY, film, is_written, load, save


@pytest.fixture(scope="session", params=TINY)
def tiny(request) -> str:
    if not is_written(request.param):
        pytest.skip("this family is not written yet")
    return request.param


_SESSIONS = {}


@pytest.fixture
def session(tiny):
    """The preset, loaded once; tests that change a model load their own."""
    if tiny not in _SESSIONS:
        _SESSIONS[tiny] = load(tiny)
    return _SESSIONS[tiny]


@pytest.fixture
def engine(session):
    return session.engine


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """A preset as a folder, saved once; tests that change it take a copy."""
    made = {}

    def folder(engine) -> Path:
        if engine.name not in made:
            made[engine.name] = save(engine, tmp_path_factory.mktemp(engine.name))
        return made[engine.name]

    return folder


@pytest.fixture(scope="session")
def twins(tmp_path_factory) -> tuple[Path, Path]:
    """One film at a variable and at a constant rate."""
    folder = tmp_path_factory.mktemp("twins")
    return film(folder / "variable.mp4", variable=True), film(folder / "constant.mp4", variable=False)


@pytest.fixture(autouse=True)
def private_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLAYHEAD_WEIGHTS", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
