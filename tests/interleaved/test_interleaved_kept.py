"""What names what is kept of a video: everything that changes its numbers, and nothing else."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers")
import torch

import playhead
from playhead.media.clip import Video
from playhead.tasks.ask import Ask

TINY = ["internvl-tiny", "internvl-flash-tiny", "videollama3-tiny", "llava-onevision-tiny"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "looks"


def engine_of(name: str, **options):
    return playhead.load(name, device="cpu", max_new_tokens=60, **options).engine


def test_everything_that_changes_the_numbers_changes_the_entry(drawn, own_cache) -> None:
    path = str(drawn("variable").path)
    ways = [
        ("internvl-tiny", {}, {}),
        ("internvl-tiny", {}, {"start_s": 0.5}),
        ("internvl-tiny", {}, {"instants_s": (0.1, 0.5)}),
        ("internvl-tiny", {"max_frames": 2}, {}),
        ("internvl-tiny", {"frames": "uniform:n=2"}, {}),
        ("internvl-tiny", {"tell": "arc"}, {}),
        ("internvl-tiny", {"drop": 0.1}, {}),
        ("internvl-tiny", {"flash": True}, {}),
        ("internvl-tiny", {"flash": True, "flash_absolute": 0.25}, {}),
        ("internvl-tiny", {"dtype": "bfloat16"}, {}),
        ("internvl-flash-tiny", {}, {}),
        ("internvl-flash-tiny", {"flash_relative": 0.25}, {}),
        ("videollama3-tiny", {}, {}),
        ("videollama3-tiny", {"rate_hz": 2.0}, {}),
        ("videollama3-tiny", {"video_tokens": 64}, {}),
        ("llava-onevision-tiny", {}, {}),
    ]
    for number, (name, options, window) in enumerate(ways, start=1):
        engine_of(name, **options).answer(Video(path, **window), Ask("What is shown?"))
        assert len(list(own_cache.glob("*.safetensors"))) == number, (name, options, window)
    engine_of("internvl-tiny", cache=False).answer(Video(path, end_s=1.0), Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == len(ways)


@pytest.mark.parametrize("name", TINY)
def test_weights_that_see_otherwise_are_another_entry_and_those_that_write_are_not(
    drawn, own_cache, name
) -> None:
    video = Video(str(drawn("constant").path))
    plain, other, words = engine_of(name), engine_of(name), engine_of(name)
    with torch.no_grad():
        next(each for part, each in other.net.model.named_parameters() if "language" not in part).add_(1.0)
        next(words.net.model.language_model.parameters()).add_(1.0)
    plain.answer(video, Ask("What is shown?"))
    words.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 1
    other.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2


def test_what_the_configuration_says_of_seeing_is_part_of_the_name_and_what_it_says_of_words_is_not(
    drawn, own_cache
) -> None:
    video = Video(str(drawn("constant").path))
    plain, layer, words = (engine_of("llava-onevision-tiny") for _ in range(3))
    layer.net.config.vision_feature_layer -= 1
    words.net.config.text_config.rms_norm_eps *= 2
    plain.answer(video, Ask("What is shown?"))
    words.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 1
    layer.answer(video, Ask("What is shown?"))
    assert len(list(own_cache.glob("*.safetensors"))) == 2
